// Durations as people read them: the two largest units.
#ifndef CRM_TOOLS_CRMCTL_DURATION_TEXT_H_
#define CRM_TOOLS_CRMCTL_DURATION_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "common/schema/language.h"

namespace crm::cli {

// `2天3小时`, `2 d 3 h`; `45秒` below a minute; without its sign.
std::string DurationText(absl::Duration duration, schema::Language language);

// What is left until a due time, or how long it has passed: `剩余 2小时5分`, `超时 10分`.
std::string RemainingText(absl::Duration remaining, schema::Language language);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_DURATION_TEXT_H_
