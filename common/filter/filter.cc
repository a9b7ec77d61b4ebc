#include "common/filter/filter.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/column.h"
#include "common/filter/custom_field.h"
#include "common/filter/near_names.h"
#include "common/filter/operand.h"
#include "common/filter/operator_sql.h"
#include "common/filter/request_error.h"
#include "common/filter/sensitive.h"
#include "common/filter/syntax.h"
#include "common/schema/value_check.h"
#include "common/text/unicode.h"

namespace crm::filter {
namespace {

namespace opt = crm::options::v1;
using schema::FieldKind;
using schema::FieldSchema;

constexpr size_t kTailLength = 4;
constexpr int kDecimalScale = 2;

bool IsFilterable(const FieldSchema& field) {
  return field.options->filterable() && !field.options->not_stored();
}

// A comparison after NOT was taken into it. An operator and its opposite part the known values
// between them; the unknown ones go with !=, or with the negation of any other.
struct Test {
  Operator op;
  bool unknown_matches;
};

Test TestOf(Operator op, bool negated) {
  return {negated ? Opposite(op) : op, (op == Operator::kNotEqual) != negated};
}

class Compiler {
 public:
  Compiler(const schema::MessageSchema& schema, std::string_view filter,
           const CompileOptions& options)
      : schema_(schema), filter_(filter), options_(options) {}

  // NOT is pushed down to the comparisons, so that what is NULL may count as false everywhere.
  absl::StatusOr<Fragment> Compile(const Expression& expression, bool negated) const {
    switch (expression.kind) {
      case Expression::Kind::kNot:
        return Compile(expression.operands.front(), !negated);
      case Expression::Kind::kAll:
        return CompileGroup(expression.operands, negated, negated ? " OR " : " AND ");
      case Expression::Kind::kAny:
        return CompileGroup(expression.operands, negated, negated ? " AND " : " OR ");
      case Expression::Kind::kComparison:
        break;
    }
    return CompileComparison(expression.comparison, negated);
  }

 private:
  absl::StatusOr<Fragment> CompileGroup(const std::vector<Expression>& operands, bool negated,
                                        std::string_view joint) const {
    Fragment group;
    group.Append("(");
    for (const Expression& operand : operands) {
      CRM_ASSIGN_OR_RETURN(const Fragment condition, Compile(operand, negated));
      if (group.sql.size() > 1) group.Append(joint);
      group.Append(condition);
    }
    group.Append(")");
    return group;
  }

  absl::StatusOr<Fragment> CompileComparison(const Comparison& comparison, bool negated) const {
    CRM_ASSIGN_OR_RETURN(const FieldSchema* field, FindField(comparison));
    CRM_RETURN_IF_ERROR(CheckVisible(*field, comparison));
    if (field->kind == FieldKind::kStruct) return CompileCustom(*field, comparison, negated);
    if (comparison.key.has_value()) {
      return Fail(comparison.key_offset, "FILTER_UNKNOWN_FIELD",
                  {"this field has no parts", "此字段没有下级字段"});
    }
    if (comparison.literal.form == Literal::Form::kAny) {
      return CompileKnown(*field, comparison, negated);
    }
    if (field->repeated) return CompileList(*field, comparison, negated);
    if (MeansUnknown(*field, comparison.literal)) {
      return CompileUnknown(*field, comparison, negated);
    }
    if (field->options->encrypted()) return CompileEncrypted(*field, comparison, negated);
    return CompilePlain(*field, comparison, negated);
  }

  absl::StatusOr<const FieldSchema*> FindField(const Comparison& comparison) const {
    const FieldSchema* field = schema_.Find(comparison.field);
    if (field == nullptr) {
      return Fail(comparison.field_offset, "FILTER_UNKNOWN_FIELD",
                  UnknownFieldMend(NearFields(comparison.field, schema_, IsFilterable)));
    }
    if (!IsFilterable(*field)) {
      return Fail(comparison.field_offset, "FILTER_NOT_FILTERABLE",
                  {"lists cannot be filtered by this field", "列表不能按此字段筛选"});
    }
    return field;
  }

