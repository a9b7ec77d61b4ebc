#include "common/event/sequencer.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/db/query.h"
#include "common/error/error.h"
#include "common/event/causal_order.h"
#include "common/job/database_wait.h"
#include "crm/event/v1/event.pb.h"

namespace crm::event {
namespace {

constexpr db::Query kUnsequencedRows{"unsequenced_rows", R"sql(
  SELECT id, event_count
  FROM outbox
  WHERE position IS NULL
  ORDER BY id
  LIMIT ?)sql"};

constexpr db::Query kCountUnsequenced{"count_unsequenced", R"sql(
  SELECT COUNT(*)
  FROM outbox
  WHERE position IS NULL)sql"};

// A commit of its own for each group of changes would cost as much as half of that group. Under
// load an event comes so much later; one after a quiet time comes at once.
constexpr absl::Duration kRest = absl::Milliseconds(10);

// Rows in one statement: CASE is searched from its start for each row.
constexpr size_t kRowsPerUpdate = 128;

std::string PlaceholderList(size_t n) {
  std::string list = "?";
  for (size_t i = 1; i < n; ++i) list += ", ?";
  return list;
}

std::string SetPositionsSql(size_t n) {
  std::string sql = "UPDATE outbox SET position = CASE id";
  for (size_t i = 0; i < n; ++i) sql += " WHEN ? THEN ?";
  return absl::StrCat(sql, " END WHERE position IS NULL AND id IN (", PlaceholderList(n), ")");
}

std::string PayloadsSql(size_t n) {
  return absl::StrCat("SELECT id, payload FROM outbox WHERE id IN (", PlaceholderList(n), ")");
}

int64_t NodeOf(int64_t id) { return (id >> IdGenerator::kCounterBits) & IdGenerator::kMaxNode; }

// `customer.updated` of CRM1 and `contact.updated` of CRM1 are changes of different resources.
std::vector<ResourceChange> ChangesOf(const crm::event::v1::EventBatch& batch) {
  std::vector<ResourceChange> changes;
  changes.reserve(batch.events_size());
  for (const crm::event::v1::Event& event : batch.events()) {
    const std::string kind = event.type().substr(0, event.type().find('.'));
    changes.push_back({absl::StrCat(kind, "/", event.subject()), event.version()});
  }
  return changes;
}

absl::Status PositionsTaken() {
  return Error(absl::StatusCode::kAborted, "SEQUENCE_CONFLICT",
               "a row has been given its position by another process");
}

}  // namespace

Sequencer::Sequencer(SequencerOptions options, db::Pool& pool, const Clock& clock)
    : options_(std::move(options)),
      pool_(pool),
      clock_(clock),
      lease_({.name = kSequencerLease,
              .holder = options_.holder,
              .term = options_.term,
              .first_value = 1},
             clock) {}

absl::StatusOr<Sequencer::Batch> Sequencer::Unsequenced(db::Connection& connection) {
  CRM_ASSIGN_OR_RETURN(db::Rows result, connection.Select(kUnsequencedRows, {options_.max_rows}));
  Batch batch{.rows = {}, .more = result.size() == static_cast<size_t>(options_.max_rows)};
  batch.rows.reserve(result.size());
  int64_t events = 0;
  while (result.Next()) {
    events += result.Int(1);
    if (!batch.rows.empty() && events > options_.max_events) {
      batch.more = true;
      break;
    }
    batch.rows.push_back({.id = result.Int(0), .event_count = result.Int(1)});
  }
  return batch;
}

absl::Status Sequencer::PutInCausalOrder(db::Connection& connection, std::vector<Row>& rows) {
  const bool one_node = std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
    return NodeOf(row.id) == NodeOf(rows.front().id);
  });
  if (one_node) return absl::OkStatus();

  absl::flat_hash_map<int64_t, size_t> index;
  for (size_t i = 0; i < rows.size(); ++i) index.emplace(rows[i].id, i);
  std::vector<std::vector<ResourceChange>> changes(rows.size());
  crm::event::v1::EventBatch batch;
  for (size_t begin = 0; begin < rows.size(); begin += kRowsPerUpdate) {
    const size_t n = std::min(kRowsPerUpdate, rows.size() - begin);
    const size_t padded = db::PaddedInSize(n);
    db::Values params;
    params.reserve(padded);
    for (size_t i = 0; i < padded; ++i) params.emplace_back(rows[begin + std::min(i, n - 1)].id);
    const std::string sql = PayloadsSql(padded);
    CRM_ASSIGN_OR_RETURN(db::Rows result, connection.Select({"outbox_payloads", sql}, params));
    while (result.Next()) {
      if (!batch.ParseFromString(result.String(1))) continue;  // its reader reports it
      changes[index.at(result.Int(0))] = ChangesOf(batch);
    }
  }
  std::vector<Row> ordered;
  ordered.reserve(rows.size());
  for (const size_t i : CausalOrder(changes)) ordered.push_back(rows[i]);
  rows = std::move(ordered);
  return absl::OkStatus();
}

