// Frequent problems of the tickets that somebody has (TIC-12), read from these: they are few, and
// the sums do not tell agents apart.
#ifndef CRM_SERVICES_TICKET_OWN_PROBLEMS_H_
#define CRM_SERVICES_TICKET_OWN_PROBLEMS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "services/ticket/problem_counts.h"

namespace crm::ticket {

// As the sums have counted them, and as many seconds behind. Holds one month.
class OwnProblems {
 public:
  // `db` outlives it. `condition` is over `ticket_problem`; not empty.
  OwnProblems(db::Connection& db, std::string user_id, filter::Fragment condition)
      : db_(db), user_id_(std::move(user_id)), condition_(std::move(condition)) {}

  // Good until another month is asked for.
  absl::StatusOr<const ProblemsByName*> Of(absl::CivilMonth month, ProblemKind kind);

 private:
  absl::Status Load(absl::CivilMonth month);
  void Take(const db::Rows& row, int64_t month);
  absl::Status LoadTerms();

  db::Connection& db_;
  const std::string user_id_;
  const filter::Fragment condition_;
  std::optional<absl::CivilMonth> month_;
  std::map<int64_t, ProblemCounts> tickets_;
  std::map<ProblemKind, ProblemsByName> problems_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_OWN_PROBLEMS_H_
