#include "bench/tested_service.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/client/channel.h"
#include "common/crypto/key_file.h"
#include "grpc/health/v1/health.pb.h"

namespace crm::bench {
namespace {

namespace health = grpc::health::v1;

constexpr char kIssuer[] = "https://bench";
constexpr char kAudience[] = "crm";
constexpr absl::Duration kStartTimeout = absl::Minutes(5);

std::string UrlOf(const db::Address& address) {
  return absl::StrCat("mysql://", address.user, ":", address.password, "@", address.host, ":",
                      address.port, "/", address.database);
}

db::PoolOptions PoolOptionsOf(const Settings& settings, const std::string& database) {
  db::PoolOptions options;
  options.address = settings.database;
  options.address.database = database;
  options.io_timeout = absl::Minutes(10);
  return options;
}

}  // namespace

absl::Status RunAsAdministrator(const Settings& settings, const std::string& sql) {
  db::Pool pool(PoolOptionsOf(settings, ""));
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(absl::InfiniteFuture()));
  return connection->ExecuteText({"administrator", sql});
}

TestedService::TestedService(const Settings& settings, std::string program, std::string database)
    : settings_(settings),
      program_(std::move(program)),
      database_(std::move(database)),
      issuer_(auth::LocalIssuer::Create(kIssuer, kAudience)),
      pool_(std::make_unique<db::Pool>(PoolOptionsOf(settings, database_))) {}

absl::StatusOr<std::unique_ptr<TestedService>> TestedService::Make(const Settings& settings,
                                                                   std::string program,
                                                                   std::string database) {
  std::unique_ptr<TestedService> service(
      new TestedService(settings, std::move(program), std::move(database)));
  CRM_RETURN_IF_ERROR(service->WriteKeys());
  return service;
}

std::string TestedService::File(const std::string& name) const {
  return absl::StrCat(settings_.directory, "/", name);
}

std::string TestedService::KeyFile() const { return File("keys.json"); }

// The key file is kept as long as the databases: it decrypts them.
absl::Status TestedService::WriteKeys() {
  if (!std::filesystem::exists(KeyFile())) {
    CRM_RETURN_IF_ERROR(crypto::GenerateKeyFile(KeyFile(), SystemClock()));
  }
  return issuer_.WriteFiles(File(database_ + ".jwks.json"), File(database_ + ".issuer.pem"));
}

std::string TestedService::Token(std::string_view user, std::vector<std::string> roles,
                                 std::string_view team) const {
  return issuer_.Issue(
      {.subject = std::string(user), .roles = std::move(roles), .team = std::string(team)},
      absl::Now());
}

absl::Status TestedService::MakeDatabase() {
  CRM_RETURN_IF_ERROR(Drop());
  return RunAsAdministrator(settings_, absl::StrCat("CREATE DATABASE ", database_));
}

absl::Status TestedService::Migrate() {
  CRM_ASSIGN_OR_RETURN(const auto migration,
                       Process::Start({absl::StrCat(settings_.programs, "/", program_), "migrate"},
                                      File(database_ + ".log"), Environment()));
  while (migration->Running()) absl::SleepFor(absl::Milliseconds(20));
  return absl::OkStatus();
}

std::vector<std::string> TestedService::Environment() const {
  return {absl::StrCat("CRM_DATABASE_URL=", UrlOf(pool_->options().address)),
          absl::StrCat("CRM_KEY_FILE=", KeyFile()),
          absl::StrCat("CRM_JWKS_FILE=", File(database_ + ".jwks.json")),
          absl::StrCat("CRM_ISSUER=", kIssuer),
          absl::StrCat("CRM_AUDIENCE=", kAudience),
          absl::StrCat("CRM_ROLES_FILE=", settings_.roles)};
}

absl::Status TestedService::Start() {
  const absl::Time begin = absl::Now();
  address_ = absl::StrCat("127.0.0.1:", FreePort());
  CRM_ASSIGN_OR_RETURN(process_,
                       Process::Start({absl::StrCat(settings_.programs, "/", program_),
                                       absl::StrCat("--listen=", address_),
                                       absl::StrCat("--metrics-listen=127.0.0.1:", FreePort())},
                                      File(database_ + ".log"), Environment()));
  CRM_RETURN_IF_ERROR(AwaitServing());
  start_time_ = absl::Now() - begin;
  return absl::OkStatus();
}

absl::Status TestedService::AwaitServing() {
  const absl::Time deadline = absl::Now() + kStartTimeout;
  CRM_ASSIGN_OR_RETURN(const auto channel,
                       client::Channel::Connect({.address = address_, .own_connection = true}));
  while (absl::Now() < deadline && process_->Running()) {
    const auto answer = channel->Call<health::HealthCheckRequest, health::HealthCheckResponse>(
        "/grpc.health.v1.Health/Check", health::HealthCheckRequest(),
        {.timeout = absl::Seconds(1)});
    if (answer.ok() && answer->status() == health::HealthCheckResponse::SERVING) {
      return absl::OkStatus();
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::UnavailableError(
      absl::StrCat(program_, " does not serve, see ", File(database_ + ".log")));
}

absl::StatusOr<int64_t> TestedService::Count(const std::string& table) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_->Acquire(absl::InfiniteFuture()));
  const std::string sql = absl::StrCat("SELECT COUNT(*) FROM ", table);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection->Select({"count", sql}, {}));
  if (!rows.Next()) return absl::InternalError("no count");
  return rows.Int(0);
}

absl::Status TestedService::Drop() {
  Stop();
  return RunAsAdministrator(settings_, absl::StrCat("DROP DATABASE IF EXISTS ", database_));
}

}  // namespace crm::bench