  absl::Status CheckVisible(const FieldSchema& field, const Comparison& comparison) const {
    if (IsVisible(field, options_.plain_kinds) || field.options->encrypted()) {
      return absl::OkStatus();
    }
    return Fail(comparison.field_offset, "FILTER_SENSITIVE",
                {"you may not see this field, so you may not filter by it",
                 "您无权查看此字段，因此不能按其筛选"});
  }

  // field:*, NOT field:*
  absl::StatusOr<Fragment> CompileKnown(const FieldSchema& field, const Comparison& comparison,
                                        bool negated) const {
    if (comparison.op != Operator::kHas) {
      return Fail(comparison.op_offset, "FILTER_OPERATOR",
                  {"a bare * goes with `:` only; put the text * in quotes",
                   "单独的 * 只能与 : 连用；如需匹配字符 * 请加引号"});
    }
    return KnownCondition(field, !negated);
  }

  Fragment KnownCondition(const FieldSchema& field, bool known) const {
    if (field.repeated) return Negate({Name(field) + " <> '[]'", {}}, !known);
    return {Name(field) + (known ? " IS NOT NULL" : " IS NULL"), {}};
  }

  static bool MeansUnknown(const FieldSchema& field, const Literal& literal) {
    if (literal.form == Literal::Form::kQuoted && literal.text.empty()) return true;
    return field.kind == FieldKind::kEnum && literal.form != Literal::Form::kCall &&
           IsUnspecified(*field.descriptor->enum_type(), literal.text);
  }

  // field = "", field != ""
  absl::StatusOr<Fragment> CompileUnknown(const FieldSchema& field, const Comparison& comparison,
                                          bool negated) const {
    if (comparison.op != Operator::kEqual && comparison.op != Operator::kNotEqual) {
      return Fail(
          comparison.op_offset, "FILTER_OPERATOR",
          {"only = and != can be used to ask for an unknown value; field:* asks for any value",
           "查询未知值只能用 = 或 !=；field:* 表示有任意值"});
    }
    return KnownCondition(field, (comparison.op == Operator::kEqual) == negated);
  }

  absl::StatusOr<Fragment> CompileList(const FieldSchema& field, const Comparison& comparison,
                                       bool negated) const {
    if (comparison.op != Operator::kHas) {
      return Fail(comparison.op_offset, "FILTER_OPERATOR", ExpectedHas());
    }
    CRM_ASSIGN_OR_RETURN(std::string element, JsonElement(field, comparison.literal));
    Fragment contains;
    contains.Append(absl::StrCat("JSON_CONTAINS(", Name(field), ", ?)"), std::move(element));
    return Negate(std::move(contains), negated);
  }

  absl::StatusOr<std::string> JsonElement(const FieldSchema& field, const Literal& literal) const {
    if (field.kind == FieldKind::kEnum) {
      CRM_ASSIGN_OR_RETURN(const int64_t number, EnumNumber(field, literal));
      return absl::StrCat(number);
    }
    if (field.kind == FieldKind::kInteger) {
      const std::optional<int64_t> number = ReadInteger(literal);
      if (!number.has_value()) return BadLiteral(literal, ExpectedInteger());
      return absl::StrCat(*number);
    }
    CRM_RETURN_IF_ERROR(CheckText(literal));
    return JsonText(literal.text);
  }

  absl::StatusOr<Fragment> CompileEncrypted(const FieldSchema& field, const Comparison& comparison,
                                            bool negated) const {
    if (field.options->lookup() == opt::LOOKUP_UNSPECIFIED) {
      return Fail(comparison.op_offset, "FILTER_OPERATOR",
                  {"this field is encrypted: only :* can be asked for",
                   "此字段已加密，只能用 :* 查询是否有值"});
    }
    Operator op = comparison.op;
    if (op == Operator::kHas) op = Operator::kEqual;
    if (op != Operator::kEqual && op != Operator::kNotEqual) {
      return Fail(comparison.op_offset, "FILTER_OPERATOR", ExpectedEquality());
    }
    CRM_RETURN_IF_ERROR(CheckText(comparison.literal));
    const Test test = TestOf(op, negated);
    const std::string place = absl::StrCat(schema_.resource()->table(), ".", field.name);
    if (AsksForTail(field, comparison)) {
      return Compare(Name(field) + "_tail_hash", test, "?",
                     options_.keyring->LookupHash(place + ".tail", comparison.literal.text));
    }
    CRM_ASSIGN_OR_RETURN(const std::string value, NormalValue(field, comparison.literal));
    return Compare(Name(field) + "_hash", test, "?", options_.keyring->LookupHash(place, value));
  }

