#include "services/customer/import/customer_merge.h"

#include <set>
#include <string>

#include "common/resource/resource_table.h"
#include "services/customer/import/message_fields.h"
#include "services/customer/value_block.h"

namespace crm::customer::import {

using schema::FieldSchema;

namespace {

bool IsUnknown(const v1::Customer& customer, const FieldSchema& field) {
  return !resource::FieldText(customer, field).has_value();
}

// Custom fields are merged one by one.
void TakeField(const v1::Customer& from, const FieldSchema& field, v1::Customer& to) {
  if (field.name != "custom_fields") return CopyField(from, field, to);
  for (const auto& [key, value] : from.custom_fields().fields()) {
    (*to.mutable_custom_fields()->mutable_fields())[key] = value;
  }
}

bool IsOpeningBalance(const FieldSchema& field) {
  return field.name == "opening_amount" || field.name == "opening_count";
}

bool HasOpeningBalance(const v1::Customer& customer) {
  return !customer.opening_amount().empty() || customer.opening_count() > 0;
}

// Custom fields that `current` has stay.
void FillCustomFields(const v1::Customer& given, v1::Customer& current) {
  for (const auto& [key, value] : given.custom_fields().fields()) {
    current.mutable_custom_fields()->mutable_fields()->insert({key, value});
  }
}

// Tags are added, never replaced (CUS-8).
void AddTags(const v1::Customer& given, v1::Customer& current) {
  std::set<std::string> tags(current.tags().begin(), current.tags().end());
  tags.insert(given.tags().begin(), given.tags().end());
  current.mutable_tags()->Assign(tags.begin(), tags.end());
}

bool Replaces(const v1::Customer& current, const v1::Customer& given, const FieldSchema& field,
              bool only_blanks) {
  if (field.options->immutable()) return false;
  if (field.name == "first_contact_date" && !current.first_contact_date().empty() &&
      current.first_contact_date() <= given.first_contact_date()) {
    return false;
  }
  if (!only_blanks) return true;
  return IsOpeningBalance(field) ? !HasOpeningBalance(current) : IsUnknown(current, field);
}

}  // namespace

MergedCustomer MergeRow(const v1::Customer& current, const v1::Customer& given,
                        absl::Span<const FieldSchema* const> fields, v1::DuplicatePolicy policy) {
  const bool only_blanks = policy == v1::DUPLICATE_POLICY_FILL_BLANKS;
  MergedCustomer merged{current, {}};
  for (const FieldSchema* field : fields) {
    if (field->name == "custom_fields" && only_blanks) {
      FillCustomFields(given, merged.customer);
      continue;  // the sample cannot tell which of them are the row's
    }
    // Against `current`: amount and count of an opening balance come together.
    if (!Replaces(current, given, *field, only_blanks)) continue;
    if (IsOpeningBalance(*field)) {
      ReplaceOpeningBalance({.amount = given.opening_amount(),
                             .count = given.opening_count(),
                             .as_of = given.opening_as_of(),
                             .source = given.opening_source()},
                            merged.customer);
    } else if (field->name == "tags") {
      AddTags(given, merged.customer);
      continue;  // the sample cannot tell which of them are the row's
    } else {
      TakeField(given, *field, merged.customer);
    }
    merged.fields.push_back(field);
  }
  return merged;
}

}  // namespace crm::customer::import
