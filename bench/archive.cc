#include "bench/archive.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/seed.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/crypto/key_file.h"
#include "common/crypto/keyring.h"
#include "crm/customer/v1/customer_service.pb.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;

constexpr char kIssuer[] = "https://bench";
constexpr char kAudience[] = "crm";
constexpr char kUser[] = "bench";
constexpr absl::Duration kStartTimeout = absl::Minutes(5);
constexpr int kNumbersAtOnce = 1000;
constexpr size_t kSampledNames = 10'000;
// Customers that benchmarks may have added before the archive is seeded afresh.
constexpr double kMostGrowth = 1.25;

constexpr db::Query kCount{"count", "SELECT COUNT(*) FROM customer"};
constexpr db::Query kNumbers{"numbers", R"sql(
  SELECT id, number, full_name FROM customer WHERE id > ? ORDER BY id LIMIT 20000)sql"};

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

uint64_t ReadNumber(const std::string& path, uint64_t otherwise) {
  std::ifstream file(path);
  uint64_t number = otherwise;
  file >> number;
  return file.fail() ? otherwise : number;
}

}  // namespace

FreshNumbers::FreshNumbers(std::string path)
    : path_(std::move(path)), next_(ReadNumber(path_, kFirst)) {}

uint64_t FreshNumbers::Take(uint64_t count) {
  const uint64_t first = next_.fetch_add(count);
  std::ofstream(path_) << first + count;
  return first;
}

absl::Status RunAsAdministrator(const Settings& settings, const std::string& sql) {
  db::Pool pool(PoolOptionsOf(settings, ""));
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(absl::InfiniteFuture()));
  return connection->ExecuteText({"administrator", sql});
}

Archive::Archive(const Settings& settings, std::string name, int64_t rows)
    : settings_(settings), name_(std::move(name)), rows_(rows) {}

absl::StatusOr<std::unique_ptr<Archive>> Archive::Open(const Settings& settings, std::string name,
                                                       int64_t rows) {
  std::unique_ptr<Archive> archive(new Archive(settings, std::move(name), rows));
  CRM_RETURN_IF_ERROR(archive->WriteKeysAndTokens());
  archive->pool_ = std::make_unique<db::Pool>(PoolOptionsOf(settings, archive->name_));
  CRM_ASSIGN_OR_RETURN(const bool seeded, archive->IsSeeded());
  if (!seeded) CRM_RETURN_IF_ERROR(archive->MakeDatabase());
  CRM_RETURN_IF_ERROR(archive->Migrate());
  if (!seeded && rows > 0) CRM_RETURN_IF_ERROR(archive->Seed());
  CRM_RETURN_IF_ERROR(archive->StartService());
  CRM_RETURN_IF_ERROR(archive->ReadSamples());
  return archive;
}

std::string Archive::File(const std::string& name) const {
  return absl::StrCat(settings_.directory, "/", name);
}

// The key file is kept as long as the archives: it decrypts them.
absl::Status Archive::WriteKeysAndTokens() {
  if (!std::filesystem::exists(File("keys.json"))) {
    CRM_RETURN_IF_ERROR(crypto::GenerateKeyFile(File("keys.json"), SystemClock()));
  }
  const auto issuer = auth::LocalIssuer::Create(kIssuer, kAudience);
  CRM_RETURN_IF_ERROR(issuer.WriteFiles(File(name_ + ".jwks.json"), File(name_ + ".issuer.pem")));
  token_ = issuer.Issue({.subject = kUser, .roles = {"service_manager"}}, absl::Now());
  steward_token_ = issuer.Issue({.subject = "steward", .roles = {"data_steward"}}, absl::Now());
  return absl::OkStatus();
}

absl::StatusOr<bool> Archive::IsSeeded() {
  if (rows_ == 0) return false;
  auto connection = pool_->Acquire(absl::InfiniteFuture());
  if (!connection.ok()) return false;
  auto count = (*connection)->Select(kCount, {});
  if (!count.ok() || !count->Next()) return false;
  const auto customers = static_cast<double>(count->Int(0));
  return customers >= static_cast<double>(rows_) &&
         customers <= static_cast<double>(rows_) * kMostGrowth;
}

absl::Status Archive::MakeDatabase() {
  CRM_RETURN_IF_ERROR(Drop());
  return RunAsAdministrator(settings_, absl::StrCat("CREATE DATABASE ", name_));
}

// Also of an archive that an earlier run has made: the schema may have grown since.
absl::Status Archive::Migrate() {
  CRM_ASSIGN_OR_RETURN(
      const auto migration,
      Process::Start({absl::StrCat(settings_.programs, "/crm-customer"), "migrate"},
                     File(name_ + ".log"), ServiceEnvironment()));
  while (migration->Running()) absl::SleepFor(absl::Milliseconds(20));
  return absl::OkStatus();
}

