// RPCs of SettingsService about settings (PLT-25).
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/settings_service.pb.h"
#include "services/customer/settings_store.h"

namespace crm::customer {

class SettingsHandlers {
 public:
  // `store` outlives the handlers.
  explicit SettingsHandlers(SettingsStore& store) : store_(store) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::CustomerSettings> Get(CallContext& call,
                                           const v1::GetSettingsRequest& request);
  absl::StatusOr<v1::CustomerSettings> Update(CallContext& call,
                                              const v1::UpdateSettingsRequest& request);
  absl::StatusOr<v1::ListSettingVersionsResponse> Versions(
      CallContext& call, const v1::ListSettingVersionsRequest& request);

  SettingsStore& store_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SETTINGS_HANDLERS_H_
