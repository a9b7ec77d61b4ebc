#include "services/sales/sales_service.h"

#include <cstdint>
#include <stop_token>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/replica/replica.h"
#include "common/runtime/composition.h"
#include "services/sales/approval_handlers.h"
#include "services/sales/delegation_handlers.h"
#include "services/sales/embedded_sales_migrations.h"
#include "services/sales/follow_up_handlers.h"
#include "services/sales/forecast_snapshot.h"
#include "services/sales/history_handlers.h"
#include "services/sales/insight_handlers.h"
#include "services/sales/occasion_sweep.h"
#include "services/sales/opportunity_handlers.h"
#include "services/sales/pipeline_handlers.h"
#include "services/sales/reminder_handlers.h"
#include "services/sales/reminder_metrics.h"
#include "services/sales/reminder_watch.h"
#include "services/sales/report_handlers.h"
#include "services/sales/report_posting.h"
#include "services/sales/sales.h"
#include "services/sales/sales_metrics.h"
#include "services/sales/settings_handlers.h"
#include "services/sales/stage_handlers.h"
#include "services/sales/target_handlers.h"
#include "services/sales/timer_job.h"
#include "services/sales/transfer_handlers.h"

namespace crm::sales {
namespace {

constexpr absl::Duration kFollowEvery = absl::Milliseconds(500);
constexpr absl::Duration kFollowTimeout = absl::Seconds(10);

class Composition : public runtime::Service {
 public:
  explicit Composition(runtime::ServiceRuntime& runtime)
      : runtime_(runtime),
        sales_(runtime, {.opportunity = runtime::PatternOf(kNumberPattern),
                         .reminder = runtime::PatternOf(kReminderPattern)}),
        opportunities_(sales_),
        stages_(sales_),
        approvals_(sales_),
        transfers_(sales_),
        pipelines_(sales_.pipelines),
        reports_(sales_),
        insights_(sales_),
        targets_(runtime, sales_),
        history_(runtime.policy(), sales_),
        posting_(runtime),
        snapshots_(runtime),
        settings_(sales_.settings),
        follow_ups_(sales_),
        delegations_(sales_, runtime::PatternOf(kDelegationPattern)),
        reminders_(sales_),
        watch_(sales_),
        metrics_(runtime.metrics(), runtime.pool(), [this] { return sales_.pipelines.Get(); }),
        reminder_metrics_(runtime.metrics(), runtime.pool(), runtime.clock()),
        timers_(sales_, reminder_metrics_),
        sweep_(sales_) {}

  absl::Status Open() {
    CRM_RETURN_IF_ERROR(sales_.archive.Open());
    CRM_RETURN_IF_ERROR(FollowConfiguration());
    Serve();
    runtime_.jobs().Add({.name = "follow-pipelines", .interval = kFollowEvery},
                        [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                          CRM_RETURN_IF_ERROR(FollowConfiguration());
                          if (sweep_.Follow()) sweep_job_->Notify();
                          return absl::InfiniteFuture();
                        });
    runtime_.jobs().Add(ReportPosting::JobOptions(), posting_.Job());
    runtime_.jobs().Add(ForecastSnapshot::JobOptions(), snapshots_.Job());
    runtime_.jobs().Add(SalesMetrics::JobOptions(), metrics_.Job());
    runtime_.jobs().Add(ReminderMetrics::JobOptions(), reminder_metrics_.Job());
    sweep_job_ = &runtime_.jobs().Add(OccasionSweep::JobOptions(), sweep_.Job());
    sales_.timer_job = &runtime_.jobs().Add(TimerJob::Options(), timers_.Body());
    return absl::OkStatus();
  }

 private:
  absl::Status FollowConfiguration() {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kFollowTimeout));
    CRM_RETURN_IF_ERROR(sales_.pipelines.pipelines.Follow(*db));
    CRM_RETURN_IF_ERROR(sales_.settings.settings.Follow(*db));
    return sales_.follow_ups.rules.Follow(*db);
  }

  void Serve() {
    runtime_.Serve("crm.sales.v1.OpportunityService", opportunities_, stages_, approvals_,
                   transfers_);
    runtime_.Serve("crm.sales.v1.ReminderService", reminders_, watch_);
    runtime_.Serve("crm.sales.v1.SalesReportService", reports_);
    runtime_.Serve("crm.sales.v1.InsightService", insights_);
    runtime_.Serve("crm.sales.v1.TargetService", targets_);
    runtime_.Serve("crm.sales.v1.HistoryService", history_);
    runtime_.Serve("crm.sales.v1.PipelineService", pipelines_);
    runtime_.Serve("crm.sales.v1.SalesSettingsService", settings_);
    runtime_.Serve("crm.sales.v1.FollowUpService", follow_ups_);
    runtime_.Serve("crm.sales.v1.DelegationService", delegations_);
  }

  runtime::ServiceRuntime& runtime_;
  Sales sales_;
  OpportunityHandlers opportunities_;
  StageHandlers stages_;
  ApprovalHandlers approvals_;
  TransferHandlers transfers_;
  PipelineHandlers pipelines_;
  ReportHandlers reports_;
  InsightHandlers insights_;
  TargetHandlers targets_;
  HistoryHandlers history_;
  ReportPosting posting_;
  ForecastSnapshot snapshots_;
  SettingsHandlers settings_;
  FollowUpHandlers follow_ups_;
  DelegationHandlers delegations_;
  ReminderHandlers reminders_;
  ReminderWatch watch_;
  SalesMetrics metrics_;
  ReminderMetrics reminder_metrics_;
  TimerJob timers_;
  OccasionSweep sweep_;
  job::PeriodicJob* sweep_job_ = nullptr;
};

}  // namespace

runtime::ServiceInfo Info() {
  return {.program = "crm-sales",
          .summary = "Sales pipeline: opportunities from lead to contract, funnel, forecast.",
          .migrations =
              replica::WithReplica(runtime::MigrationsOf("sales", embedded::sales_migrations()))};
}

absl::StatusOr<std::unique_ptr<runtime::Service>> SalesService::Create(
    runtime::ServiceRuntime& runtime) {
  return runtime::Compose<Composition>(runtime);
}

}  // namespace crm::sales
