#include "services/ticket/sum_store.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/types/span.h"
#include "common/base/status_macros.h"
#include "services/ticket/sla/compliance.h"
#include "services/ticket/ticket_facts.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

constexpr int64_t kSome = 5000;
constexpr int kDaysAtOnce = 31;
constexpr size_t kRowsAtOnce = 64;

// What is open is not summed up: there are few of them, and they change.
constexpr std::array kSummedKinds = {FactKind::kCreated, FactKind::kAnswered, FactKind::kDone,
                                     FactKind::kRated, FactKind::kCompared};

constexpr db::Query kState{"ticket_sum_state", R"sql(
  SELECT revision, until, zone, EXISTS (SELECT 1 FROM ticket_sum_change)
  FROM ticket_sum_state
  WHERE id = 1)sql"};
constexpr db::Query kSetState{"ticket_sum_state_set", R"sql(
  UPDATE ticket_sum_state
  SET revision = revision + 1, until = ?, zone = ?
  WHERE id = 1 AND revision = ?)sql"};

constexpr db::Query kSomeFacts{"ticket_some_facts", R"sql(
  SELECT time
  FROM ticket_fact
  WHERE kind = ? AND time >= ? AND time < ?
  ORDER BY time
  LIMIT 1 OFFSET ?)sql"};
constexpr db::Query kSomeClocks{"ticket_some_clocks", R"sql(
  SELECT decided_time
  FROM ticket_clock
  WHERE decided_time >= ? AND decided_time < ?
  ORDER BY decided_time
  LIMIT 1 OFFSET ?)sql"};

constexpr db::Query kDeleteSums{"ticket_sums_delete", R"sql(
  DELETE FROM ticket_sum
  ORDER BY series, day, team, assignee
  LIMIT 5000)sql"};

std::optional<absl::Time> OptTime(const db::Rows& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Time(column);
}

Happening FactAt(const db::Rows& row) {
  Fact fact{.kind = static_cast<FactKind>(row.Int(0)),
            .time = row.Time(1),
            .since = OptTime(row, 2),
            .stands = row.Int(5) == 1,
            .first_contact = static_cast<FirstContact>(row.Int(6)),
            .satisfaction = row.Int(7)};
  if (!row.IsNull(4)) fact.duration = absl::Microseconds(row.Int(4));
  return HappeningOf(fact, ClassAt(row, 8), HolderAt(row, 11), row.Time(3));
}

absl::Status ReadFacts(db::Connection& db, absl::Time from, absl::Time to,
                       const Fragment& condition, HappeningReader each) {
  Fragment query{R"sql(
    SELECT kind, time, since, create_time, duration, stands, first_contact, satisfaction,
           type, priority, tier, team, assignee
    FROM ticket_fact
    WHERE kind IN ()sql",
                 {}};
  for (const FactKind kind : kSummedKinds) {
    query.Append(kind == kSummedKinds.front() ? "?" : ", ?", static_cast<int>(kind));
  }
  query.Append(Fragment{") AND time >= ? AND time < ? AND ", {from, to}});
  query.Append(condition);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"ticket_facts", query.sql}, query.values));
  while (rows.Next()) each(FactAt(rows));
  return absl::OkStatus();
}

absl::Status ReadClocks(db::Connection& db, absl::Time from, absl::Time to,
                        const Fragment& condition, HappeningReader each) {
  Fragment query{R"sql(
    SELECT decided_time, outcome, clock, type, priority, tier, team, assignee
    FROM ticket_clock
    WHERE decided_time >= ? AND decided_time < ? AND )sql",
                 {from, to}};
  query.Append(condition);
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db.Select({"ticket_decided_clocks", query.sql}, query.values));
  while (rows.Next()) {
    const bool late = rows.Int(1) == static_cast<int64_t>(sla::Outcome::kLate);
    each({.time = rows.Time(0),
          .tally = {.figure = late ? Figure::kLate : Figure::kInTime,
                    .value = rows.Int(2),
                    .of = ClassAt(rows, 3)},
          .holder = HolderAt(rows, 6)});
  }
  return absl::OkStatus();
}

