// Phone numbers (CUS-4): one stored form for each number, however it was typed.
//
//   +86 138 1234 5678     → 13812345678            Chinese mobile: 11 digits
//   (0755) 8888 6666转801 → 0755-88886666-801      landline: area code, number, extension
//   400 888 6666          → 400-8886666            service number: counts as a landline
//   001 (415) 555-2671    → +14155552671           foreign: E.164
//
// Normalising a normalised number changes nothing. Pure, thread-safe; only foreign numbers cost
// more than a walk over the text. A cell with two numbers is refused, not cut.
#ifndef CRM_COMMON_TEXT_PHONE_H_
#define CRM_COMMON_TEXT_PHONE_H_

#include <string>
#include <string_view>

#include "common/text/result.h"

namespace crm::text {

struct PhonePolicy {
  // Chinese numbers with an area code, and 400/800 numbers: for organisations.
  bool allow_landline = false;
};

enum class PhoneKind { kChineseMobile, kLandline, kForeign };

// Problems: PHONE_EMPTY, PHONE_CHARACTERS, PHONE_SEVERAL, PHONE_FORMAT, PHONE_AREA_CODE,
// PHONE_LANDLINE, PHONE_FOREIGN.
Result<std::string> NormalizePhone(std::string_view text, const PhonePolicy& policy);

// 11 digits from 13x to 19x, nothing else: true of normalised mobiles only.
bool IsChineseMobile(std::string_view phone);

// Of a normalised number.
PhoneKind KindOfPhone(std::string_view phone);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_PHONE_H_
