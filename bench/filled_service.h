// A sales or ticket service with as many rows as asked for: some are made by calls of its API, the
// others are copies of them, so that a million takes minutes. It has no archive beside it; its
// copies of customers and staff are written past the API.
#ifndef CRM_BENCH_FILLED_SERVICE_H_
#define CRM_BENCH_FILLED_SERVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/load.h"
#include "bench/settings.h"
#include "bench/tested_service.h"

namespace crm::bench {

inline constexpr int kBenchCustomers = 1000;
inline constexpr char kBenchTeam[] = "bench-team";
// "CRM2026000000" and so on, of the owner "bench".
std::string BenchCustomer(uint64_t index);

// How the rows of a table are copied. Ids are moved out of the way.
struct CopiedTable {
  std::string name;
  std::vector<std::string> ids;                // columns
  std::map<std::string, std::string> replace;  // column → SQL; ? = a number that no copy has had
};

struct Filling {
  std::string program;
  std::string name;  // part of the database's
  std::string table;
  std::vector<std::string> staff = {};  // users of the directory
  std::string staff_role = {};
  std::vector<std::string> sql = {};  // run before the first call
  std::function<CallKind()> create;
  std::string role;  // of the caller, "bench" of kBenchTeam
  std::vector<CopiedTable> copies;
  std::vector<std::string> sums = {};     // tables whose numbers double when the rows do
  std::vector<std::string> emptied = {};  // once the rows are made: nothing shall fall due later
};

class FilledService {
 public:
  // Fills the database unless an earlier run has. Returns when the service serves.
  static absl::StatusOr<std::unique_ptr<FilledService>> Open(const Settings& settings,
                                                             const Filling& filling);

  const std::string& name() const { return filling_.name; }
  TestedService& service() { return *service_; }
  const std::string& token() const { return token_; }
  absl::StatusOr<Clients> Connect() const;
  // Numbers of `count` rows from the first on.
  absl::StatusOr<std::vector<std::string>> Numbers(int64_t first, int64_t count);

 private:
  FilledService(std::unique_ptr<TestedService> service, const Filling& filling);

  bool IsFilled();
  absl::Status Fill();
  absl::Status WriteCopies();
  absl::Status MakeModels();
  absl::Status Double(int step);
  absl::Status Copy(const CopiedTable& table, int step);
  absl::Status DoubleSums(const std::string& table);
  absl::StatusOr<std::vector<std::string>> Columns(const std::string& table, bool keys);
  absl::Status Run(const std::string& sql);

  const std::unique_ptr<TestedService> service_;
  const Filling filling_;
  const std::string token_;
};

}  // namespace crm::bench

#endif  // CRM_BENCH_FILLED_SERVICE_H_
