#include "services/sales/time_rules.h"

#include <algorithm>

#include "common/error/error.h"
#include "common/record/times.h"

namespace crm::sales {

absl::StatusOr<absl::Time> EnterTime(absl::Time now, const google::protobuf::Timestamp* given,
                                     absl::Time last, std::string_view field) {
  // Clocks of replicas differ a little: a stay never ends before it began.
  if (given == nullptr) return std::max(now, last);
  const absl::Time time = record::TimeOf(*given);
  if (time > now) return InvalidField(field, "TIME_IN_FUTURE", "use a time that has passed");
  if (time < last) {
    return InvalidField(field, "TIME_BEFORE_LAST_MOVE",
                        "use a time from the entry of the stage before on");
  }
  return time;
}

void CheckLeadTime(absl::Time now, const v1::Opportunity& opportunity,
                   std::vector<schema::Violation>& violations) {
  if (record::TimeOf(opportunity.lead_time()) <= now) return;
  violations.push_back(
      {"lead_time", "TIME_IN_FUTURE", "use a time that has passed", "不得晚于当前时间"});
}

}  // namespace crm::sales
