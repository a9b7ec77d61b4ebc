#include "services/customer/resolve_identity.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "services/customer/identity_conflict.h"

namespace crm::customer {
namespace {

// Both customers have an identity that one caller brought.
constexpr int kConflictScore = 90;
constexpr std::string_view kKindPrefix = "IDENTITY_KIND_";

std::string KindName(v1::IdentityKind kind) {
  return v1::IdentityKind_Name(kind).substr(kKindPrefix.size());
}

std::vector<Identity> IdentitiesOf(const std::vector<ClaimedIdentity>& claims) {
  std::vector<Identity> identities;
  identities.reserve(claims.size());
  for (const ClaimedIdentity& claim : claims) identities.push_back(claim.identity);
  return identities;
}

std::vector<ClaimedIdentity> WithoutHolder(const std::vector<ClaimedIdentity>& claims,
                                           const std::vector<IdentityHolder>& holders) {
  std::vector<ClaimedIdentity> unknown;
  for (const ClaimedIdentity& claim : claims) {
    const bool held = std::any_of(
        holders.begin(), holders.end(),
        [&](const IdentityHolder& holder) { return holder.identity == claim.identity; });
    if (!held) unknown.push_back(claim);
  }
  return unknown;
}

absl::Status NothingToBind(schema::Language language) {
  return schema::ViolationsToStatus(
      {{"identities", "AUTHORIZATION_REQUIRED",
        "no customer has these identities; to create one, send the authorisation of the OpenID or "
        "another identity",
        "没有客户拥有这些身份；新建客户请提供 OpenID 的绑定授权或其他身份"}},
      language);
}

crm::types::v1::ChangeList IdentityChange(bool added, v1::IdentityKind kind) {
  crm::types::v1::ChangeList list;
  auto* change = list.add_changes();
  change->set_field("identities");
  added ? change->set_new_value(KindName(kind)) : change->set_old_value(KindName(kind));
  return list;
}

}  // namespace

crm::types::v1::ChangeList IdentityAdded(v1::IdentityKind kind) {
  return IdentityChange(true, kind);
}

crm::types::v1::ChangeList IdentityRemoved(v1::IdentityKind kind) {
  return IdentityChange(false, kind);
}

absl::StatusOr<Resolution> IdentityResolver::Resolve(db::Connection& db, db::WriteSet& writes,
                                                     const ResolveInput& input) const {
  CRM_ASSIGN_OR_RETURN(Resolution resolution, FindOrCreate(db, writes, input));
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> sharers,
                       landlines_.Open(db, writes, resolution.customer, input.landlines,
                                       resolution.other_customers, input.source));
  resolution.other_customers.insert(resolution.other_customers.end(), sharers.begin(),
                                    sharers.end());
  return resolution;
}

absl::StatusOr<Resolution> IdentityResolver::FindOrCreate(db::Connection& db, db::WriteSet& writes,
                                                          const ResolveInput& input) const {
  CRM_ASSIGN_OR_RETURN(const std::vector<IdentityHolder> holders,
                       archive_.identities.FindHolders(db, IdentitiesOf(input.claims)));
  if (holders.empty()) return Create(writes, input);
  return Join(db, writes, input, holders);
}

absl::StatusOr<Resolution> IdentityResolver::Create(db::WriteSet& writes,
                                                    const ResolveInput& input) const {
  const auto rules = archive_.rules();
  v1::Customer customer = input.profile;
  const std::vector<ClaimedIdentity> bound = FillFields(input.claims, customer);
  if (!input.landlines.empty() && customer.kind() == v1::CUSTOMER_KIND_ORGANIZATION) {
    customer.set_company_phone(input.landlines.front());
  }
  if (bound.empty() && customer::IdentitiesOf(customer).empty()) {
    return NothingToBind(input.language);
  }
  std::vector<schema::Violation> violations =
      rules->Normalize(customer, nullptr, archive_.DayOf(input.source.time));
  for (schema::Violation& violation : violations) {
    violation.field = absl::StrCat("profile.", violation.field);
  }
  CRM_RETURN_IF_ERROR(schema::ViolationsToStatus(violations, input.language));
  rules->Initialize(customer);
  if (!rules->Missing(customer).empty()) customer.set_tier(v1::TIER_POTENTIAL);
  CRM_ASSIGN_OR_RETURN(std::string number, archive_.NextNumber(input.source.time, customer.kind()));
  customer.set_number(std::move(number));

  Resolution resolution;
  resolution.created = true;
  resolution.customer = archive_.changes.Create(writes, std::move(customer), *rules, input.source);
  for (const Identity& identity : customer::IdentitiesOf(resolution.customer.message)) {
    resolution.attached.push_back(identity.kind);
  }
  for (const ClaimedIdentity& claim : bound) {
    archive_.identities.InsertBound(writes, claim.identity, resolution.customer.key.id,
                                    claim.authorization, input.source.time);
    resolution.attached.push_back(claim.identity.kind);
  }
  return resolution;
}

