#include "services/customer/identity.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
#include "common/text/email.h"
#include "common/text/masking.h"
#include "common/text/national_ids.h"
#include "common/text/phone.h"
#include "common/text/unicode.h"

namespace crm::customer {
namespace {

const db::InsertSpec& IdentitySpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      IdentityStore::kTable,
      {"hash", "kind", "customer_id", "contact_id", "value", "authorized_by", "create_time"},
      ""};
  return spec;
}

constexpr db::Query kAttachIdentity{"identity_attach", R"sql(
  INSERT INTO customer_identity
    (hash, kind, customer_id, contact_id, value, authorized_by, create_time)
  SELECT CAST(? AS BINARY(16)), ?, ?, ?, NULL, NULL, ?
  FROM DUAL
  WHERE NOT EXISTS (SELECT 1 FROM customer_identity WHERE hash = ? AND customer_id = ?))sql"};

constexpr db::Query kReleaseIdentity{"identity_release", R"sql(
  DELETE FROM customer_identity
  WHERE hash = ? AND customer_id = ? AND value IS NULL)sql"};

constexpr db::Query kReleasePhone{"identity_release_phone", R"sql(
  DELETE FROM customer_identity
  WHERE hash = ? AND customer_id = ? AND value IS NULL
    AND NOT EXISTS (SELECT 1 FROM customer WHERE id = ? AND phone_hash = ?)
    AND NOT EXISTS (SELECT 1 FROM contact WHERE contact.customer_id = ? AND phone_hash = ?))sql"};

constexpr db::Query kDeleteBound{"identity_delete_bound", R"sql(
  DELETE FROM customer_identity
  WHERE hash = ? AND customer_id = ? AND value IS NOT NULL)sql"};

constexpr db::Query kIdentitiesOfCustomer{"identities_of_customer", R"sql(
  SELECT hash, kind, value, authorized_by, create_time
  FROM customer_identity
  WHERE customer_id = ?
  ORDER BY kind, create_time, hash)sql"};

// Look-up purposes of the columns (common/resource/resource_table.h).
constexpr char kCustomerPhone[] = "customer.phone";
constexpr char kContactPhone[] = "contact.phone";
constexpr size_t kMaxAccountLength = 128;

constexpr text::Problem kAccountFormat = {
    "ACCOUNT_FORMAT", "请填写 1 到 128 个字符且不含空白的账号",
    "use an account of 1 to 128 characters without white space"};

std::string ValueAad(v1::IdentityKind kind, int64_t customer_id) {
  return absl::StrCat("customer_identity.value|", static_cast<int>(kind), "|", customer_id);
}