absl::Status Sequencer::WritePositions(db::Connection& connection, absl::Span<const Row> rows,
                                       int64_t next_position) {
  CRM_RETURN_IF_ERROR(lease_.Advance(connection, next_position));
  for (size_t begin = 0; begin < rows.size(); begin += kRowsPerUpdate) {
    const absl::Span<const Row> chunk = rows.subspan(begin, kRowsPerUpdate);
    const size_t padded = db::PaddedInSize(chunk.size());
    db::Values params;
    params.reserve(3 * padded);
    for (size_t i = 0; i < padded; ++i) {
      const Row& row = chunk[std::min(i, chunk.size() - 1)];
      params.emplace_back(row.id);
      params.emplace_back(row.position);
    }
    for (size_t i = 0; i < padded; ++i) {
      params.emplace_back(chunk[std::min(i, chunk.size() - 1)].id);
    }
    const std::string sql = SetPositionsSql(padded);
    CRM_ASSIGN_OR_RETURN(const int64_t matched, connection.Execute({"set_positions", sql}, params));
    if (matched != static_cast<int64_t>(chunk.size())) return PositionsTaken();
  }
  return absl::OkStatus();
}

absl::Status Sequencer::CountUnsequenced(db::Connection& connection) {
  if (clock_.Now() < next_count_) return absl::OkStatus();
  next_count_ = clock_.Now() + absl::Seconds(1);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select(kCountUnsequenced, {}));
  if (rows.Next()) unsequenced_ = rows.Int(0);
  return absl::OkStatus();
}

absl::StatusOr<Sequencer::Pass> Sequencer::RunOnce() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  absl::StatusOr<bool> held = lease_.Hold(*connection);
  holding_ = held.ok() && *held;
  if (!held.ok()) return held.status();
  if (!*held) return Pass{};

  // Before the transaction: only the holder of the lease changes these rows, and Advance proves
  // that nobody else has been that since the lease's value was read.
  CRM_ASSIGN_OR_RETURN(Batch batch, Unsequenced(*connection));
  std::vector<Row>& rows = batch.rows;
  newest_position_ = lease_.value() - 1;
  if (rows.empty()) {
    unsequenced_ = 0;
    return Pass{.holding = true};
  }
  CRM_RETURN_IF_ERROR(PutInCausalOrder(*connection, rows));
  int64_t next_position = lease_.value();
  for (Row& row : rows) {
    row.position = next_position;
    next_position += row.event_count;
  }

  CRM_RETURN_IF_ERROR(connection->Begin());
  if (absl::Status status = WritePositions(*connection, rows, next_position); !status.ok()) {
    connection->Rollback();
    lease_.Forget();
    return status;
  }
  if (absl::Status status = connection->Commit(); !status.ok()) {
    lease_.Forget();  // the value is read again: the commit may have happened
    return status;
  }
  const Pass pass{.holding = true,
                  .rows = static_cast<int64_t>(rows.size()),
                  .events = next_position - lease_.value(),
                  .more = batch.more};
  lease_.Advanced(next_position);
  newest_position_ = next_position - 1;
  events_ += pass.events;
  if (pass.more) {
    CRM_RETURN_IF_ERROR(CountUnsequenced(*connection));
  } else {
    unsequenced_ = 0;
  }
  if (options_.on_sequenced) options_.on_sequenced(newest_position_);
  return pass;
}

absl::StatusOr<absl::Time> Sequencer::RunUntilDone(const std::stop_token& stop) {
  // Without the lease, a notification is no reason to ask for it again: commits are frequent.
  if (clock_.Now() < next_try_) return next_try_;
  while (!stop.stop_requested()) {
    CRM_ASSIGN_OR_RETURN(const Pass pass, RunOnce());
    if (!pass.holding) {
      next_try_ = clock_.Now() + options_.retry;
      return next_try_;
    }
    if (!pass.more) break;
  }
  return clock_.Now() + options_.poll;
}

job::JobBody Sequencer::Job() {
  return [this](const std::stop_token& stop) { return RunUntilDone(stop); };
}

job::JobOptions Sequencer::DefaultJobOptions() {
  return {.name = "event-sequencer",
          .interval = absl::Seconds(1),
          .jitter = 0.1,
          .rest = kRest,
          .first_retry = absl::Milliseconds(50),
          .last_retry = absl::Seconds(2)};
}

absl::Status Sequencer::Release() {
  holding_ = false;
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  return lease_.Release(*connection);
}

SequencerStats Sequencer::stats() const {
  return {.holding = holding_,
          .newest_position = newest_position_,
          .unsequenced = unsequenced_,
          .events = events_};
}

}  // namespace crm::event
