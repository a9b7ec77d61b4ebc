// The SQL of frequent problems (TIC-12): from sums by month, or of few tickets from these.
#ifndef CRM_SERVICES_TICKET_PROBLEM_SOURCE_H_
#define CRM_SERVICES_TICKET_PROBLEM_SOURCE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "services/ticket/report_store.h"

namespace crm::ticket {

// What a ticket can have. As stored.
enum class ProblemKind : uint8_t {
  kCategory = 1,
  kRootCause = 2,  // of a complaint; the number of the value
  kTerm = 3,       // its hash
};

// Tickets that have the same.
struct ProblemCounts {
  int64_t created = 0;         // in the month
  int64_t created_before = 0;  // in the one before
  int64_t done = 0;
  int64_t seconds = 0;  // sum
  int64_t rated = 0;
  int64_t satisfaction = 0;  // sum
};
// By category, number or hash; tickets without one by the empty one, or 0.
using ProblemsByName = std::map<std::string, ProblemCounts>;

class ProblemSource {
 public:
  virtual ~ProblemSource() = default;

  // Of these names only; all if there are none.
  virtual absl::StatusOr<ProblemsByName> Count(absl::CivilMonth month, ProblemKind kind,
                                               const std::vector<std::string>& names) = 0;
  // Hashes of the words that most tickets of the month have, each at least so many.
  virtual absl::StatusOr<std::vector<std::string>> TopTerms(absl::CivilMonth month, int64_t least,
                                                            int64_t limit) = 0;
};

// From the sums if the caller may see all tickets: these know of teams, but not of agents. `db`
// outlives it.
std::unique_ptr<ProblemSource> MakeProblemSource(db::Connection& db, ReportFilter filter,
                                                 absl::TimeZone zone);

// As stored: 2026-03 → 24314.
int64_t MonthNumber(absl::CivilMonth month);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_PROBLEM_SOURCE_H_
