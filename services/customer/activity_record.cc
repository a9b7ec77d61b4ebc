#include "services/customer/activity_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "common/schema/message_schema.h"

namespace crm::customer {
namespace {

// Nothing was recorded before computers; dates far back are typing errors.
constexpr absl::Time kEarliest = absl::UnixEpoch();

}  // namespace

void RecordCheck::Add(std::string_view field, std::string_view rule, std::string_view en,
                      std::string_view zh) {
  violations_.push_back({absl::StrCat(context_.field_prefix, ToAbsl(field)), std::string(rule),
                         std::string(en), std::string(zh)});
}

void RecordCheck::Require(bool is_set, std::string_view field) {
  if (!is_set) Add(field, "REQUIRED", "set this field", "必填");
}

void RecordCheck::ResolveLists(const ManagedLists& lists, google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (const schema::FieldSchema& field :
       schema::MessageSchema::Of(message.GetDescriptor()).fields()) {
    if (field.options->managed_list().empty() || field.repeated) continue;
    const std::string value = reflection.GetString(message, field.descriptor);
    if (value.empty()) continue;
    ListMatch match = lists.Resolve(field.options->managed_list(), value);
    if (!match.code.empty()) {
      reflection.SetString(&message, field.descriptor, std::move(match.code));
      continue;
    }
    const schema::Breach breach = NotInList(match.candidates);
    Add(field.name, breach.rule, breach.mend_en, breach.mend_zh);
  }
}

void RecordCheck::CheckTime(std::string_view field, google::protobuf::Timestamp& time) {
  time.set_nanos(time.nanos() / 1'000 * 1'000);
  const absl::Time value = TimeOf(time);
  if (value > context_.source.time + kMaxAhead) {
    Add(field, "TIME_IN_FUTURE", "use a time that has passed", "时间不得晚于当前时间");
  } else if (value < kEarliest) {
    Add(field, "TIME_TOO_EARLY", "use a time after 1970", "时间不得早于1970年");
  }
}

void SetOutcome(const absl::Status& status, bool unchanged, const std::string& number,
                const std::vector<v1::Cleaning>& cleanings, v1::RowOutcome& outcome) {
  if (!status.ok()) {
    outcome.set_state(v1::RowOutcome::STATE_REFUSED);
    *outcome.mutable_error() = ToRpcStatus(status);
    return;
  }
  outcome.set_state(unchanged ? v1::RowOutcome::STATE_UNCHANGED : v1::RowOutcome::STATE_RECORDED);
  outcome.set_number(number);
  for (const v1::Cleaning& cleaning : cleanings) *outcome.add_cleanings() = cleaning;
}

}  // namespace crm::customer
