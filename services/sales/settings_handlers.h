// SalesSettingsService: the settings of the sales service (SAL-1, SAL-10, PLT-25).
#ifndef CRM_SERVICES_SALES_SETTINGS_HANDLERS_H_
#define CRM_SERVICES_SALES_SETTINGS_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/settings_service.pb.h"
#include "services/sales/settings_store.h"

namespace crm::sales {

class SettingsHandlers {
 public:
  // `store` outlives it.
  explicit SettingsHandlers(SettingsStore& store) : store_(store) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::SalesSettings> Get(CallContext& call,
                                        const v1::GetSalesSettingsRequest& request);
  absl::StatusOr<v1::SalesSettings> Update(CallContext& call,
                                           const v1::UpdateSalesSettingsRequest& request);
  absl::StatusOr<v1::ListSalesSettingsHistoryResponse> History(
      CallContext& call, const v1::ListSalesSettingsHistoryRequest& request);

  SettingsStore& store_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SETTINGS_HANDLERS_H_
