// What compiling a filter or an order needs to know of the call.
#ifndef CRM_COMMON_FILTER_COMPILE_OPTIONS_H_
#define CRM_COMMON_FILTER_COMPILE_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/crypto/keyring.h"
#include "common/schema/language.h"

namespace crm::filter {

// What a custom field holds (CUS-9), and how it is stored in the JSON object.
enum class CustomFieldKind {
  kText,     // string
  kNumber,   // number
  kDate,     // string, YYYY-MM-DD
  kChoice,   // string
  kChoices,  // array of strings
  kBoolean,  // true or false
};
using CustomFields = absl::flat_hash_map<std::string, CustomFieldKind>;

struct CompileOptions {
  crypto::Keyring* keyring = nullptr;  // never null; makes the hashes of encrypted fields
  absl::Time now;                      // for today()
  absl::TimeZone zone;                 // business zone: a date against a time is a day there
  schema::Language language = schema::Language::kEnglish;  // of errors
  std::string_view alias;                                  // of the resource's table
  // Null: any custom field, its kind read from the value it is compared with.
  const CustomFields* custom_fields = nullptr;
  // Bit (1 << Sensitivity) for the kinds this caller sees plain. The others can only be looked up
  // as a whole: whoever may order by a hidden amount, or compare with it, can find it out.
  uint32_t plain_kinds = ~uint32_t{0};
};

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_COMPILE_OPTIONS_H_
