#include "common/resource/update.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/resource/resource_table.h"
#include "common/schema/copy.h"
#include "common/schema/validate.h"
#include "google/protobuf/struct.pb.h"

namespace crm::resource {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;
using schema::Violation;

namespace {

bool IsWritable(const MessageSchema& schema, const FieldSchema& field) {
  return !field.options->output_only() && field.name != "etag" &&
         (schema.resource() == nullptr || field.name != schema.resource()->number_field());
}

void CopyField(const pb::Message& from, const FieldSchema& field, pb::Message& to) {
  // Through a message that has only this field: Reflection has no copy of a single field.
  const std::unique_ptr<pb::Message> single = schema::CopyOf(from);
  const pb::Reflection& reflection = *from.GetReflection();
  std::vector<const pb::FieldDescriptor*> set;
  reflection.ListFields(*single, &set);
  for (const pb::FieldDescriptor* other : set) {
    if (other != field.descriptor) reflection.ClearField(single.get(), other);
  }
  reflection.ClearField(&to, field.descriptor);
  to.MergeFrom(*single);
}

// One key of a Struct: set from the patch, or removed if the patch lacks it.
void CopyKey(const pb::Message& from, const FieldSchema& field, const std::string& key,
             pb::Message& to) {
  const auto& source =
      static_cast<const pb::Struct&>(from.GetReflection()->GetMessage(from, field.descriptor));
  auto& target =
      static_cast<pb::Struct&>(*to.GetReflection()->MutableMessage(&to, field.descriptor));
  auto found = source.fields().find(key);
  if (found == source.fields().end()) {
    target.mutable_fields()->erase(key);
  } else {
    (*target.mutable_fields())[key] = found->second;
  }
}

class Updater {
 public:
  Updater(const pb::Message& patch, pb::Message& target)
      : schema_(MessageSchema::Of(target.GetDescriptor())), patch_(patch), target_(target) {}

  void ApplySetFields() {
    for (const FieldSchema& field : schema_.fields()) {
      if (IsWritable(schema_, field) && FieldText(patch_, field).has_value() && IsSet(field)) {
        Write(field, field.name);
      }
    }
  }

  void ApplyAll() {
    for (const FieldSchema& field : schema_.fields()) {
      if (IsWritable(schema_, field) && !field.options->immutable()) Write(field, field.name);
    }
  }

  void ApplyPath(const std::string& path, const std::string& mask_path) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(path, absl::MaxSplits('.', 1));
    const FieldSchema* field = schema_.Find(parts.first);
    if (field == nullptr) {
      return Refuse(mask_path, "FIELD_UNKNOWN", "name a field of the resource",
                    "请填写存在的字段名");
    }
    if (!IsWritable(schema_, *field)) {
      return Refuse(mask_path, "FIELD_OUTPUT_ONLY", "this field is set by the service",
                    "该字段由系统维护");
    }
    if (parts.second.empty()) return Write(*field, mask_path);
    if (field->kind != FieldKind::kStruct) {
      return Refuse(mask_path, "FIELD_UNKNOWN", "name the whole field", "请填写完整字段名");
    }
    CopyKey(patch_, *field, parts.second, target_);
    written_.insert(field->name);
  }

  std::vector<Violation> violations;
  std::vector<std::string> Written() const { return {written_.begin(), written_.end()}; }

 private:
  bool IsSet(const FieldSchema& field) const {
    return field.repeated || patch_.GetReflection()->HasField(patch_, field.descriptor);
  }

  void Write(const FieldSchema& field, const std::string& path) {
    if (field.options->immutable() && !FieldEquals(patch_, target_, field)) {
      return Refuse(path, "FIELD_IMMUTABLE", "this field is fixed at creation",
                    "该字段创建后不可修改");
    }
    CopyField(patch_, field, target_);
    written_.insert(field.name);
  }

  void Refuse(const std::string& path, const char* rule, const char* en, const char* zh) {
    violations.push_back({path, rule, en, zh});
  }

  const MessageSchema& schema_;
  const pb::Message& patch_;
  pb::Message& target_;
  std::set<std::string> written_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ApplyUpdate(const pb::FieldMask& mask,
                                                     const pb::Message& patch, pb::Message& target,
                                                     schema::Language language) {
  Updater updater(patch, target);
  if (mask.paths().empty()) updater.ApplySetFields();
  for (int i = 0; i < mask.paths_size(); ++i) {
    if (mask.paths(i) == "*") {
      updater.ApplyAll();
    } else {
      updater.ApplyPath(mask.paths(i), absl::StrCat("update_mask.paths[", i, "]"));
    }
  }
  if (!updater.violations.empty()) return schema::ViolationsToStatus(updater.violations, language);
  return updater.Written();
}

}  // namespace crm::resource
