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
#include "services/customer/customer_owner.h"
#include "services/customer/duplicate_store.h"
#include "services/customer/landline.h"
#include "services/customer/product_store.h"

namespace crm::customer {

class CustomerHandlers {
 public:
  // All outlive it.
  CustomerHandlers(Archive& archive, const CustomerOwners& owners, const ProductStore& products,
                   const DuplicateStore& duplicates)
      : archive_(archive), owners_(owners), products_(products), landlines_(archive, duplicates) {}

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

  // The reserved number that the call gives, else the next one.
  absl::StatusOr<std::string> NumberFor(CallContext& call, const v1::Customer& customer);
  // `before`: null for a new customer.
  // Codes for the names of products of interest; names that mean none stay and are listed for
  // mapping.
  absl::Status MapProducts(CallContext& call, const v1::Customer* before, v1::Customer& customer);
  // Candidates for customers that share a landline with this one.
  absl::Status OpenDuplicates(CallContext& call, const v1::Customer* before,
                              const StoredCustomer& customer);
  // Sets whether nobody of the customer can be reached.
  absl::Status UpdateUnreachable(CallContext& call, int64_t id, v1::Customer& customer);
  // The kinds of field that the caller may compare with and sort by.
  static uint32_t PlainKinds(const CallContext& call);
  // Writes `after`, keeps the name index current.
  v1::Customer Save(CallContext& call, const StoredCustomer& before, v1::Customer after,
                    const crm::types::v1::ChangeList& more = {});
  void IndexAfterCommit(CallContext& call, const StoredCustomer& customer);

  Archive& archive_;
  const CustomerOwners& owners_;
  const ProductStore& products_;
  const LandlineDuplicates landlines_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_HANDLERS_H_
