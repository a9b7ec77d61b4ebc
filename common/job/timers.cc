#include "common/job/timers.h"

#include <stop_token>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/db/commit_each.h"
#include "common/job/database_wait.h"

namespace crm::job {
namespace {

// Together at most 5 s.
constexpr absl::Duration kClaim = absl::Milliseconds(2500);
constexpr absl::Duration kPause = absl::Seconds(2);

constexpr int kUnclaimed = 0;
constexpr char kNobody[] = "";

std::string KeyCondition(const TimerTable& table) {
  return absl::StrCat(table.kinds ? "kind = ? AND " : "", table.subject, " = ?");
}

std::string DueCondition(const TimerTable& table) {
  return absl::StrCat(table.kinds ? "kind = ? AND " : "", "due_time <= ?");
}

std::vector<std::string> ColumnsOf(const TimerTable& table) {
  std::vector<std::string> columns;
  if (table.kinds) columns.emplace_back("kind");
  columns.insert(columns.end(), {table.subject, "due_time", "claimed_until", "claimant"});
  return columns;
}

// Does the timers of one kind that are due; gives how many it claimed.
absl::StatusOr<size_t> FireSome(const Timers& timers, const TimerParts& parts,
                                const TimerKindWork& kind) {
  const absl::Time now = parts.clock.Now();
  std::vector<Timer> claimed;
  TimerWork work;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts.pool.Acquire(DatabaseDeadline()));
    CRM_ASSIGN_OR_RETURN(claimed,
                         timers.ClaimDue(*db, kind.kind, absl::StrCat(parts.ids.Next()), now));
    CRM_ASSIGN_OR_RETURN(work, kind.decide(*db, claimed, now));
  }
  CRM_RETURN_IF_ERROR(
      db::CommitEach(parts.committer, std::move(work.changes), DatabaseDeadline()).status());
  if (work.done) work.done();
  CRM_RETURN_IF_ERROR(work.failure);
  return claimed.size();
}

absl::StatusOr<size_t> FireRound(const Timers& timers, const TimerParts& parts,
                                 const std::vector<TimerKindWork>& kinds) {
  size_t claimed = 0;
  absl::Status failure;
  for (const TimerKindWork& kind : kinds) {
    const absl::StatusOr<size_t> of_kind = FireSome(timers, parts, kind);
    if (of_kind.ok()) {
      claimed += *of_kind;
    } else {
      failure.Update(of_kind.status());
    }
  }
  CRM_RETURN_IF_ERROR(failure);
  return claimed;
}

}  // namespace

Timers::Timers(TimerTable table)
    : table_(std::move(table)),
      claim_{
          absl::StrCat(table_.table, "s_claim"),
          absl::StrCat("UPDATE ", table_.table, " SET claimed_until = ?, claimant = ? WHERE ",
                       DueCondition(table_), " AND claimed_until <= ? ORDER BY due_time LIMIT ?")},
      // The limit ends it at the last claimed one, however many are due behind that.
      claimed_{absl::StrCat(table_.table, "s_claimed"),
               absl::StrCat("SELECT ", table_.subject, ", due_time FROM ", table_.table, " WHERE ",
                            DueCondition(table_), " AND claimant = ? ORDER BY due_time LIMIT ?")},
      next_{absl::StrCat(table_.table, "_next"),
            absl::StrCat("SELECT MIN(due_time) FROM ", table_.table, " WHERE due_time > ?")},
      put_off_{absl::StrCat(table_.table, "_put_off"),
               absl::StrCat("UPDATE ", table_.table,
                            " SET due_time = ?, claimed_until = 0, claimant = '' WHERE ",
                            KeyCondition(table_), " AND claimant = ?")},
      end_{absl::StrCat(table_.table, "_end"),
           absl::StrCat("DELETE FROM ", table_.table, " WHERE ", KeyCondition(table_),
                        " AND claimant = ?")},
      drop_{absl::StrCat(table_.table, "_drop"),
            absl::StrCat("DELETE FROM ", table_.table, " WHERE ", KeyCondition(table_))},
      set_{table_.table, ColumnsOf(table_),
           "ON DUPLICATE KEY UPDATE due_time = VALUES(due_time), "
           "claimed_until = VALUES(claimed_until), claimant = VALUES(claimant)"},
      hasten_{table_.table, ColumnsOf(table_),
              "ON DUPLICATE KEY UPDATE due_time = LEAST(due_time, VALUES(due_time)), "
              "claimed_until = VALUES(claimed_until), claimant = VALUES(claimant)"} {}

