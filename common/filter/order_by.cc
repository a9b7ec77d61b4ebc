#include "common/filter/order_by.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/column.h"
#include "common/filter/near_names.h"
#include "common/filter/request_error.h"
#include "common/filter/sensitive.h"

namespace crm::filter {
namespace {

using schema::FieldKind;
using schema::FieldSchema;

constexpr size_t kMaxBytes = 1000;
constexpr char kKey[] = "id";

bool IsSortable(const FieldSchema& field) {
  const bool scalar = field.kind == FieldKind::kString || field.kind == FieldKind::kInteger ||
                      field.kind == FieldKind::kBool || field.kind == FieldKind::kDouble ||
                      field.kind == FieldKind::kEnum || field.kind == FieldKind::kTimestamp;
  return field.options->sortable() && !field.options->not_stored() && !field.options->encrypted() &&
         !field.repeated && scalar;
}

// name [asc|desc] { "," name [asc|desc] }
class Parser {
 public:
  Parser(const schema::MessageSchema& schema, std::string_view text, const CompileOptions& options)
      : schema_(schema), text_(text), options_(options) {}

  absl::StatusOr<OrderBy> Parse() {
    OrderBy order;
    if (text_.size() > kMaxBytes) {
      return RequestError(Field(), "ORDER_BY_TOO_LONG",
                          {"use at most 1000 bytes", "最多 1000 字节"});
    }
    SkipSpace();
    if (done()) return order;
    while (true) {
      CRM_RETURN_IF_ERROR(AddTerm(order));
      if (done()) break;
      if (text_[at_] != ',') {
        return Fail(at_, "ORDER_BY_SYNTAX",
                    {"expected asc, desc, a comma or the end", "应为 asc、desc、逗号或结尾"});
      }
      ++at_;
      SkipSpace();
    }
    order.key_descending = order.terms.back().descending;
    CutAfterUnique(order);
    return order;
  }

 private:
  absl::Status AddTerm(OrderBy& order) {
    const size_t start = at_;
    const std::string_view name = ReadWord();
    if (name.empty()) {
      return Fail(start, "ORDER_BY_SYNTAX", {"expected a field name", "应为字段名"});
    }
    CRM_ASSIGN_OR_RETURN(const FieldSchema* field, FindField(name, start));
    for (const OrderTerm& term : order.terms) {
      if (term.field != field) continue;
      return Fail(start, "ORDER_BY_REPEATED", {"name each field once", "每个字段只能出现一次"});
    }
    if (order.terms.size() == kMaxOrderTerms) {
      return Fail(start, "ORDER_BY_TOO_LONG", {"use at most 5 fields", "最多 5 个字段"});
    }
    order.terms.push_back({field, ReadDirection(), IsUnique(*field)});
    return absl::OkStatus();
  }

  absl::StatusOr<const FieldSchema*> FindField(std::string_view name, size_t offset) const {
    const FieldSchema* field = schema_.Find(name);
    if (field == nullptr) {
      return Fail(offset, "ORDER_BY_UNKNOWN_FIELD",
                  UnknownFieldMend(NearFields(name, schema_, IsSortable)));
    }
    if (!IsSortable(*field)) {
      return Fail(offset, "ORDER_BY_NOT_SORTABLE",
                  {"lists cannot be ordered by this field", "列表不能按此字段排序"});
    }
    if (!IsVisible(*field, options_.plain_kinds)) {
      return Fail(offset, "ORDER_BY_SENSITIVE",
                  {"you may not see this field, so you may not order by it",
                   "您无权查看此字段，因此不能按其排序"});
    }
    return field;
  }

  bool IsUnique(const FieldSchema& field) const {
    return schema_.resource() != nullptr && field.name == schema_.resource()->number_field();
  }

  // What comes after a field without ties orders nothing, and keeps the index from being used.
  static void CutAfterUnique(OrderBy& order) {
    const auto unique = std::find_if(order.terms.begin(), order.terms.end(),
                                     [](const OrderTerm& term) { return term.unique; });
    if (unique != order.terms.end()) order.terms.erase(unique + 1, order.terms.end());
  }

  // True for desc; anything but asc and desc is left where it is.
  bool ReadDirection() {
    const size_t start = at_;
    const std::string word = absl::AsciiStrToLower(ToAbsl(ReadWord()));
    if (word != "asc" && word != "desc") at_ = start;
    return word == "desc";
  }

  // Up to a comma or white space, and the white space after it.
  std::string_view ReadWord() {
    const size_t start = at_;
    while (!done() && text_[at_] != ',' && !AtSpace()) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    SkipSpace();
    return word;
  }

  void SkipSpace() {
    while (!done() && AtSpace()) ++at_;
  }
  bool AtSpace() const { return absl::ascii_isspace(static_cast<unsigned char>(text_[at_])); }
  bool done() const { return at_ >= text_.size(); }

  RequestField Field() const { return {"order_by", "ORDER_BY_INVALID", options_.language}; }
  absl::Status Fail(size_t offset, std::string_view rule, const Mend& mend) const {
    return RequestErrorAt(Field(), text_, offset, rule, mend);
  }