db::Values KeyOf(const SumRow& row) {
  return {row.series, DayNumber(row.day), row.holder.team, row.holder.assignee};
}

using SumRows = std::map<SumRow, PackedCounts>;

// Some of them, looked up together: the way to the database takes longer than a look-up by key.
absl::Status MergeStored(db::Connection& db, absl::Span<const SumRows::iterator> some) {
  Fragment query{"SELECT series, day, team, assignee, counts FROM ticket_sum WHERE FALSE", {}};
  for (size_t i = 0; i < db::PaddedInSize(some.size()); ++i) {
    const db::Values key = KeyOf(some[std::min(i, some.size() - 1)]->first);
    query.Append({" OR (series = ? AND day = ? AND team = ? AND assignee = ?)", key});
  }
  CRM_ASSIGN_OR_RETURN(db::Rows stored, db.Select({"ticket_sum_rows", query.sql}, query.values));
  std::map<SumRow, PackedCounts*> counts;
  for (const SumRows::iterator row : some) counts[row->first] = &row->second;
  while (stored.Next()) {
    const SumRow row{static_cast<SumSeries>(stored.Int(0)), DayOf(stored.Int(1)),
                     HolderAt(stored, 2)};
    const auto wanted = counts.find(row);
    if (wanted == counts.end()) return absl::DataLossError("a row of sums has another key");
    CRM_RETURN_IF_ERROR(wanted->second->Merge(stored.String(4)));
  }
  return absl::OkStatus();
}

absl::Status WriteSums(db::Connection& db, absl::Span<const db::Values> rows) {
  std::string sql = "INSERT INTO ticket_sum (series, day, team, assignee, counts) VALUES ";
  std::vector<const db::Values*> values;
  for (const db::Values& row : rows) {
    sql.append(values.empty() ? "(?, ?, ?, ?, ?)" : ", (?, ?, ?, ?, ?)");
    values.push_back(&row);
  }
  sql.append(" ON DUPLICATE KEY UPDATE counts = VALUES(counts)");
  return db.ExecuteRows({"ticket_sum", sql}, values).status();
}

}  // namespace

TicketClass ClassAt(const db::Rows& row, int column) {
  return {static_cast<v1::TicketType>(row.Int(column)),
          static_cast<v1::TicketPriority>(row.Int(column + 1)),
          static_cast<crm::customer::v1::Tier>(row.Int(column + 2))};
}

Holder HolderAt(const db::Rows& row, int column) {
  return {row.String(column), row.String(column + 1)};
}

absl::StatusOr<SumState> ReadSumState(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kState, {}));
  if (!rows.Next()) return absl::DataLossError("table ticket_sum_state has lost its row");
  return SumState{rows.Int(0), rows.Time(1), rows.String(2), rows.Int(3) == 1};
}

absl::Status WriteSumState(db::Connection& db, const SumState& before, absl::Time until,
                           const std::string& zone) {
  CRM_ASSIGN_OR_RETURN(const int64_t rows, db.Execute(kSetState, {until, zone, before.revision}));
  return rows == 1 ? absl::OkStatus() : absl::AbortedError("another replica sums up tickets");
}

absl::StatusOr<absl::Time> EndOfSome(db::Connection& db, absl::Time from, absl::Time to,
                                     int64_t some) {
  absl::Time end = to;
  const auto bound = [&](db::Rows rows) {
    if (rows.Next()) end = std::min(end, rows.Time(0));
  };
  for (const FactKind kind : kSummedKinds) {
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kSomeFacts, {kind, from, end, some}));
    bound(std::move(rows));
  }
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kSomeClocks, {from, end, some}));
  bound(std::move(rows));
  // More than that at a single instant are taken together.
  return end == from ? from + absl::Microseconds(1) : end;
}