  static bool AsksForTail(const FieldSchema& field, const Comparison& comparison) {
    return comparison.op == Operator::kHas &&
           field.options->lookup() == opt::LOOKUP_EQUALITY_AND_TAIL &&
           text::CodePointLength(comparison.literal.text) == kTailLength;
  }

  // Hashes are made of normalised values: one that cannot be normalised is found nowhere, and to
  // say so is of more use than an empty list.
  absl::StatusOr<std::string> NormalValue(const FieldSchema& field, const Literal& literal) const {
    std::string value = literal.text;
    const auto breach = schema::CheckString(field, options_.now, value);
    if (!breach.has_value()) return value;
    return BadLiteral(literal, {breach->mend_en, breach->mend_zh});
  }

  absl::StatusOr<Fragment> CompilePlain(const FieldSchema& field, const Comparison& comparison,
                                        bool negated) const {
    switch (field.kind) {
      case FieldKind::kString:
        return CompileString(field, comparison, negated);
      case FieldKind::kInteger:
        return CompileValue(field, comparison, negated, ReadInteger(comparison.literal),
                            ExpectedInteger());
      case FieldKind::kDouble:
        return CompileValue(field, comparison, negated, ReadNumber(comparison.literal),
                            ExpectedNumber());
      case FieldKind::kBool:
        return CompileBoolean(field, comparison, negated);
      case FieldKind::kEnum: {
        CRM_ASSIGN_OR_RETURN(const int64_t number, EnumNumber(field, comparison.literal));
        return Compare(Name(field), TestOf(EqualForHas(comparison.op), negated), "?", number);
      }
      case FieldKind::kTimestamp:
        return CompileTime(field, comparison, negated);
      default:
        return Fail(comparison.field_offset, "FILTER_NOT_FILTERABLE",
                    {"lists cannot be filtered by this field", "列表不能按此字段筛选"});
    }
  }

  absl::StatusOr<Fragment> CompileString(const FieldSchema& field, const Comparison& comparison,
                                         bool negated) const {
    const Literal& literal = comparison.literal;
    if (field.options->format() == opt::FORMAT_DATE) {
      const auto day = ReadDay(literal, options_.now, options_.zone);
      return CompileValue(field, comparison, negated,
                          day.has_value() ? std::optional(IsoDate(*day)) : std::nullopt,
                          ExpectedDay());
    }
    if (field.options->format() == opt::FORMAT_DECIMAL) {
      return CompileValue(field, comparison, negated, ReadDecimal(literal), ExpectedDecimal());
    }
    CRM_RETURN_IF_ERROR(CheckText(literal));
    if (comparison.op == Operator::kHas) return ContainsText(field, literal.text, negated);
    // What cannot be normalised is compared as it is.
    std::string value = literal.text;
    if (schema::CheckString(field, options_.now, value).has_value()) value = literal.text;
    return Compare(Name(field), TestOf(comparison.op, negated), "?", std::move(value));
  }

  static std::optional<std::string> ReadDecimal(const Literal& literal) {
    if (literal.form == Literal::Form::kCall) return std::nullopt;
    return schema::CanonicalDecimal(literal.text, kDecimalScale);
  }

  Fragment ContainsText(const FieldSchema& field, const std::string& part, bool negated) const {
    Fragment contains;
    if (negated) {
      contains.Append(
          absl::StrCat("(INSTR(", Name(field), ", ?) = 0 OR ", Name(field), " IS NULL)"), part);
    } else {
      contains.Append(absl::StrCat("INSTR(", Name(field), ", ?) > 0"), part);
    }
    return contains;
  }

