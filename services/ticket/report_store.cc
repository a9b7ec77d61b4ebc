#include "services/ticket/report_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/filter/scope.h"
#include "common/schema/message_schema.h"
#include "services/ticket/sla/compliance.h"
#include "services/ticket/snapshot.h"
#include "services/ticket/sum_store.h"
#include "services/ticket/ticket_facts.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

constexpr int64_t kRowsAtOnce = 5000;

void AndEqual(const char* column, db::Value value, Fragment& condition) {
  condition.And({absl::StrCat(column, " = ?"), {std::move(value)}});
}

bool IsAny(int wanted, int value) { return wanted == 0 || wanted == value; }

// Reads one report.
class Reading {
 public:
  Reading(db::Connection& db, const ReportFilter& filter, const ReportPeriod& period,
          const ReportReader& reader)
      : db_(db), filter_(filter), period_(period), reader_(reader) {}

  absl::Status Run() {
    CRM_RETURN_IF_ERROR(ReadSummed());
    CRM_RETURN_IF_ERROR(ReadChanges());
    CRM_RETURN_IF_ERROR(ReadHappenings(db_, until_, absl::InfiniteFuture(), filter_.Condition(),
                                       [this](const Happening& it) { Tell(it); }));
    CRM_RETURN_IF_ERROR(ReadOpen());
    return ReadLateClocks();
  }

 private:
  absl::Status ReadSummed() {
    CRM_ASSIGN_OR_RETURN(const SumState state, ReadSumState(db_));
    if (state.zone != period_.zone.name()) return absl::OkStatus();
    until_ = state.until;
    const auto happened = [this](absl::CivilDay day, const Holder& holder, const Tally& tally) {
      if (filter_.Matches(tally.of)) reader_.happened(day, holder, tally);
    };
    for (const SumRange& range : RangesOf(period_.first, period_.last)) {
      CRM_RETURN_IF_ERROR(ReadSums(db_, range.series, range.first, range.last,
                                   filter_.HolderCondition(), happened));
    }
    for (size_t i = 0; i < period_.instants.size(); ++i) {
      CRM_RETURN_IF_ERROR(ReadSummedOpen(i));
    }
    return absl::OkStatus();
  }

  // Those that are done since. Of an instant within a day there are none: it is now.
  absl::Status ReadSummedOpen(size_t instant) {
    const absl::CivilDay day = absl::ToCivilDay(period_.instants[instant], period_.zone);
    if (absl::FromCivil(day, period_.zone) != period_.instants[instant]) return absl::OkStatus();
    const auto open = [&](absl::CivilDay, const Holder& holder, const Tally& tally) {
      if (filter_.Matches(tally.of)) reader_.open(instant, holder, tally);
    };
    const absl::CivilDay month{absl::CivilMonth(day)};
    const Fragment condition = filter_.HolderCondition();
    CRM_RETURN_IF_ERROR(ReadSums(db_, SumSeries::kOpenDay, day, day, condition, open));
    return ReadSums(db_, SumSeries::kOpenMonth, month, month, condition, open);
  }

  absl::Status ReadChanges() {
    int64_t last = 0;
    while (true) {
      Fragment condition{"id > ? AND time < ?", {last, until_}};
      condition.And(filter_.Condition());
      CRM_ASSIGN_OR_RETURN(const std::vector<ToldChange> changes,
                           ReadSumChanges(db_, condition, kRowsAtOnce));
      for (const ToldChange& change : changes) Tell(change.happening);
      if (static_cast<int64_t>(changes.size()) < kRowsAtOnce) return absl::OkStatus();
      last = changes.back().id;
    }
  }

  void Tell(const Happening& it) {
    if (IsInPeriod(it.time)) {
      reader_.happened(absl::ToCivilDay(it.time, period_.zone), it.holder, it.tally);
    }
    if (!it.since.has_value()) return;
    const Tally open = OpenTally(it.created, it.tally.of, it.tally.count);
    for (size_t i = 0; i < period_.instants.size(); ++i) {
      const absl::Time at = period_.instants[i];
      if (*it.since <= at && at < it.time) reader_.open(i, it.holder, open);
    }
  }

