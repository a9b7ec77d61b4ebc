// Errors as people read them: what is wrong, field by field, and what to do next (PLT-29).
#ifndef CRM_TOOLS_CRMCTL_ERROR_TEXT_H_
#define CRM_TOOLS_CRMCTL_ERROR_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "tools/crmctl/console.h"

namespace crm::cli {

// `has_token`: one was given, so the way out is another one.
std::string ErrorText(const absl::Status& status, Language language, const Style& style,
                      bool has_token);

int ExitCodeOf(const absl::Status& status);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_ERROR_TEXT_H_
