#include "services/customer/identity.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/text/phone.h"

namespace crm::customer {
namespace {

const db::InsertSpec& IdentitySpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      IdentityStore::kTable,
      {"hash", "kind", "customer_id", "contact_id", "value", "authorized_by", "create_time"},
      ""};
  return spec;
}

constexpr db::Query kDeleteIdentity{"identity_delete", R"sql(
  DELETE FROM customer_identity
  WHERE hash = ? AND customer_id = ?)sql"};

std::string ValueAad(const Identity& identity, int64_t customer_id) {
  return absl::StrCat("customer_identity.value|", static_cast<int>(identity.kind), "|", customer_id);
}

}  // namespace

std::vector<Identity> IdentitiesOf(const v1::Customer& customer) {
  std::vector<Identity> identities;
  if (!customer.phone().empty() &&
      text::KindOfPhone(customer.phone()) != text::PhoneKind::kLandline) {
    identities.push_back({v1::IDENTITY_KIND_PHONE, customer.phone()});
  }
  if (!customer.resident_id().empty()) {
    identities.push_back({v1::IDENTITY_KIND_RESIDENT_ID, customer.resident_id()});
  }
  if (!customer.credit_code().empty()) {
    identities.push_back({v1::IDENTITY_KIND_CREDIT_CODE, customer.credit_code()});
  }
  if (!customer.email().empty()) identities.push_back({v1::IDENTITY_KIND_EMAIL, customer.email()});
  return identities;
}

std::string_view FieldOfIdentity(v1::IdentityKind kind) {
  switch (kind) {
    case v1::IDENTITY_KIND_PHONE:
      return "phone";
    case v1::IDENTITY_KIND_RESIDENT_ID:
      return "resident_id";
    case v1::IDENTITY_KIND_CREDIT_CODE:
      return "credit_code";
    case v1::IDENTITY_KIND_EMAIL:
      return "email";
    default:
      return "";
  }
}

std::string IdentityStore::Hash(const Identity& identity) const {
  return keyring_.LookupHash(absl::StrCat("identity.", static_cast<int>(identity.kind)),
                             identity.value);
}

void IdentityStore::Insert(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
                           std::optional<int64_t> contact_id, absl::Time now) const {
  writes.Insert(IdentitySpec(), {Hash(identity), identity.kind, customer_id, contact_id,
                                 std::nullopt, std::nullopt, now});
}

void IdentityStore::InsertBound(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
                                std::string_view authorized_by, absl::Time now) const {
  writes.Insert(IdentitySpec(),
                {Hash(identity), identity.kind, customer_id, std::nullopt,
                 keyring_.Encrypt(identity.value, ValueAad(identity, customer_id)), authorized_by,
                 now});
}

void IdentityStore::Delete(db::WriteSet& writes, const Identity& identity,
                           int64_t customer_id) const {
  writes.Execute(kDeleteIdentity, {Hash(identity), customer_id});
}

void IdentityStore::Replace(db::WriteSet& writes, absl::Span<const Identity> before,
                            absl::Span<const Identity> after, int64_t customer_id,
                            absl::Time now) const {
  for (const Identity& old : before) {
    if (std::find(after.begin(), after.end(), old) == after.end()) Delete(writes, old, customer_id);
  }
  for (const Identity& fresh : after) {
    if (std::find(before.begin(), before.end(), fresh) == before.end()) {
      Insert(writes, fresh, customer_id, std::nullopt, now);
    }
  }
}

absl::StatusOr<std::vector<IdentityHolder>> IdentityStore::FindHolders(
    db::Connection& db, absl::Span<const Identity> identities) const {
  std::vector<IdentityHolder> holders;
  for (size_t start = 0; start < identities.size(); start += db::kMaxInSize) {
    const auto part = identities.subspan(start, db::kMaxInSize);
    const size_t padded = db::PaddedInSize(part.size());
    std::string sql = R"sql(
      SELECT identity.hash, identity.customer_id, customer.number
      FROM customer_identity AS identity
      JOIN customer ON customer.id = identity.customer_id
      WHERE identity.hash IN (?)sql";
    for (size_t i = 1; i < padded; ++i) absl::StrAppend(&sql, ", ?");
    absl::StrAppend(&sql, ")");
    db::Values params;
    absl::flat_hash_map<std::string, const Identity*> by_hash;
    for (const Identity& identity : part) {
      std::string hash = Hash(identity);
      params.emplace_back(hash);
      by_hash.emplace(std::move(hash), &identity);
    }
    params.resize(padded, params.back());
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"identity_holders", sql}, params));
    while (rows.Next()) {
      auto found = by_hash.find(rows.String(0));
      if (found != by_hash.end()) {
        holders.push_back({*found->second, rows.Int(1), rows.String(2)});
      }
    }
  }
  std::sort(holders.begin(), holders.end(), [](const IdentityHolder& a, const IdentityHolder& b) {
    return a.identity.kind < b.identity.kind;
  });
  return holders;
}

}  // namespace crm::customer
