#include "services/ticket/ticket_service.h"

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/replica/replica.h"
#include "common/runtime/composition.h"
#include "services/ticket/after_care_handlers.h"
#include "services/ticket/agent_handlers.h"
#include "services/ticket/attachment_handlers.h"
#include "services/ticket/customer_link.h"
#include "services/ticket/derive_job.h"
#include "services/ticket/desk.h"
#include "services/ticket/embedded_ticket_migrations.h"
#include "services/ticket/escalation_job.h"
#include "services/ticket/import_handlers.h"
#include "services/ticket/merge_handlers.h"
#include "services/ticket/message_handlers.h"
#include "services/ticket/move_handlers.h"
#include "services/ticket/queue_handlers.h"
#include "services/ticket/report_handlers.h"
#include "services/ticket/sla_handlers.h"
#include "services/ticket/sum_job.h"
#include "services/ticket/term_job.h"
#include "services/ticket/ticket_handlers.h"
#include "services/ticket/ticket_metrics.h"

namespace crm::ticket {
namespace {

constexpr char kNumberPattern[] = "SR{yyyyMM}{seq:3}";
constexpr char kArchive[] = "customer";
constexpr absl::Duration kFollowEvery = absl::Milliseconds(500);
constexpr absl::Duration kFollowAgentsEvery = absl::Seconds(1);
constexpr absl::Duration kFollowTimeout = absl::Seconds(10);

class Composition : public runtime::Service {
 public:
  explicit Composition(runtime::ServiceRuntime& runtime)
      : desk_(runtime, runtime::PatternOf(kNumberPattern)),
        tickets_(desk_),
        moves_(desk_),
        messages_(desk_),
        sla_(desk_),
        agents_(desk_),
        merges_(desk_),
        after_care_(desk_),
        attachments_(desk_),
        imports_(desk_),
        queue_(desk_),
        reports_(desk_),
        sums_(desk_),
        derived_(desk_),
        terms_(desk_),
        links_(desk_),
        escalations_(desk_),
        metrics_(runtime.metrics(), runtime.pool(), runtime.clock()) {}

  absl::Status Open() {
    CRM_RETURN_IF_ERROR(desk_.archive.Open());
    CRM_RETURN_IF_ERROR(Follow());
    Serve();
    AddJobs();
    return absl::OkStatus();
  }

 private:
  void Serve() {
    desk_.host.Serve("crm.ticket.v1.TicketService", tickets_, moves_, messages_);
    desk_.host.Serve("crm.ticket.v1.SlaService", sla_);
    desk_.host.Serve("crm.ticket.v1.AgentService", agents_);
    desk_.host.Serve("crm.ticket.v1.TicketMergeService", merges_);
    desk_.host.Serve("crm.ticket.v1.AfterCareService", after_care_);
    desk_.host.Serve("crm.ticket.v1.TicketAttachmentService", attachments_);
    desk_.host.Serve("crm.ticket.v1.TicketImportService", imports_);
    desk_.host.Serve("crm.ticket.v1.QueueService", queue_);
    desk_.host.Serve("crm.ticket.v1.TicketReportService", reports_);
  }

  void AddJobs() {
    job::JobRunner& jobs = desk_.host.jobs();
    jobs.Add({.name = "follow-sla", .interval = kFollowEvery},
             [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
               CRM_RETURN_IF_ERROR(Follow());
               return absl::InfiniteFuture();
             });
    jobs.Add({.name = "follow-agents", .interval = kFollowAgentsEvery},
             [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
               CRM_RETURN_IF_ERROR(desk_.agents.Follow(desk_.host.pool()));
               return absl::InfiniteFuture();
             });
    jobs.Add(EscalationJob::Options(), escalations_.Body());
    jobs.Add(TicketMetrics::JobOptions(), metrics_.Job());
    jobs.Add(AttachmentHandlers::PurgeOptions(), attachments_.Purge());
    jobs.Add(SumJob::Options(), sums_.Body());
    jobs.Add(DeriveJob::Options(), derived_.Body());
    jobs.Add(terms_.Options(), terms_.Body());
    desk_.host.AddReader("ticket-terms", terms_.reader());
    // Without an archive there is nobody to ask.
    if (desk_.host.options().peers.contains(kArchive)) {
      jobs.Add(CustomerLinkJob::Options(), links_.Body());
    }
  }

  absl::Status Follow() {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                         desk_.host.pool().Acquire(absl::Now() + kFollowTimeout));
    return desk_.sla.book.Follow(*db);
  }

  Desk desk_;
  TicketHandlers tickets_;
  MoveHandlers moves_;
  MessageHandlers messages_;
  SlaHandlers sla_;
  AgentHandlers agents_;
  MergeHandlers merges_;
  AfterCareHandlers after_care_;
  AttachmentHandlers attachments_;
  ImportHandlers imports_;
  QueueHandlers queue_;
  ReportHandlers reports_;
  SumJob sums_;
  DeriveJob derived_;
  TermJob terms_;
  CustomerLinkJob links_;
  EscalationJob escalations_;
  TicketMetrics metrics_;
};

}  // namespace

runtime::ServiceInfo Info() {
  return {.program = "crm-ticket",
          .summary = "Service tickets: intake, work, service levels, escalation.",
          .migrations =
              replica::WithReplica(runtime::MigrationsOf("ticket", embedded::ticket_migrations()))};
}

absl::StatusOr<std::unique_ptr<runtime::Service>> TicketService::Create(
    runtime::ServiceRuntime& runtime) {
  return runtime::Compose<Composition>(runtime);
}

}  // namespace crm::ticket
