#include "services/customer/customer_service.h"

#include <memory>
#include <string>

#include "common/base/status_macros.h"
#include "common/numbering/current_numbers.h"
#include "common/runtime/composition.h"
#include "services/customer/activity_service.h"
#include "services/customer/age_job.h"
#include "services/customer/archive.h"
#include "services/customer/completeness_job.h"
#include "services/customer/customer_handlers.h"
#include "services/customer/customer_metrics.h"
#include "services/customer/customer_owner.h"
#include "services/customer/embedded_customer_migrations.h"
#include "services/customer/import/import_service.h"
#include "services/customer/involvement_composition.h"
#include "services/customer/people_composition.h"
#include "services/customer/rederive_job.h"
#include "services/customer/search_handlers.h"
#include "services/customer/settings_composition.h"
#include "services/customer/settings_rules.h"
#include "services/customer/tag_handlers.h"
#include "services/customer/ticket_feedback.h"
#include "services/customer/won_opportunities.h"

namespace crm::customer {
namespace {

constexpr absl::Duration kJobTimeout = absl::Seconds(30);
constexpr absl::Duration kWatchInterval = absl::Minutes(10);
constexpr absl::Duration kLoadTimeout = absl::Minutes(10);

class Composition : public runtime::Service {
 public:
  explicit Composition(runtime::ServiceRuntime& runtime)
      : runtime_(runtime),
        numbers_({.name = "customer",
                  .pattern = runtime::PatternOf(kDefaultNumberPattern),
                  .zone = runtime.zone()},
                 runtime.pool()),
        archive_(runtime.clock(), runtime.ids(), runtime.keyring(), numbers_, runtime.zone()),
        administration_(runtime, archive_),
        owners_(administration_.staff(), runtime.policy()),
        people_(runtime, archive_, owners_),
        activity_(runtime, archive_),
        won_opportunities_(runtime, activity_.activity()),
        ticket_feedback_(runtime, activity_.activity()),
        involvement_(runtime),
        customers_(archive_, owners_, activity_.activity().products, people_.duplicates()),
        search_(archive_),
        tags_(archive_),
        ages_(archive_, runtime.pool(), runtime.committer()),
        completeness_(archive_, runtime.pool(), runtime.committer()),
        rederive_(archive_, runtime.pool(), runtime.committer()),
        metrics_(runtime.metrics(), runtime.pool()) {}

  absl::Status Open() {
    CRM_RETURN_IF_ERROR(archive_.names.Load(runtime_.pool(), absl::Now() + kLoadTimeout));
    CRM_RETURN_IF_ERROR(administration_.Open());
    runtime_.SetStaffDirectory(&administration_.staff());
    runtime_.Serve("crm.customer.v1.CustomerService", customers_, search_, tags_);
    people_.Open();
    activity_.Open();
    won_opportunities_.Open();
    ticket_feedback_.Open();
    CRM_RETURN_IF_ERROR(involvement_.Open());
    CRM_ASSIGN_OR_RETURN(import_, import::ImportService::Create(
                                      runtime_, {.activity = activity_.activity(),
                                                 .contacts = archive_.contacts,
                                                 .contact_numbers = people_.contact_numbers(),
                                                 .owners = owners_}));
    AddJobs();
    return absl::OkStatus();
  }

 private:
  void AddJobs() {
    const std::string holder = job::ProcessName();
    runtime_.jobs().Add({.name = "ages", .interval = absl::Hours(24)}, ages_.Body(holder));
    job::PeriodicJob& completeness = runtime_.jobs().Add(
        {.name = "completeness", .interval = kWatchInterval}, completeness_.Body(holder));
    archive_.OnRulesChange([&completeness] { completeness.Notify(); });
    runtime_.jobs().Add({.name = "rederive-customers", .interval = kWatchInterval},
                        rederive_.Body(holder));
    runtime_.jobs().Add({.name = "name-index", .interval = absl::Seconds(1)},
                        [this](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
                          CRM_RETURN_IF_ERROR(archive_.names.Follow(
                              runtime_.pool(), runtime_.ids().node(), absl::Now() + kJobTimeout));
                          while (!stop.stop_requested() && archive_.names.MergeChanges()) {
                          }
                          return absl::InfiniteFuture();
                        });
    runtime_.jobs().Add(CustomerMetrics::JobOptions(), metrics_.Job());
  }

  runtime::ServiceRuntime& runtime_;
  numbering::CurrentNumbers numbers_;
  Archive archive_;
  Administration administration_;
  const CustomerOwners owners_;
  People people_;
  ActivityService activity_;
  WonOpportunities won_opportunities_;
  TicketFeedbackFile ticket_feedback_;
  InvolvementService involvement_;
  CustomerHandlers customers_;
  SearchHandlers search_;
  TagHandlers tags_;
  const AgeJob ages_;
  CompletenessJob completeness_;
  RederiveJob rederive_;
  CustomerMetrics metrics_;
  std::unique_ptr<import::ImportService> import_;
};

}  // namespace

runtime::ServiceInfo Info() {
  return {.program = "crm-customer",
          .summary = "Customer archive: customers, contacts, identities, interactions, purchases.",
          .migrations = runtime::MigrationsOf("customer", embedded::customer_migrations())};
}

absl::StatusOr<std::unique_ptr<runtime::Service>> CustomerService::Create(
    runtime::ServiceRuntime& runtime) {
  return runtime::Compose<Composition>(runtime);
}

}  // namespace crm::customer
