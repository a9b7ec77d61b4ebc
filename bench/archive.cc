#include "bench/archive.h"

#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/seed.h"
#include "common/base/status_macros.h"
#include "common/client/channel.h"
#include "common/crypto/keyring.h"
#include "crm/customer/v1/customer_service.pb.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;

constexpr char kProgram[] = "crm-customer";
constexpr char kUser[] = "bench";
constexpr int kNumbersAtOnce = 1000;
constexpr size_t kSampledNames = 10'000;
// Customers that benchmarks may have added before the archive is seeded afresh.
constexpr double kMostGrowth = 1.25;

constexpr db::Query kNumbers{"numbers", R"sql(
  SELECT id, number, full_name FROM customer WHERE id > ? ORDER BY id LIMIT 20000)sql"};

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

Archive::Archive(std::unique_ptr<TestedService> service, int64_t rows)
    : service_(std::move(service)),
      rows_(rows),
      token_(service_->Token(kUser, {"service_manager"})),
      steward_token_(service_->Token("steward", {"data_steward"})) {}

absl::StatusOr<std::unique_ptr<Archive>> Archive::Open(const Settings& settings, std::string name,
                                                       int64_t rows) {
  CRM_ASSIGN_OR_RETURN(auto service, TestedService::Make(settings, kProgram, std::move(name)));
  std::unique_ptr<Archive> archive(new Archive(std::move(service), rows));
  CRM_RETURN_IF_ERROR(archive->Fill());
  CRM_RETURN_IF_ERROR(archive->service_->Start());
  CRM_RETURN_IF_ERROR(archive->ReadSamples());
  return archive;
}

absl::Status Archive::Fill() {
  const bool seeded = IsSeeded();
  if (!seeded) CRM_RETURN_IF_ERROR(service_->MakeDatabase());
  CRM_RETURN_IF_ERROR(service_->Migrate());
  return seeded || rows_ == 0 ? absl::OkStatus() : Seed();
}

bool Archive::IsSeeded() {
  const auto count = rows_ > 0 ? service_->Count("customer") : absl::NotFoundError("");
  return count.ok() && *count >= rows_ &&
         static_cast<double>(*count) <= static_cast<double>(rows_) * kMostGrowth;
}

absl::Status Archive::Seed() {
  const absl::Time begin = absl::Now();
  std::cerr << "seeding " << rows_ << " customers" << std::flush;
  CRM_RETURN_IF_ERROR(service_->Start());
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> numbers, ReserveNumbers());
  service_->Stop();
  CRM_ASSIGN_OR_RETURN(const auto keyring, crypto::Keyring::Load(service_->KeyFile()));
  CRM_RETURN_IF_ERROR(SeedCustomers(pool(), *keyring, numbers));
  const absl::Duration took = absl::Now() - begin;
  std::cerr << ": " << absl::FormatDuration(absl::Trunc(took, absl::Seconds(1))) << "\n";
  return absl::OkStatus();
}

// From the service's own sequence, so that it never gives one of them out again.
absl::StatusOr<std::vector<std::string>> Archive::ReserveNumbers() {
  CRM_ASSIGN_OR_RETURN(const auto channel,
                       client::Channel::Connect({.address = address(), .token = steward_token_}));
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

absl::Status Archive::ReadSamples() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool().Acquire(absl::InfiniteFuture()));
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

}  // namespace crm::bench
