// Industries by GB/T 4754-2017: sections A–T, divisions A01–T97, and groups of our own for words
// that mean several of them (CUS-5).
//
//   MapIndustry("IT服务").code     → "I65"             a division
//   MapIndustry("制造业").code     → "C"               a section
//   MapIndustry("服务业").code     → "group:services"  sections F to T, its members
//   MapIndustry("软件外包")        → no code, candidates I65 …
//
// Each of the three is a legal value of the field industry. Codes themselves (C34, 34, group:…) are
// mapped too. Tables are immutable: thread-safe. Views live as long as the program.
#ifndef CRM_SERVICES_CUSTOMER_REFERENCE_INDUSTRY_H_
#define CRM_SERVICES_CUSTOMER_REFERENCE_INDUSTRY_H_

#include <span>
#include <string_view>
#include <vector>

#include "services/customer/reference/name_index.h"

namespace crm::customer::reference {

struct Industry {
  std::string_view code;  // "C", "C34" or "group:machinery"
  std::string_view name_zh;
  std::string_view name_en;
  // Sections or divisions, of a group only.
  std::vector<std::string_view> members;
};

// Free text, Chinese or English, to a code.
Mapping MapIndustry(std::string_view text);

// nullptr if there is no such code.
const Industry* FindIndustry(std::string_view code);

// Sections each followed by their divisions, then groups.
std::span<const Industry> AllIndustries();

// Whether `code` is `wider`, a division of the section `wider`, or belongs to the group `wider`.
// Unknown codes are within nothing.
bool IsIndustryWithin(std::string_view code, std::string_view wider);

}  // namespace crm::customer::reference

#endif  // CRM_SERVICES_CUSTOMER_REFERENCE_INDUSTRY_H_
