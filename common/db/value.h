// A value on its way into a statement: NULL, integer, floating point, or bytes (text, decimals and
// dates are bytes).
#ifndef CRM_COMMON_DB_VALUE_H_
#define CRM_COMMON_DB_VALUE_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crm::db {

class Value {
 public:
  using Variant = std::variant<std::monostate, int64_t, double, std::string>;

  Value() = default;                                            // NULL
  Value(std::nullopt_t) {}                                      // NOLINT: literals read as values
  Value(std::integral auto v) : v_(static_cast<int64_t>(v)) {}  // NOLINT
  template <typename Enum>
  requires std::is_enum_v<Enum> Value(Enum v) : v_(static_cast<int64_t>(v)) {}  // NOLINT
  Value(double v) : v_(v) {}                                                    // NOLINT
  Value(std::string v) : v_(std::move(v)) {}                                    // NOLINT
  Value(std::string_view v) : v_(std::string(v)) {}                             // NOLINT
  Value(const char* v) : v_(std::string(v)) {}                                  // NOLINT
  Value(absl::Time t) : v_(ToMicros(t)) {}  // NOLINT: BIGINT microseconds
  template <typename T>
  Value(const std::optional<T>& v) {  // NOLINT
    if (v.has_value()) *this = Value(*v);
  }

  bool is_null() const { return v_.index() == 0; }
  const Variant& get() const { return v_; }
  friend bool operator==(const Value&, const Value&) = default;

 private:
  Variant v_;
};

using Values = std::vector<Value>;

}  // namespace crm::db

#endif  // CRM_COMMON_DB_VALUE_H_
