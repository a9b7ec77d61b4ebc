// Rows that make or change resources of their own (contacts, products): which row goes into which,
// by the duplicate policy (CUS-29), and what became of it. How a row's resource is found, and how
// it is written, is the kind's to say.
//
// Not thread-safe: lives as long as one batch.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_UPSERT_BATCH_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_UPSERT_BATCH_H_

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/resource/resource_table.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/row_reader.h"

namespace crm::customer::import {

template <typename Message>
class UpsertBatch {
 public:
  // A resource that rows of this batch make or change.
  struct Target {
    resource::RowKey key;
    Message before;  // of one that is there
    Message after;
    bool is_new = false;
    bool from_file = false;  // an earlier row made it
    bool changed = false;
    int64_t customer_id = 0;                                // of what belongs to one
    std::vector<size_t> rows;                               // that went into it
    std::map<const schema::FieldSchema*, size_t> last_row;  // that set the field
  };
  // The message as it would be, and the fields that the row would have set.
  struct Merged {
    Message message;
    std::vector<const schema::FieldSchema*> fields;
  };
  enum class Verdict { kMerge, kSkip, kReject };

  UpsertBatch(const ImportContext& context, BatchChange& change)
      : context_(context), change_(change) {}

  Target& AddExisting(resource::RowKey key, Message message, bool from_file);
  Target& AddNew(size_t index, const MessageRow& row, Message message);
  const std::vector<std::unique_ptr<Target>>& targets() const { return targets_; }

  // What the policy says about a row whose resource is there; counts it.
  Verdict Judge(size_t index, bool from_file);
  Merged Merge(const Target& target, const MessageRow& row, const Message& given) const;
  void Take(size_t index, Merged merged, Target& target);

  // After the keys of the targets are those that are written.
  void NoteResults(const ParsedRows& rows);

 private:
  static std::vector<const schema::FieldSchema*> FieldsOf(const MessageRow& row);

  const ImportContext& context_;
  BatchChange& change_;
  std::vector<std::unique_ptr<Target>> targets_;
};

// The rule of DUPLICATE_POLICY_REJECT.
const schema::Breach& DuplicateBreach();

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_UPSERT_BATCH_H_
