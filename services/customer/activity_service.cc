#include "services/customer/activity_service.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/job/steps.h"

namespace crm::customer {
namespace {

constexpr absl::Duration kPurgeTimeout = absl::Minutes(5);

}  // namespace

ActivityService::ActivityService(runtime::ServiceRuntime& runtime, Archive& archive)
    : runtime_(runtime),
      activity_(archive, runtime.pool()),
      interactions_(activity_),
      purchases_(activity_),
      products_(activity_),
      attachments_(activity_),
      levels_(activity_, runtime.pool(), runtime.committer()) {}

void ActivityService::Open() {
  runtime_.Serve("crm.customer.v1.InteractionService", interactions_);
  runtime_.Serve("crm.customer.v1.PurchaseService", purchases_);
  runtime_.Serve("crm.customer.v1.ProductService", products_);
  runtime_.Serve("crm.customer.v1.AttachmentService", attachments_);
  AddJobs();
}

void ActivityService::AddJobs() {
  job::PeriodicJob& levels =
      runtime_.jobs().Add({.name = "activity-levels", .interval = absl::Hours(24)}, levels_.Body());
  activity_.archive.OnRulesChange([&levels] { levels.Notify(); });
  runtime_.jobs().Add(
      {.name = "purge-attachments", .interval = absl::Hours(1)},
      job::InSteps([this]() -> absl::StatusOr<job::Progress> {
        const absl::Time before = runtime_.clock().Now() - kUnclaimedAge;
        CRM_ASSIGN_OR_RETURN(
            const int64_t removed,
            activity_.attachments.Purge(runtime_.pool(), before, absl::Now() + kPurgeTimeout));
        return removed > 0 ? job::Progress::kMore : job::Progress::kDone;
      }));
}

}  // namespace crm::customer
