#include "services/customer/settings_composition.h"

#include <stop_token>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace crm::customer {
namespace {

constexpr absl::Duration kFollowEvery = absl::Milliseconds(500);
constexpr absl::Duration kFollowTimeout = absl::Seconds(10);

}  // namespace

Administration::Administration(runtime::ServiceRuntime& runtime, Archive& archive)
    : runtime_(runtime),
      staff_cache_(archive.staff),
      staff_store_(runtime.keyring(), runtime.ids(), staff_cache_),
      settings_store_(archive),
      list_store_(archive),
      field_store_(archive),
      users_(staff_store_, runtime.policy(), runtime.keyring(), runtime.zone()),
      teams_(staff_store_, runtime.keyring(), runtime.zone()),
      import_(staff_store_, runtime.policy()),
      permissions_(runtime.policy(), runtime.tokens(), staff_cache_),
      settings_(settings_store_),
      labels_(archive),
      lists_(list_store_),
      fields_(field_store_),
      report_(field_store_) {}

absl::Status Administration::Open() {
  CRM_RETURN_IF_ERROR(Follow());
  Serve();
  runtime_.jobs().Add({.name = "follow-settings", .interval = kFollowEvery},
                      [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                        CRM_RETURN_IF_ERROR(Follow());
                        return absl::InfiniteFuture();
                      });
  return absl::OkStatus();
}

absl::Status Administration::Follow() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kFollowTimeout));
  CRM_RETURN_IF_ERROR(staff_store_.tree.Follow(*db));
  CRM_RETURN_IF_ERROR(settings_store_.settings.Follow(*db));
  CRM_RETURN_IF_ERROR(list_store_.lists.Follow(*db));
  return field_store_.fields.Follow(*db);
}

void Administration::Serve() {
  runtime_.Serve("crm.customer.v1.StaffService", users_, teams_, import_, permissions_);
  runtime_.Serve("crm.customer.v1.SettingsService", settings_, labels_);
  runtime_.Serve("crm.customer.v1.ManagedListService", lists_);
  runtime_.Serve("crm.customer.v1.CustomFieldService", fields_, report_);
}

}  // namespace crm::customer
