// RPCs of ManagedListService (CUS-5).
#ifndef CRM_SERVICES_CUSTOMER_MANAGED_LIST_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_MANAGED_LIST_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/managed_list_service.pb.h"
#include "services/customer/managed_list_store.h"

namespace crm::customer {

class ManagedListHandlers {
 public:
  // `store` outlives the handlers.
  explicit ManagedListHandlers(ManagedListStore& store) : store_(store) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::ListManagedListsResponse> List(CallContext& call,
                                                    const v1::ListManagedListsRequest& request);
  absl::StatusOr<v1::ManagedList> Get(CallContext& call, const v1::GetManagedListRequest& request);
  absl::StatusOr<v1::ManagedList> Update(CallContext& call,
                                         const v1::UpdateManagedListRequest& request);
  absl::StatusOr<v1::ListManagedListHistoryResponse> History(
      CallContext& call, const v1::ListManagedListHistoryRequest& request);

  ManagedListStore& store_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_MANAGED_LIST_HANDLERS_H_