  absl::StatusOr<Fragment> CompileBoolean(const FieldSchema& field, const Comparison& comparison,
                                          bool negated) const {
    const Operator op = EqualForHas(comparison.op);
    if (op != Operator::kEqual && op != Operator::kNotEqual) {
      return Fail(comparison.op_offset, "FILTER_OPERATOR", ExpectedEquality());
    }
    const std::optional<bool> value = ReadBoolean(comparison.literal);
    if (!value.has_value()) return BadLiteral(comparison.literal, ExpectedBoolean());
    return Compare(Name(field), TestOf(op, negated), "?", *value);
  }

  template <typename T>
  absl::StatusOr<Fragment> CompileValue(const FieldSchema& field, const Comparison& comparison,
                                        bool negated, std::optional<T> value,
                                        const Mend& expected) const {
    if (!value.has_value()) return BadLiteral(comparison.literal, expected);
    return Compare(Name(field), TestOf(EqualForHas(comparison.op), negated), Placeholder(field),
                   *std::move(value));
  }

  absl::StatusOr<int64_t> EnumNumber(const FieldSchema& field, const Literal& literal) const {
    const auto& type = *field.descriptor->enum_type();
    const bool named = literal.form != Literal::Form::kCall && !text::Trim(literal.text).empty();
    const auto* value = named ? schema::FindEnumValue(type, literal.text) : nullptr;
    if (value == nullptr) return BadLiteral(literal, ExpectedEnum(type));
    return value->number();
  }

  absl::StatusOr<Fragment> CompileTime(const FieldSchema& field, const Comparison& comparison,
                                       bool negated) const {
    const Test test = TestOf(EqualForHas(comparison.op), negated);
    if (const auto day = ReadDay(comparison.literal, options_.now, options_.zone)) {
      return CompareWithDay(Name(field), test, absl::FromCivil(*day, options_.zone),
                            absl::FromCivil(*day + 1, options_.zone));
    }
    const std::optional<absl::Time> time = ReadTime(comparison.literal, options_.zone);
    if (!time.has_value()) return BadLiteral(comparison.literal, ExpectedTime());
    return Compare(Name(field), test, "?", *time);
  }

  static Fragment CompareWithDay(const std::string& column, Test test, absl::Time begin,
                                 absl::Time end) {
    const bool unknown = test.unknown_matches;
    switch (test.op) {
      case Operator::kLess:
        return Compare(column, {Operator::kLess, unknown}, "?", begin);
      case Operator::kLessOrEqual:
        return Compare(column, {Operator::kLess, unknown}, "?", end);
      case Operator::kGreater:
        return Compare(column, {Operator::kGreaterOrEqual, unknown}, "?", end);
      case Operator::kGreaterOrEqual:
        return Compare(column, {Operator::kGreaterOrEqual, unknown}, "?", begin);
      default:
        break;
    }
    Fragment out;
    const bool inside = test.op == Operator::kEqual;
    out.Append(absl::StrCat("(", column, inside ? " >= ? AND " : " < ? OR "), begin);
    out.Append(absl::StrCat(column, inside ? " < ?" : " >= ?"), end);
    if (unknown) out.Append(absl::StrCat(" OR ", column, " IS NULL"));
    out.Append(")");
    return out;
  }

  absl::StatusOr<Fragment> CompileCustom(const FieldSchema& field, const Comparison& comparison,
                                         bool negated) const {
    CRM_ASSIGN_OR_RETURN(const std::optional<CustomFieldKind> kind, CustomKind(comparison));
    Comparison positive = comparison;
    if (comparison.op == Operator::kNotEqual) {
      positive.op = Operator::kEqual;
      negated = !negated;
    }
    const bool any = comparison.literal.form == Literal::Form::kAny;
    if (any && comparison.op != Operator::kHas) return CompileKnown(field, comparison, negated);
    if (!any && MeansUnknown(field, comparison.literal)) {
      return CompileUnknownCustom(field, positive, negated);
    }
    return FromCustom(CompileCustomField(Name(field), positive, kind, options_), comparison,
                      negated);
  }

