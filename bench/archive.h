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
#include "bench/process.h"
#include "bench/settings.h"
#include "common/auth/local_issuer.h"
#include "common/client/channel.h"
#include "common/db/pool.h"

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
  const std::string& address() const { return address_; }
  // Sees and changes all customers, sensitive fields masked.
  const std::string& token() const { return token_; }
  // May import.
  const std::string& steward_token() const { return steward_token_; }
  const std::vector<std::string>& numbers() const { return numbers_; }
  const std::vector<std::string>& names() const { return names_; }  // full names of some

  Process& service() { return *service_; }
  db::Pool& pool() { return *pool_; }
  absl::Duration start_time() const { return start_time_; }  // of the service until it served

  // Removes the database. The archive is of no use then.
  absl::Status Drop();

 private:
  Archive(const Settings& settings, std::string name, int64_t rows);

  absl::Status WriteKeysAndTokens();
  absl::Status MakeDatabase();
  absl::Status Migrate();
  absl::StatusOr<bool> IsSeeded();
  absl::Status Seed();
  absl::StatusOr<std::vector<std::string>> ReserveNumbers();
  absl::Status StartService();
  absl::Status AwaitService();
  absl::Status ReadSamples();
  std::string File(const std::string& name) const;
  std::vector<std::string> ServiceEnvironment() const;

  const Settings& settings_;
  const std::string name_;
  const int64_t rows_;
  std::string address_;
  std::string token_;
  std::string steward_token_;
  std::vector<std::string> numbers_;
  std::vector<std::string> names_;
  std::unique_ptr<db::Pool> pool_;
  std::unique_ptr<Process> service_;
  absl::Duration start_time_;
};

// Runs a statement as an administrator, no database chosen.
absl::Status RunAsAdministrator(const Settings& settings, const std::string& sql);

}  // namespace crm::bench

#endif  // CRM_BENCH_ARCHIVE_H_
