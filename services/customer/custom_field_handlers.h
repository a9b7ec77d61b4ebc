// RPCs of CustomFieldService about definitions (CUS-9).
#ifndef CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/custom_field_service.pb.h"
#include "services/customer/custom_field_store.h"

namespace crm::customer {

class CustomFieldHandlers {
 public:
  // `store` outlives the handlers.
  explicit CustomFieldHandlers(CustomFieldStore& store) : store_(store) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;
  using Snapshot = record::Followed<CustomFieldSet>::Snapshot;

  absl::StatusOr<v1::CustomField> Create(CallContext& call,
                                         const v1::CreateCustomFieldRequest& request);
  absl::StatusOr<v1::CustomField> Get(CallContext& call, const v1::GetCustomFieldRequest& request);
  absl::StatusOr<v1::ListCustomFieldsResponse> List(CallContext& call,
                                                    const v1::ListCustomFieldsRequest& request);
  absl::StatusOr<v1::CustomField> Update(CallContext& call,
                                         const v1::UpdateCustomFieldRequest& request);
  absl::StatusOr<v1::CustomField> SetRetired(CallContext& call,
                                             const v1::ChangeCustomFieldStateRequest& request,
                                             bool retired);
  absl::StatusOr<v1::ListCustomFieldHistoryResponse> History(
      CallContext& call, const v1::ListCustomFieldHistoryRequest& request);

  // Checks against all others and writes.
  absl::StatusOr<v1::CustomField> Save(CallContext& call, const Snapshot& fields,
                                       const StoredCustomField* before, v1::CustomField after);

  CustomFieldStore& store_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_HANDLERS_H_
