#include "services/customer/resolve_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/customer/landline.h"

namespace crm::customer {
namespace {

using schema::Violation;

bool Has(const std::vector<ClaimedIdentity>& claims, v1::IdentityKind kind) {
  return std::any_of(claims.begin(), claims.end(),
                     [kind](const ClaimedIdentity& claim) { return claim.identity.kind == kind; });
}

v1::CustomerKind KindOf(const v1::IdentityProfile& profile,
                        const std::vector<ClaimedIdentity>& claims) {
  if (profile.kind() != v1::CUSTOMER_KIND_UNSPECIFIED) return profile.kind();
  return Has(claims, v1::IDENTITY_KIND_CREDIT_CODE) ? v1::CUSTOMER_KIND_ORGANIZATION
                                                    : v1::CUSTOMER_KIND_PERSON;
}

// The field for a value, null if the kind has none or the customer's kind has no such field.
std::string* FieldFor(v1::IdentityKind kind, v1::Customer& customer) {
  const bool is_person = customer.kind() == v1::CUSTOMER_KIND_PERSON;
  switch (kind) {
    case v1::IDENTITY_KIND_PHONE:
      return customer.mutable_phone();
    case v1::IDENTITY_KIND_EMAIL:
      return customer.mutable_email();
    case v1::IDENTITY_KIND_RESIDENT_ID:
      return is_person ? customer.mutable_resident_id() : nullptr;
    case v1::IDENTITY_KIND_CREDIT_CODE:
      return is_person ? nullptr : customer.mutable_credit_code();
    default:
      return nullptr;
  }
}

// A further phone or email may be bound beside the field; an official number is the field or
// nothing.
bool IsOfficial(v1::IdentityKind kind) {
  return kind == v1::IDENTITY_KIND_RESIDENT_ID || kind == v1::IDENTITY_KIND_CREDIT_CODE;
}

bool IsLandline(const v1::IdentityValue& value) {
  return value.kind() == v1::IDENTITY_KIND_PHONE && AsLandline(value.value()).has_value();
}

}  // namespace

std::vector<std::string> LandlinesOf(
    const google::protobuf::RepeatedPtrField<v1::IdentityValue>& values) {
  std::vector<std::string> landlines;
  for (const v1::IdentityValue& value : values) {
    if (IsLandline(value)) landlines.push_back(*AsLandline(value.value()));
  }
  return landlines;
}

std::vector<ClaimedIdentity> NormalizeClaims(
    const google::protobuf::RepeatedPtrField<v1::IdentityValue>& values, const std::string& path,
    absl::CivilDay today, std::vector<Violation>& violations) {
  // A landline alone is told that it is none.
  const bool other_than_landlines = !std::all_of(values.begin(), values.end(), IsLandline);
  std::vector<ClaimedIdentity> claims;
  for (int i = 0; i < values.size(); ++i) {
    if (other_than_landlines && IsLandline(values[i])) continue;
    auto normal = NormalizeIdentity(values[i].kind(), values[i].value(), today);
    if (!normal.ok()) {
      const text::Problem& problem = normal.problem();
      violations.push_back({absl::StrCat(path, "[", i, "].value"), std::string(problem.rule),
                            std::string(problem.mend_en), std::string(problem.mend_zh)});
      continue;
    }
    Identity identity{values[i].kind(), *std::move(normal)};
    const bool seen = std::any_of(claims.begin(), claims.end(), [&](const ClaimedIdentity& claim) {
      return claim.identity == identity;
    });
    if (!seen) claims.push_back({std::move(identity), values[i].authorization()});
  }
  std::stable_sort(claims.begin(), claims.end(),
                   [](const ClaimedIdentity& a, const ClaimedIdentity& b) {
                     return a.identity.kind < b.identity.kind;
                   });
  return claims;
}

std::vector<ClaimedIdentity> FillFields(const std::vector<ClaimedIdentity>& claims,
                                        v1::Customer& customer) {
  std::vector<ClaimedIdentity> rest;
  for (const ClaimedIdentity& claim : claims) {
    const v1::IdentityKind kind = claim.identity.kind;
    std::string* field = FieldFor(kind, customer);
    if (field != nullptr && field->empty()) {
      *field = claim.identity.value;
    } else if (!IsOfficial(kind) && claim.bindable()) {
      rest.push_back(claim);
    }
  }
  return rest;
}

v1::Customer CustomerOf(const v1::IdentityProfile& profile,
                        const std::vector<ClaimedIdentity>& claims) {
  v1::Customer customer;
  customer.set_kind(KindOf(profile, claims));
  customer.set_full_name(profile.full_name());
  customer.set_decision_maker(profile.decision_maker());
  customer.set_industry(profile.industry());
  customer.set_region(profile.region());
  customer.set_source_channel(profile.source_channel());
  *customer.mutable_need_types() = profile.need_types();
  customer.set_need_description(profile.need_description());
  customer.set_owner(profile.owner());
  return customer;
}

}  // namespace crm::customer
