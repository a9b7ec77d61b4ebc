// What those without the right see of sensitive values (PLT-14).
//
// Each function hides enough whatever it is given: a value that is not of the expected form, or too
// short to hide a part of, is masked whole. An empty value stays empty. Pure, thread-safe.
#ifndef CRM_COMMON_TEXT_MASKING_H_
#define CRM_COMMON_TEXT_MASKING_H_

#include <string>
#include <string_view>

namespace crm::text {

// 13812345678 → 138****5678; 0755-88886666-801 → 0755-****6666-***; +14155552671 → +14*****2671.
std::string MaskPhone(std::string_view phone);

// A person: 张三丰 → 张**. Always two stars: the length says something too. A single character is
// hidden.
std::string MaskName(std::string_view name);

// Six characters or more: the first two and last two, 深圳市某某有限公司 → 深圳****公司; shorter
// ones as a person's name.
std::string MaskOrganizationName(std::string_view name);

// zhang@example.com → z***@example.com. The domain stays.
std::string MaskEmail(std::string_view email);

// Resident id, bank account, credit code: the first three and last two of ten characters or more,
// 440301198803051234 → 440*************34.
std::string MaskId(std::string_view id);

// 1988-03-05 → 1988-**-**.
std::string MaskDate(std::string_view iso_date);

// ***
std::string MaskAll(std::string_view value);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_MASKING_H_