// OpenIDs and accounts are compared as they are: upper and lower case differ.
text::Result<std::string> NormalizeAccount(std::string_view value) {
  std::string account = text::ToHalfWidth(text::Trim(value));
  if (account.empty() || text::CodePointLength(account) > kMaxAccountLength ||
      !text::IsValidUtf8(account)) {
    return kAccountFormat;
  }
  for (text::CodePoints points(account); !points.done();) {
    const char32_t point = points.Next();
    if (text::IsSpace(point) || text::IsInvisible(point)) return kAccountFormat;
  }
  return account;
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

text::Result<std::string> NormalizeIdentity(v1::IdentityKind kind, std::string_view value,
                                            absl::CivilDay today) {
  switch (kind) {
    case v1::IDENTITY_KIND_PHONE:
      return text::NormalizePhone(value, {.allow_landline = false});
    case v1::IDENTITY_KIND_RESIDENT_ID:
      return text::NormalizeResidentId(value, today);
    case v1::IDENTITY_KIND_CREDIT_CODE:
      return text::NormalizeCreditCode(value);
    case v1::IDENTITY_KIND_EMAIL:
      return text::NormalizeEmail(value);
    default:
      return NormalizeAccount(value);
  }
}

bool NeedsAuthorization(v1::IdentityKind kind) {
  return kind == v1::IDENTITY_KIND_WECHAT_OPENID || kind == v1::IDENTITY_KIND_WECOM_OPENID;
}

std::string MaskIdentity(const Identity& identity) {
  switch (identity.kind) {
    case v1::IDENTITY_KIND_PHONE:
      return text::MaskPhone(identity.value);
    case v1::IDENTITY_KIND_EMAIL:
      return text::MaskEmail(identity.value);
    default:
      return text::MaskId(identity.value);
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
  writes.Insert(
      IdentitySpec(),
      {Hash(identity), identity.kind, customer_id, std::nullopt,
       keyring_.Encrypt(identity.value, ValueAad(identity.kind, customer_id)), authorized_by, now});
}

void IdentityStore::Attach(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
                           std::optional<int64_t> contact_id, absl::Time now) const {
  const std::string hash = Hash(identity);
  writes.Execute(kAttachIdentity,
                 {hash, identity.kind, customer_id, contact_id, now, hash, customer_id});
}

void IdentityStore::Release(db::WriteSet& writes, const Identity& identity,
                            int64_t customer_id) const {
  const std::string hash = Hash(identity);
  if (identity.kind != v1::IDENTITY_KIND_PHONE) {
    return writes.Execute(kReleaseIdentity, {hash, customer_id});
  }
  writes.Execute(kReleasePhone, {hash, customer_id, customer_id,
                                 keyring_.LookupHash(kCustomerPhone, identity.value), customer_id,
                                 keyring_.LookupHash(kContactPhone, identity.value)});
}

void IdentityStore::DeleteBound(db::WriteSet& writes, std::string_view hash,
                                int64_t customer_id) const {
  writes.Execute(kDeleteBound, {hash, customer_id}, db::Expect::kSomeRow);
}

void IdentityStore::Replace(db::WriteSet& writes, absl::Span<const Identity> before,
                            absl::Span<const Identity> after, int64_t customer_id,
                            absl::Time now) const {
  for (const Identity& old : before) {
    if (std::find(after.begin(), after.end(), old) == after.end())
      Release(writes, old, customer_id);
  }
  for (const Identity& fresh : after) {
    if (std::find(before.begin(), before.end(), fresh) == before.end()) {
      Attach(writes, fresh, customer_id, std::nullopt, now);
    }
  }
}

absl::StatusOr<std::vector<IdentityHolder>> IdentityStore::FindHolders(
    db::Connection& db, absl::Span<const Identity> identities) const {
  // With the place of the identity in what was asked for.
  std::vector<std::pair<const Identity*, IdentityHolder>> found;
  for (size_t start = 0; start < identities.size(); start += db::kMaxInSize) {
    const auto part = identities.subspan(start, db::kMaxInSize);
    db::Values hashes;
    absl::flat_hash_map<std::string, const Identity*> by_hash;
    for (const Identity& identity : part) {
      std::string hash = Hash(identity);
      hashes.emplace_back(hash);
      by_hash.emplace(std::move(hash), &identity);
    }
    const filter::Fragment where = filter::In("identity.hash", hashes);
    const std::string sql = absl::StrCat(R"sql(
      SELECT identity.hash, identity.customer_id, customer.number
      FROM customer_identity AS identity
      JOIN customer ON customer.id = identity.customer_id
      WHERE )sql",
                                         where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"identity_holders", sql}, where.values));
    while (rows.Next()) {
      const auto identity = by_hash.find(rows.String(0));
      if (identity == by_hash.end()) continue;
      found.push_back({identity->second, {*identity->second, rows.Int(1), rows.String(2)}});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->kind, a.first) < std::pair(b.first->kind, b.first);
  });
  std::vector<IdentityHolder> holders;
  holders.reserve(found.size());
  for (auto& [identity, holder] : found) holders.push_back(std::move(holder));
  return holders;
}

absl::StatusOr<std::vector<StoredIdentity>> IdentityStore::OfCustomer(db::Connection& db,
                                                                      int64_t customer_id) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kIdentitiesOfCustomer, {customer_id}));
  std::vector<StoredIdentity> all;
  while (rows.Next()) {
    StoredIdentity& identity = all.emplace_back();
    identity.hash = rows.String(0);
    identity.kind = static_cast<v1::IdentityKind>(rows.Int(1));
    identity.bound = !rows.IsNull(2);
    if (identity.bound) {
      CRM_ASSIGN_OR_RETURN(identity.value,
                           keyring_.Decrypt(rows.String(2), ValueAad(identity.kind, customer_id)));
    }
    identity.authorized_by = rows.String(3);
    identity.create_time = rows.Time(4);
  }
  return all;
}

}  // namespace crm::customer
