#include "common/schema/message_schema.h"

#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "common/base/absl_view.h"
#include "common/base/mutex.h"
#include "common/text/unicode.h"
#include "crm/options/v1/ownership.pb.h"

namespace crm::schema {

namespace pb = google::protobuf;
using crm::options::v1::FieldOptions;
using crm::options::v1::Sensitivity;

namespace {

constexpr int kDefaultMaxLength = 255;
constexpr int kDefaultMaxTextLength = 4000;
constexpr int kDefaultMaxItems = 100;
constexpr int kDefaultMaxBytes = 1 << 20;

FieldKind KindOf(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return field.type() == pb::FieldDescriptor::TYPE_BYTES ? FieldKind::kBytes
                                                             : FieldKind::kString;
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return FieldKind::kBool;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return FieldKind::kEnum;
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return FieldKind::kDouble;
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
    default:
      return FieldKind::kInteger;
  }
  const std::string& type = field.message_type()->full_name();
  if (type == "google.protobuf.Timestamp") return FieldKind::kTimestamp;
  if (type == "google.protobuf.FieldMask") return FieldKind::kFieldMask;
  if (type == "google.protobuf.Struct" || type == "google.protobuf.Value" ||
      type == "google.protobuf.ListValue") {
    return FieldKind::kStruct;
  }
  if (absl::StartsWith(type, "google.protobuf.")) return FieldKind::kOpaque;
  return FieldKind::kMessage;
}

int MaxLengthOf(const FieldSchema& field) {
  if (field.options->max_length() > 0) return static_cast<int>(field.options->max_length());
  if (field.kind == FieldKind::kBytes) return kDefaultMaxBytes;
  const bool text = field.options->format() == crm::options::v1::FORMAT_TEXT;
  return text ? kDefaultMaxTextLength : kDefaultMaxLength;
}

FieldSchema MakeField(const pb::FieldDescriptor& descriptor) {
  FieldSchema field;
  field.descriptor = &descriptor;
  field.options = &descriptor.options().GetExtension(crm::options::v1::field);
  field.name = descriptor.name();
  field.kind = KindOf(descriptor);
  field.repeated = descriptor.is_repeated();
  if (field.kind == FieldKind::kMessage)
    field.message = &MessageSchema::Of(descriptor.message_type());
  if (!field.options->pattern().empty())
    field.pattern = std::make_unique<RE2>(field.options->pattern());
  field.max_length = MaxLengthOf(field);
  field.max_items = field.options->max_items() > 0 ? static_cast<int>(field.options->max_items())
                                                   : kDefaultMaxItems;
  return field;
}

std::string_view Pick(const crm::options::v1::Label& label, Language language) {
  return language == Language::kChinese ? std::string_view(label.zh())
                                        : std::string_view(label.en());
}

// `TIER_LOW_VALUE` of enum `Tier` → `LOW_VALUE`.
std::string_view ShortName(const pb::EnumValueDescriptor& value) {
  std::string prefix;
  for (char c : value.type()->name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  prefix += '_';
  std::string_view name = value.name();
  if (absl::StartsWith(ToAbsl(name), prefix)) name.remove_prefix(prefix.size());
  return name;
}

}  // namespace

// Schemas by descriptor. Recursion (a message that holds itself) is cut by entering the schema
// before its fields are made.
class SchemaCache {
 public:
  static SchemaCache& Instance() {
    static SchemaCache& cache = *new SchemaCache;
    return cache;
  }

  const MessageSchema& Get(const pb::Descriptor* descriptor) {
    // Asked several times for each call.
    thread_local absl::flat_hash_map<const pb::Descriptor*, const MessageSchema*> known;
    const auto found = known.find(descriptor);
    if (found != known.end()) return *found->second;
    const MessageSchema& schema = Find(descriptor);  // asks for others in turn
    known.emplace(descriptor, &schema);
    return schema;
  }

 private:
  const MessageSchema& Find(const pb::Descriptor* descriptor) {
    {
      ReaderMutexLock lock(&mutex_);
      auto found = schemas_.find(descriptor);
      if (found != schemas_.end()) return *found->second;
    }
    std::lock_guard<std::recursive_mutex> building(building_);
    return Build(descriptor);
  }

