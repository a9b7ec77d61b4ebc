// The SQL of frequent problems (TIC-12): from sums by month, and from the tickets that the caller
// has where the sums have more than the caller may see.
#ifndef CRM_SERVICES_TICKET_PROBLEM_SOURCE_H_
#define CRM_SERVICES_TICKET_PROBLEM_SOURCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "services/ticket/own_problems.h"
#include "services/ticket/problem_counts.h"
#include "services/ticket/report_store.h"

namespace crm::ticket {

// The sums know of teams, but not of agents: they have all that teams of the scope have; what the
// caller has beside that is counted by itself.
class ProblemSource {
 public:
  // `db` outlives it.
  ProblemSource(db::Connection& db, const ReportFilter& filter);

  // Of these names only; all if there are none.
  absl::StatusOr<ProblemsByName> Count(absl::CivilMonth month, ProblemKind kind,
                                       const std::vector<std::string>& names);
  // Hashes of the words that most tickets of the month have, each at least so many.
  absl::StatusOr<std::vector<std::string>> TopTerms(absl::CivilMonth month, int64_t least,
                                                    size_t limit);

 private:
  absl::Status AddSums(absl::CivilMonth month, ProblemKind kind,
                       absl::Span<const std::string> names, ProblemsByName& problems);
  absl::Status AddOwn(absl::CivilMonth month, ProblemKind kind,
                      const std::vector<std::string>& names, ProblemsByName& problems);
  absl::StatusOr<std::vector<std::string>> TopSummedTerms(absl::CivilMonth month, int64_t least,
                                                          size_t limit);

  db::Connection& db_;
  filter::Fragment summed_;         // over `problem_sum`
  std::optional<OwnProblems> own_;  // in none of these
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_PROBLEM_SOURCE_H_
