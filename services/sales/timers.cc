#include "services/sales/timers.h"

#include "common/base/status_macros.h"

namespace crm::sales {
namespace {

// With the job's interval at most 5 s: how late a timer is when a replica dies with its claim.
constexpr absl::Duration kClaim = absl::Milliseconds(2500);
constexpr int kUnclaimed = 0;
constexpr char kNobody[] = "";

constexpr db::Query kClaimDue{"sales_timers_claim", R"sql(
  UPDATE sales_timer
  SET claimed_until = ?, claimant = ?
  WHERE kind = ? AND due_time <= ? AND claimed_until <= ?
  ORDER BY due_time
  LIMIT ?)sql"};
// The limit ends it at the last claimed one, however many are due behind that.
constexpr db::Query kClaimed{"sales_timers_claimed", R"sql(
  SELECT subject_id, due_time
  FROM sales_timer
  WHERE kind = ? AND due_time <= ? AND claimant = ?
  ORDER BY due_time
  LIMIT ?)sql"};
constexpr db::Query kNext{"sales_timer_next", R"sql(
  SELECT MIN(due_time)
  FROM sales_timer
  WHERE due_time > ?)sql"};
constexpr db::Query kPutOff{"sales_timer_put_off", R"sql(
  UPDATE sales_timer
  SET due_time = ?, claimed_until = 0, claimant = ''
  WHERE kind = ? AND subject_id = ? AND claimant = ?)sql"};
constexpr db::Query kEnd{"sales_timer_end", R"sql(
  DELETE FROM sales_timer
  WHERE kind = ? AND subject_id = ? AND claimant = ?)sql"};
constexpr db::Query kDrop{"sales_timer_drop", R"sql(
  DELETE FROM sales_timer
  WHERE kind = ? AND subject_id = ?)sql"};

std::vector<std::string> Columns() {
  return {"kind", "subject_id", "due_time", "claimed_until", "claimant"};
}

const db::InsertSpec& SetSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "sales_timer", Columns(),
      "ON DUPLICATE KEY UPDATE due_time = VALUES(due_time), claimed_until = VALUES(claimed_until), "
      "claimant = VALUES(claimant)"};
  return spec;
}

const db::InsertSpec& HastenSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"sales_timer", Columns(),
                          "ON DUPLICATE KEY UPDATE due_time = LEAST(due_time, VALUES(due_time)), "
                          "claimed_until = VALUES(claimed_until), claimant = VALUES(claimant)"};
  return spec;
}

db::Values RowOf(const Timer& timer) {
  return {timer.kind, timer.subject_id, timer.due, kUnclaimed, kNobody};
}

}  // namespace

void SetTimer(db::WriteSet& writes, const Timer& timer) { writes.Insert(SetSpec(), RowOf(timer)); }

void HastenTimer(db::WriteSet& writes, const Timer& timer) {
  writes.Insert(HastenSpec(), RowOf(timer));
}

void PutOffTimer(db::WriteSet& writes, const Timer& claimed, absl::Time due) {
  writes.Execute(kPutOff, {due, claimed.kind, claimed.subject_id, claimed.claimant},
                 db::Expect::kSomeRow);
}

void EndTimer(db::WriteSet& writes, const Timer& claimed) {
  writes.Execute(kEnd, {claimed.kind, claimed.subject_id, claimed.claimant}, db::Expect::kSomeRow);
}

void DropTimer(db::WriteSet& writes, TimerKind kind, int64_t subject_id) {
  writes.Execute(kDrop, {kind, subject_id});
}

absl::StatusOr<std::vector<Timer>> ClaimDueTimers(db::Connection& db, TimerKind kind,
                                                  const std::string& claimant, absl::Time now) {
  CRM_ASSIGN_OR_RETURN(const int64_t claimed, db.Execute(kClaimDue, {now + kClaim, claimant, kind,
                                                                     now, now, kClaimAtOnce}));
  std::vector<Timer> timers;
  if (claimed == 0) return timers;
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kClaimed, {kind, now, claimant, claimed}));
  timers.reserve(rows.size());
  while (rows.Next()) timers.push_back({kind, rows.Int(0), rows.Time(1), claimant});
  return timers;
}

absl::StatusOr<absl::Time> NextTimer(db::Connection& db, absl::Time now) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kNext, {now}));
  if (!rows.Next() || rows.IsNull(0)) return absl::InfiniteFuture();
  return rows.Time(0);
}

}  // namespace crm::sales
