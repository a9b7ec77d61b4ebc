// What other services told and the archive cannot record yet, mostly because it does not have the
// customer: kept in table `waiting_record`, counted, and tried again by one replica, after pauses
// that double from a minute to an hour.
//
//   WaitingRecords waiting(runtime, {.kind = "won_opportunity", .job = "record-won-opportunities",
//                                    .count = kUnrecorded},
//                          [this](const WaitingRecord& record, db::Connection& db,
//                                 db::WriteSet& writes) { return RecordOne(record, db, writes); });
//   waiting.Open();                                          // adds the job
//   if (!MayPass(status)) waiting.Keep(writes, {number, payload}, status);
//
// Thread-safe: Keep. Everything else belongs to the job's thread.
#ifndef CRM_SERVICES_CUSTOMER_WAITING_RECORDS_H_
#define CRM_SERVICES_CUSTOMER_WAITING_RECORDS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/job/lease.h"
#include "common/metrics/definition.h"
#include "common/runtime/service_runtime.h"
#include "prometheus/gauge.h"

namespace crm::customer {

// Whether nothing was decided by this error, and the same may go well in a moment.
bool MayPass(const absl::Status& status);

struct WaitingRecord {
  std::string number;   // unique in its kind
  std::string payload;  // as it came
};

class WaitingRecords {
 public:
  struct Options {
    std::string kind;
    std::string job;
    metrics::Definition count;  // a gauge without labels
    // After that it is given up, and logged.
    absl::Duration keep = absl::InfiniteDuration();
  };
  // Puts it into `writes`, or nothing if it is in the archive already. An error leaves it waiting;
  // what is in `writes` then is thrown away.
  using Record = std::function<absl::Status(const WaitingRecord& record, db::Connection& db,
                                            db::WriteSet& writes)>;

  // `runtime` outlives it.
  WaitingRecords(runtime::ServiceRuntime& runtime, Options options, Record record);

  // Adds the job; before the runtime starts.
  void Open();

  // With the commit of `writes`. One that waits already goes on waiting as before.
  void Keep(db::WriteSet& writes, WaitingRecord record, const absl::Status& why) const;

 private:
  struct Waiting {
    WaitingRecord record;
    absl::Time first_time;
    int64_t tries = 0;
  };

  // Tries what is due, if that is this replica's work, and counts what is left. Due at once if
  // there is more to try.
  absl::StatusOr<absl::Time> RetryAndCount();
  absl::StatusOr<bool> HoldLease();
  // Whether there is more.
  absl::StatusOr<bool> Retry();
  absl::StatusOr<std::vector<Waiting>> ReadDue(db::Connection& db) const;
  // What becomes of it: recorded, put off, or given up.
  db::WriteSet Try(const Waiting& waiting, db::Connection& db) const;
  db::WriteSet PutOff(const Waiting& waiting, const absl::Status& why) const;
  void Log(std::string_view what, const std::string& number, const absl::Status& why) const;
  absl::Status Count();

  runtime::ServiceRuntime& runtime_;
  const Options options_;
  const Record record_;
  prometheus::Gauge& count_;
  job::Lease lease_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_WAITING_RECORDS_H_