absl::Status Archive::Seed() {
  const absl::Time begin = absl::Now();
  std::cerr << "seeding " << rows_ << " customers" << std::flush;
  CRM_RETURN_IF_ERROR(StartService());
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> numbers, ReserveNumbers());
  service_.reset();
  CRM_ASSIGN_OR_RETURN(const auto keyring, crypto::Keyring::Load(File("keys.json")));
  CRM_RETURN_IF_ERROR(SeedCustomers(*pool_, *keyring, numbers));
  const absl::Duration took = absl::Now() - begin;
  std::cerr << ": " << absl::FormatDuration(absl::Trunc(took, absl::Seconds(1))) << "\n";
  return absl::OkStatus();
}

// From the service's own sequence, so that it never gives one of them out again.
absl::StatusOr<std::vector<std::string>> Archive::ReserveNumbers() {
  CRM_ASSIGN_OR_RETURN(const auto channel,
                       client::Channel::Connect({.address = address_, .token = steward_token_}));
  std::vector<std::string> numbers;
  while (static_cast<int64_t>(numbers.size()) < rows_) {
    v1::ReserveCustomerNumbersRequest request;
    request.set_count(static_cast<int32_t>(
        std::min<int64_t>(kNumbersAtOnce, rows_ - static_cast<int64_t>(numbers.size()))));
    CRM_ASSIGN_OR_RETURN(
        auto reserved,
        (channel->Call<v1::ReserveCustomerNumbersRequest, v1::ReserveCustomerNumbersResponse>(
            "/crm.customer.v1.CustomerService/ReserveCustomerNumbers", request)));
    for (std::string& number : *reserved.mutable_numbers()) numbers.push_back(std::move(number));
  }
  return numbers;
}

std::vector<std::string> Archive::ServiceEnvironment() const {
  return {absl::StrCat("CRM_DATABASE_URL=", UrlOf(pool_->options().address)),
          absl::StrCat("CRM_KEY_FILE=", File("keys.json")),
          absl::StrCat("CRM_JWKS_FILE=", File(name_ + ".jwks.json")),
          absl::StrCat("CRM_ISSUER=", kIssuer),
          absl::StrCat("CRM_AUDIENCE=", kAudience),
          absl::StrCat("CRM_ROLES_FILE=", settings_.roles)};
}

absl::Status Archive::StartService() {
  const absl::Time begin = absl::Now();
  address_ = absl::StrCat("127.0.0.1:", FreePort());
  CRM_ASSIGN_OR_RETURN(service_, Process::Start({absl::StrCat(settings_.programs, "/crm-customer"),
                                                 absl::StrCat("--listen=", address_)},
                                                File(name_ + ".log"), ServiceEnvironment()));
  CRM_RETURN_IF_ERROR(AwaitService());
  start_time_ = absl::Now() - begin;
  return absl::OkStatus();
}

absl::Status Archive::AwaitService() {
  const absl::Time deadline = absl::Now() + kStartTimeout;
  CRM_ASSIGN_OR_RETURN(
      const auto channel,
      client::Channel::Connect({.address = address_, .token = token_, .own_connection = true}));
  v1::GetCustomerRequest request;
  request.set_customer("none");
  while (absl::Now() < deadline && service_->Running()) {
    const auto answer = channel->Call<v1::GetCustomerRequest, v1::Customer>(
        "/crm.customer.v1.CustomerService/GetCustomer", request, {.timeout = absl::Seconds(1)});
    if (absl::IsNotFound(answer.status())) return absl::OkStatus();
    if (absl::IsUnauthenticated(answer.status()) || absl::IsPermissionDenied(answer.status())) {
      return answer.status();
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::UnavailableError(
      absl::StrCat("crm-customer does not serve, see ", File(name_ + ".log")));
}

absl::Status Archive::ReadSamples() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_->Acquire(absl::InfiniteFuture()));
  for (int64_t last = 0; static_cast<int64_t>(numbers_.size()) < rows_;) {
    CRM_ASSIGN_OR_RETURN(db::Rows rows, connection->Select(kNumbers, {last}));
    if (rows.size() == 0) break;
    while (rows.Next()) {
      last = rows.Int(0);
      numbers_.push_back(rows.String(1));
      if (names_.size() < kSampledNames) names_.push_back(rows.String(2));
    }
  }
  return absl::OkStatus();
}

absl::Status Archive::Drop() {
  service_.reset();
  return RunAsAdministrator(settings_, absl::StrCat("DROP DATABASE IF EXISTS ", name_));
}

}  // namespace crm::bench
