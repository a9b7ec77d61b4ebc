#include "services/customer/import/customer_merge.h"

#include <string>

#include "common/resource/resource_table.h"
#include "services/customer/value_block.h"

namespace crm::customer::import {

namespace pb = google::protobuf;
using schema::FieldSchema;

namespace {

bool IsUnknown(const v1::Customer& customer, const FieldSchema& field) {
  return !resource::FieldText(customer, field).has_value();
}

void CopyField(const v1::Customer& from, const FieldSchema& field, v1::Customer& to) {
  const pb::Reflection& reflection = *from.GetReflection();
  if (field.name == "custom_fields") {
    for (const auto& [key, value] : from.custom_fields().fields()) {
      (*to.mutable_custom_fields()->mutable_fields())[key] = value;
    }
    return;
  }
  if (field.repeated) {
    reflection.ClearField(&to, field.descriptor);
    for (int i = 0; i < reflection.FieldSize(from, field.descriptor); ++i) {
      reflection.AddString(&to, field.descriptor,
                           reflection.GetRepeatedString(from, field.descriptor, i));
    }
    return;
  }
  switch (field.descriptor->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&to, field.descriptor,
                                  reflection.GetString(from, field.descriptor));
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnumValue(&to, field.descriptor,
                                     reflection.GetEnumValue(from, field.descriptor));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&to, field.descriptor,
                                 reflection.GetInt32(from, field.descriptor));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&to, field.descriptor,
                                 reflection.GetInt64(from, field.descriptor));
    default:
      return;
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
    } else {
      CopyField(given, *field, merged.customer);
    }
    merged.fields.push_back(field);
  }
  return merged;
}

}  // namespace crm::customer::import
