// The grammar of a filter, without knowing any field. For filter.cc; see filter.h.
#ifndef CRM_COMMON_FILTER_SYNTAX_H_
#define CRM_COMMON_FILTER_SYNTAX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/schema/language.h"

namespace crm::filter {

inline constexpr size_t kMaxFilterCharacters = 4000;
inline constexpr int kMaxFilterDepth = 20;
inline constexpr int kMaxFilterComparisons = 100;

enum class Operator { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kHas };

struct Literal {
  enum class Form {
    kWord,
    kQuoted,
    kAny,   // a bare *
    kCall,  // name(argument): text is the name
  };
  Form form = Form::kWord;
  std::string text;
  std::optional<int64_t> argument;
  size_t offset = 0;  // in bytes
};

// field op literal, or field.key op literal.
struct Comparison {
  std::string field;
  size_t field_offset = 0;
  std::optional<std::string> key;
  size_t key_offset = 0;
  Operator op = Operator::kEqual;
  size_t op_offset = 0;
  Literal literal;
};

struct Expression {
  enum class Kind { kAll, kAny, kNot, kComparison };
  Kind kind = Kind::kComparison;
  std::vector<Expression> operands;  // one for kNot
  Comparison comparison;             // kComparison
};

// Nothing for a blank filter. Errors: see filter.h.
absl::StatusOr<std::optional<Expression>> ParseFilterSyntax(std::string_view filter,
                                                            schema::Language language);

absl::Status FilterError(std::string_view filter, size_t offset, std::string_view rule,
                         std::string_view en, std::string_view zh, schema::Language language);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_SYNTAX_H_
