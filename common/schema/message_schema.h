// The declarations of a message (crm/options/v1/options.proto), looked up once and kept for ever:
// what all the derived mechanisms of this folder walk over instead of raw descriptors.
#ifndef CRM_COMMON_SCHEMA_MESSAGE_SCHEMA_H_
#define CRM_COMMON_SCHEMA_MESSAGE_SCHEMA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/schema/language.h"
#include "crm/options/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "re2/re2.h"

namespace crm::schema {

class MessageSchema;

// What a field holds, as far as generic code tells apart.
enum class FieldKind {
  kString,
  kBytes,
  kInteger,  // all integer types
  kBool,
  kDouble,
  kEnum,
  kTimestamp,
  kFieldMask,
  kStruct,   // google.protobuf.Struct and Value: JSON
  kOpaque,   // other google.protobuf types
  kMessage,  // our own messages
};

struct FieldSchema {
  const google::protobuf::FieldDescriptor* descriptor = nullptr;
  const crm::options::v1::FieldOptions* options = nullptr;  // never null
  std::string name;
  FieldKind kind = FieldKind::kString;
  bool repeated = false;
  const MessageSchema* message = nullptr;  // kMessage
  std::unique_ptr<RE2> pattern;
  int max_length = 0;  // characters; bytes for kBytes
  int max_items = 0;

  // The declared label, else the field's name with spaces.
  std::string Label(Language language) const;
};

class MessageSchema {
 public:
  // Thread-safe. The reference stays valid for ever.
  static const MessageSchema& Of(const google::protobuf::Descriptor* descriptor);
  template <typename Message>
  static const MessageSchema& Of() {
    return Of(Message::descriptor());
  }

  const google::protobuf::Descriptor& descriptor() const { return *descriptor_; }
  // Null for messages that are not stored.
  const crm::options::v1::ResourceOptions* resource() const { return resource_; }
  const std::vector<FieldSchema>& fields() const { return fields_; }
  // Null if there is no such field.
  const FieldSchema* Find(std::string_view name) const;
  // The field_mask field beside a resource in an Update request; null in all other messages.
  const FieldSchema* update_mask() const { return update_mask_; }
  // The message or something inside it has sensitive fields.
  bool has_sensitive() const { return !sensitive_fields_.empty(); }
  // Those that are sensitive, or messages with something sensitive inside.
  const std::vector<const FieldSchema*>& sensitive_fields() const { return sensitive_fields_; }
  // The field that names the owner of a resource; null if it has none.
  const FieldSchema* owner() const { return owner_; }
  // The field that names what those are involved with who see some kinds plain
  // (`involved_see_plain`); null if there are no such kinds.
  const FieldSchema* involved_subject() const { return involved_subject_; }
  // Bit (1 << Sensitivity) for these kinds.
  uint32_t involved_plain_kinds() const { return involved_plain_kinds_; }

 private:
  friend class SchemaCache;
  explicit MessageSchema(const google::protobuf::Descriptor* descriptor);

  const google::protobuf::Descriptor* descriptor_;
  const crm::options::v1::ResourceOptions* resource_ = nullptr;
  std::vector<FieldSchema> fields_;
  absl::flat_hash_map<std::string, const FieldSchema*> by_name_;
  const FieldSchema* update_mask_ = nullptr;
  std::vector<const FieldSchema*> sensitive_fields_;
  const FieldSchema* owner_ = nullptr;
  const FieldSchema* involved_subject_ = nullptr;
  uint32_t involved_plain_kinds_ = 0;
};

// Highly sensitive kinds are never shown plain without an approved reveal.
bool IsHighlySensitive(crm::options::v1::Sensitivity kind);

// Name of an enum value for people; the bare proto name without its prefix if none is declared.
std::string EnumLabel(const google::protobuf::EnumValueDescriptor& value, Language language);
// From its proto name (with or without prefix, any case), label or alias in either language; null
// if it is none of these or the unspecified value.
const google::protobuf::EnumValueDescriptor* FindEnumValue(
    const google::protobuf::EnumDescriptor& type, std::string_view text);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_MESSAGE_SCHEMA_H_
