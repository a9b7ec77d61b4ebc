#include "services/customer/contact_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "common/filter/scope.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {
namespace {

constexpr db::Query kExpectUnchanged{"contact_expect_unchanged", R"sql(
  UPDATE contact
  SET version = version
  WHERE id = ? AND version = ?)sql"};

}  // namespace

void ContactStore::ExpectUnchanged(db::WriteSet& writes, const StoredContact& contact) {
  writes.Execute(kExpectUnchanged, {contact.key.id, contact.key.version}, db::Expect::kSomeRow);
}

ContactStore::ContactStore(crypto::Keyring& keyring)
    : table_(schema::MessageSchema::Of<v1::Contact>(), keyring, {"customer_id"}),
      columns_(absl::StrCat(table_.Columns(kAlias), ", customer.number, customer.owner")) {}

filter::Fragment ContactStore::ScopeOf(const auth::RowScope& scope) {
  return filter::ScopeCondition(schema::MessageSchema::Of<v1::Customer>(), scope, "customer");
}

absl::Status ContactStore::Read(const db::Rows& row, StoredContact& contact) const {
  CRM_RETURN_IF_ERROR(table_.Read(row, contact.key, contact.message));
  contact.customer_id = row.Int(2);
  contact.message.set_customer(row.String(table_.column_count()));
  contact.message.set_owner(row.String(table_.column_count() + 1));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredContact>> ContactStore::Select(db::Connection& db,
                                                                std::string_view name,
                                                                const filter::Fragment& where,
                                                                std::string_view end) const {
  const std::string sql = absl::StrCat("SELECT ", columns_, " FROM ", ToAbsl(kFrom), " WHERE ",
                                       where.sql, " ", ToAbsl(end));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({name, sql}, where.values));
  std::vector<StoredContact> found;
  found.reserve(rows.size());
  while (rows.Next()) CRM_RETURN_IF_ERROR(Read(rows, found.emplace_back()));
  return found;
}

absl::StatusOr<StoredContact> ContactStore::Get(db::Connection& db, std::string_view number,
                                                const auth::RowScope& scope) const {
  filter::Fragment where{"contact.number = ?", {number}};
  where.And(ScopeOf(scope));
  CRM_ASSIGN_OR_RETURN(std::vector<StoredContact> found, Select(db, "contact_by_number", where));
  if (found.empty()) return NotFound(kContactType, number);
  return std::move(found.front());
}

absl::StatusOr<absl::flat_hash_map<std::string, int64_t>> ContactStore::CustomersOf(
    db::Connection& db, absl::Span<const std::string> numbers) {
  absl::flat_hash_map<std::string, int64_t> customers;
  for (size_t start = 0; start < numbers.size(); start += db::kMaxInSize) {
    const auto part = numbers.subspan(start, db::kMaxInSize);
    const filter::Fragment where = filter::In("number", db::Values(part.begin(), part.end()));
    const std::string sql =
        absl::StrCat("SELECT number, customer_id FROM contact WHERE ", where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"customers_of_contacts", sql}, where.values));
    while (rows.Next()) customers[rows.String(0)] = rows.Int(1);
  }
  return customers;
}

absl::StatusOr<std::vector<StoredContact>> ContactStore::OfCustomer(db::Connection& db,
                                                                    int64_t customer_id) const {
  return Select(db, "contacts_of_customer", {"contact.customer_id = ?", {customer_id}});
}

template <typename Key>
absl::StatusOr<std::vector<StoredContact>> ContactStore::SelectIn(
    db::Connection& db, std::string_view name, std::string_view column, absl::Span<const Key> keys,
    const filter::Fragment& more) const {
  std::vector<StoredContact> all;
  for (size_t start = 0; start < keys.size(); start += db::kMaxInSize) {
    const auto part = keys.subspan(start, db::kMaxInSize);
    filter::Fragment where = filter::In(column, db::Values(part.begin(), part.end()));
    where.And(more);
    CRM_ASSIGN_OR_RETURN(std::vector<StoredContact> found, Select(db, name, where));
    std::move(found.begin(), found.end(), std::back_inserter(all));
  }
  return all;
}

absl::StatusOr<std::vector<StoredContact>> ContactStore::OfCustomers(
    db::Connection& db, absl::Span<const std::string> numbers, const auth::RowScope& scope) const {
  return SelectIn(db, "contacts_of_customers", "customer.number", numbers, ScopeOf(scope));
}

absl::StatusOr<std::vector<StoredContact>> ContactStore::GetByIds(
    db::Connection& db, absl::Span<const int64_t> ids) const {
  return SelectIn(db, "contacts_by_id", "contact.id", ids, {});
}

absl::StatusOr<std::vector<StoredContact>> ContactStore::SelectNewest(db::Connection& db,
                                                                      std::string_view name,
                                                                      filter::Fragment where,
                                                                      const auth::RowScope& scope,
                                                                      int limit) const {
  where.And(ScopeOf(scope));
  where.values.emplace_back(limit);
  return Select(db, name, where, "ORDER BY contact.id DESC LIMIT ?");
}

absl::StatusOr<std::vector<StoredContact>> ContactStore::WithPhoneTail(db::Connection& db,
                                                                       std::string_view digits,
                                                                       const auth::RowScope& scope,
                                                                       int limit) const {
  CRM_ASSIGN_OR_RETURN(
      std::vector<StoredContact> found,
      SelectNewest(db, "contacts_by_phone_tail",
                   {"contact.phone_tail_hash = ?", {table_.TailHash("phone", digits)}}, scope,
                   limit));
  const auto has_other_phone = [&](const StoredContact& contact) {
    return !absl::EndsWith(contact.message.phone(), ToAbsl(digits));
  };
  found.erase(std::remove_if(found.begin(), found.end(), has_other_phone), found.end());
  return found;
}

absl::StatusOr<std::vector<StoredContact>> ContactStore::WithEmail(db::Connection& db,
                                                                   std::string_view email,
                                                                   const auth::RowScope& scope,
                                                                   int limit) const {
  return SelectNewest(db, "contacts_by_email",
                      {"contact.email_hash = ?", {table_.LookupHash("email", email)}}, scope,
                      limit);
}

absl::StatusOr<std::optional<StoredContact>> ContactStore::PrimaryOf(db::Connection& db,
                                                                     int64_t customer_id) const {
  CRM_ASSIGN_OR_RETURN(std::vector<StoredContact> found,
                       Select(db, "primary_contact", {"contact.primary_of = ?", {customer_id}}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace crm::customer
