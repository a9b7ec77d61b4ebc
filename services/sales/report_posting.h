// Adds the journals up into the cells that reports read (docs/adr/0015). One replica at a time;
// which entries are posted when changes no report.
#ifndef CRM_SERVICES_SALES_REPORT_POSTING_H_
#define CRM_SERVICES_SALES_REPORT_POSTING_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/job/periodic.h"
#include "common/runtime/service_runtime.h"

namespace crm::sales {

// Thread-safe but for the job, which belongs to one thread.
class ReportPosting {
 public:
  // `runtime` outlives it.
  explicit ReportPosting(runtime::ServiceRuntime& runtime);

  // Posts what the journals have in them now; what is added meanwhile may stay.
  absl::Status PostAll();

  job::JobBody Job();
  // What a report has to add up by itself at most, but for the time that a replica's lease outlives
  // it.
  static job::JobOptions JobOptions() {
    return {.name = "post-report-sums", .interval = absl::Seconds(1)};
  }

 private:
  // The oldest entries of each journal, in one transaction that takes them out of it; gives how
  // many there were of the one that had most. Of two that post at once the later one fails: ABORTED
  // or ALREADY_EXISTS.
  absl::StatusOr<size_t> PostSome(db::Connection& db) const;

  runtime::ServiceRuntime& runtime_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_POSTING_H_