absl::StatusOr<Resolution> IdentityResolver::Join(
    db::Connection& db, db::WriteSet& writes, const ResolveInput& input,
    const std::vector<IdentityHolder>& holders) const {
  const IdentityHolder& strongest = holders.front();
  CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                       archive_.store.GetByIds(db, {strongest.customer_id}, input.scope));
  if (found.empty()) return IdentityTaken(strongest);
  Resolution resolution;
  resolution.customer = std::move(found.front());
  const std::vector<ClaimedIdentity> unknown = WithoutHolder(input.claims, holders);
  if (!unknown.empty()) Attach(writes, input, unknown, resolution);
  CRM_RETURN_IF_ERROR(OpenDuplicates(db, writes, input, holders, resolution));
  return resolution;
}

void IdentityResolver::Attach(db::WriteSet& writes, const ResolveInput& input,
                              const std::vector<ClaimedIdentity>& unknown,
                              Resolution& resolution) const {
  const auto rules = archive_.rules();
  const v1::Customer before = resolution.customer.message;
  v1::Customer after = before;
  std::vector<ClaimedIdentity> bound = FillFields(unknown, after);
  if (!rules->Normalize(after, &before, archive_.DayOf(input.source.time)).empty()) {
    // An official number that contradicts the file: the file wins.
    after = before;
    std::vector<ClaimedIdentity> fitting;
    for (const ClaimedIdentity& claim : unknown) {
      if (claim.identity.kind != v1::IDENTITY_KIND_RESIDENT_ID) fitting.push_back(claim);
    }
    bound = FillFields(fitting, after);
  }
  crm::types::v1::ChangeList notes;
  for (const ClaimedIdentity& claim : bound) {
    archive_.identities.InsertBound(writes, claim.identity, resolution.customer.key.id,
                                    claim.authorization, input.source.time);
    notes.MergeFrom(IdentityAdded(claim.identity.kind));
    resolution.attached.push_back(claim.identity.kind);
  }
  for (const Identity& identity : customer::IdentitiesOf(after)) {
    const std::vector<Identity> old = customer::IdentitiesOf(before);
    if (std::find(old.begin(), old.end(), identity) == old.end()) {
      resolution.attached.push_back(identity.kind);
    }
  }
  resolution.customer = archive_.changes.Change(writes, resolution.customer, std::move(after),
                                                *rules, input.source, notes);
}

absl::Status IdentityResolver::OpenDuplicates(db::Connection& db, db::WriteSet& writes,
                                              const ResolveInput& input,
                                              const std::vector<IdentityHolder>& holders,
                                              Resolution& resolution) const {
  const IdentityHolder& main = holders.front();
  std::map<int64_t, DuplicatePair> pairs;
  for (const IdentityHolder& holder : holders) {
    if (holder.customer_id == main.customer_id) continue;
    auto [pair, is_new] = pairs.try_emplace(
        holder.customer_id,
        DuplicatePair{
            main.customer_id, main.number, holder.customer_id, holder.number, kConflictScore, {}});
    if (is_new) resolution.other_customers.push_back(holder.number);
    pair->second.reasons.push_back(
        absl::StrCat("IDENTITY_CONFLICT:", KindName(holder.identity.kind)));
  }
  for (auto& [id, pair] : pairs) {
    CRM_RETURN_IF_ERROR(duplicates_.Open(db, writes, std::move(pair), input.source));
  }
  return absl::OkStatus();
}

}  // namespace crm::customer
