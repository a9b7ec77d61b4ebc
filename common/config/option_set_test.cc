#include "common/config/option_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "common/config/service_options.h"
#include "common/error/error.h"

namespace crm::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/" +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name() + name;
  std::ofstream(path) << text;
  return path;
}

// A service called with these flags in this environment.
struct Call {
  std::vector<std::string> flags = {};
  std::map<std::string, std::string> environment = {{"CRM_DATABASE_URL", "mysql://u:p@h/db"}};

  absl::StatusOr<ServiceCommand> Run() const {
    std::vector<const char*> argv = {"customer"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    return ParseServiceCommand({"customer", "Customer archive.", "1.2.3"}, ServiceOptions{},
                               static_cast<int>(argv.size()), argv.data(),
                               [this](const std::string& name) -> std::optional<std::string> {
                                 const auto it = environment.find(name);
                                 if (it == environment.end()) return std::nullopt;
                                 return it->second;
                               });
  }
  std::string Problem() const {
    const absl::StatusOr<ServiceCommand> result = Run();
    if (result.ok()) return "no problem";
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ErrorReason(result.status()), "BAD_SETTING");
    return std::string(result.status().message());
  }
};

// PLT-25: flags, environment and one file, in that order.
TEST(Options, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  Call call;
  EXPECT_EQ(call.Run()->options.workers, 6);

  call.environment["CRM_CONFIG"] = WriteFile(".toml", "workers = 10\npollers = 3\n# note\n");
  EXPECT_EQ(call.Run()->options.workers, 10);

  call.environment["CRM_WORKERS"] = "20";
  EXPECT_EQ(call.Run()->options.workers, 20);

  call.flags = {"--workers", "30"};
  const absl::StatusOr<ServiceCommand> command = call.Run();
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->options.workers, 30);
  EXPECT_EQ(command->options.pollers, 3);
}

// PLT-25
TEST(Options, ConfigFlagBeatsConfigVariable) {
  Call call;
  call.environment["CRM_CONFIG"] = WriteFile("a", "workers = 10");
  call.flags = {"--config=" + WriteFile("b", "workers = 11")};
  EXPECT_EQ(call.Run()->options.workers, 11);
}

// PLT-25: the file may be written as TOML or INI, with hyphens or underscores.
TEST(Options, FileForms) {
  Call call;
  call.flags = {"--config", WriteFile("",
                                      "log-level = \"debug\"\n"
                                      "shutdown_grace=5s\n"
                                      "reflection = false\n"
                                      "peers = [\"customer=dns:///c:1\", \"sales=s:2\"]\n")};
  const absl::StatusOr<ServiceCommand> command = call.Run();
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->options.log_level, "debug");
  EXPECT_EQ(command->options.shutdown_grace, absl::Seconds(5));
  EXPECT_FALSE(command->options.reflection);
  EXPECT_EQ(command->options.peers,
            (std::map<std::string, std::string>{{"customer", "dns:///c:1"}, {"sales", "s:2"}}));
}

// PLT-25
TEST(Options, EmptyValuesCountAsAbsent) {
  Call call;
  call.environment["CRM_LOG_LEVEL"] = "";
  call.environment["CRM_CONFIG"] = WriteFile("", "issuer = \"\"\n");
  const absl::StatusOr<ServiceCommand> command = call.Run();
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->options.log_level, "info");
}

// PLT-25: bad configuration fails at start with the name of the setting.
TEST(Options, BadValuesNameTheSettingAndItsSource) {
  EXPECT_THAT(
      (Call{.flags = {"--workers", "many"}}.Problem()),
      AllOf(HasSubstr("workers (from flag)"), HasSubstr("from 1 to 1024"), Not(HasSubstr("many"))));
  Call call;
  call.environment["CRM_WORKERS"] = "0";
  EXPECT_THAT(call.Problem(), HasSubstr("workers (from CRM_WORKERS)"));
  call = Call{.flags = {"--config", WriteFile("", "workers = 99999999999999")}};
  EXPECT_THAT(call.Problem(), HasSubstr("workers (from configuration file)"));
  EXPECT_THAT((Call{.flags = {"--listen", "7001"}}.Problem()), HasSubstr("listen"));
  EXPECT_THAT((Call{.flags = {"--listen", "::1:x"}}.Problem()), HasSubstr("listen"));
  EXPECT_THAT((Call{.flags = {"--log-level", "loud"}}.Problem()), HasSubstr("log-level"));
  EXPECT_THAT((Call{.flags = {"--reflection", "yes"}}.Problem()), HasSubstr("reflection"));
  EXPECT_THAT((Call{.flags = {"--shutdown-grace", "5"}}.Problem()), HasSubstr("shutdown-grace"));
  EXPECT_THAT((Call{.flags = {"--peers", "customer"}}.Problem()), HasSubstr("peers"));
  EXPECT_THAT((Call{.flags = {"--peers", "a=1,a=2"}}.Problem()), HasSubstr("peers"));
  EXPECT_THAT((Call{.flags = {"--node", "512"}}.Problem()), HasSubstr("node"));
}

// PLT-25
TEST(Options, UnknownNamesAreRefused) {
  EXPECT_THAT((Call{.flags = {"--wrokers", "3"}}.Problem()), HasSubstr("wrokers"));
  EXPECT_THAT((Call{.flags = {"serve"}}.Problem()), HasSubstr("serve"));
  EXPECT_THAT((Call{.flags = {"--config", WriteFile("a", "wrokers = 3")}}.Problem()),
              HasSubstr("wrokers"));
  EXPECT_THAT((Call{.flags = {"--config", WriteFile("b", "[grpc]\nworkers = 3")}}.Problem()),
              HasSubstr("sections"));
  EXPECT_THAT((Call{.flags = {"--config", "/does/not/exist"}}.Problem()), HasSubstr("config"));
}

