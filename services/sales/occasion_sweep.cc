#include "services/sales/occasion_sweep.h"

#include <algorithm>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/record/times.h"
#include "services/sales/opportunity_batch.h"
#include "services/sales/timers.h"

namespace crm::sales {
namespace {

// Leaves the database to others: a million opportunities take some minutes.
constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kTerm = absl::Seconds(30);

struct Page {
  std::vector<StoredOpportunity> opportunities;  // by id, closed ones too
  std::map<int64_t, absl::Time> timers;          // when each is looked at
};

absl::StatusOr<std::vector<StoredOpportunity>> ReadOpportunities(
    db::Connection& db, const resource::ResourceTable& table, int64_t after) {
  const std::string sql = absl::StrCat("SELECT ", table.Columns(),
                                       " FROM opportunity WHERE id > ? ORDER BY id LIMIT ?");
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db.Select({"opportunities_swept", sql}, {after, db::kMaxInSize}));
  std::vector<StoredOpportunity> page(rows.size());
  for (StoredOpportunity& each : page) {
    rows.Next();
    CRM_RETURN_IF_ERROR(table.Read(rows, each.key, each.message));
  }
  return page;
}

absl::StatusOr<std::map<int64_t, absl::Time>> ReadTimers(
    db::Connection& db, const std::vector<StoredOpportunity>& opportunities) {
  std::map<int64_t, absl::Time> timers;
  if (opportunities.empty()) return timers;
  std::vector<int64_t> ids;
  for (const StoredOpportunity& each : opportunities) ids.push_back(each.key.id);
  filter::Fragment where = InIds("subject_id", ids);
  where.And({"kind = ?", {TimerKind::kOpportunity}});
  const std::string sql =
      absl::StrCat("SELECT subject_id, due_time FROM sales_timer WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"sales_timers_of", sql}, where.values));
  while (rows.Next()) timers.emplace(rows.Int(0), rows.Time(1));
  return timers;
}

absl::StatusOr<Page> ReadPage(const Sales& sales, int64_t after, absl::Time deadline) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, sales.host.pool().Acquire(deadline));
  Page page;
  CRM_ASSIGN_OR_RETURN(page.opportunities, ReadOpportunities(*db, sales.table.table(), after));
  CRM_ASSIGN_OR_RETURN(page.timers, ReadTimers(*db, page.opportunities));
  return page;
}

// InfiniteFuture if nothing is to be reminded of.
absl::Time FirstDue(const Sales& sales, const v1::Opportunity& opportunity) {
  absl::Time first = absl::InfiniteFuture();
  const absl::Time last_change = record::TimeOf(opportunity.update_time());
  for (const Occasion& occasion : sales.OccasionsOf(opportunity, last_change)) {
    first = std::min(first, occasion.due);
  }
  return first;
}

// A timer that is too early, or for what has been reminded of, finds that out when it is due.
void HastenTimers(const Sales& sales, const Page& page, db::WriteSet& writes) {
  for (const StoredOpportunity& each : page.opportunities) {
    const absl::Time due = FirstDue(sales, each.message);
    const auto timer = page.timers.find(each.key.id);
    const absl::Time set = timer != page.timers.end() ? timer->second : absl::InfiniteFuture();
    if (due < set) HastenTimer(writes, {TimerKind::kOpportunity, each.key.id, due});
  }
}

// Rises with every change of what this replica goes by.
int64_t TermsInForce(const Sales& sales) {
  return sales.settings.settings.Current().revision + sales.pipelines.pipelines.Current().revision;
}

}  // namespace

bool OccasionSweep::Follow() { return terms_.See(TermsInForce(sales_), sales_.host.clock().Now()); }

absl::StatusOr<job::Progress> OccasionSweep::SweepSome(const job::Marks& marks) {
  if (marks.begins) last_id_ = 0;
  const absl::Time deadline = absl::Now() + kTimeout;
  CRM_ASSIGN_OR_RETURN(const Page page, ReadPage(sales_, last_id_, deadline));
  db::WriteSet writes;
  HastenTimers(sales_, page, writes);
  if (!writes.empty()) {
    CRM_RETURN_IF_ERROR(sales_.host.committer().Commit(std::move(writes), deadline));
    sales_.WakeTimers();
  }
  if (page.opportunities.size() < db::kMaxInSize) return job::Progress::kDone;
  last_id_ = page.opportunities.back().key.id;
  return job::Progress::kMore;
}

job::JobBody OccasionSweep::Job() {
  job::JobBody sweep = job::OncePerMark(
      sales_.host.pool(), sales_.host.clock(),
      {.lease = {.name = "sweep-opportunities", .holder = sales_.host.holder(), .term = kTerm},
       .pause = kPause,
       .rises = true},
      [this] { return terms_.Get(); },
      [this](const job::Marks& marks, const std::stop_token&) { return SweepSome(marks); });
  return
      [this, sweep = std::move(sweep)](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
        if (terms_.Get() == job::SettledMark::kNone) return absl::InfiniteFuture();
        return sweep(stop);
      };
}

}  // namespace crm::sales
