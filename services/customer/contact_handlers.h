// ContactService: the people at an organisation (CUS-13).
#ifndef CRM_SERVICES_CUSTOMER_CONTACT_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_CONTACT_HANDLERS_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/numbering/number_allocator.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/contact_service.pb.h"
#include "google/protobuf/empty.pb.h"
#include "services/customer/archive.h"
#include "services/customer/contact_changes.h"
#include "services/customer/contact_store.h"

namespace crm::customer {

class ContactHandlers {
 public:
  // `numbers` gives contact numbers.
  ContactHandlers(Archive& archive, numbering::NumberAllocator& numbers)
      : archive_(archive),
        changes_(archive.ids, archive.contacts, archive.identities),
        numbers_(numbers) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Contact> Create(CallContext& call, const v1::CreateContactRequest& request);
  absl::StatusOr<v1::Contact> Get(CallContext& call, const v1::GetContactRequest& request);
  absl::StatusOr<v1::ListContactsResponse> List(CallContext& call,
                                                const v1::ListContactsRequest& request);
  absl::StatusOr<v1::Contact> Update(CallContext& call, const v1::UpdateContactRequest& request);
  absl::StatusOr<v1::ListContactHistoryResponse> History(
      CallContext& call, const v1::ListContactHistoryRequest& request);
  absl::StatusOr<v1::Contact> SetReachStatus(CallContext& call,
                                             const v1::SetContactReachStatusRequest& request);
  absl::StatusOr<google::protobuf::Empty> Delete(CallContext& call,
                                                 const v1::DeleteContactRequest& request);

  absl::Status Check(CallContext& call, v1::Contact& contact, const v1::Contact* before) const;
  // The contact that has to give way; nothing if `contact` is not to be the primary one.
  absl::StatusOr<std::optional<StoredContact>> PrimaryBefore(db::Connection& db,
                                                             const v1::Contact& contact,
                                                             int64_t customer_id) const;

  // Sets whether nobody of the customer can be reached once the contact is `after` (null: deleted).
  absl::Status UpdateUnreachable(CallContext& call, const StoredContact& contact,
                                 const v1::Contact* after) const;

  Archive& archive_;
  const ContactChanges changes_;
  numbering::NumberAllocator& numbers_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CONTACT_HANDLERS_H_
