#include "common/schema/contradictions.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "crm/options/v1/options.pb.h"
#include "crm/options/v1/ownership.pb.h"

namespace crm::schema {
namespace {

namespace pb = google::protobuf;
using crm::options::v1::FieldOptions;

// What only texts have.
bool SpeaksOfText(const FieldOptions& options) {
  return options.format() != crm::options::v1::FORMAT_UNSPECIFIED || !options.pattern().empty() ||
         options.min_length() > 0 || options.encrypted() || !options.managed_list().empty();
}

void CheckField(const pb::FieldDescriptor& field, std::vector<std::string>& problems) {
  const FieldOptions& options = field.options().GetExtension(crm::options::v1::field);
  const auto add = [&](const char* what) {
    problems.push_back(absl::StrCat(field.full_name(), ": ", what));
  };
  const bool is_text = field.type() == pb::FieldDescriptor::TYPE_STRING;
  if (options.required() && options.output_only()) add("required and output_only");
  if (options.immutable() && options.output_only()) add("immutable and output_only");
  if (options.has_min() && options.has_max() && options.min() > options.max()) add("min over max");
  if (options.max_length() > 0 && options.min_length() > options.max_length()) {
    add("min_length over max_length");
  }
  if (options.lookup() != crm::options::v1::LOOKUP_UNSPECIFIED && !options.encrypted()) {
    add("lookup without encrypted");
  }
  if (SpeaksOfText(options) && !is_text) add("options of a text on something else");
  if ((options.has_min() || options.has_max()) && is_text &&
      options.format() != crm::options::v1::FORMAT_DECIMAL) {
    add("bounds of a number on a text");
  }
  if (options.max_items() > 0 && !field.is_repeated()) add("max_items of a single value");
}

// What somebody is involved with has to be told by the message itself, in a text.
void CheckInvolved(const pb::Descriptor& message, std::vector<std::string>& problems) {
  if (!message.options().HasExtension(crm::options::v1::involved_see_plain)) return;
  const std::string& name =
      message.options().GetExtension(crm::options::v1::involved_see_plain).subject_field();
  const pb::FieldDescriptor* subject = message.FindFieldByName(name);
  if (subject != nullptr && subject->type() == pb::FieldDescriptor::TYPE_STRING &&
      !subject->is_repeated()) {
    return;
  }
  problems.push_back(absl::StrCat(message.full_name(), ": involved_see_plain without a subject"));
}

void CheckMessage(const pb::Descriptor& message, std::set<const pb::Descriptor*>& seen,
                  std::vector<std::string>& problems) {
  if (!seen.insert(&message).second) return;
  CheckInvolved(message, problems);
  for (int i = 0; i < message.field_count(); ++i) {
    CheckField(*message.field(i), problems);
    const pb::Descriptor* inner = message.field(i)->message_type();
    if (inner != nullptr) CheckMessage(*inner, seen, problems);
  }
}

}  // namespace

std::vector<std::string> ContradictionsOf(const pb::Descriptor& message) {
  std::set<const pb::Descriptor*> seen;
  std::vector<std::string> problems;
  CheckMessage(message, seen, problems);
  return problems;
}

}  // namespace crm::schema
