// Writes contacts: the row, the customer's identity, the primary flag, history and event, all into
// one write set.
#ifndef CRM_SERVICES_CUSTOMER_CONTACT_CHANGES_H_
#define CRM_SERVICES_CUSTOMER_CONTACT_CHANGES_H_

#include <optional>
#include <string_view>

#include "common/base/ids.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/customer/v1/contact.pb.h"
#include "services/customer/contact_store.h"
#include "services/customer/identity.h"

namespace crm::customer {

// Thread-safe.
class ContactChanges {
 public:
  ContactChanges(IdGenerator& ids, const ContactStore& store, const IdentityStore& identities)
      : ids_(ids), store_(store), identities_(identities) {}

  // `primary`: the customer's primary contact as it is now; a new one takes its place. A mobile
  // that another customer has, or a second primary contact, fails the commit with DUPLICATE_KEY.
  StoredContact Create(db::WriteSet& writes, int64_t customer_id, v1::Contact contact,
                       const std::optional<StoredContact>& primary,
                       const resource::ChangeSource& source) const;

  // The same for one of a batch, of which more is known than a single call asks for.
  struct Known {
    // Another contact is the primary one as yet; what takes that from it is in `writes` before.
    bool replaces_primary = false;
    // The mobile is nobody's.
    bool mobile_is_new = false;
  };
  StoredContact CreateKnown(db::WriteSet& writes, int64_t customer_id, v1::Contact contact,
                            Known known, const resource::ChangeSource& source) const;

  // Writes what differs; nothing if nothing does. Somebody else's change meanwhile fails the commit
  // with WRITE_CONFLICT.
  StoredContact Change(db::WriteSet& writes, const StoredContact& before, v1::Contact after,
                       const std::optional<StoredContact>& primary,
                       const resource::ChangeSource& source) const;

  void Delete(db::WriteSet& writes, const StoredContact& contact,
              const resource::ChangeSource& source) const;

 private:
  // `primary` gives way; if there is none, nobody else's may come meanwhile.
  void MakeRoomForPrimary(db::WriteSet& writes, int64_t customer_id,
                          const std::optional<StoredContact>& primary,
                          const resource::ChangeSource& source) const;
  StoredContact Update(db::WriteSet& writes, const StoredContact& before, v1::Contact after,
                       const resource::ChangeSource& source) const;
  static void AddEvent(db::WriteSet& writes, std::string_view type, const StoredContact& contact,
                       const resource::ChangeSource& source,
                       const crm::types::v1::ChangeList& changes);

  IdGenerator& ids_;
  const ContactStore& store_;
  const IdentityStore& identities_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CONTACT_CHANGES_H_
