// TLS and mutual TLS over a real connection (PLT-12).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "common/server/echo_server.h"
#include "common/server/tls_identity.h"

namespace crm::server {
namespace {

class RpcServerTlsTest : public ::testing::Test {
 protected:
  RpcServerTlsTest() {
    authority_.Write(File("ca"));
    Identity("crm-customer", &authority_).Write(File("server"));
    Identity("crm-sales", &authority_).Write(File("sales"));
  }

  std::string File(const std::string& name) const { return world_.folder() / name; }
  TlsFiles Files(bool mutual) const {
    return {.certificate = File("server.crt"),
            .private_key = File("server.key"),
            .client_ca = mutual ? File("ca.crt") : ""};
  }
  absl::StatusOr<echo::EchoResponse> Call(const EchoServer& server, client::ConnectOptions options,
                                          const char* method = kBatchEcho) {
    options.address = server.address();
    options.server_name = "crm-customer";
    options.own_connection = true;
    const auto channel = Must(client::Channel::Connect(options));
    return channel->Call<echo::EchoRequest, echo::EchoResponse>(method, Say("x"), {.retry = false});
  }

  EchoWorld world_;
  Identity authority_{"ca"};
};

TEST_F(RpcServerTlsTest, ServesOnlyEncrypted) {
  EchoServer server(world_, {.tls = Files(false)});
  server.Start();
  const std::string token = world_.Token("li.lei");
  const auto encrypted = Call(server, {.token = token, .ca = File("ca.crt")});
  EXPECT_TRUE(encrypted.ok()) << encrypted.status();
  EXPECT_EQ(Call(server, {.token = token}).status().code(), absl::StatusCode::kUnavailable);

  Identity("ca").Write(File("other"));
  EXPECT_EQ(Call(server, {.token = token, .ca = File("other.crt")}).status().code(),
            absl::StatusCode::kUnavailable);
}

// A certificate names a service; a token, if there is one, counts more.
TEST_F(RpcServerTlsTest, MutualTlsNamesTheCaller) {
  EchoServer server(world_, {.tls = Files(true)});
  server.Start();
  client::ConnectOptions options{
      .ca = File("ca.crt"), .certificate = File("sales.crt"), .private_key = File("sales.key")};
  const auto service = Call(server, options, kEcho);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_EQ(service->caller(), "crm-sales");
  options.token = world_.Token("li.lei");
  const auto user = Call(server, options);
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->caller(), "li.lei");

  EXPECT_EQ(Call(server, {.ca = File("ca.crt")}).status().code(), absl::StatusCode::kUnavailable);
  const Identity stranger("stranger");
  stranger.Write(File("stranger"));
  EXPECT_EQ(Call(server, {.ca = File("ca.crt"),
                          .certificate = File("stranger.crt"),
                          .private_key = File("stranger.key")})
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
}

TEST(TlsFilesTest, NamesTheSettingThatIsWrong) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  const std::string one = folder / "crm_tls_files_test_one";
  const std::string two = folder / "crm_tls_files_test_two";
  const std::string empty = folder / "crm_tls_files_test_empty";
  Identity("one").Write(one);
  Identity("two").Write(two);
  std::ofstream{empty};

  EXPECT_TRUE(CheckTlsFiles({}).ok());
  EXPECT_TRUE(CheckTlsFiles({one + ".crt", one + ".key", two + ".crt"}).ok());
  const auto message = [](const TlsFiles& files) {
    return std::string(CheckTlsFiles(files).message());
  };
  EXPECT_EQ(message({one + ".crt", two + ".key", ""}),
            "tls-key: is not the key of tls-certificate");
  EXPECT_THAT(message({empty, one + ".key", ""}), ::testing::HasSubstr("tls-certificate: no PEM"));
  EXPECT_THAT(message({one + ".crt", "", ""}), ::testing::HasSubstr("tls-key"));
  EXPECT_THAT(message({one + ".crt", one + ".key", empty}), ::testing::HasSubstr("tls-client-ca"));
  EXPECT_THAT(message({"", "", one + ".crt"}), ::testing::HasSubstr("tls-certificate"));

  EXPECT_TRUE(CheckAuthorities("peer-ca", one + ".crt").ok());
  EXPECT_THAT(std::string(CheckAuthorities("peer-ca", empty).message()),
              ::testing::HasSubstr("peer-ca: no PEM"));

  for (const std::string& path : {one, two}) {
    std::filesystem::remove(path + ".crt");
    std::filesystem::remove(path + ".key");
  }
  std::filesystem::remove(empty);
}

}  // namespace
}  // namespace crm::server