absl::Status ReadHappenings(db::Connection& db, absl::Time from, absl::Time to,
                            const Fragment& condition, HappeningReader each) {
  while (from < to) {
    CRM_ASSIGN_OR_RETURN(const absl::Time end, EndOfSome(db, from, to, kSome));
    CRM_RETURN_IF_ERROR(ReadFacts(db, from, end, condition, each));
    CRM_RETURN_IF_ERROR(ReadClocks(db, from, end, condition, each));
    from = end;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ToldChange>> ReadSumChanges(db::Connection& db,
                                                       const Fragment& condition, int64_t limit) {
  Fragment query{R"sql(
    SELECT id, time, since, create_time, figure, value, seconds, count, type, priority, tier,
           team, assignee
    FROM ticket_sum_change
    WHERE )sql",
                 {}};
  query.Append(condition);
  query.Append(" ORDER BY id LIMIT ?", limit);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"ticket_sum_changes", query.sql}, query.values));
  std::vector<ToldChange> changes;
  while (rows.Next()) {
    changes.push_back({.id = rows.Int(0),
                       .happening = {.time = rows.Time(1),
                                     .tally = {.figure = static_cast<Figure>(rows.Int(4)),
                                               .value = rows.Int(5),
                                               .of = ClassAt(rows, 8),
                                               .count = rows.Int(7),
                                               .seconds = rows.Int(6)},
                                     .holder = HolderAt(rows, 11),
                                     .since = OptTime(rows, 2),
                                     .created = rows.Time(3)}});
  }
  return changes;
}

absl::Status DeleteSumChanges(db::Connection& db, const std::vector<ToldChange>& changes) {
  db::Values ids;
  for (const ToldChange& change : changes) ids.emplace_back(change.id);
  for (size_t start = 0; start < ids.size(); start += db::kMaxInSize) {
    Fragment query{"DELETE FROM ticket_sum_change WHERE ", {}};
    query.Append(filter::In("id", absl::MakeSpan(ids).subspan(start, db::kMaxInSize)));
    CRM_RETURN_IF_ERROR(db.Execute({"ticket_sum_change_delete", query.sql}, query.values).status());
  }
  return absl::OkStatus();
}

absl::Status ReadSums(db::Connection& db, SumSeries series, absl::CivilDay first,
                      absl::CivilDay last, const Fragment& condition, SumReader each) {
  for (; first <= last; first += kDaysAtOnce) {
    const absl::CivilDay end = std::min(last, first + (kDaysAtOnce - 1));
    Fragment query{R"sql(
      SELECT day, team, assignee, counts
      FROM ticket_sum
      WHERE series = ? AND day BETWEEN ? AND ? AND )sql",
                   {series, DayNumber(first), DayNumber(end)}};
    query.Append(condition);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"ticket_sums", query.sql}, query.values));
    while (rows.Next()) {
      const absl::CivilDay day = DayOf(rows.Int(0));
      const Holder holder = HolderAt(rows, 1);
      CRM_RETURN_IF_ERROR(
          ReadPackedCounts(rows.String(3), [&](const Tally& tally) { each(day, holder, tally); }));
    }
  }
  return absl::OkStatus();
}

absl::Status AddToSums(db::Connection& db, SumRows rows) {
  std::vector<SumRows::iterator> all;
  for (auto row = rows.begin(); row != rows.end(); ++row) all.push_back(row);
  for (size_t start = 0; start < all.size(); start += kRowsAtOnce) {
    const auto some = absl::MakeConstSpan(all).subspan(start, kRowsAtOnce);
    CRM_RETURN_IF_ERROR(MergeStored(db, some));
    std::vector<db::Values> written;
    for (const SumRows::iterator row : some) {
      db::Values& values = written.emplace_back(KeyOf(row->first));
      values.emplace_back(row->second.Pack());
    }
    CRM_RETURN_IF_ERROR(WriteSums(db, written));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> DeleteSums(db::Connection& db) { return db.Execute(kDeleteSums, {}); }

}  // namespace crm::ticket
