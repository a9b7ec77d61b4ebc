// Decides what a batch of contact rows does (CUS-13, CUS-29): joins them to their organisations,
// finds the contacts that are there, and writes what differs.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CONTACT_BATCH_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CONTACT_BATCH_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/numbering/number_allocator.h"
#include "services/customer/activity_customers.h"
#include "services/customer/contact_changes.h"
#include "services/customer/contact_store.h"
#include "services/customer/import/customer_join.h"
#include "services/customer/import/upsert_batch.h"

namespace crm::customer::import {

struct ContactRow : JoinedRow {
  v1::Contact contact;

  std::vector<google::protobuf::Message*> messages() override { return {&contact, &who}; }
};

// What a dry run has met: contacts of customers, and mobiles with their customer. It writes nothing
// that later rows could be found by.
struct SeenContacts {
  absl::flat_hash_set<std::string> contacts;
  absl::flat_hash_map<std::string, int64_t> mobiles;
};

class ContactBatch {
 public:
  struct Parts {
    Archive& archive;
    const ContactStore& contacts;
    const ContactChanges& changes;
    numbering::NumberAllocator& numbers;
  };
  // Notes that a row is rejected.
  using Reject = std::function<void(const MessageRow& row, size_t index, std::string_view field,
                                    const schema::Breach& breach, BatchChange& change)>;

  ContactBatch(Parts parts, const ImportContext& context, const ParsedRows& rows,
               SeenContacts& seen, Reject reject)
      : parts_(parts),
        context_(context),
        rows_(rows),
        seen_(seen),
        reject_(std::move(reject)),
        source_{parts.archive.clock.Now(), context.actor, context.number},
        join_(parts.archive, context.scope),
        customers_(parts.archive, context.scope),
        batch_(context, change_) {}

  absl::StatusOr<BatchChange> Decide(db::Connection& db) &&;

 private:
  using Contacts = UpsertBatch<v1::Contact>;
  using Target = Contacts::Target;

  absl::Status Join(db::Connection& db);
  absl::Status LoadContacts(db::Connection& db);
  absl::Status LoadMobiles(db::Connection& db);
  void DecideRow(size_t index, const ContactRow& row);
  void DecideDuplicate(size_t index, const ContactRow& row, Target& target);
  // The customer's contact that the row means; null if none.
  Target* Find(int64_t customer_id, const v1::Contact& contact) const;
  bool SeenInDryRun(int64_t customer_id, const v1::Contact& contact) const;
  // Whether no other customer has the mobile.
  bool MobileIsFree(const v1::Contact& contact, int64_t customer_id) const;
  void Remember(const v1::Contact& contact, int64_t customer_id);
  // At most one of a customer: the last that says so.
  void MakePrimary(Target& target);
  absl::Status Write();
  // Whether phones and emails of the customers' contacts still reach somebody (CUS-4).
  void WriteUnreachable();
  absl::Status WriteNew(Target& target, const absl::flat_hash_set<int64_t>& replaced);

  const Parts parts_;
  const ImportContext& context_;
  const ParsedRows& rows_;
  SeenContacts& seen_;
  const Reject reject_;
  const resource::ChangeSource source_;
  CustomerJoin join_;
  ActivityCustomers customers_;
  BatchChange change_;
  Contacts batch_;
  std::vector<CustomerJoin::Answer> answers_;  // by row
  absl::flat_hash_map<int64_t, std::vector<Target*>> of_customer_;
  absl::flat_hash_map<std::string, int64_t> holders_;  // mobile → customer
  absl::flat_hash_set<std::string> known_mobiles_;     // that somebody has by now
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CONTACT_BATCH_H_
