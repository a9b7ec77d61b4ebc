// A customer archive under test: a database full of synthetic customers and the real service on it,
// as a process of its own with its default options.
//
//   CRM_ASSIGN_OR_RETURN(auto archive, Archive::Open(settings, 1'000'000, numbers));
//   ConnectClients(archive->address(), archive->token(), 2)
#ifndef CRM_BENCH_ARCHIVE_H_
#define CRM_BENCH_ARCHIVE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/settings.h"
#include "bench/tested_service.h"

namespace crm::bench {

// Numbers from which examples::CustomerMaker makes phones and credit codes: never the same twice in
// a directory, also not in the next run. Thread-safe but for making it.
class FreshNumbers {
 public:
  // Customers that were seeded have the numbers below.
  static constexpr uint64_t kFirst = 100'000'000;

  explicit FreshNumbers(std::string path);
  // `count` in a row.
  uint64_t Take(uint64_t count);

 private:
  const std::string path_;
  std::atomic<uint64_t> next_;
};

class Archive {
 public:
  // Opens the archive `name`, seeding it with `rows` customers unless an earlier run has; 0 makes a
  // new, empty one. Returns when the service answers.
  static absl::StatusOr<std::unique_ptr<Archive>> Open(const Settings& settings, std::string name,
                                                       int64_t rows);

  int64_t rows() const { return rows_; }
  const std::string& address() const { return service_->address(); }
  // Sees and changes all customers, sensitive fields masked.
  const std::string& token() const { return token_; }
  // May import.
  const std::string& steward_token() const { return steward_token_; }
  const std::vector<std::string>& numbers() const { return numbers_; }
  const std::vector<std::string>& names() const { return names_; }  // full names of some

  Process& service() { return service_->process(); }
  db::Pool& pool() { return service_->pool(); }
  absl::Duration start_time() const { return service_->start_time(); }

  // Removes the database. The archive is of no use then.
  absl::Status Drop() { return service_->Drop(); }

 private:
  Archive(std::unique_ptr<TestedService> service, int64_t rows);

  absl::Status Fill();
  bool IsSeeded();
  absl::Status Seed();
  absl::StatusOr<std::vector<std::string>> ReserveNumbers();
  absl::Status ReadSamples();

  const std::unique_ptr<TestedService> service_;
  const int64_t rows_;
  const std::string token_;
  const std::string steward_token_;
  std::vector<std::string> numbers_;
  std::vector<std::string> names_;
};

}  // namespace crm::bench

#endif  // CRM_BENCH_ARCHIVE_H_
