// Decides what a batch of customer rows does to the archive (CUS-29): one look-up of all
// identities, then row by row in the order of the file, so that a later row meets what an earlier
// one made.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_BATCH_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_BATCH_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "services/customer/archive.h"
#include "services/customer/import/customer_rows.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/product_mapper.h"
#include "services/customer/product_store.h"

namespace crm::customer::import {

// Codes for names; gives the names that mean no product, which are left out.
std::vector<std::string> MapProducts(const ProductMapper& products, v1::Customer& customer);

// What the batches of a run leave to those that follow.
struct BatchMemory {
  // Whether identities are looked up before they are inserted. As long as batches find nothing, the
  // unique key of identities is trusted to refuse what is there, and the batch is decided again.
  bool look_up = true;
  // Numbers that have been leased ahead, by kind of customer.
  std::map<v1::CustomerKind, int64_t> numbers;
  int64_t last_lease = 0;
  // Identities and names that a dry run has met: it writes nothing that later rows could be found
  // by.
  absl::flat_hash_set<uint64_t> seen;
};

class CustomerBatch {
 public:
  CustomerBatch(Archive& archive, const ProductStore& products, const ImportContext& context,
                BatchMemory& memory)
      : archive_(archive),
        products_(products),
        context_(context),
        rules_(archive.rules()),
        memory_(memory),
        source_{archive.clock.Now(), context.actor, context.number} {}

  absl::StatusOr<BatchChange> Decide(db::Connection& db, const ParsedRows& rows);

 private:
  // A customer that rows of this batch make or change.
  struct Target {
    StoredCustomer before;                // of one that is in the archive
    const CustomerRow* maker = nullptr;   // of a new one
    v1::Customer after;                   // unset as long as it is as the maker has it
    absl::InlinedVector<size_t, 1> rows;  // that went into it, the maker's first
    // The row that set a field last; kept once there is more than one row.
    std::map<const schema::FieldSchema*, size_t> last_row;
    bool visible = true;     // in the creator's scope
    bool from_file = false;  // an earlier row made it
    bool changed = false;

    const v1::Customer& now() const {
      return maker != nullptr && !changed ? maker->customer.message : after;
    }
  };

  absl::Status FindExisting(db::Connection& db, const ParsedRows& rows);
  absl::Status LoadCustomers(db::Connection& db, std::vector<int64_t> ids);
  absl::Status FindByName(db::Connection& db, const ParsedRows& rows);
  // Numbers that rows give and that wait for a customer (CUS-1).
  absl::Status FindReserved(db::Connection& db, const ParsedRows& rows);
  // Products are referred to by code; names that nobody knows are listed for mapping (CUS-40).
  absl::Status MapProductNames(db::Connection& db, const ParsedRows& rows);
  // The customer of a row, with product codes.
  const v1::Customer& Given(size_t index, const CustomerRow& row) const;
  void Decide(size_t index, const CustomerRow& row);
  std::vector<Target*> TargetsOf(const CustomerRow& row);
  bool SeenInDryRun(const CustomerRow& row) const;
  void DecideDuplicate(size_t index, const CustomerRow& row, Target& target);
  void Merge(size_t index, const CustomerRow& row, Target& target);
  static void NoteFields(size_t index, absl::Span<const schema::FieldSchema* const> fields,
                         Target& target);
  void MakeTarget(size_t index, const CustomerRow& row);
  void Reject(size_t index, const CustomerRow& row, const ColumnPlan::Column* column,
              std::string_view field, const schema::Breach& breach);
  void Forget(const Target& target, const v1::Customer& old);
  void Remember(Target& target);
  void RememberKey(const std::string& key, Target& target);

  absl::Status Write(const ParsedRows& rows);
  absl::Status LeaseNumbers();
  absl::Status WriteNew(Target& target);
  void WriteUnchanged(const Target& target, const std::string& number);
  void WriteChanged(Target& target);
  void NoteResults(const ParsedRows& rows);

  Archive& archive_;
  const ProductStore& products_;
  const ImportContext& context_;
  const std::shared_ptr<const CustomerRules> rules_;
  BatchMemory& memory_;
  const resource::ChangeSource source_;
  std::vector<std::unique_ptr<Target>> targets_;
  absl::flat_hash_map<std::string, Target*> by_key_;  // identity hash or name key
  absl::flat_hash_map<int64_t, Target*> by_id_;
  std::vector<uint64_t> fresh_keys_;
  absl::flat_hash_set<std::string> reserved_;             // not yet taken by a row
  absl::flat_hash_map<size_t, v1::Customer> with_codes_;  // by row
  BatchChange change_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_BATCH_H_
