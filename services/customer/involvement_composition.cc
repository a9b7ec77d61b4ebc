#include "services/customer/involvement_composition.h"

#include <functional>
#include <stop_token>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace crm::customer {
namespace {

// With what the event takes, masks follow within 2 s.
constexpr absl::Duration kFollowEvery = absl::Seconds(1);
constexpr absl::Duration kPurgeEvery = absl::Hours(1);
// Reads everything at start.
constexpr absl::Duration kTimeout = absl::Minutes(1);

// Without a next time of its own.
job::JobBody Body(std::function<absl::Status()> run) {
  return [run = std::move(run)](const std::stop_token&) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(run());
    return absl::InfiniteFuture();
  };
}

}  // namespace

InvolvementService::InvolvementService(runtime::ServiceRuntime& runtime)
    : runtime_(runtime),
      tickets_(runtime, TicketWork()),
      opportunities_(runtime, OpportunityWork()) {}

absl::Status InvolvementService::Open() {
  CRM_RETURN_IF_ERROR(Follow());
  runtime_.SetInvolvedStaff(&involvements_);
  runtime_.jobs().Add(
      {.name = "follow-involvement", .interval = kFollowEvery, .last_retry = kFollowEvery},
      Body([this] { return Follow(); }));
  runtime_.jobs().Add({.name = "purge-involvement", .interval = kPurgeEvery},
                      Body([this] { return Purge(); }));
  tickets_.Open();
  opportunities_.Open();
  return absl::OkStatus();
}

absl::Status InvolvementService::Follow() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
  return involvements_.Follow(*db, runtime_.clock().Now());
}

absl::Status InvolvementService::Purge() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
  return PurgeInvolvement(*db, runtime_.clock().Now() - kKeepInvolvement);
}

}  // namespace crm::customer