  bool IsInPeriod(absl::Time time) const { return time >= from_ && time < to_; }

  // Those that are open still.
  absl::Status ReadOpen() {
    if (period_.instants.empty()) return absl::OkStatus();
    const absl::Time end = *std::max_element(period_.instants.begin(), period_.instants.end());
    Fragment from{"TRUE", {}};
    while (true) {
      Fragment query{R"sql(
        SELECT time, ticket_id, create_time, type, priority, tier, team, assignee
        FROM ticket_fact
        WHERE kind = ? AND time <= ? AND )sql",
                     {FactKind::kOpen, end}};
      query.Append(from);
      query.Append(" AND ");
      query.Append(filter_.Condition());
      query.Append(" ORDER BY time, ticket_id LIMIT ?", kRowsAtOnce);
      CRM_ASSIGN_OR_RETURN(db::Rows rows, Select("ticket_report_open", query));
      const bool more = static_cast<int64_t>(rows.size()) == kRowsAtOnce;
      while (rows.Next()) {
        TellOpen(rows);
        from = {"time >= ? AND (time > ? OR ticket_id > ?)",
                {rows.Time(0), rows.Time(0), rows.Int(1)}};
      }
      if (!more) return absl::OkStatus();
    }
  }

  void TellOpen(const db::Rows& row) {
    const Tally open = OpenTally(row.Time(2), ClassAt(row, 3));
    const Holder holder = HolderAt(row, 6);
    for (size_t i = 0; i < period_.instants.size(); ++i) {
      if (row.Time(0) <= period_.instants[i]) reader_.open(i, holder, open);
    }
  }

  // Due, not ended, and not written since.
  absl::Status ReadLateClocks() {
    Fragment query{R"sql(
      SELECT due_time, clock, type, priority, tier, team, assignee
      FROM ticket_clock
      WHERE outcome = ? AND due_time >= ? AND due_time < ? AND )sql",
                   {sla::Outcome::kPending, from_, std::min(to_, period_.now)}};
    query.Append(filter_.Condition());
    CRM_ASSIGN_OR_RETURN(db::Rows rows, Select("ticket_report_late_clocks", query));
    while (rows.Next()) {
      reader_.happened(absl::ToCivilDay(rows.Time(0), period_.zone), HolderAt(rows, 5),
                       {.figure = Figure::kLate, .value = rows.Int(1), .of = ClassAt(rows, 2)});
    }
    return absl::OkStatus();
  }

  absl::StatusOr<db::Rows> Select(std::string_view name, const Fragment& query) {
    return db_.Select({name, query.sql}, query.values);
  }

  db::Connection& db_;
  const ReportFilter& filter_;
  const ReportPeriod& period_;
  const ReportReader& reader_;
  const absl::Time from_ = period_.from();
  const absl::Time to_ = period_.to();
  absl::Time until_ = absl::UnixEpoch();
};

}  // namespace

Fragment ReportFilter::HolderCondition() const {
  Fragment condition{"TRUE", {}};
  if (!team.empty()) AndEqual("team", team, condition);
  if (!assignee.empty()) AndEqual("assignee", assignee, condition);
  condition.And(filter::ScopeCondition(schema::MessageSchema::Of<v1::Ticket>(), scope));
  return condition;
}

Fragment ReportFilter::Condition() const {
  Fragment condition = HolderCondition();
  if (type != v1::TICKET_TYPE_UNSPECIFIED) AndEqual("type", type, condition);
  if (priority != v1::TICKET_PRIORITY_UNSPECIFIED) {
    AndEqual("priority", priority, condition);
  }
  if (tier != crm::customer::v1::TIER_UNSPECIFIED) AndEqual("tier", tier, condition);
  return condition;
}

bool ReportFilter::Matches(const TicketClass& of) const {
  return IsAny(type, of.type) && IsAny(priority, of.priority) && IsAny(tier, of.tier);
}

absl::Status ReadReport(db::Connection& db, const ReportFilter& filter, const ReportPeriod& period,
                        const ReportReader& reader) {
  CRM_ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Take(db));
  return Reading(db, filter, period, reader).Run();
}

}  // namespace crm::ticket