  const schema::MessageSchema& schema_;
  const std::string_view text_;
  const CompileOptions& options_;
  size_t at_ = 0;
};

std::string_view Direction(bool descending) { return descending ? " DESC" : " ASC"; }

Fragment StrictlyBeyond(const OrderTerm& term, const std::string& column, const db::Value& value) {
  Fragment beyond;
  beyond.Append(
      absl::StrCat(column, term.descending ? " < " : " > ", ToAbsl(Placeholder(*term.field))),
      value);
  return beyond;
}

// After `value` in a column that may be NULL, which is last.
Fragment Beyond(const OrderTerm& term, const std::string& column, const db::Value& value) {
  if (value.is_null()) return {"FALSE", {}};
  Fragment beyond;
  beyond.Append("(");
  beyond.Append(StrictlyBeyond(term, column, value));
  beyond.Append(absl::StrCat(" OR ", column, " IS NULL)"));
  return beyond;
}

Fragment Same(const OrderTerm& term, const std::string& column, const db::Value& value) {
  if (value.is_null()) return {column + " IS NULL", {}};
  Fragment same;
  same.Append(absl::StrCat(column, " = ", ToAbsl(Placeholder(*term.field))), value);
  return same;
}

Fragment AfterKey(const OrderBy& order, const db::Value& key, std::string_view alias) {
  Fragment after;
  after.Append(absl::StrCat(Column(alias, kKey), order.key_descending ? " < ?" : " > ?"), key);
  return after;
}

// (beyond a OR (same a AND (beyond b OR …))), from term `first` on.
Fragment AfterTerms(const OrderBy& order, size_t first, absl::Span<const db::Value> last,
                    std::string_view alias) {
  if (first == order.terms.size()) return AfterKey(order, last.back(), alias);
  const OrderTerm& term = order.terms[first];
  const std::string column = Column(alias, term.field->name);
  if (term.unique) return StrictlyBeyond(term, column, last[first]);
  Fragment after;
  after.Append("(");
  after.Append(Beyond(term, column, last[first]));
  after.Append(" OR (");
  after.Append(Same(term, column, last[first]));
  after.Append(" AND ");
  after.Append(AfterTerms(order, first + 1, last, alias));
  after.Append("))");
  return after;
}

// The first term when its unknown values are elsewhere.
Fragment AfterKnown(const OrderBy& order, absl::Span<const db::Value> last,
                    std::string_view alias) {
  const OrderTerm& term = order.terms.front();
  const std::string column = Column(alias, term.field->name);
  if (term.unique) return StrictlyBeyond(term, column, last.front());
  const std::string placeholder(Placeholder(*term.field));
  const std::string_view sign = term.descending ? " <" : " >";
  Fragment after;
  after.Append(absl::StrCat(column, ToAbsl(sign), "= ", placeholder), last.front());
  after.Append(absl::StrCat(" AND (", column, ToAbsl(sign), " ", placeholder), last.front());
  after.Append(absl::StrCat(" OR (", column, " = ", placeholder, " AND "), last.front());
  after.Append(AfterTerms(order, 1, last, alias));
  after.Append("))");
  return after;
}

}  // namespace

std::string OrderBy::Canonical() const {
  std::string text;
  for (const OrderTerm& term : terms) {
    absl::StrAppend(&text, term.field->name, term.descending ? " desc," : " asc,");
  }
  if (ends_in_key()) return absl::StrCat(text, kKey, key_descending ? " desc" : " asc");
  text.pop_back();
  return text;
}

absl::StatusOr<OrderBy> ParseOrderBy(const schema::MessageSchema& schema, std::string_view order_by,
                                     const CompileOptions& options) {
  return Parser(schema, order_by, options).Parse();
}

std::string OrderSql(const OrderBy& order, Part part, std::string_view alias) {
  std::string sql;
  for (size_t i = part == Part::kFirstUnknown ? 1 : 0; i < order.terms.size(); ++i) {
    const OrderTerm& term = order.terms[i];
    const std::string column = Column(alias, term.field->name);
    absl::StrAppend(&sql, sql.empty() ? "" : ", ");
    // Both servers take NULL for the smallest value. The first term has its own part for them.
    if (i > 0 && !term.descending && !term.unique) absl::StrAppend(&sql, column, " IS NULL, ");
    absl::StrAppend(&sql, column, ToAbsl(Direction(term.descending)));
  }
  if (!order.ends_in_key()) return sql;
  return absl::StrCat(sql, sql.empty() ? "" : ", ", Column(alias, kKey),
                      ToAbsl(Direction(order.key_descending)));
}

Fragment AfterCondition(const OrderBy& order, Part part, absl::Span<const db::Value> last,
                        std::string_view alias) {
  if (order.terms.empty()) return AfterKey(order, last.back(), alias);
  if (part == Part::kFirstUnknown) return AfterTerms(order, 1, last, alias);
  return AfterKnown(order, last, alias);
}

}  // namespace crm::filter
