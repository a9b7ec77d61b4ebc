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

constexpr int kNumberColumn = 2;
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
      columns_(table_.PackedColumns()),
      all_columns_(table_.Columns()) {}

void CustomerStore::ExpectUnchanged(db::WriteSet& writes, const StoredCustomer& customer) {
  writes.Execute(kExpectUnchanged, {customer.key.id, customer.key.version}, db::Expect::kSomeRow);
}

absl::Status CustomerStore::Reader::Read(const db::Rows& row, resource::RowKey& key,
                                         v1::Customer& place) {
  CRM_ASSIGN_OR_RETURN(const bool read, store_.table_.ReadPacked(row, key, place));
  if (!read) unread_[key.id] = &place;
  return absl::OkStatus();
}

absl::Status CustomerStore::Reader::Finish(db::Connection& db) {
  const auth::RowScope everything{auth::RowScope::Kind::kAll, "", {}};  // they were in scope
  db::Values ids;
  for (const auto& [id, place] : unread_) ids.emplace_back(id);
  for (size_t start = 0; start < ids.size(); start += db::kMaxInSize) {
    const auto part = absl::MakeConstSpan(ids).subspan(start, db::kMaxInSize);
    CRM_ASSIGN_OR_RETURN(
        db::Rows rows,
        store_.SelectPart(db, "customers_by_columns", store_.all_columns_, "id", part, everything));
    while (rows.Next()) {
      resource::RowKey key;
      CRM_RETURN_IF_ERROR(store_.table_.Read(rows, key, *unread_.at(rows.Int(0))));
    }
  }
  unread_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::ReadAll(db::Connection& db,
                                                                   db::Rows rows) const {
  std::vector<StoredCustomer> customers;
  customers.reserve(rows.size());  // places stay
  Reader reader(*this);
  while (rows.Next()) {
    StoredCustomer& customer = customers.emplace_back();
    CRM_RETURN_IF_ERROR(reader.Read(rows, customer.key, customer.message));
  }
  CRM_RETURN_IF_ERROR(reader.Finish(db));
  return customers;
}

absl::StatusOr<db::Rows> CustomerStore::SelectPart(db::Connection& db, std::string_view name,
                                                   std::string_view columns, std::string_view key,
                                                   absl::Span<const db::Value> keys,
                                                   const auth::RowScope& scope) const {
  const size_t padded = db::PaddedInSize(keys.size());
  db::Values params(keys.begin(), keys.end());
  params.resize(padded, keys.back());
  std::string sql =
      absl::StrCat("SELECT ", ToAbsl(columns), " FROM customer WHERE ", ToAbsl(key), " IN (?");
  for (size_t i = 1; i < padded; ++i) absl::StrAppend(&sql, ", ?");
  absl::StrAppend(&sql, ")", AndScope(table_.schema(), scope, params));
  return db.Select({name, sql}, params);
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::SelectIn(
    db::Connection& db, std::string_view name, std::string_view column,
    absl::Span<const db::Value> keys, const auth::RowScope& scope) const {
  std::vector<StoredCustomer> all;
  for (size_t start = 0; start < keys.size(); start += db::kMaxInSize) {
    CRM_ASSIGN_OR_RETURN(db::Rows rows, SelectPart(db, name, columns_, column,
                                                   keys.subspan(start, db::kMaxInSize), scope));
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found, ReadAll(db, std::move(rows)));
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

absl::Status CustomerStore::ReadMany(
    db::Connection& db, absl::Span<const std::string_view> numbers, const auth::RowScope& scope,
    absl::FunctionRef<v1::Customer*(std::string_view number)> place_of) const {
  const db::Values keys(numbers.begin(), numbers.end());
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       SelectPart(db, "customers_by_number", columns_, "number", keys, scope));
  Reader reader(*this);
  while (rows.Next()) {
    v1::Customer* const place = place_of(rows.String(kNumberColumn));
    if (place == nullptr) continue;
    resource::RowKey key;
    CRM_RETURN_IF_ERROR(reader.Read(rows, key, *place));
  }
  return reader.Finish(db);
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
      absl::StrCat("SELECT ", columns_, " FROM customer WHERE phone_tail_hash = ?",
                   AndScope(table_.schema(), scope, params), " ORDER BY id DESC LIMIT ?");
  params.emplace_back(limit);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"customers_by_phone_tail", sql}, params));
  return ReadAll(db, std::move(rows));
}

}  // namespace crm::customer
