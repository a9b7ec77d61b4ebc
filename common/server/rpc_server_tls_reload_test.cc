// PLT-12: certificates, keys and authorities are replaced without a restart, on both sides of a
// connection, whichever way the files change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/server/echo_server.h"
#include "common/server/tls_identity.h"

namespace crm::server {
namespace {

namespace fs = std::filesystem;

enum class Replaced { kByRename, kAsTheKubeletDoes };

// A folder with tls.crt, tls.key and ca.crt, as a Secret of that type is mounted.
class SecretFolder {
 public:
  SecretFolder(fs::path folder, Replaced how) : folder_(std::move(folder)), how_(how) {
    fs::create_directories(folder_);
  }

  void Put(const Identity& own, const Identity& authority) {
    const std::string version = absl::StrCat("..version_", ++versions_);
    fs::create_directory(folder_ / version);
    own.Write(folder_ / version / "tls");
    authority.Write(folder_ / version / "ca");
    how_ == Replaced::kByRename ? MoveFiles(version) : SwapLink(version);
  }

  std::string File(const std::string& name) const { return folder_ / name; }
  TlsFiles Server() const {
    return {.certificate = File("tls.crt"),
            .private_key = File("tls.key"),
            .client_ca = File("ca.crt")};
  }
  client::ConnectOptions Client() const {
    return {.ca = File("ca.crt"), .certificate = File("tls.crt"), .private_key = File("tls.key")};
  }

 private:
  static constexpr const char* kFiles[] = {"tls.crt", "tls.key", "ca.crt"};

  // One after the other, each in one step.
  void MoveFiles(const std::string& version) {
    for (const char* file : kFiles) fs::rename(folder_ / version / file, folder_ / file);
    fs::remove_all(folder_ / version);
  }

  // All at once: the files are links through `..data`, a link itself, which is replaced by one to a
  // new folder; then the old one goes.
  void SwapLink(const std::string& version) {
    const fs::path data = folder_ / "..data";
    const fs::path before = fs::is_symlink(data) ? fs::read_symlink(data) : fs::path();
    fs::create_directory_symlink(version, folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", data);
    if (!before.empty()) return static_cast<void>(fs::remove_all(folder_ / before));
    for (const char* file : kFiles) fs::create_symlink(fs::path("..data") / file, folder_ / file);
  }

  const fs::path folder_;
  const Replaced how_;
  int versions_ = 0;
};

class RpcServerTlsReloadTest : public ::testing::TestWithParam<Replaced> {
 protected:
  RpcServerTlsReloadTest() {
    server_files_.Put(Identity("crm-customer", &authority_), authority_);
    client_files_.Put(Identity("crm-sales", &authority_), authority_);
  }

  static constexpr absl::Duration kReload = absl::Seconds(1);
  static constexpr absl::Duration kPatience = absl::Seconds(30);

  SecretFolder Folder(const std::string& name) const {
    return {world_.folder() / name, GetParam()};
  }

  std::unique_ptr<client::Channel> Connect(const EchoServer& server,
                                           client::ConnectOptions options) {
    options.address = server.address();
    options.server_name = "crm-customer";
    options.tls_reload = kReload;
    options.own_connection = true;
    return Must(client::Channel::Connect(options));
  }
  static absl::StatusOr<echo::EchoResponse> Call(client::Channel& channel) {
    return channel.Call<echo::EchoRequest, echo::EchoResponse>(kEcho, Say("x"), {.retry = false});
  }
  absl::StatusOr<echo::EchoResponse> CallAnew(const EchoServer& server,
                                              const client::ConnectOptions& options) {
    return Call(*Connect(server, options));
  }

  EchoWorld world_;
  const Identity authority_{"ca"};
  const Identity new_authority_{"ca"};
  SecretFolder server_files_ = Folder("server");
  SecretFolder client_files_ = Folder("client");
};

INSTANTIATE_TEST_SUITE_P(Ways, RpcServerTlsReloadTest,
                         ::testing::Values(Replaced::kByRename, Replaced::kAsTheKubeletDoes));

// New connections get the new certificate; those that are open stay.
TEST_P(RpcServerTlsReloadTest, TheServerTakesOverItsFiles) {
  EchoServer server(world_, {.tls = server_files_.Server(), .tls_reload = kReload});
  server.Start();
  SecretFolder new_files = Folder("new");
  new_files.Put(Identity("crm-sales", &new_authority_), new_authority_);
  const auto open = Connect(server, client_files_.Client());
  ASSERT_TRUE(Call(*open).ok());
  ASSERT_FALSE(CallAnew(server, new_files.Client()).ok());

  server_files_.Put(Identity("crm-customer", &new_authority_), new_authority_);

  const absl::Time give_up = absl::Now() + kPatience;
  absl::Status status = absl::UnknownError("not called");
  while (!status.ok() && absl::Now() < give_up) {
    status = CallAnew(server, new_files.Client()).status();
  }
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Call(*open).ok());
  // Whoever has only the old authority's certificate does not get in any more.
  client::ConnectOptions stale = client_files_.Client();
  stale.ca = new_files.File("ca.crt");
  EXPECT_EQ(CallAnew(server, stale).status().code(), absl::StatusCode::kUnavailable);
}

// A client that runs for long shows its new certificate, and trusts the new authority.
TEST_P(RpcServerTlsReloadTest, TheClientTakesOverItsFiles) {
  EchoServer server(world_, {.tls = server_files_.Server(),
                             .max_connection_age = absl::Milliseconds(100),
                             .tls_reload = kReload});
  server.Start();
  const auto client = Connect(server, client_files_.Client());
  const auto first = Call(*client);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->caller(), "crm-sales");

  server_files_.Put(Identity("crm-customer", &new_authority_), new_authority_);
  client_files_.Put(Identity("crm-other", &new_authority_), new_authority_);

  // Until both sides have seen their files, connections may fail.
  const absl::Time give_up = absl::Now() + kPatience;
  absl::StatusOr<echo::EchoResponse> answer = Call(*client);
  while ((!answer.ok() || answer->caller() != "crm-other") && absl::Now() < give_up) {
    answer = Call(*client);
  }
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->caller(), "crm-other");
}

}  // namespace
}  // namespace crm::server
