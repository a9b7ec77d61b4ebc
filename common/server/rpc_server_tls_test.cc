// TLS and mutual TLS over a real connection (PLT-12).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <string>

#include "common/crypto/openssl_ptr.h"
#include "common/server/echo_server.h"

namespace crm::server {
namespace {

using Key = crypto::OpenSslPtr<EVP_PKEY, EVP_PKEY_free>;
using Certificate = crypto::OpenSslPtr<X509, X509_free>;
using Bio = crypto::OpenSslPtr<BIO, BIO_free>;

// A key and its certificate, signed by itself or by another authority.
class Identity {
 public:
  explicit Identity(const std::string& name, const Identity* authority = nullptr)
      : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), certificate_(X509_new()) {
    X509* const x509 = certificate_.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), authority == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 24 * 3600);
    X509_set_pubkey(x509, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const Identity& issuer = authority == nullptr ? *this : *authority;
    X509_set_issuer_name(x509, X509_get_subject_name(issuer.certificate_.get()));
    AddExtension(NID_basic_constraints, authority == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    AddExtension(NID_subject_alt_name, "DNS:" + name);
    X509_sign(x509, issuer.key_.get(), EVP_sha256());
  }

  // Paths without their endings .crt and .key.
  void Write(const std::filesystem::path& path) const {
    const Bio certificate(BIO_new_file((path.string() + ".crt").c_str(), "w"));
    PEM_write_bio_X509(certificate.get(), certificate_.get());
    const Bio key(BIO_new_file((path.string() + ".key").c_str(), "w"));
    PEM_write_bio_PrivateKey(key.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }

 private:
  void AddExtension(int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  Key key_;
  Certificate certificate_;
};

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

// PLT-12: certificates and authorities are replaced without a restart; connections that are open
// stay.
TEST_F(RpcServerTlsTest, TakesOverNewCertificatesWhileRunning) {
  EchoServer server(world_, {.tls = Files(true), .tls_reload = absl::Seconds(1)});
  server.Start();
  const Identity new_authority("ca");
  new_authority.Write(File("new-ca"));
  Identity("crm-sales", &new_authority).Write(File("new-sales"));
  const client::ConnectOptions before{
      .ca = File("ca.crt"), .certificate = File("sales.crt"), .private_key = File("sales.key")};
  const client::ConnectOptions after{.ca = File("new-ca.crt"),
                                     .certificate = File("new-sales.crt"),
                                     .private_key = File("new-sales.key")};
  client::ConnectOptions kept = before;
  kept.address = server.address();
  kept.server_name = "crm-customer";
  kept.own_connection = true;
  const auto open = Must(client::Channel::Connect(kept));
  const auto call_open = [&] {
    return open->Call<echo::EchoRequest, echo::EchoResponse>(kEcho, Say("x"), {.retry = false});
  };
  ASSERT_TRUE(call_open().ok());
  ASSERT_FALSE(Call(server, after, kEcho).ok());

  Identity("crm-customer", &new_authority).Write(File("next"));
  for (const char* const ending : {".crt", ".key"}) {
    std::filesystem::rename(File("next") + ending, File("server") + ending);
  }
  std::filesystem::rename(File("new-ca.crt"), File("ca.crt"));
  new_authority.Write(File("new-ca"));

  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  absl::Status status = absl::UnknownError("not called");
  while (!status.ok() && absl::Now() < give_up) status = Call(server, after, kEcho).status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(call_open().ok());
  // Whoever has only the old authority's certificate does not get in any more.
  client::ConnectOptions stale = before;
  stale.ca = File("new-ca.crt");
  EXPECT_EQ(Call(server, stale, kEcho).status().code(), absl::StatusCode::kUnavailable);
}

// PLT-12: a client that runs for long takes over its files too.
TEST_F(RpcServerTlsTest, ClientsTakeOverNewCertificatesWhileRunning) {
  EchoServer server(world_, {.tls = Files(true),
                             .max_connection_age = absl::Milliseconds(100),
                             .tls_reload = absl::Seconds(1)});
  server.Start();
  const auto client = Must(client::Channel::Connect({.address = server.address(),
                                                     .ca = File("ca.crt"),
                                                     .certificate = File("sales.crt"),
                                                     .private_key = File("sales.key"),
                                                     .tls_reload = absl::Seconds(1),
                                                     .server_name = "crm-customer",
                                                     .own_connection = true}));
  const auto call = [&] {
    return client->Call<echo::EchoRequest, echo::EchoResponse>(kEcho, Say("x"), {.retry = false});
  };
  ASSERT_TRUE(call().ok());

  const Identity new_authority("ca");
  new_authority.Write(File("new-ca"));
  Identity("crm-customer", &new_authority).Write(File("new-server"));
  Identity("crm-other", &new_authority).Write(File("new-sales"));
  for (const char* const name : {"ca", "server", "sales"}) {
    for (const char* const ending : {".crt", ".key"}) {
      std::filesystem::rename(File(std::string("new-") + name) + ending, File(name) + ending);
    }
  }
  // Until both sides have seen their files, connections may fail.
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  absl::StatusOr<echo::EchoResponse> answer = call();
  while ((!answer.ok() || answer->caller() != "crm-other") && absl::Now() < give_up) {
    answer = call();
  }
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->caller(), "crm-other");
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
            "tls.private_key: is not the key of tls.certificate");
  EXPECT_THAT(message({empty, one + ".key", ""}), ::testing::HasSubstr("tls.certificate: no PEM"));
  EXPECT_THAT(message({one + ".crt", "", ""}), ::testing::HasSubstr("tls.private_key"));
  EXPECT_THAT(message({one + ".crt", one + ".key", empty}), ::testing::HasSubstr("tls.client_ca"));
  EXPECT_THAT(message({"", "", one + ".crt"}), ::testing::HasSubstr("tls.certificate"));

  for (const std::string& path : {one, two}) {
    std::filesystem::remove(path + ".crt");
    std::filesystem::remove(path + ".key");
  }
  std::filesystem::remove(empty);
}

}  // namespace
}  // namespace crm::server
