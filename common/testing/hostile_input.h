// Requests made from descriptors: a good one, and every variant of it in which one field is awkward
// (QUA-8).
//
//   FillRequired(request, {.now = now, .texts = {{"customer", number}}});
//   ForEachHostile(request, [&](const pb::Message& hostile, const FieldSchema& field) { … });
#ifndef CRM_COMMON_TESTING_HOSTILE_INPUT_H_
#define CRM_COMMON_TESTING_HOSTILE_INPUT_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/message.h"

namespace crm::testing {

// What a good request says where a declaration cannot tell.
struct GoodValues {
  absl::Time now;
  std::map<std::string, std::string> texts;  // by the field's name: references, codes, enum values
};

// Gives all required fields values that their declarations allow, and those that `good` names.
void FillRequired(google::protobuf::Message& message, const GoodValues& good);

using UseHostile =
    std::function<void(const google::protobuf::Message& request, const schema::FieldSchema& field)>;
// One field, at any depth, is hostile, or valid in an unusual way; all others are as in `message`,
// which is as it was afterwards.
void ForEachHostile(google::protobuf::Message& message, const UseHostile& use);

// A refusal that a client can act on: with a reason, not an error of ours.
bool IsTyped(const absl::Status& status);

// A text field of the resource says after reading what was sent: the same text, the same number, or
// the same letters and digits where the declared format has a form of its own. What the reader may
// not see is no contradiction.
bool IsStoredAsSent(const schema::FieldSchema& field, const google::protobuf::Message& sent,
                    const google::protobuf::Message& read);

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTING_HOSTILE_INPUT_H_
