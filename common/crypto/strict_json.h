// JSON that decides about trust: tokens, key sets, key files, role files.
//
// nlohmann-json is lenient where that is dangerous: of a key given twice the last one wins, so two
// programs can read two meanings from one signed text. Here a key given twice, deep nesting, too
// much text, invalid UTF-8, numbers out of range and anything after the value are refused.
//
// Errors: INVALID_ARGUMENT that names the line or the doubled key. It never quotes a value.
#ifndef CRM_COMMON_CRYPTO_STRICT_JSON_H_
#define CRM_COMMON_CRYPTO_STRICT_JSON_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace crm::crypto {

struct JsonLimits {
  size_t max_bytes = 1 << 20;
  int max_depth = 16;
};

absl::StatusOr<nlohmann::json> ParseStrictJson(std::string_view text, JsonLimits limits = {});

}  // namespace crm::crypto

#endif  // CRM_COMMON_CRYPTO_STRICT_JSON_H_
