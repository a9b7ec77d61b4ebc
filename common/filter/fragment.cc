#include "common/filter/fragment.h"

#include <utility>

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

}  // namespace crm::filter
