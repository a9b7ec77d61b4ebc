#include "services/customer/waiting_records.h"

#include <algorithm>
#include <stop_token>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/commit_each.h"
#include "common/error/error.h"

namespace crm::customer {
namespace {

constexpr absl::Duration kEvery = absl::Minutes(1);
constexpr absl::Duration kFirstPause = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Hours(1);
constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kTerm = absl::Minutes(2);
constexpr int kPage = 200;

constexpr db::Query kDue{"waiting_records_due", R"sql(
  SELECT number, payload, first_time, tries
  FROM waiting_record
  WHERE kind = ? AND due_time <= ?
  ORDER BY due_time, number
  LIMIT ?)sql"};

constexpr db::Query kCount{"waiting_records_count", R"sql(
  SELECT COUNT(*)
  FROM waiting_record
  WHERE kind = ?)sql"};

// Of one that another replica has recorded meanwhile: a conflict, and nothing is recorded twice.
constexpr db::Query kForget{"waiting_record_forget", R"sql(
  DELETE FROM waiting_record
  WHERE kind = ? AND number = ?)sql"};

// Of an error that has nothing to do with the record: not a try.
constexpr db::Query kPutOffShortly{"waiting_record_put_off_shortly", R"sql(
  UPDATE waiting_record
  SET due_time = ?
  WHERE kind = ? AND number = ?)sql"};

constexpr db::Query kPutOff{"waiting_record_put_off", R"sql(
  UPDATE waiting_record
  SET reason = ?, tries = tries + 1, due_time = ?
  WHERE kind = ? AND number = ?)sql"};

const db::InsertSpec& WaitingSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "waiting_record",
      {"kind", "number", "payload", "reason", "first_time", "tries", "due_time"},
      "ON DUPLICATE KEY UPDATE payload = VALUES(payload), reason = VALUES(reason)"};
  return spec;
}

// Of the database, not of the record.
bool IsOutage(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status);
}

absl::Duration PauseAfter(int64_t tries) {
  absl::Duration pause = kFirstPause;
  for (; tries > 0 && pause < kLongestPause; --tries) pause *= 2;
  return std::min(pause, kLongestPause);
}

}  // namespace

bool MayPass(const absl::Status& status) {
  return !absl::IsNotFound(status) && !absl::IsInvalidArgument(status) &&
         !absl::IsAlreadyExists(status) && !absl::IsFailedPrecondition(status);
}

WaitingRecords::WaitingRecords(runtime::ServiceRuntime& runtime, Options options, Record record)
    : runtime_(runtime),
      options_(std::move(options)),
      record_(std::move(record)),
      count_(metrics::GaugeFamily(runtime.metrics(), options_.count).Add({})),
      lease_({.name = options_.job, .holder = runtime.holder(), .term = kTerm}, runtime.clock()) {}

void WaitingRecords::Open() {
  runtime_.jobs().Add({.name = options_.job, .interval = kEvery},
                      [this](const std::stop_token&) { return RetryAndCount(); });
}

void WaitingRecords::Keep(db::WriteSet& writes, WaitingRecord record,
                          const absl::Status& why) const {
  const absl::Time now = runtime_.clock().Now();
  Log("what another service told waits for the archive", record.number, why);
  writes.Insert(WaitingSpec(), {options_.kind, std::move(record.number), std::move(record.payload),
                                ErrorReason(why), now, 0, now + kFirstPause});
}

absl::StatusOr<absl::Time> WaitingRecords::RetryAndCount() {
  CRM_ASSIGN_OR_RETURN(const bool ours, HoldLease());
  const absl::StatusOr<bool> has_more = ours ? Retry() : false;
  CRM_RETURN_IF_ERROR(Count());
  CRM_RETURN_IF_ERROR(has_more.status());
  return *has_more ? runtime_.clock().Now() : absl::InfiniteFuture();
}

absl::StatusOr<bool> WaitingRecords::HoldLease() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
  return lease_.Acquire(*db);
}

absl::StatusOr<bool> WaitingRecords::Retry() {
  const absl::Time deadline = absl::Now() + kTimeout;
  std::vector<db::WriteSet> changes;
  {
    CRM_ASSIGN_OR_RETURN(const db::Pool::Lease db, runtime_.pool().Acquire(deadline));
    CRM_ASSIGN_OR_RETURN(const std::vector<Waiting> due, ReadDue(*db));
    for (const Waiting& waiting : due) changes.push_back(Try(waiting, *db));
  }
  const bool is_full = changes.size() == kPage;
  CRM_ASSIGN_OR_RETURN(const db::Committed committed,
                       db::CommitEach(runtime_.committer(), std::move(changes), deadline));
  // Two of one customer: the second is made again from what the first left.
  return committed.changed > 0 && (is_full || committed.conflicts > 0);
}

absl::StatusOr<std::vector<WaitingRecords::Waiting>> WaitingRecords::ReadDue(
    db::Connection& db) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db.Select(kDue, {options_.kind, runtime_.clock().Now(), kPage}));
  std::vector<Waiting> due;
  while (rows.Next()) {
    due.push_back({{rows.String(0), rows.String(1)}, rows.Time(2), rows.Int(3)});
  }
  return due;
}

db::WriteSet WaitingRecords::Try(const Waiting& waiting, db::Connection& db) const {
  db::WriteSet writes;
  const absl::Status recorded = record_(waiting.record, db, writes);
  if (!recorded.ok()) return PutOff(waiting, recorded);
  writes.Execute(kForget, {options_.kind, waiting.record.number}, db::Expect::kSomeRow);
  return writes;
}

db::WriteSet WaitingRecords::PutOff(const Waiting& waiting, const absl::Status& why) const {
  const absl::Time now = runtime_.clock().Now();
  db::WriteSet writes;
  if (IsOutage(why)) {
    writes.Execute(kPutOffShortly, {now + kFirstPause, options_.kind, waiting.record.number});
  } else if (now - waiting.first_time > options_.keep) {
    Log("what another service told is given up", waiting.record.number, why);
    writes.Execute(kForget, {options_.kind, waiting.record.number}, db::Expect::kSomeRow);
  } else {
    writes.Execute(kPutOff, {ErrorReason(why), now + PauseAfter(waiting.tries + 1), options_.kind,
                             waiting.record.number});
  }
  return writes;
}

void WaitingRecords::Log(std::string_view what, const std::string& number,
                         const absl::Status& why) const {
  runtime_.log().Write(log::Level::kWarning, what,
                       {{"kind", options_.kind}, {"number", number}, {"reason", ErrorReason(why)}});
}

absl::Status WaitingRecords::Count() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
  CRM_ASSIGN_OR_RETURN(db::Rows count, db->Select(kCount, {options_.kind}));
  if (count.Next()) count_.Set(static_cast<double>(count.Int(0)));
  return absl::OkStatus();
}

}  // namespace crm::customer
