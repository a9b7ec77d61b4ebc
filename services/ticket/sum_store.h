// The SQL of what reports count (TIC-11): sums by day, and what is not in them: what happened since
// they end, and what writes have changed behind them.
#ifndef CRM_SERVICES_TICKET_SUM_STORE_H_
#define CRM_SERVICES_TICKET_SUM_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "services/ticket/sum_days.h"
#include "services/ticket/tally.h"

namespace crm::ticket {

// How far the sums go: all that happened before `until` is in them, and nothing else.
struct SumState {
  int64_t revision = 0;
  absl::Time until = absl::UnixEpoch();
  std::string zone = {};     // whose days they are of; empty while they are taken down
  bool has_changes = false;  // that writes have told of
};
absl::StatusOr<SumState> ReadSumState(db::Connection& db);
// ABORTED if somebody else has moved it on.
absl::Status WriteSumState(db::Connection& db, const SumState& before, absl::Time until,
                           const std::string& zone);

using HappeningReader = absl::FunctionRef<void(const Happening&)>;

// Until when at most so many things of a kind happened from `from` on, but never later than `to`,
// nor `from` itself.
absl::StatusOr<absl::Time> EndOfSome(db::Connection& db, absl::Time from, absl::Time to,
                                     int64_t some);
// What the tickets themselves say, in no order; `condition` is over columns of `ticket_fact` and
// `ticket_clock`. Holds few of them at a time.
absl::Status ReadHappenings(db::Connection& db, absl::Time from, absl::Time to,
                            const filter::Fragment& condition, HappeningReader each);

// Changes that were told of, the oldest first.
struct ToldChange {
  int64_t id = 0;
  Happening happening;
};
absl::StatusOr<std::vector<ToldChange>> ReadSumChanges(db::Connection& db,
                                                       const filter::Fragment& condition,
                                                       int64_t limit);
absl::Status DeleteSumChanges(db::Connection& db, const std::vector<ToldChange>& changes);

// Read from the columns type, priority, tier, and from team, assignee, which begin there.
TicketClass ClassAt(const db::Rows& row, int column);
Holder HolderAt(const db::Rows& row, int column);

// Of both days and all between them; `condition` is over `team` and `assignee`.
using SumReader = absl::FunctionRef<void(absl::CivilDay, const Holder&, const Tally&)>;
absl::Status ReadSums(db::Connection& db, SumSeries series, absl::CivilDay first,
                      absl::CivilDay last, const filter::Fragment& condition, SumReader each);
absl::Status AddToSums(db::Connection& db, std::map<SumRow, PackedCounts> rows);
// Some of them; how many.
absl::StatusOr<int64_t> DeleteSums(db::Connection& db);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SUM_STORE_H_
