// How reminders stand, for dashboards and alerts (PLT-26): those that are open, waiting or due, and
// how late they become due. Every replica counts the open ones and shows the same number; lateness
// is of what the replica itself has done.
//
//   ReminderMetrics metrics(runtime.metrics(), runtime.pool(), runtime.clock());
//   runtime.jobs().Add(ReminderMetrics::JobOptions(), metrics.Job());
//   metrics.Fired(1, lateness);
#ifndef CRM_SERVICES_SALES_REMINDER_METRICS_H_
#define CRM_SERVICES_SALES_REMINDER_METRICS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace crm::sales {

// Count and Fired may be called by different threads.
class ReminderMetrics {
 public:
  // All outlive it.
  ReminderMetrics(prometheus::Registry& registry, db::Pool& pool, const Clock& clock);

  absl::Status Count();
  void Fired(int reminders, absl::Duration lateness);

  job::JobBody Job();
  static job::JobOptions JobOptions();

 private:
  db::Pool& pool_;
  const Clock& clock_;
  prometheus::Gauge& waiting_;
  prometheus::Gauge& overdue_;
  prometheus::Histogram& lateness_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REMINDER_METRICS_H_
