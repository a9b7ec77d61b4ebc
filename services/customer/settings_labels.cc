#include "services/customer/settings_labels.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "google/protobuf/descriptor.h"

namespace crm::customer {

namespace pb = google::protobuf;
namespace opt = crm::options::v1;
using schema::FieldKind;
using schema::FieldSchema;
using schema::Language;

namespace {

constexpr char kPackages[] = "crm.";
constexpr int kDefaultTextLength = 255;

const char* TypeOf(const FieldSchema& field) {
  switch (field.kind) {
    case FieldKind::kString:
    case FieldKind::kBytes:
      if (field.options->format() == opt::FORMAT_DATE) return "date";
      if (field.options->format() == opt::FORMAT_DECIMAL) return "decimal";
      return "text";
    case FieldKind::kInteger:
    case FieldKind::kDouble:
      return "number";
    case FieldKind::kBool:
      return "boolean";
    case FieldKind::kEnum:
      return "enum";
    case FieldKind::kTimestamp:
      return "time";
    default:
      return "object";
  }
}

const char* TypeOf(v1::CustomFieldType type) {
  switch (type) {
    case v1::CUSTOM_FIELD_TYPE_NUMBER:
      return "number";
    case v1::CUSTOM_FIELD_TYPE_DATE:
      return "date";
    case v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE:
    case v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE:
      return "choice";
    case v1::CUSTOM_FIELD_TYPE_BOOLEAN:
      return "boolean";
    default:
      return "text";
  }
}

// What CreateCustomer asks for of every kind of customer.
std::set<std::string> RequiredBySettings(const CustomerPolicy& policy) {
  std::set<std::string> required;
  for (const std::string& field : policy.required_for_organization) {
    const auto& person = policy.required_for_person;
    if (std::find(person.begin(), person.end(), field) != person.end()) required.insert(field);
  }
  return required;
}

}  // namespace

v1::FieldDescription DescribeField(const FieldSchema& field, Language language) {
  const opt::FieldOptions& options = *field.options;
  v1::FieldDescription out;
  out.set_name(field.name);
  out.set_label(field.Label(language));
  out.set_type(TypeOf(field));
  out.set_repeated(field.repeated);
  out.set_required(options.required());
  out.set_output_only(options.output_only());
  out.set_immutable(options.immutable());
  out.set_filterable(options.filterable());
  out.set_sortable(options.sortable());
  out.set_sensitivity(options.sensitivity());
  if (out.type() == "text") out.set_max_length(field.max_length);
  out.set_unit(options.unit());
  out.set_managed_list(options.managed_list());
  if (field.kind != FieldKind::kEnum) return out;
  const pb::EnumDescriptor& type = *field.descriptor->enum_type();
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    v1::EnumValueDescription& value = *out.add_values();
    value.set_name(type.value(i)->name());
    value.set_label(schema::EnumLabel(*type.value(i), language));
  }
  return out;
}

v1::FieldDescription DescribeCustomField(const v1::CustomField& field, Language language) {
  v1::FieldDescription out;
  out.set_name(absl::StrCat("custom_fields.", field.field_key()));
  out.set_label(record::InLanguage(language, field.label_zh(), field.label_en()));
  out.set_hint(record::InLanguage(language, field.hint_zh(), field.hint_en()));
  out.set_type(TypeOf(field.type()));
  out.set_repeated(field.type() == v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE);
  out.set_required(field.required());
  out.set_filterable(true);
  if (out.type() == "text") {
    out.set_max_length(field.has_max_length() ? field.max_length() : kDefaultTextLength);
  }
  for (const v1::CustomFieldOption& option : field.options()) {
    if (option.retired()) continue;
    v1::EnumValueDescription& value = *out.add_values();
    value.set_name(option.code());
    value.set_label(record::InLanguage(language, option.label_zh(), option.label_en()));
  }
  return out;
}

void SettingsLabels::Register(server::MethodTable& table) {
  table.Unary<v1::DescribeResourceRequest, v1::DescribeResourceResponse>(
      "DescribeResource",
      [this](server::CallContext& call, const v1::DescribeResourceRequest& request) {
        return Describe(call, request);
      });
}

absl::StatusOr<v1::DescribeResourceResponse> SettingsLabels::Describe(
    server::CallContext& call, const v1::DescribeResourceRequest& request) {
  const pb::Descriptor* descriptor =
      absl::StartsWith(request.resource(), kPackages)
          ? pb::DescriptorPool::generated_pool()->FindMessageTypeByName(request.resource())
          : nullptr;
  if (descriptor == nullptr || !descriptor->options().HasExtension(opt::resource)) {
    return NotFound("resource", request.resource());
  }
  const auto& schema = schema::MessageSchema::Of(descriptor);
  v1::DescribeResourceResponse response;
  response.set_resource(descriptor->full_name());
  response.set_label(record::InLanguage(call.language(), schema.resource()->label().zh(),
                                        schema.resource()->label().en()));
  for (const FieldSchema& field : schema.fields()) {
    *response.add_fields() = DescribeField(field, call.language());
  }
  if (descriptor != v1::Customer::descriptor()) return response;
  const auto rules = archive_.rules();
  const std::set<std::string> required = RequiredBySettings(rules->policy());
  for (v1::FieldDescription& field : *response.mutable_fields()) {
    if (required.count(field.name()) > 0) field.set_required(true);
  }
  for (const v1::CustomField& field : rules->custom_fields().definitions()) {
    if (!field.retired()) *response.add_fields() = DescribeCustomField(field, call.language());
  }
  return response;
}

}  // namespace crm::customer
