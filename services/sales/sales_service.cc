#include "services/sales/sales_service.h"

#include <stop_token>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/replica/replica.h"
#include "services/sales/approval_handlers.h"
#include "services/sales/embedded_sales_migrations.h"
#include "services/sales/opportunity_handlers.h"
#include "services/sales/pipeline_handlers.h"
#include "services/sales/report_handlers.h"
#include "services/sales/sales.h"
#include "services/sales/sales_metrics.h"
#include "services/sales/stage_handlers.h"
#include "services/sales/transfer_handlers.h"

namespace crm::sales {
namespace {

constexpr absl::Duration kFollowEvery = absl::Milliseconds(500);
constexpr absl::Duration kFollowTimeout = absl::Seconds(10);

class Composition : public runtime::Service {
 public:
  Composition(runtime::ServiceRuntime& runtime, numbering::NumberPattern pattern)
      : runtime_(runtime),
        sales_(runtime, std::move(pattern)),
        opportunities_(sales_),
        stages_(sales_),
        approvals_(sales_),
        transfers_(sales_),
        pipelines_(sales_.pipelines),
        reports_(sales_),
        metrics_(runtime.metrics(), runtime.pool(), [this] { return sales_.pipelines.Get(); }) {}

  absl::Status Open() {
    CRM_RETURN_IF_ERROR(sales_.archive.Open());
    CRM_RETURN_IF_ERROR(FollowPipelines());
    AddTables();
    runtime_.jobs().Add({.name = "follow-pipelines", .interval = kFollowEvery},
                        [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                          CRM_RETURN_IF_ERROR(FollowPipelines());
                          return absl::InfiniteFuture();
                        });
    runtime_.jobs().Add(SalesMetrics::JobOptions(), metrics_.Job());
    return absl::OkStatus();
  }

 private:
  absl::Status FollowPipelines() {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kFollowTimeout));
    return sales_.pipelines.pipelines.Follow(*db);
  }

  void AddTables() {
    using runtime::ServiceDescriptorOf;
    server::MethodTable opportunities(ServiceDescriptorOf("crm.sales.v1.OpportunityService"));
    opportunities_.Register(opportunities);
    stages_.Register(opportunities);
    approvals_.Register(opportunities);
    transfers_.Register(opportunities);
    runtime_.Add(std::move(opportunities));

    server::MethodTable pipelines(ServiceDescriptorOf("crm.sales.v1.PipelineService"));
    pipelines_.Register(pipelines);
    runtime_.Add(std::move(pipelines));

    server::MethodTable reports(ServiceDescriptorOf("crm.sales.v1.SalesReportService"));
    reports_.Register(reports);
    runtime_.Add(std::move(reports));
  }

  runtime::ServiceRuntime& runtime_;
  Sales sales_;
  OpportunityHandlers opportunities_;
  StageHandlers stages_;
  ApprovalHandlers approvals_;
  TransferHandlers transfers_;
  PipelineHandlers pipelines_;
  ReportHandlers reports_;
  SalesMetrics metrics_;
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
  CRM_ASSIGN_OR_RETURN(numbering::NumberPattern pattern,
                       numbering::NumberPattern::Parse(kNumberPattern));
  auto composition = std::make_unique<Composition>(runtime, std::move(pattern));
  CRM_RETURN_IF_ERROR(composition->Open());
  return composition;
}

}  // namespace crm::sales
