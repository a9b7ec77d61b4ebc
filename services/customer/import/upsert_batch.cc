#include "services/customer/import/upsert_batch.h"

#include <utility>

#include "crm/customer/v1/contact.pb.h"
#include "crm/customer/v1/product.pb.h"
#include "services/customer/import/message_fields.h"

namespace crm::customer::import {

using schema::FieldSchema;

template <typename Message>
typename UpsertBatch<Message>::Target& UpsertBatch<Message>::AddExisting(resource::RowKey key,
                                                                         Message message,
                                                                         bool from_file) {
  Target& target = *targets_.emplace_back(std::make_unique<Target>());
  target.key = key;
  target.after = message;
  target.before = std::move(message);
  target.from_file = from_file;
  return target;
}

template <typename Message>
typename UpsertBatch<Message>::Target& UpsertBatch<Message>::AddNew(size_t index,
                                                                    const MessageRow& row,
                                                                    Message message) {
  Target& target = *targets_.emplace_back(std::make_unique<Target>());
  target.after = std::move(message);
  target.is_new = true;
  target.from_file = true;
  target.rows.push_back(index);
  for (const FieldSchema* field : FieldsOf(row)) target.last_row[field] = index;
  change_.results[index].outcome = RowOutcome::kCreated;
  return target;
}

template <typename Message>
typename UpsertBatch<Message>::Verdict UpsertBatch<Message>::Judge(size_t index, bool from_file) {
  ++(from_file ? change_.duplicates_in_file : change_.duplicates_in_archive);
  switch (context_.spec.duplicates()) {
    case v1::DUPLICATE_POLICY_REJECT:
      return Verdict::kReject;
    case v1::DUPLICATE_POLICY_SKIP:
      change_.results[index].outcome = RowOutcome::kSkipped;
      return Verdict::kSkip;
    default:
      return Verdict::kMerge;
  }
}

template <typename Message>
typename UpsertBatch<Message>::Merged UpsertBatch<Message>::Merge(const Target& target,
                                                                  const MessageRow& row,
                                                                  const Message& given) const {
  const bool only_blanks = context_.spec.duplicates() == v1::DUPLICATE_POLICY_FILL_BLANKS;
  Merged merged{target.after, {}};
  for (const FieldSchema* field : FieldsOf(row)) {
    if (field->options->immutable()) continue;
    if (only_blanks && resource::FieldText(target.after, *field).has_value()) continue;
    CopyField(given, *field, merged.message);
    merged.fields.push_back(field);
  }
  return merged;
}

template <typename Message>
void UpsertBatch<Message>::Take(size_t index, Merged merged, Target& target) {
  bool differs = false;
  for (const FieldSchema* field : merged.fields) {
    differs = differs || !resource::FieldEquals(target.after, merged.message, *field);
    target.last_row[field] = index;
  }
  RowOutcome& outcome = change_.results[index].outcome;
  outcome = differs ? RowOutcome::kUpdated : RowOutcome::kSkipped;
  if (target.from_file) outcome = RowOutcome::kMerged;
  target.changed = target.changed || differs;
  target.after = std::move(merged.message);
  target.rows.push_back(index);
}

template <typename Message>
void UpsertBatch<Message>::NoteResults(const ParsedRows& rows) {
  for (const auto& target : targets_) {
    for (const size_t index : target->rows) {
      RowResult& result = change_.results[index];
      result.resource_id = target->key.id;
      result.resource_version = target->key.version;
      if (!rows[index]->sampled) continue;
      for (const auto& [field, last] : target->last_row) {
        if (last == index) result.fields.push_back(field->name);
      }
    }
  }
}

template <typename Message>
std::vector<const FieldSchema*> UpsertBatch<Message>::FieldsOf(const MessageRow& row) {
  const auto& schema = schema::MessageSchema::Of<Message>();
  std::vector<const FieldSchema*> fields;
  for (const ImportField* field : row.fields) {
    const bool own = field->schema == nullptr ||
                     field->schema->descriptor->containing_type() == &schema.descriptor();
    const FieldSchema* declared = own ? schema.Find(field->name) : nullptr;
    if (declared != nullptr) fields.push_back(declared);
  }
  return fields;
}

template class UpsertBatch<v1::Contact>;
template class UpsertBatch<v1::Product>;

const schema::Breach& DuplicateBreach() {
  static const schema::Breach& breach = *new schema::Breach{
      "DUPLICATE", "it is there already; remove the row, or choose another policy",
      "记录已存在，请删除该行或选择其他重复处理方式"};
  return breach;
}

}  // namespace crm::customer::import
