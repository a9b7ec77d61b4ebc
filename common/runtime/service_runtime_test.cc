// Start, run-time settings and stop of a service without handlers of its own.
#include "common/runtime/service_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/testing/service_harness.h"
#include "crm/event/v1/event.pb.h"

namespace crm::runtime {
namespace {

using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Nothing : public Service {};

absl::StatusOr<std::unique_ptr<Service>> MakeNothing(ServiceRuntime&) {
  return std::make_unique<Nothing>();
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class ServiceRuntimeTest : public ::testing::Test {
 protected:
  ServiceRuntimeTest() { std::filesystem::create_directories(folder_); }
  ~ServiceRuntimeTest() override { std::filesystem::remove_all(folder_); }

  absl::Status Create(const config::ServiceOptions& options) {
    return ServiceRuntime::Create(info_, options, harness_.clock()).status();
  }
  std::string Write(const std::string& name, const std::string& text) const {
    // In one step, as a mounted ConfigMap changes.
    std::ofstream(folder_ / (name + ".new")) << text;
    std::filesystem::rename(folder_ / (name + ".new"), folder_ / name);
    return folder_ / name;
  }
  static std::string UrlOf(const testing::TestDatabase& database) {
    const db::Address& address = database.address();
    return absl::StrCat("mysql://", address.user, ":", address.password, "@", address.host, ":",
                        address.port, "/", address.database);
  }
  // Reads the events of the replica as that role.
  absl::Status ReadEvents(testing::Replica& replica, const std::string& role) {
    StreamEventsRequest request;
    request.set_stop_at_end(true);
    auto stream = replica.channel().ServerStream(
        "/crm.event.v1.EventService/StreamEvents", request,
        {.timeout = absl::Seconds(20), .token = harness_.TokenOf("li.lei", {role})});
    StreamEventsResponse response;
    while (stream.Next(response)) {
    }
    return stream.Finish();
  }

  const ServiceInfo info_{.program = "crm-test", .summary = "Test.", .migrations = {}};
  testing::ServiceHarness harness_{info_, MakeNothing};
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / absl::StrCat("crm-runtime-test-", getpid());
};

// PLT-19: a service refuses to start on a schema that is too old, unless it may migrate.
TEST_F(ServiceRuntimeTest, AnOldSchemaIsRefused) {
  const testing::TestDatabase empty;
  config::ServiceOptions options = harness_.options();
  options.database_url = UrlOf(empty);
  const absl::Status refused = Create(options);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("platform/0001_platform.sql"));
  options.migrate_at_start = true;
  EXPECT_TRUE(Create(options).ok());
  options.migrate_at_start = false;
  EXPECT_TRUE(Create(options).ok());
}

// PLT-25: what is wrong is named by its setting, also if it is the contents of a file.
TEST_F(ServiceRuntimeTest, BadFilesAreNamedByTheirSetting) {
  const std::string broken = Write("broken", "{");
  using Options = config::ServiceOptions;
  const std::pair<const char*, std::string Options::*> settings[] = {
      {"key-file", &Options::key_file},
      {"jwks-file", &Options::jwks_file},
      {"roles-file", &Options::roles_file}};
  for (const auto& [name, setting] : settings) {
    for (const std::string& path : {std::string(), (folder_ / "absent").string(), broken}) {
      Options options = harness_.options();
      options.*setting = path;
      const absl::Status status = Create(options);
      EXPECT_THAT(std::string(status.message()), StartsWith(absl::StrCat(name, ": "))) << path;
      EXPECT_FALSE(ErrorReason(status).empty());
    }
  }
  Options options = harness_.options();
  options.database_url = "mysql://crm:geheim@host:99999/crm";
  EXPECT_THAT(std::string(Create(options).message()),
              ::testing::AllOf(StartsWith("database-url: "), Not(HasSubstr("geheim"))));
}

// PLT-13: roles come into force without a restart; a broken file never does.
TEST_F(ServiceRuntimeTest, RolesAreTakenOverWhileRunning) {
  config::ServiceOptions options = harness_.options();
  const std::string roles = TextOf(options.roles_file);
  options.roles_file = Write("roles.json", roles);
  testing::Replica& replica = harness_.StartReplica(options);
  EXPECT_EQ(ErrorReason(ReadEvents(replica, "auditor")), "PERMISSION_MISSING");

  Write("roles.json", "{ broken");
  replica.runtime().Reload();
  EXPECT_TRUE(ReadEvents(replica, "service_account").ok());

  Write("roles.json", absl::StrReplaceAll(roles, {{"\"service_account\"", "\"auditor\""},
                                                  {"\"auditor\"", "\"service_account\""}}));
  replica.runtime().Reload();
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  while (!ReadEvents(replica, "auditor").ok() && absl::Now() < give_up) {
  }
  EXPECT_TRUE(ReadEvents(replica, "auditor").ok());
  EXPECT_EQ(ErrorReason(ReadEvents(replica, "service_account")), "PERMISSION_MISSING");
}

// PLT-25, PLT-27: a level that the settings allow is one that the log knows.
TEST(LogLevelSetting, AllowsTheLevelsOfTheLog) {
  const auto parse = [](const std::string& level) {
    const char* const argv[] = {"crm-test", "--log-level", level.c_str()};
    return config::ParseServiceCommand({.program = "crm-test", .summary = "", .version = ""}, {}, 3,
                                       argv,
                                       [](const std::string& name) -> std::optional<std::string> {
                                         if (name == "CRM_DATABASE_URL") return "mysql://u@h/d";
                                         return std::nullopt;
                                       })
        .status();
  };
  for (const log::Level level : {log::Level::kDebug, log::Level::kInfo, log::Level::kWarning,
                                 log::Level::kError, log::Level::kOff}) {
    EXPECT_TRUE(parse(std::string(log::LevelName(level))).ok()) << log::LevelName(level);
  }
  for (const char* const unknown : {"trace", "warn", "loud"}) {
    EXPECT_FALSE(parse(unknown).ok()) << unknown;
  }
}

// PLT-27: the log level follows the configuration while the service runs.
TEST_F(ServiceRuntimeTest, LogLevelIsTakenOverWhileRunning) {
  config::ServiceOptions options = harness_.options();
  auto runtime = ServiceRuntime::Create(info_, options, harness_.clock());
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  std::atomic<bool> asked{false};
  (*runtime)->SetOptionsSource([&]() -> absl::StatusOr<config::ServiceOptions> {
    config::ServiceOptions now = options;
    now.log_level = asked ? "debug" : "error";
    return now;
  });
  ASSERT_TRUE((*runtime)->Start().ok());
  EXPECT_EQ((*runtime)->log().level(), log::Level::kError);
  asked = true;
  (*runtime)->Reload();
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  while ((*runtime)->log().level() != log::Level::kDebug && absl::Now() < give_up) {
    std::this_thread::yield();
  }
  EXPECT_EQ((*runtime)->log().level(), log::Level::kDebug);
  (*runtime)->Stop();
}

}  // namespace
}  // namespace crm::runtime