db::Values Timers::KeyOf(int kind, int64_t subject_id) const {
  if (table_.kinds) return {kind, subject_id};
  return {subject_id};
}

db::Values Timers::RowOf(const Timer& timer) const {
  db::Values row = KeyOf(timer.kind, timer.subject_id);
  row.insert(row.end(), {timer.due, kUnclaimed, kNobody});
  return row;
}

void Timers::Set(db::WriteSet& writes, const Timer& timer) const {
  writes.Insert(set_, RowOf(timer));
}

void Timers::Hasten(db::WriteSet& writes, const Timer& timer) const {
  writes.Insert(hasten_, RowOf(timer));
}

void Timers::PutOff(db::WriteSet& writes, const Timer& claimed, absl::Time due) const {
  db::Values params = {due};
  const db::Values key = KeyOf(claimed.kind, claimed.subject_id);
  params.insert(params.end(), key.begin(), key.end());
  params.emplace_back(claimed.claimant);
  writes.Execute(put_off_.query(), std::move(params), db::Expect::kSomeRow);
}

void Timers::End(db::WriteSet& writes, const Timer& claimed) const {
  db::Values params = KeyOf(claimed.kind, claimed.subject_id);
  params.emplace_back(claimed.claimant);
  writes.Execute(end_.query(), std::move(params), db::Expect::kSomeRow);
}

void Timers::Drop(db::WriteSet& writes, int kind, int64_t subject_id) const {
  writes.Execute(drop_.query(), KeyOf(kind, subject_id));
}

absl::StatusOr<std::vector<Timer>> Timers::ClaimDue(db::Connection& db, int kind,
                                                    const std::string& claimant,
                                                    absl::Time now) const {
  db::Values which;
  if (table_.kinds) which.emplace_back(kind);
  which.emplace_back(now);

  db::Values claim = {now + kClaim, claimant};
  claim.insert(claim.end(), which.begin(), which.end());
  claim.insert(claim.end(), {now, kClaimAtOnce});
  CRM_ASSIGN_OR_RETURN(const int64_t count, db.Execute(claim_.query(), claim));
  std::vector<Timer> timers;
  if (count == 0) return timers;

  which.insert(which.end(), {claimant, count});
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(claimed_.query(), which));
  timers.reserve(rows.size());
  while (rows.Next()) timers.push_back({kind, rows.Int(0), rows.Time(1), claimant});
  return timers;
}

absl::StatusOr<absl::Time> Timers::Next(db::Connection& db, absl::Time now) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(next_.query(), {now}));
  if (!rows.Next() || rows.IsNull(0)) return absl::InfiniteFuture();
  return rows.Time(0);
}

JobBody FireTimers(const Timers& timers, TimerParts parts, std::vector<TimerKindWork> kinds) {
  return [&timers, parts,
          kinds = std::move(kinds)](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    while (!stop.stop_requested()) {
      CRM_ASSIGN_OR_RETURN(const size_t claimed, FireRound(timers, parts, kinds));
      if (claimed > 0) continue;
      CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts.pool.Acquire(DatabaseDeadline()));
      return timers.Next(*db, parts.clock.Now());
    }
    return absl::InfiniteFuture();
  };
}

JobOptions TimerJobOptions(std::string name) {
  return {.name = std::move(name), .interval = kPause, .last_retry = kPause};
}

}  // namespace crm::job
