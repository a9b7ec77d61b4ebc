#include "services/customer/unreachable.h"

#include <vector>

#include "services/customer/reach.h"

namespace crm::customer {

bool AffectsReach(const ContactStep& step) {
  const bool was = step.before != nullptr && HasReachable(step.before->message);
  const bool is = step.after != nullptr && HasReachable(*step.after);
  return was != is;
}

void FollowContacts(db::WriteSet& writes, const StoredCustomer& before,
                    absl::Span<const ContactStep> contacts, v1::Customer& customer) {
  std::vector<v1::Contact> messages;
  for (const ContactStep& contact : contacts) {
    if (contact.after == nullptr) continue;
    if (contact.before != nullptr && contact.after == &contact.before->message) {
      ContactStore::ExpectUnchanged(writes, *contact.before);
    }
    messages.push_back(*contact.after);
  }
  customer.set_unreachable(IsUnreachable(customer, messages));
  if (customer.unreachable() == before.message.unreachable()) {
    CustomerStore::ExpectUnchanged(writes, before);
  }
}

}  // namespace crm::customer
