// How tickets stand to what was promised, for dashboards and alerts (PLT-26).
// Every replica counts and shows the same numbers: in queries take the maximum
// over replicas, not the sum.
//
//   TicketMetrics metrics(runtime.metrics(), runtime.pool(), runtime.clock());
//   runtime.jobs().Add(TicketMetrics::JobOptions(), metrics.Job());
#ifndef CRM_SERVICES_TICKET_TICKET_METRICS_H_
#define CRM_SERVICES_TICKET_TICKET_METRICS_H_

#include <array>
#include <map>
#include <tuple>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace crm::ticket {

// Used by one thread at a time.
class TicketMetrics {
 public:
  // Makes a series for every clock, priority and tier. All outlive it.
  TicketMetrics(prometheus::Registry& registry, db::Pool& pool, const Clock& clock);

  absl::Status Count();

  job::JobBody Job();
  static job::JobOptions JobOptions();

 private:
  // Clock, priority, tier.
  using Key = std::tuple<int, int, int>;
  using Gauges = std::map<Key, prometheus::Gauge*>;
  using Counts = std::map<Key, int64_t>;

  static void Set(const Gauges& gauges, const Counts& counts);
  absl::Status CountClocks(db::Connection& db, absl::Time now);
  void SetNextBreach(const std::map<int, absl::Time>& next, absl::Time now);
  absl::Status ReadOverdue(db::Connection& db, absl::Time now);
  absl::Status CountOpen(db::Connection& db);
  absl::Status ReadSatisfaction(db::Connection& db, absl::Time now);

  db::Pool& pool_;
  const Clock& clock_;
  Gauges running_;
  Gauges met_;
  Gauges breached_;
  std::map<int, prometheus::Gauge*> next_breach_;  // by clock
  prometheus::Gauge& overdue_;
  std::map<int, prometheus::Gauge*> open_;  // by status
  prometheus::Gauge& satisfaction_;
  prometheus::Gauge& ratings_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_METRICS_H_
