// E-mail and web addresses: syntax only, nothing is looked up. Pure, thread-safe.
#ifndef CRM_COMMON_TEXT_EMAIL_H_
#define CRM_COMMON_TEXT_EMAIL_H_

#include <string>
#include <string_view>

#include "common/text/result.h"

namespace crm::text {

// `Zhang.San@Example.COM` → `Zhang.San@example.com` (CUS-4). Trimmed, full-width forms replaced;
// the part before the @ keeps its case. Quoted and non-ASCII addresses are refused.
// Problems: EMAIL_EMPTY, EMAIL_FORMAT.
Result<std::string> NormalizeEmail(std::string_view text);

// An http or https address with a host name of two labels or more, or an IPv4 address, and without
// user or password. Scheme and host in lower case, the rest as given. Problem: URL_FORMAT.
Result<std::string> NormalizeUrl(std::string_view text);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_EMAIL_H_