  const MessageSchema& Build(const pb::Descriptor* descriptor) {
    auto in_progress = being_built_.find(descriptor);
    if (in_progress != being_built_.end()) return *in_progress->second;
    {
      ReaderMutexLock lock(&mutex_);
      auto found = schemas_.find(descriptor);
      if (found != schemas_.end()) return *found->second;
    }
    std::unique_ptr<MessageSchema> schema(new MessageSchema(descriptor));
    being_built_[descriptor] = schema.get();
    Fill(*schema);
    being_built_.erase(descriptor);
    MutexLock lock(&mutex_);
    return *(schemas_[descriptor] = std::move(schema));
  }

  static void Fill(MessageSchema& schema) {
    const pb::Descriptor& descriptor = *schema.descriptor_;
    schema.fields_.reserve(static_cast<size_t>(descriptor.field_count()));
    for (int i = 0; i < descriptor.field_count(); ++i) {
      schema.fields_.push_back(MakeField(*descriptor.field(i)));
    }
    for (const FieldSchema& field : schema.fields_) {
      schema.by_name_[field.name] = &field;
      if (field.kind == FieldKind::kFieldMask) schema.update_mask_ = &field;
      if (field.options->sensitivity() != crm::options::v1::SENSITIVITY_UNSPECIFIED ||
          (field.message != nullptr && field.message->has_sensitive())) {
        schema.sensitive_fields_.push_back(&field);
      }
    }
    if (schema.resource_ != nullptr) {
      schema.owner_ = schema.Find(schema.resource_->owner_field());
    }
    FillInvolved(schema);
  }

  // A declaration that does not fit the message shows nothing.
  static void FillInvolved(MessageSchema& schema) {
    const pb::MessageOptions& options = schema.descriptor_->options();
    if (!options.HasExtension(crm::options::v1::involved_see_plain)) return;
    const auto& view = options.GetExtension(crm::options::v1::involved_see_plain);
    const FieldSchema* subject = schema.Find(view.subject_field());
    if (subject == nullptr || subject->kind != FieldKind::kString || subject->repeated) return;
    schema.involved_subject_ = subject;
    for (const int kind : view.plain()) schema.involved_plain_kinds_ |= 1u << kind;
  }

  Mutex mutex_;
  std::recursive_mutex building_;
  std::map<const pb::Descriptor*, MessageSchema*> being_built_;
  std::map<const pb::Descriptor*, std::unique_ptr<MessageSchema>> schemas_ ABSL_GUARDED_BY(mutex_);
};

std::string FieldSchema::Label(Language language) const {
  const std::string_view label = Pick(options->label(), language);
  if (!label.empty()) return std::string(label);
  return absl::StrReplaceAll(name, {{"_", " "}});
}

MessageSchema::MessageSchema(const pb::Descriptor* descriptor) : descriptor_(descriptor) {
  if (descriptor->options().HasExtension(crm::options::v1::resource)) {
    resource_ = &descriptor->options().GetExtension(crm::options::v1::resource);
  }
}

const MessageSchema& MessageSchema::Of(const pb::Descriptor* descriptor) {
  return SchemaCache::Instance().Get(descriptor);
}

const FieldSchema* MessageSchema::Find(std::string_view name) const {
  auto found = by_name_.find(ToAbsl(name));
  return found == by_name_.end() ? nullptr : found->second;
}

bool IsHighlySensitive(Sensitivity kind) {
  return kind == crm::options::v1::SENSITIVITY_RESIDENT_ID ||
         kind == crm::options::v1::SENSITIVITY_BANK_ACCOUNT;
}

std::string EnumLabel(const pb::EnumValueDescriptor& value, Language language) {
  const std::string_view label =
      Pick(value.options().GetExtension(crm::options::v1::value_label), language);
  return std::string(label.empty() ? ShortName(value) : label);
}

const pb::EnumValueDescriptor* FindEnumValue(const pb::EnumDescriptor& type,
                                             std::string_view text) {
  const std::string wanted = text::FoldForSearch(text);
  const auto is = [&](std::string_view name) { return text::FoldForSearch(name) == wanted; };
  for (int i = 0; i < type.value_count(); ++i) {
    const pb::EnumValueDescriptor& value = *type.value(i);
    if (value.number() == 0) continue;
    const auto& label = value.options().GetExtension(crm::options::v1::value_label);
    if (is(value.name()) || is(ShortName(value)) || is(label.zh()) || is(label.en())) return &value;
    for (int k = 0; k < value.options().ExtensionSize(crm::options::v1::value_alias); ++k) {
      if (is(value.options().GetExtension(crm::options::v1::value_alias, k))) return &value;
    }
  }
  return nullptr;
}

}  // namespace crm::schema
