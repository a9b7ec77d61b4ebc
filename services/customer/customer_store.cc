#include "services/customer/customer_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "common/filter/scope.h"

namespace crm::customer {
namespace {

constexpr int kNumberColumn = 2;
constexpr db::Query kExpectUnchanged{"customer_expect_unchanged", R"sql(
  UPDATE customer
  SET version = version
  WHERE id = ? AND version = ?)sql"};

const auth::RowScope& Everybody() {
  static const auto* const scope = new auth::RowScope{auth::RowScope::Kind::kAll, "", {}};
  return *scope;
}

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
                                         v1::Customer& message) {
  CRM_ASSIGN_OR_RETURN(const bool read, store_.table_.ReadPacked(row, key, message));
  if (!read) unread_.insert({key.id, {&key, &message}});
  return absl::OkStatus();
}

absl::Status CustomerStore::Reader::Finish(db::Connection& db) {
  db::Values ids;
  for (const auto& [id, unread] : unread_) {
    *unread.key = {};
    ids.emplace_back(id);
  }
  for (size_t start = 0; start < ids.size(); start += db::kMaxInSize) {
    CRM_RETURN_IF_ERROR(ReadColumns(db, absl::MakeConstSpan(ids).subspan(start, db::kMaxInSize)));
  }
  unread_.clear();
  return absl::OkStatus();
}

absl::Status CustomerStore::Reader::ReadColumns(db::Connection& db,
                                                absl::Span<const db::Value> ids) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, store_.SelectPart(db, "customers_by_columns",
                                                        store_.all_columns_, "id", ids, scope_));
  while (rows.Next()) {
    const auto [begin, end] = unread_.equal_range(rows.Int(0));
    for (auto place = begin; place != end; ++place) {
      place->second.message->Clear();
      CRM_RETURN_IF_ERROR(store_.table_.Read(rows, *place->second.key, *place->second.message));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::ReadAll(
    db::Connection& db, db::Rows rows, const auth::RowScope& scope) const {
  std::vector<StoredCustomer> customers;
  customers.reserve(rows.size());  // places stay
  Reader reader(*this, scope);
  while (rows.Next()) {
    StoredCustomer& customer = customers.emplace_back();
    CRM_RETURN_IF_ERROR(reader.Read(rows, customer.key, customer.message));
  }
  CRM_RETURN_IF_ERROR(reader.Finish(db));
  std::erase_if(customers, [](const StoredCustomer& customer) { return customer.key.id == 0; });
  return customers;
}

absl::StatusOr<db::Rows> CustomerStore::SelectPart(db::Connection& db, std::string_view name,
                                                   std::string_view columns, std::string_view key,
                                                   absl::Span<const db::Value> keys,
                                                   const auth::RowScope& scope) const {
  filter::Fragment where = filter::In(key, keys);
  const std::string in_scope = AndScope(table_.schema(), scope, where.values);
  const std::string sql =
      absl::StrCat("SELECT ", ToAbsl(columns), " FROM customer WHERE ", where.sql, in_scope);
  return db.Select({name, sql}, where.values);
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::SelectIn(
    db::Connection& db, std::string_view name, std::string_view column,
    absl::Span<const db::Value> keys, const auth::RowScope& scope) const {
  std::vector<StoredCustomer> all;
  for (size_t start = 0; start < keys.size(); start += db::kMaxInSize) {
    CRM_ASSIGN_OR_RETURN(db::Rows rows, SelectPart(db, name, columns_, column,
                                                   keys.subspan(start, db::kMaxInSize), scope));
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found, ReadAll(db, std::move(rows), scope));
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
    absl::FunctionRef<Place*(std::string_view number)> place_of) const {
  const db::Values keys(numbers.begin(), numbers.end());
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       SelectPart(db, "customers_by_number", columns_, "number", keys, scope));
  Reader reader(*this, scope);
  while (rows.Next()) {
    Place* const place = place_of(rows.String(kNumberColumn));
    if (place == nullptr) continue;
    CRM_RETURN_IF_ERROR(reader.Read(rows, place->key, *place->message));
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
  return ReadAll(db, std::move(rows), scope);
}

absl::StatusOr<std::vector<StoredCustomer>> CustomerStore::BornOn(db::Connection& db,
                                                                  absl::CivilDay day, int64_t after,
                                                                  int limit) const {
  const std::string sql =
      absl::StrCat("SELECT ", columns_,
                   " FROM customer WHERE birthday_tail_hash = ? AND id > ? ORDER BY id LIMIT ?");
  const std::string hash = table_.TailHash("birthday", absl::FormatCivilTime(day));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"customers_born_on", sql}, {hash, after, limit}));
  return ReadAll(db, std::move(rows), Everybody());
}

absl::StatusOr<CustomerStore::ReadableRows> CustomerStore::ReadableAfter(db::Connection& db,
                                                                         int64_t after,
                                                                         int limit) const {
  const std::string sql =
      absl::StrCat("SELECT ", all_columns_, " FROM customer WHERE id > ? ORDER BY id LIMIT ?");
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db.Select({"customers_by_columns_after", sql}, {after, limit}));
  ReadableRows readable;
  while (rows.Next()) {
    StoredCustomer customer;
    const absl::Status read = table_.Read(rows, customer.key, customer.message);
    readable.last_id = customer.key.id;
    if (read.ok()) readable.customers.push_back(std::move(customer));
  }
  return readable;
}

}  // namespace crm::customer