  absl::StatusOr<Fragment> CompileUnknownCustom(const FieldSchema& field, Comparison comparison,
                                                bool negated) const {
    if (comparison.op != Operator::kEqual) return CompileUnknown(field, comparison, negated);
    comparison.op = Operator::kHas;
    comparison.literal.form = Literal::Form::kAny;
    return FromCustom(CompileCustomField(Name(field), comparison, std::nullopt, options_),
                      comparison, !negated);
  }

  absl::StatusOr<Fragment> FromCustom(std::variant<Fragment, ComparisonProblem> compiled,
                                      const Comparison& comparison, bool negated) const {
    if (const auto* problem = std::get_if<ComparisonProblem>(&compiled)) {
      const bool at_operator = problem->at == ComparisonProblem::At::kOperator;
      return Fail(at_operator ? comparison.op_offset : comparison.literal.offset, problem->rule,
                  problem->mend);
    }
    return Negate(std::get<Fragment>(std::move(compiled)), negated);
  }

  absl::StatusOr<std::optional<CustomFieldKind>> CustomKind(const Comparison& comparison) const {
    if (!comparison.key.has_value()) {
      return Fail(
          comparison.op_offset, "FILTER_SYNTAX",
          {"expected a point and the key of a custom field", "此处应为点号和自定义字段的键"});
    }
    const std::string& key = *comparison.key;
    if (!IsCustomFieldKey(key)) {
      return Fail(comparison.key_offset, "FILTER_UNKNOWN_FIELD",
                  {"keys of custom fields have at most 64 letters, digits, _ and -",
                   "自定义字段的键由最多 64 个字母、数字、_ 和 - 组成"});
    }
    if (options_.custom_fields == nullptr) return std::optional<CustomFieldKind>();
    const auto found = options_.custom_fields->find(key);
    if (found != options_.custom_fields->end()) return std::optional(found->second);
    std::vector<std::string> keys;
    for (const auto& [name, kind] : *options_.custom_fields) keys.push_back(name);
    return Fail(comparison.key_offset, "FILTER_UNKNOWN_FIELD",
                UnknownFieldMend(NearNames(key, keys)));
  }

  absl::Status CheckText(const Literal& literal) const {
    const bool text = literal.form != Literal::Form::kCall && !literal.text.empty();
    return text ? absl::OkStatus() : BadLiteral(literal, ExpectedText());
  }

  static Operator EqualForHas(Operator op) { return op == Operator::kHas ? Operator::kEqual : op; }

  static Fragment Compare(const std::string& column, Test test, std::string_view placeholder,
                          db::Value value) {
    Fragment out;
    out.Append(absl::StrCat(test.unknown_matches ? "(" : "", column, " ",
                            ToAbsl(SqlOperator(test.op)), " ", ToAbsl(placeholder)),
               std::move(value));
    if (test.unknown_matches) out.Append(absl::StrCat(" OR ", column, " IS NULL)"));
    return out;
  }

  static Fragment Negate(Fragment condition, bool negated) {
    if (negated) condition.sql = absl::StrCat("(", condition.sql, ") IS NOT TRUE");
    return condition;
  }

  std::string Name(const FieldSchema& field) const { return Column(options_.alias, field.name); }

  absl::Status BadLiteral(const Literal& literal, const Mend& expected) const {
    return Fail(literal.offset, "FILTER_TYPE", expected);
  }
  absl::Status Fail(size_t offset, std::string_view rule, const Mend& mend) const {
    return FilterError(filter_, offset, rule, mend.en, mend.zh, options_.language);
  }

  const schema::MessageSchema& schema_;
  const std::string_view filter_;
  const CompileOptions& options_;
};

}  // namespace

absl::StatusOr<Fragment> CompileFilter(const schema::MessageSchema& schema, std::string_view filter,
                                       const CompileOptions& options) {
  CRM_ASSIGN_OR_RETURN(const std::optional<Expression> expression,
                       ParseFilterSyntax(filter, options.language));
  if (!expression.has_value()) return Fragment();
  return Compiler(schema, filter, options).Compile(*expression, /*negated=*/false);
}

}  // namespace crm::filter
