// Numbers that the state gives: the credit code of an organisation (GB 32100-2015) and the resident
// id of a person (GB 11643-1999), each 18 characters with a check character (CUS-2).
//
// Pure, thread-safe. The Normalize functions trim, replace full-width forms, upper-case.
#ifndef CRM_COMMON_TEXT_NATIONAL_IDS_H_
#define CRM_COMMON_TEXT_NATIONAL_IDS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "common/text/result.h"

namespace crm::text {

// Problems: CREDIT_CODE_LENGTH, CREDIT_CODE_CHARACTERS, CREDIT_CODE_CHECK.
Result<std::string> NormalizeCreditCode(std::string_view text);

// The character that completes the first 17; nullopt if they are not 17 legal ones.
std::optional<char> CreditCodeCheckCharacter(std::string_view first17);

// `today` bounds the birth date; the year is 1900 or later.
// Problems: RESIDENT_ID_LENGTH, RESIDENT_ID_CHARACTERS, RESIDENT_ID_REGION, RESIDENT_ID_BIRTHDAY,
// RESIDENT_ID_CHECK.
Result<std::string> NormalizeResidentId(std::string_view text, absl::CivilDay today);

// The character that completes the first 17; nullopt if they are not 17 digits.
std::optional<char> ResidentIdCheckCharacter(std::string_view first17);

// nullopt if `id` does not hold a calendar date where the birthday stands.
std::optional<absl::CivilDay> BirthdayOfResidentId(std::string_view id);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_NATIONAL_IDS_H_
