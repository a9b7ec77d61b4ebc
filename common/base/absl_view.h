// Debian's Abseil has a string_view type of its own. Own interfaces use std::string_view; this is
// the crossing, free of cost.
//
//   absl::StrCat("unknown role ", ToAbsl(role))
#ifndef CRM_COMMON_BASE_ABSL_VIEW_H_
#define CRM_COMMON_BASE_ABSL_VIEW_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace crm {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace crm

#endif  // CRM_COMMON_BASE_ABSL_VIEW_H_
