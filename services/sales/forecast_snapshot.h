// Forecasts of earlier days (SAL-13): each day that begins in the business zone, the forecast of
// now is kept.
#ifndef CRM_SERVICES_SALES_FORECAST_SNAPSHOT_H_
#define CRM_SERVICES_SALES_FORECAST_SNAPSHOT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/job/once_per_mark.h"
#include "common/runtime/service_runtime.h"
#include "services/sales/report_posting.h"

namespace crm::sales {

// 20260320, and back.
int DayNumber(absl::CivilDay day);
absl::CivilDay DayOfNumber(int number);

// The last day up to `day` that has a snapshot; 0 if there is none.
absl::StatusOr<int> LastSnapshot(db::Connection& db, int day);

class ForecastSnapshot {
 public:
  // `runtime` outlives it.
  explicit ForecastSnapshot(runtime::ServiceRuntime& runtime)
      : runtime_(runtime), posting_(runtime) {}

  // Keeps the forecast of now as that of the day; nothing if the day has one.
  absl::Status Take(absl::CivilDay day);

  // Once a day over all replicas; days that nobody worked on stay without.
  job::JobBody Job();
  static job::JobOptions JobOptions();

 private:
  absl::CivilDay Today() const;

  runtime::ServiceRuntime& runtime_;
  ReportPosting posting_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_FORECAST_SNAPSHOT_H_