// PLT-25: Kubernetes adds variables for services, such as a service called crm-customer.
TEST(Options, UnknownVariablesAreIgnored) {
  Call call;
  call.environment["CRM_CUSTOMER_PORT"] = "tcp://10.0.0.1:7001";
  EXPECT_TRUE(call.Run().ok());
}

// PLT-23
TEST(Options, BusinessTimeZoneIsShanghaiAndValidated) {
  const absl::StatusOr<ServiceCommand> command = Call{}.Run();
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->options.time_zone.name(), "Asia/Shanghai");
  EXPECT_THAT((Call{.flags = {"--time-zone", "Asia/Peking"}}.Problem()), HasSubstr("time-zone"));
}

// PLT-25: secrets only from files or environment.
TEST(Options, SecretsAreNotTakenFromFlags) {
  for (const char* flag : {"--database-url=mysql://u:hunter2@h/db", "--database-url"}) {
    const Call call{.flags = {flag, "mysql://u:hunter2@h/db"}, .environment = {}};
    EXPECT_THAT(call.Problem(), AllOf(HasSubstr("database-url"), HasSubstr("CRM_DATABASE_URL"),
                                      Not(HasSubstr("hunter2"))));
  }
}

// PLT-25
TEST(Options, SecretsComeFromFilesAndEnvironment) {
  const std::string secret = WriteFile("secret", "mysql://a:b@h/from_file\n");
  Call call{.flags = {"--database-url-file", secret}, .environment = {}};
  EXPECT_EQ(call.Run()->options.database_url, "mysql://a:b@h/from_file");

  call = Call{.environment = {{"CRM_DATABASE_URL_FILE", secret}}};
  EXPECT_EQ(call.Run()->options.database_url, "mysql://a:b@h/from_file");

  call = Call{
      .environment = {{"CRM_CONFIG", WriteFile("config", "database-url = mysql://a:b@h/config")}}};
  EXPECT_EQ(call.Run()->options.database_url, "mysql://a:b@h/config");

  call.environment["CRM_DATABASE_URL"] = "mysql://a:b@h/environment\n";
  EXPECT_EQ(call.Run()->options.database_url, "mysql://a:b@h/environment");

  call = Call{.flags = {"--database-url-file", "/does/not/exist"}};
  EXPECT_THAT(call.Problem(), HasSubstr("database-url (from flag --database-url-file)"));
}

// PLT-25: a bad secret is not shown.
TEST(Options, ErrorsHoldNoSecret) {
  const Call call{.environment = {{"CRM_DATABASE_URL", "postgres://u:hunter2@h/db"}}};
  EXPECT_THAT(call.Problem(), AllOf(HasSubstr("database-url"), Not(HasSubstr("hunter2"))));
}

// PLT-25
TEST(Options, RequiredAndPairedSettings) {
  EXPECT_THAT((Call{.environment = {}}.Problem()), HasSubstr("database-url: is required"));
  EXPECT_THAT((Call{.flags = {"--tls-certificate", "c.pem"}}.Problem()), HasSubstr("tls-key"));
  EXPECT_THAT((Call{.flags = {"--tls-key", "k.pem"}}.Problem()), HasSubstr("tls-certificate"));
  EXPECT_THAT((Call{.flags = {"--tls-client-ca", "k.pem"}}.Problem()),
              HasSubstr("tls-certificate"));
  EXPECT_THAT((Call{.flags = {"--jwks-file", "k.json"}}.Problem()), HasSubstr("issuer"));
}

// PLT-25: --help explains all; it works without any other setting.
TEST(Options, HelpListsEverySetting) {
  const absl::StatusOr<ServiceCommand> command = Call{.flags = {"--help"}, .environment = {}}.Run();
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->action, ServiceCommand::Action::kPrint);
  for (const char* text :
       {"--config",          "--listen",           "--metrics-listen",  "--database-url-file",
        "CRM_DATABASE_URL",  "--key-file",         "--jwks-file",       "--issuer",
        "--audience",        "--roles-file",       "--tls-certificate", "--node",
        "--log-level",       "--time-zone",        "Asia/Shanghai",     "--pollers",
        "--workers",         "CRM_WORKERS",        "migrate",           "--peers",
        "--event-retention", "--listen-plain-text"}) {
    EXPECT_THAT(command->text, HasSubstr(text));
  }
}

// PLT-25
TEST(Options, VersionAndMigrate) {
  const absl::StatusOr<ServiceCommand> version =
      Call{.flags = {"--version"}, .environment = {}}.Run();
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->text, "customer 1.2.3\n");

  EXPECT_EQ((Call{}.Run()->action), ServiceCommand::Action::kServe);
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"migrate", "--workers", "3"},
        std::vector<std::string>{"--workers", "3", "migrate"}}) {
    const absl::StatusOr<ServiceCommand> migrate = Call{.flags = flags}.Run();
    ASSERT_TRUE(migrate.ok()) << migrate.status();
    EXPECT_EQ(migrate->action, ServiceCommand::Action::kMigrate);
    EXPECT_EQ(migrate->options.workers, 3);
  }
}

}  // namespace
}  // namespace crm::config
