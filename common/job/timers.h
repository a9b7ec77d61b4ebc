// What has to be done when (PLT-22), in rows of a service's table. A timer is set in the
// transaction that makes it needed, and is claimed when it is due by any replica, the earliest
// first, for a few seconds. What is done about it is committed together with its end or its next
// time; something in that commit makes it once: the claim, the version of a row, a unique key. A
// replica that dies leaves its claim to expire.
//
//   const Timers& timers = *new Timers({.table = "sales_timer", .subject = "subject_id", .kinds =
//   true}); timers.Set(writes, {kReminder, reminder_id, due}); …
//   runner.Add(TimerJobOptions("fire-reminders"), FireTimers(timers, parts, {{kReminder,
//   decide}}));
//
// The table has the columns <subject> BIGINT, due_time BIGINT, claimed_until BIGINT, claimant
// VARCHAR(64), with several kinds also kind SMALLINT; <subject>, with kind, is its key.
#ifndef CRM_COMMON_JOB_TIMERS_H_
#define CRM_COMMON_JOB_TIMERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/db/connection.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/db/write_set.h"
#include "common/job/periodic.h"

namespace crm::job {

struct Timer {
  int kind = 0;  // 0 in a table without kinds
  int64_t subject_id = 0;
  absl::Time due;
  std::string claimant = {};  // of a claimed one
};

struct TimerTable {
  std::string table;  // names the queries, too
  std::string subject;
  bool kinds = false;
};

// Thread-safe. Lives as long as the process: statements that wait refer to it.
class Timers {
 public:
  static constexpr int kClaimAtOnce = 200;

  explicit Timers(TimerTable table);
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Replaces what there is.
  void Set(db::WriteSet& writes, const Timer& timer) const;
  // Leaves an earlier time alone, but ends a claim: what it was decided on has changed.
  void Hasten(db::WriteSet& writes, const Timer& timer) const;
  // The end of what a timer was claimed for: it is due again later, or done. The commit fails with
  // a conflict if the claim is over.
  void PutOff(db::WriteSet& writes, const Timer& claimed, absl::Time due) const;
  void End(db::WriteSet& writes, const Timer& claimed) const;
  // Whoever has claimed it.
  void Drop(db::WriteSet& writes, int kind, int64_t subject_id) const;

  // Those of a kind that are due and that nobody else has claimed, the earliest first, at most
  // kClaimAtOnce. `claimant` names this claim. A claim ends by itself soon after.
  absl::StatusOr<std::vector<Timer>> ClaimDue(db::Connection& db, int kind,
                                              const std::string& claimant, absl::Time now) const;
  // When the first one of any kind that is not due yet is; InfiniteFuture without any.
  absl::StatusOr<absl::Time> Next(db::Connection& db, absl::Time now) const;

 private:
  struct Statement {
    std::string name;
    std::string sql;
    db::Query query() const { return {name, sql}; }
  };

  db::Values RowOf(const Timer& timer) const;
  // In the order of the table's key.
  db::Values KeyOf(int kind, int64_t subject_id) const;

  const TimerTable table_;
  const Statement claim_;
  const Statement claimed_;
  const Statement next_;
  const Statement put_off_;
  const Statement end_;
  const Statement drop_;
  const db::InsertSpec set_;
  const db::InsertSpec hasten_;
};

// What becomes of timers that were claimed together.
struct TimerWork {
  // Each committed alone, those that are due first first.
  std::vector<db::WriteSet> changes = {};
  // Of timers that nothing could be decided about: they are looked at again when the claim is over.
  absl::Status failure = absl::OkStatus();
  // After the commits; null: nothing.
  std::function<void()> done = nullptr;
};

struct TimerKindWork {
  int kind = 0;
  std::function<absl::StatusOr<TimerWork>(db::Connection& db, const std::vector<Timer>& timers,
                                          absl::Time now)>
      decide;
};

// All outlive the job.
struct TimerParts {
  db::Pool& pool;
  const Clock& clock;
  IdGenerator& ids;
  db::GroupCommitter& committer;
};

// Until nothing is due: some of each kind in turn, so that none waits for the others, in the order
// given; what goes wrong with one kind does not hold up the others. Then it is due at the next
// timer. `timers` outlives the job.
JobBody FireTimers(const Timers& timers, TimerParts parts, std::vector<TimerKindWork> kinds);

// A timer is done at most 5 s late: the pause is what may pass until one that another replica has
// set is noticed, or until an outage is over; the claim of a replica that has died is the rest.
JobOptions TimerJobOptions(std::string name);

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_TIMERS_H_
