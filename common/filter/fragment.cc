#include "common/filter/fragment.h"

#include <algorithm>
#include <utility>

#include "common/db/query.h"

namespace crm::filter {

void Fragment::And(const Fragment& condition) {
  if (condition.empty()) return;
  if (!empty()) sql += " AND ";
  Append(condition);
}

void Fragment::Append(const Fragment& other) {
  sql += other.sql;
  values.insert(values.end(), other.values.begin(), other.values.end());
}

void Fragment::Append(std::string_view text, db::Value value) {
  sql += text;
  values.push_back(std::move(value));
}

Fragment In(std::string_view column, absl::Span<const db::Value> values) {
  if (values.empty()) return {"FALSE", {}};
  Fragment condition{std::string(column), {}};
  for (size_t i = 0; i < std::max(values.size(), db::PaddedInSize(values.size())); ++i) {
    condition.Append(i == 0 ? " IN (?" : ", ?", values[std::min(i, values.size() - 1)]);
  }
  condition.Append(")");
  return condition;
}

}  // namespace crm::filter
