// Yes and no as people write them in spreadsheets.
#ifndef CRM_COMMON_TEXT_YES_NO_H_
#define CRM_COMMON_TEXT_YES_NO_H_

#include <optional>
#include <string_view>

namespace crm::text {

// `是`, `Y`, `√`, `1` …; `否`, `N`, `×`, `0` …; nothing for other words. Case and width do not
// count. Pure, thread-safe.
std::optional<bool> ParseYesNo(std::string_view text);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_YES_NO_H_
