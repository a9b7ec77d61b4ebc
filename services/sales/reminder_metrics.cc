#include "services/sales/reminder_metrics.h"

#include <array>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/metrics/definition.h"
#include "crm/sales/v1/reminder.pb.h"

namespace crm::sales {
namespace {

using metrics::Definition;
using metrics::Type;

constexpr std::array kMetrics = {
    Definition{"crm_reminder_lateness_seconds", Type::kHistogram, "",
               "Time from when a reminder was due until its people were told."},
    Definition{"crm_reminders_open", Type::kGauge, "state",
               "Open reminders that wait for their due time or are overdue, counted every minute; "
               "the same on every replica."},
};

constexpr absl::Duration kCountTimeout = absl::Minutes(1);

constexpr db::Query kCountOpen{"count_reminders", R"sql(
  SELECT COUNT(*), CAST(COALESCE(SUM(due_time < ?), 0) AS SIGNED)
  FROM reminder
  WHERE state = ?)sql"};

}  // namespace

ReminderMetrics::ReminderMetrics(prometheus::Registry& registry, db::Pool& pool, const Clock& clock)
    : pool_(pool),
      clock_(clock),
      waiting_(metrics::GaugeFamily(registry, kMetrics[1]).Add({{"state", "waiting"}})),
      overdue_(metrics::GaugeFamily(registry, kMetrics[1]).Add({{"state", "overdue"}})),
      lateness_(metrics::HistogramFamily(registry, kMetrics[0])
                    .Add({}, prometheus::Histogram::BucketBoundaries{0.1, 0.5, 1, 2, 5, 10, 60, 600,
                                                                     3600})) {}

absl::Status ReminderMetrics::Count() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(absl::Now() + kCountTimeout));
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db->Select(kCountOpen, {clock_.Now(), v1::REMINDER_STATE_OPEN}));
  if (!rows.Next()) return absl::OkStatus();
  overdue_.Set(static_cast<double>(rows.Int(1)));
  waiting_.Set(static_cast<double>(rows.Int(0) - rows.Int(1)));
  return absl::OkStatus();
}

void ReminderMetrics::Fired(int reminders, absl::Duration lateness) {
  for (int i = 0; i < reminders; ++i) lateness_.Observe(absl::ToDoubleSeconds(lateness));
}

job::JobBody ReminderMetrics::Job() {
  return [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(Count());
    return absl::InfiniteFuture();
  };
}

job::JobOptions ReminderMetrics::JobOptions() {
  return {.name = "count-reminders", .interval = absl::Minutes(1)};
}

}  // namespace crm::sales
