#include "common/runtime/plain_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/error/error.h"

namespace crm::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

config::ServiceOptions Local() {
  config::ServiceOptions options;
  options.database_url = "mysql://crm:geheim@127.0.0.1/crm";
  return options;
}

std::string Problem(const config::ServiceOptions& options) {
  const absl::Status status = CheckEncrypted(options);
  if (status.ok()) return "none";
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(status), "BAD_SETTING");
  return std::string(status.message());
}

// PLT-12: the local default is plain.
TEST(PlainText, StaysOnOneMachine) {
  config::ServiceOptions options = Local();
  EXPECT_EQ(Problem(options), "none");
  for (const char* address : {"localhost:7001", "127.8.0.1:7001", "[::1]:7001"}) {
    options.listen = address;
    EXPECT_EQ(Problem(options), "none") << address;
  }
  for (const char* address : {"127.0.0.1:7001", "dns:///localhost:7001", "ipv4:127.0.0.1:7001",
                              "ipv6:[::1]:7001", "unix:/run/crm.sock"}) {
    options.peers = {{"customer", address}};
    EXPECT_EQ(Problem(options), "none") << address;
  }
  for (const char* url : {"mysql://crm:x@localhost:3306/crm", "mysql://crm:x@[::1]/crm",
                          "mysql://crm:x@db/crm?socket=/run/db.sock"}) {
    options.database_url = url;
    EXPECT_EQ(Problem(options), "none") << url;
  }
}

// PLT-12: what others reach, without TLS, is refused and says what to do.
TEST(PlainText, IsNotListenedToFromOtherMachines) {
  for (const char* address : {"0.0.0.0:7001", "[::]:7001", "10.1.2.3:7001", "crm-customer:7001",
                              "127.0.0.1.example.com:7001", "localhost.example.com:0"}) {
    config::ServiceOptions options = Local();
    options.listen = address;
    EXPECT_THAT(Problem(options), AllOf(StartsWith("listen: "), HasSubstr("tls-certificate"),
                                        HasSubstr("listen-plain-text")))
        << address;
    options.tls_certificate = "tls.crt";
    EXPECT_EQ(Problem(options), "none");
    options.tls_certificate.clear();
    options.listen_plain_text = true;
    EXPECT_EQ(Problem(options), "none");
  }
}

// PLT-12
TEST(PlainText, DoesNotGoToOtherServices) {
  for (const char* address : {"dns:///crm-customer:7001", "dns://127.0.0.1/crm-customer:7001",
                              "ipv4:127.0.0.1:7001,10.0.0.1:7001", "10.0.0.1:7001"}) {
    config::ServiceOptions options = Local();
    options.peers = {{"archive", "127.0.0.1:7001"}, {"customer", address}};
    EXPECT_THAT(Problem(options), AllOf(StartsWith("peers: customer"), HasSubstr("peer-ca")))
        << address;
    options.peer_ca = "ca.crt";
    EXPECT_EQ(Problem(options), "none");
    options.peer_ca.clear();
    options.peers_plain_text = true;
    EXPECT_EQ(Problem(options), "none");
  }
}

// PLT-12; the message holds no secret.
TEST(PlainText, DoesNotGoToADatabaseElsewhere) {
  config::ServiceOptions options = Local();
  options.database_url = "mysql://crm:geheim@db.internal/crm";
  EXPECT_THAT(Problem(options),
              AllOf(StartsWith("database-url: "), HasSubstr("ssl_ca"), Not(HasSubstr("geheim"))));
  options.database_plain_text = true;
  EXPECT_EQ(Problem(options), "none");
  options.database_plain_text = false;
  options.database_url += "?ssl_ca=/etc/crm/database/ca.crt";
  EXPECT_EQ(Problem(options), "none");
  options.listen = "0.0.0.0:7001";  // nobody listens while a schema is migrated
  EXPECT_TRUE(CheckDatabaseEncrypted(options).ok());
  options.listen = Local().listen;
  options.database_url = "mysql://crm:geheim@db.internal:99999/crm";
  EXPECT_THAT(Problem(options), AllOf(StartsWith("database-url: "), Not(HasSubstr("geheim"))));
}

}  // namespace
}  // namespace crm::runtime
