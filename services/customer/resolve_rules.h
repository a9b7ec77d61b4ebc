// How identities and what is known besides them make a customer (CUS-14). Pure.
#ifndef CRM_SERVICES_CUSTOMER_RESOLVE_RULES_H_
#define CRM_SERVICES_CUSTOMER_RESOLVE_RULES_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/identity_service.pb.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "services/customer/customer_rules.h"
#include "services/customer/identity.h"

namespace crm::customer {

// An identity with the record that allows to bind it.
struct ClaimedIdentity {
  Identity identity;
  std::string authorization;

  // An OpenID without authorisation finds, but is not bound.
  bool bindable() const { return !NeedsAuthorization(identity.kind) || !authorization.empty(); }
};

// The landlines among phones, normalised: no identities.
std::vector<std::string> LandlinesOf(
    const google::protobuf::RepeatedPtrField<v1::IdentityValue>& values);

// Normalised, strongest first, each once; landlines are left out. Bad ones are told in
// `violations`, under `path`[i]; so are landlines if there is nothing else.
std::vector<ClaimedIdentity> NormalizeClaims(
    const google::protobuf::RepeatedPtrField<v1::IdentityValue>& values, const std::string& path,
    absl::CivilDay today, std::vector<schema::Violation>& violations);

// The customer's fields as far as identities fill them: sets those that are still unknown and fit
// its kind. Gives the claims that no field took and that can be bound besides.
std::vector<ClaimedIdentity> FillFields(const std::vector<ClaimedIdentity>& claims,
                                        v1::Customer& customer);

// A customer of what is known, not yet normalised.
v1::Customer CustomerOf(const v1::IdentityProfile& profile,
                        const std::vector<ClaimedIdentity>& claims);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_RESOLVE_RULES_H_
