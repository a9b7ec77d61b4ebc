#include "services/customer/customer_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/scope.h"

namespace crm::customer {
namespace {

constexpr db::Query kExpectUnchanged{"customer_expect_unchanged", R"sql(
  UPDATE customer
  SET version = version
  WHERE id = ? AND version = ?)sql"};

// " AND (owner = ? …)", and its values at the end of `params`; nothing for an unlimited scope.
std::string AndScope(const schema::MessageSchema& schema, const auth::RowScope& scope,
                     db::Values& params) {
  filter::Fragment condition = filter::ScopeCondition(schema, scope);
  if (condition.empty()) return "";
  params.insert(params.end(), condition.values.begin(), condition.values.end());
  return absl::StrCat(" AND ", condition.sql);
}

}  // namespace

CustomerStore::CustomerStore(crypto::Keyring& keyring)
    : table_(schema::MessageSchema::Of<v1::Customer>(), keyring),
      select_(absl::StrCat("SELECT ", table_.Columns(), " FROM customer WHERE ")) {}

void CustomerStore::ExpectUnchanged(db::WriteSet& writes, const StoredCustomer& customer) {
  writes.Execute(kExpectUnchanged, {customer.key.id, customer.key.version}, db::Expect::kSomeRow);
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::ReadAll(db::Rows rows) const {
  std::vector<StoredCustomer> customers;
  customers.reserve(rows.size());
  while (rows.Next()) {
    StoredCustomer& customer = customers.emplace_back();
    CRM_RETURN_IF_ERROR(table_.Read(rows, customer.key, customer.message));
  }
  return customers;
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::SelectIn(
    db::Connection& db, std::string_view name, std::string_view column,
    absl::Span<const db::Value> keys, const auth::RowScope& scope) const {
  std::vector<StoredCustomer> all;
  for (size_t start = 0; start < keys.size(); start += db::kMaxInSize) {
    const auto part = keys.subspan(start, db::kMaxInSize);
    const size_t padded = db::PaddedInSize(part.size());
    db::Values params(part.begin(), part.end());
    params.resize(padded, part.back());
    std::string sql = absl::StrCat(select_, ToAbsl(column), " IN (?");
    for (size_t i = 1; i < padded; ++i) absl::StrAppend(&sql, ", ?");
    absl::StrAppend(&sql, ")", AndScope(table_.schema(), scope, params));
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({name, sql}, params));
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found, ReadAll(std::move(rows)));
    std::move(found.begin(), found.end(), std::back_inserter(all));
  }
  return all;
}

absl::StatusOr<StoredCustomer> CustomerStore::Get(db::Connection& db, std::string_view number,
                                                  const auth::RowScope& scope) const {
  CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                       SelectIn(db, "customer_by_number", "number", {db::Value(number)}, scope));
  if (found.empty()) return NotFound(kCustomerType, number);
  return std::move(found.front());
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::GetMany(
    db::Connection& db, absl::Span<const std::string> numbers, const auth::RowScope& scope) const {
  const db::Values keys(numbers.begin(), numbers.end());
  return SelectIn(db, "customers_by_number", "number", keys, scope);
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::GetByIds(
    db::Connection& db, absl::Span<const int64_t> ids, const auth::RowScope& scope) const {
  const db::Values keys(ids.begin(), ids.end());
  return SelectIn(db, "customers_by_id", "id", keys, scope);
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::GetByPhoneTail(
    db::Connection& db, std::string_view digits, const auth::RowScope& scope, int limit) const {
  db::Values params = {table_.TailHash("phone", digits)};
  std::string sql =
      absl::StrCat(select_, "phone_tail_hash = ?", AndScope(table_.schema(), scope, params),
                   " ORDER BY id DESC LIMIT ?");
  params.emplace_back(limit);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"customers_by_phone_tail", sql}, params));
  return ReadAll(std::move(rows));
}

}  // namespace crm::customer
