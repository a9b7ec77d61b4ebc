#include "common/filter/custom_field.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/filter/operand.h"
#include "common/filter/operator_sql.h"

namespace crm::filter {
namespace {

using Result = std::variant<Fragment, ComparisonProblem>;
using At = ComparisonProblem::At;

constexpr size_t kMaxKeyLength = 64;

Result BadLiteral(Mend mend) {
  return ComparisonProblem{At::kLiteral, "FILTER_TYPE", std::move(mend)};
}

// The pieces of a condition on one member of the object. The path is bound, and JSON_EXTRACT takes
// a bound path on both servers (JSON_VALUE does not on MySQL).
class Member {
 public:
  Member(std::string_view column, std::string_view key)
      : extract_(absl::StrCat("JSON_EXTRACT(", ToAbsl(column), ", ?)")),
        path_(absl::StrCat("$.\"", ToAbsl(key), "\"")) {}

  // Of this type, and `text` about its unquoted text. `text` begins after the operand.
  Fragment Where(std::string_view types, std::string_view before, std::string_view after,
                 db::Value operand) const {
    Fragment out;
    out.Append(absl::StrCat("(JSON_TYPE(", extract_, ") ", ToAbsl(types), " AND "), path_);
    out.Append(absl::StrCat(ToAbsl(before), "JSON_UNQUOTE(", extract_, ")"), path_);
    out.Append(std::string(after) + ")", std::move(operand));
    return out;
  }

  Fragment IsText(Operator op, std::string_view value) const {
    return Where("= 'STRING'", "", absl::StrCat(" ", ToAbsl(SqlOperator(op)), " ?"), value);
  }
  Fragment ContainsText(std::string_view value) const {
    return Where("= 'STRING'", "INSTR(", ", ?) > 0", value);
  }
  Fragment HasElement(std::string_view value) const {
    Fragment out;
    out.Append(absl::StrCat("(JSON_TYPE(", extract_, ") = 'ARRAY' AND "), path_);
    out.Append(absl::StrCat("JSON_CONTAINS(", extract_, ", ?))"), path_);
    out.values.push_back(JsonText(value));
    return out;
  }
  Fragment IsNumber(Operator op, double value) const {
    return Where("IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')", "CAST(",
                 absl::StrCat(" AS DOUBLE) ", ToAbsl(SqlOperator(op)), " ?"), value);
  }
  Fragment IsBoolean(Operator op, bool value) const {
    return Where("= 'BOOLEAN'", "", absl::StrCat(" ", ToAbsl(SqlOperator(op)), " ?"),
                 value ? "true" : "false");
  }
  // Neither absent nor null nor an empty list.
  Fragment IsKnown() const {
    Fragment out;
    out.Append(absl::StrCat("(JSON_TYPE(", extract_, ") <> 'NULL' AND "), path_);
    out.Append(absl::StrCat("JSON_LENGTH(", extract_, ") > 0)"), path_);
    return out;
  }

 private:
  std::string extract_;
  std::string path_;
};

CustomFieldKind KindOf(const Literal& literal, const CompileOptions& options) {
  if (literal.form == Literal::Form::kQuoted) return CustomFieldKind::kText;
  if (ReadDay(literal, options.now, options.zone).has_value()) return CustomFieldKind::kDate;
  if (ReadNumber(literal).has_value()) return CustomFieldKind::kNumber;
  if (ReadBoolean(literal).has_value()) return CustomFieldKind::kBoolean;
  return CustomFieldKind::kText;
}

Operator EqualForHas(Operator op) { return op == Operator::kHas ? Operator::kEqual : op; }

Result CompileText(const Member& member, const Comparison& comparison, bool may_be_list) {
  const Literal& literal = comparison.literal;
  if (literal.form == Literal::Form::kCall || literal.text.empty()) {
    return BadLiteral(ExpectedText());
  }
  if (comparison.op != Operator::kHas) return member.IsText(comparison.op, literal.text);
  if (!may_be_list) return member.ContainsText(literal.text);
  Fragment either;
  either.Append("(");
  either.Append(member.ContainsText(literal.text));
  either.Append(" OR ");
  either.Append(member.HasElement(literal.text));
  either.Append(")");
  return either;
}

Result CompileList(const Member& member, const Comparison& comparison) {
  if (comparison.op != Operator::kHas) {
    return ComparisonProblem{At::kOperator, "FILTER_OPERATOR", ExpectedHas()};
  }
  const Literal& literal = comparison.literal;
  if (literal.form == Literal::Form::kCall || literal.text.empty()) {
    return BadLiteral(ExpectedText());
  }
  return member.HasElement(literal.text);
}

Result CompileBoolean(const Member& member, const Comparison& comparison) {
  const std::optional<bool> value = ReadBoolean(comparison.literal);
  if (!value.has_value()) return BadLiteral(ExpectedBoolean());
  const Operator op = EqualForHas(comparison.op);
  if (op != Operator::kEqual) {
    return ComparisonProblem{At::kOperator, "FILTER_OPERATOR", ExpectedEquality()};
  }
  return member.IsBoolean(op, *value);
}

Result CompileDate(const Member& member, const Comparison& comparison,
                   const CompileOptions& options) {
  const auto day = ReadDay(comparison.literal, options.now, options.zone);
  if (!day.has_value()) return BadLiteral(ExpectedDay());
  return member.IsText(EqualForHas(comparison.op), IsoDate(*day));
}

Result CompileNumber(const Member& member, const Comparison& comparison) {
  const std::optional<double> value = ReadNumber(comparison.literal);
  if (!value.has_value()) return BadLiteral(ExpectedNumber());
  return member.IsNumber(EqualForHas(comparison.op), *value);
}

}  // namespace

bool IsCustomFieldKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyLength &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

std::variant<Fragment, ComparisonProblem> CompileCustomField(std::string_view column,
                                                             const Comparison& comparison,
                                                             std::optional<CustomFieldKind> kind,
                                                             const CompileOptions& options) {
  const Member member(column, *comparison.key);
  if (comparison.literal.form == Literal::Form::kAny) return member.IsKnown();
  switch (kind.value_or(KindOf(comparison.literal, options))) {
    case CustomFieldKind::kText:
    case CustomFieldKind::kChoice:
      return CompileText(member, comparison, /*may_be_list=*/!kind.has_value());
    case CustomFieldKind::kChoices:
      return CompileList(member, comparison);
    case CustomFieldKind::kNumber:
      return CompileNumber(member, comparison);
    case CustomFieldKind::kDate:
      return CompileDate(member, comparison, options);
    case CustomFieldKind::kBoolean:
      return CompileBoolean(member, comparison);
  }
  return BadLiteral(ExpectedText());
}

}  // namespace crm::filter
