#include "common/filter/list_query.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/column.h"
#include "common/filter/filter.h"
#include "common/filter/page_token.h"
#include "common/filter/request_error.h"

namespace crm::filter {
namespace {

using schema::FieldKind;

// Scope, the caller's condition and the filter.
Fragment Where(const Fragment& condition, const Fragment& scope, const Fragment& filter) {
  Fragment where;
  where.And(scope);
  where.And(condition);
  where.And(filter);
  return where;
}

std::string_view WhereWord(const Fragment& where) { return where.empty() ? "" : " WHERE "; }

db::Value SortValue(const schema::FieldSchema& field, const db::Rows& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  if (field.kind == FieldKind::kString) return row.String(column);
  if (field.kind == FieldKind::kDouble) return row.Double(column);
  return row.Int(column);
}

}  // namespace

absl::StatusOr<ListQuery> ListQuery::Make(const ListSource& source, const ListRequest& request,
                                          const CompileOptions& options) {
  ListQuery query;
  query.keyring_ = options.keyring;
  query.column_count_ = source.column_count;
  CRM_RETURN_IF_ERROR(query.TakePageSize(request, options));
  CRM_ASSIGN_OR_RETURN(const Fragment filter,
                       CompileFilter(source.schema, request.filter, options));
  CRM_ASSIGN_OR_RETURN(query.order_, ParseOrderBy(source.schema, request.order_by, options));
  const Fragment scope = ScopeCondition(source.schema, source.scope, options.alias);
  query.request_ =
      JoinParts({source.schema.descriptor().full_name(), source.from, source.condition.sql,
                 EncodeValues(source.condition.values), scope.sql, EncodeValues(scope.values),
                 request.filter, query.order_.Canonical()});

  std::optional<db::Values> last;
  if (!request.page_token.empty()) {
    CRM_ASSIGN_OR_RETURN(last, query.OpenToken(request.page_token, options));
  }
  const Fragment where = Where(source.condition, scope, filter);
  const db::Values* after = last.has_value() ? &*last : nullptr;
  for (const Part part : query.PartsFrom(after)) {
    query.selects_.push_back(query.SelectOf(source, where, part, after, options.alias));
    // A page that begins among the known values begins the unknown ones at their start.
    after = nullptr;
  }
  query.count_.Append(
      absl::StrCat("SELECT COUNT(*) FROM ", ToAbsl(source.from), ToAbsl(WhereWord(where))));
  query.count_.Append(where);
  return query;
}

absl::Status ListQuery::TakePageSize(const ListRequest& request, const CompileOptions& options) {
  if (request.page_size < 0) {
    return RequestError(
        {"page_size", "PAGE_SIZE_INVALID", options.language}, "NUMBER_TOO_SMALL",
        {"use a number from 1 to 1000, or none for 50", "请填写 1 到 1000 之间的数；不填为 50"});
  }
  page_size_ =
      request.page_size == 0 ? kDefaultPageSize : std::min(request.page_size, kMaxPageSize);
  return absl::OkStatus();
}

absl::StatusOr<db::Values> ListQuery::OpenToken(std::string_view token,
                                                const CompileOptions& options) const {
  return OpenPageToken(*keyring_, token, request_, options.language);
}

std::vector<Part> ListQuery::PartsFrom(const db::Values* last) const {
  if (order_.terms.empty() || order_.terms.front().unique) return {Part::kWhole};
  if (last != nullptr && last->front().is_null()) return {Part::kFirstUnknown};
  return {Part::kFirstKnown, Part::kFirstUnknown};
}

Fragment ListQuery::PlaceCondition(const ListSource& source, Part part, const db::Values* last,
                                   std::string_view alias) const {
  if (part != Part::kFirstUnknown && last != nullptr) {
    return AfterCondition(order_, part, *last, alias);
  }
  if (part == Part::kWhole) return {};
  const std::string column = Column(alias, order_.terms.front().field->name);
  if (part == Part::kFirstKnown) return {column + " IS NOT NULL", {}};
  if (last != nullptr && order_.terms.size() == 1) return UnknownAfterKey(source, *last, alias);
  Fragment unknown{column + " IS NULL", {}};
  if (last != nullptr) unknown.And(AfterCondition(order_, part, *last, alias));
  return unknown;
}

// With `column IS NULL AND id < ?` MariaDB walks the index from the end of the unknown values to
// the key; in a covering subquery it enters there.
Fragment ListQuery::UnknownAfterKey(const ListSource& source, const db::Values& last,
                                    std::string_view alias) const {
  Fragment ids;
  ids.Append(absl::StrCat(Column(alias, "id"), " IN (SELECT place.id FROM ",
                          source.schema.resource()->table(), " place WHERE place.",
                          order_.terms.front().field->name, " IS NULL AND "));
  ids.Append(AfterCondition(order_, Part::kFirstUnknown, last, "place"));
  ids.Append(")");
  return ids;
}

Fragment ListQuery::SelectOf(const ListSource& source, const Fragment& where, Part part,
                             const db::Values* last, std::string_view alias) const {
  Fragment select;
  absl::StrAppend(&select.sql, "SELECT ", ToAbsl(source.columns));
  for (const OrderTerm& term : order_.terms) {
    absl::StrAppend(&select.sql, ", ", Column(alias, term.field->name));
  }
  absl::StrAppend(&select.sql, ", ", Column(alias, "id"), " FROM ", ToAbsl(source.from));

  Fragment all = where;
  all.And(PlaceCondition(source, part, last, alias));
  select.Append(WhereWord(all));
  select.Append(all);
  absl::StrAppend(&select.sql, " ORDER BY ", OrderSql(order_, part, alias));
  select.Append(" LIMIT ?", page_size_ + 1);
  return select;
}

absl::StatusOr<ListPage> ListQuery::Run(
    db::Connection& connection, std::string_view name,
    absl::FunctionRef<absl::Status(const db::Rows&)> read) const {
  ListPage page;
  db::Values place;
  for (const Fragment& select : selects_) {
    db::Values values = select.values;
    values.back() = page_size_ + 1 - page.rows;
    CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select({name, select.sql}, values));
    while (rows.Next()) {
      if (page.rows == page_size_) {
        page.next_page_token = NextToken(place);
        return page;
      }
      CRM_RETURN_IF_ERROR(read(rows));
      if (++page.rows == page_size_) place = PlaceOf(rows);
    }
  }
  return page;
}

absl::StatusOr<int64_t> ListQuery::Count(db::Connection& connection, std::string_view name) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select({name, count_.sql}, count_.values));
  return rows.Next() ? rows.Int(0) : 0;
}

db::Values ListQuery::PlaceOf(const db::Rows& row) const {
  db::Values place;
  int column = column_count_;
  for (const OrderTerm& term : order_.terms) {
    place.emplace_back(SortValue(*term.field, row, column++));
  }
  place.emplace_back(row.Int(column));
  return place;
}

std::string ListQuery::NextToken(const db::Values& last_place) const {
  return MakePageToken(*keyring_, last_place, request_);
}

}  // namespace crm::filter
