// IdentityService (CUS-14, CUS-15).
#ifndef CRM_SERVICES_CUSTOMER_IDENTITY_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_IDENTITY_HANDLERS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/identity_service.pb.h"
#include "google/protobuf/empty.pb.h"
#include "services/customer/archive.h"
#include "services/customer/contact_store.h"
#include "services/customer/customer_owner.h"
#include "services/customer/duplicate_store.h"
#include "services/customer/resolve_identity.h"

namespace crm::customer {

class IdentityHandlers {
 public:
  IdentityHandlers(Archive& archive, const CustomerOwners& owners, const DuplicateStore& duplicates)
      : archive_(archive),
        owners_(owners),
        duplicates_(duplicates),
        resolver_(archive, duplicates) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::ResolveIdentityResponse> Resolve(CallContext& call,
                                                      const v1::ResolveIdentityRequest& request);
  absl::StatusOr<v1::CustomerIdentity> Add(CallContext& call,
                                           const v1::AddIdentityRequest& request);
  absl::StatusOr<google::protobuf::Empty> Remove(CallContext& call,
                                                 const v1::RemoveIdentityRequest& request);
  absl::StatusOr<v1::ListIdentitiesResponse> List(CallContext& call,
                                                  const v1::ListIdentitiesRequest& request);
  absl::StatusOr<v1::ListDuplicateCandidatesResponse> ListDuplicates(
      CallContext& call, const v1::ListDuplicateCandidatesRequest& request);

  // Opaque and stable; tells nothing of the value.
  std::string IdOf(std::string_view hash) const;
  absl::StatusOr<std::vector<v1::CustomerIdentity>> Read(db::Connection& db,
                                                         const StoredCustomer& customer) const;

  Archive& archive_;
  const CustomerOwners& owners_;
  const DuplicateStore& duplicates_;
  const IdentityResolver resolver_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_IDENTITY_HANDLERS_H_
