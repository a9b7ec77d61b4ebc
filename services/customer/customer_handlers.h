// CustomerService: create, read, change, list customers. Search is in search_handlers.h.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_HANDLERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/server/method_table.h"
#include "common/server/rpc_server.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "services/customer/archive.h"

namespace crm::customer {

class CustomerHandlers {
 public:
  CustomerHandlers(Archive& archive, const server::StaffDirectory& staff)
      : archive_(archive), staff_(staff), columns_(archive.store.table().Columns()) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Customer> Create(CallContext& call, const v1::CreateCustomerRequest& request);
  void Get(db::Connection& db, absl::Span<server::BatchItem> calls);
  void GetGroup(db::Connection& db, const auth::RowScope& scope,
                absl::Span<server::BatchItem* const> calls);
  absl::StatusOr<v1::BatchGetCustomersResponse> BatchGet(
      CallContext& call, const v1::BatchGetCustomersRequest& request);
  absl::StatusOr<v1::Customer> Update(CallContext& call, const v1::UpdateCustomerRequest& request);
  absl::StatusOr<v1::ListCustomersResponse> List(CallContext& call,
                                                 const v1::ListCustomersRequest& request);
  absl::StatusOr<v1::ListCustomerHistoryResponse> History(
      CallContext& call, const v1::ListCustomerHistoryRequest& request);
  absl::StatusOr<v1::ReserveCustomerNumbersResponse> ReserveNumbers(
      CallContext& call, const v1::ReserveCustomerNumbersRequest& request);
  absl::StatusOr<v1::Customer> SetOpeningBalance(CallContext& call,
                                                 const v1::SetOpeningBalanceRequest& request);
  absl::StatusOr<v1::Customer> SetReachStatus(CallContext& call,
                                              const v1::SetReachStatusRequest& request);
  absl::StatusOr<v1::Customer> Assign(CallContext& call, const v1::AssignCustomerRequest& request);

  // ALREADY_EXISTS if one of these identities belongs to another customer.
  absl::Status RefuseTaken(db::Connection& db, const std::vector<Identity>& identities,
                           int64_t own_id);
  void FillOwner(CallContext& call, v1::Customer& customer);
  // Writes `after`, keeps the name index current.
  v1::Customer Save(CallContext& call, const StoredCustomer& before, v1::Customer after);
  void IndexAfterCommit(CallContext& call, const StoredCustomer& customer);

  Archive& archive_;
  const server::StaffDirectory& staff_;
  const std::string columns_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_HANDLERS_H_
