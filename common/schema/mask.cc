#include "common/schema/mask.h"

#include <algorithm>

#include "common/schema/copy.h"
#include "common/schema/message_schema.h"
#include "common/text/masking.h"
#include "crm/options/v1/ownership.pb.h"

namespace crm::schema {

namespace pb = google::protobuf;
namespace opt = crm::options::v1;

namespace {

std::string MaskedText(opt::Sensitivity kind, const std::string& value) {
  switch (kind) {
    case opt::SENSITIVITY_PHONE:
      return text::MaskPhone(value);
    case opt::SENSITIVITY_EMAIL:
      return text::MaskEmail(value);
    case opt::SENSITIVITY_NAME:
      return text::MaskName(value);
    case opt::SENSITIVITY_RESIDENT_ID:
    case opt::SENSITIVITY_BANK_ACCOUNT:
      return text::MaskId(value);
    case opt::SENSITIVITY_DATE:
      return text::MaskDate(value);
    default:
      return text::MaskAll(value);
  }
}

bool SeesPlain(opt::Sensitivity kind, uint32_t plain_kinds) {
  return !IsHighlySensitive(kind) && (plain_kinds & (1u << kind)) != 0;
}

void MaskField(pb::Message& message, const FieldSchema& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  const opt::Sensitivity kind = field.options->sensitivity();
  if (kind == opt::SENSITIVITY_HIDDEN || field.kind != FieldKind::kString) {
    return reflection.ClearField(&message, field.descriptor);
  }
  if (field.repeated) {
    for (int i = 0; i < reflection.FieldSize(message, field.descriptor); ++i) {
      reflection.SetRepeatedString(
          &message, field.descriptor, i,
          MaskedText(kind, reflection.GetRepeatedString(message, field.descriptor, i)));
    }
  } else if (reflection.HasField(message, field.descriptor)) {
    reflection.SetString(&message, field.descriptor,
                         MaskedText(kind, reflection.GetString(message, field.descriptor)));
  }
}

bool Owns(const Viewer& viewer, const pb::Message& message, const MessageSchema& schema) {
  if (schema.owner() == nullptr) return false;
  std::string scratch;
  return message.GetReflection()->GetStringReference(message, schema.owner()->descriptor,
                                                     &scratch) == viewer.user_id;
}

// The kinds that the viewer sees plain by being involved with what `message` is about. Nobody is
// asked about what they see plain anyway.
uint32_t InvolvedKinds(const Viewer& viewer, const pb::Message& message,
                       const MessageSchema& schema) {
  const FieldSchema* subject = schema.involved_subject();
  const bool adds_some = (schema.involved_plain_kinds() & ~viewer.plain_kinds) != 0;
  if (viewer.involved == nullptr || subject == nullptr || !adds_some) return 0;
  std::string scratch;
  const std::string& name =
      message.GetReflection()->GetStringReference(message, subject->descriptor, &scratch);
  return viewer.involved->IsInvolved(viewer.user_id, name) ? schema.involved_plain_kinds() : 0;
}

// What the viewer sees plain in `message`: more, if they own it or are involved with it.
uint32_t PlainKinds(const pb::Message& message, const MessageSchema& schema, const Viewer& viewer) {
  if (viewer.user_id.empty()) return viewer.plain_kinds;
  if (Owns(viewer, message, schema) && IsOpenToOwner(message)) return ~0u;
  return viewer.plain_kinds | InvolvedKinds(viewer, message, schema);
}

template <typename Visit>
void ForEachChild(pb::Message& message, const FieldSchema& field, Visit visit) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.repeated) {
    for (int i = 0; i < reflection.FieldSize(message, field.descriptor); ++i) {
      visit(*reflection.MutableRepeatedMessage(&message, field.descriptor, i));
    }
  } else if (reflection.HasField(message, field.descriptor)) {
    visit(*reflection.MutableMessage(&message, field.descriptor));
  }
}

void MaskTree(pb::Message& message, const Viewer& viewer, uint32_t inherited) {
  const MessageSchema& schema = MessageSchema::Of(message.GetDescriptor());
  if (!schema.has_sensitive()) return;
  const uint32_t plain = inherited | PlainKinds(message, schema, viewer);
  for (const FieldSchema* field : schema.sensitive_fields()) {
    const opt::Sensitivity kind = field->options->sensitivity();
    if (kind == opt::SENSITIVITY_UNSPECIFIED) {
      ForEachChild(message, *field,
                   [&](pb::Message& child) { MaskTree(child, viewer, viewer.plain_kinds); });
    } else if (!SeesPlain(kind, plain)) {
      MaskField(message, *field);
    }
  }
}

void ClearTree(pb::Message& message) {
  const MessageSchema& schema = MessageSchema::Of(message.GetDescriptor());
  if (!schema.has_sensitive()) return;
  for (const FieldSchema* field : schema.sensitive_fields()) {
    if (field->options->sensitivity() != opt::SENSITIVITY_UNSPECIFIED) {
      message.GetReflection()->ClearField(&message, field->descriptor);
    } else {
      ForEachChild(message, *field, ClearTree);
    }
  }
}

}  // namespace

// A declaration that does not fit the message hides it.
bool IsOpenToOwner(const pb::Message& resource) {
  const pb::Descriptor& descriptor = *resource.GetDescriptor();
  if (!descriptor.options().HasExtension(opt::owner_sees_plain_while)) return true;
  const opt::WhileState& state = descriptor.options().GetExtension(opt::owner_sees_plain_while);
  const pb::FieldDescriptor* field = descriptor.FindFieldByName(state.field());
  if (field == nullptr || field->enum_type() == nullptr || field->is_repeated()) return false;
  const std::string& value = resource.GetReflection()->GetEnum(resource, field)->name();
  return std::find(state.values().begin(), state.values().end(), value) != state.values().end();
}

void MaskSensitive(pb::Message& message, const Viewer& viewer) {
  MaskTree(message, viewer, viewer.plain_kinds);
}

void ClearSensitive(pb::Message& message) { ClearTree(message); }

std::string RedactedDebugString(const pb::Message& message) {
  const std::unique_ptr<pb::Message> copy = CopyOf(message);
  ClearSensitive(*copy);
  std::string text = copy->ShortDebugString();
  constexpr size_t kMaxLogged = 1000;
  if (text.size() > kMaxLogged) text.resize(kMaxLogged);
  return text;
}

}  // namespace crm::schema
