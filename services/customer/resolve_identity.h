// Finds or creates the one customer behind a set of identities (CUS-14, CUS-15). Every way in that
// knows people by what they bring (RPC, forms, events) goes through here.
//
//   CRM_ASSIGN_OR_RETURN(Resolution resolution, resolver.Resolve(*db, call.writes(), {…}));
//
// One customer comes of any number of calls at the same time because the identities' keys are
// unique: the losers' commits fail with DUPLICATE_KEY, their handlers run again and find the
// winner.
#ifndef CRM_SERVICES_CUSTOMER_RESOLVE_IDENTITY_H_
#define CRM_SERVICES_CUSTOMER_RESOLVE_IDENTITY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/schema/language.h"
#include "services/customer/archive.h"
#include "services/customer/duplicate_store.h"
#include "services/customer/landline.h"
#include "services/customer/resolve_rules.h"

namespace crm::customer {

struct ResolveInput {
  std::vector<ClaimedIdentity> claims;  // normalised, strongest first, not empty
  std::vector<std::string> landlines;   // normalised
  v1::Customer profile;                 // of a new customer, from CustomerOf; owner and team final
  auth::RowScope scope;
  resource::ChangeSource source;
  schema::Language language = schema::Language::kEnglish;
};

struct Resolution {
  StoredCustomer customer;
  bool created = false;
  std::vector<v1::IdentityKind> attached;
  std::vector<std::string> other_customers;  // numbers that weaker identities and landlines lead to
};

// Thread-safe.
class IdentityResolver {
 public:
  IdentityResolver(Archive& archive, const DuplicateStore& duplicates)
      : archive_(archive), duplicates_(duplicates), landlines_(archive, duplicates) {}

  // Fills `writes` with what has to change: nothing in the common case, a known customer.
  // ALREADY_EXISTS IDENTITY_TAKEN if the customer is outside the scope; INVALID_ARGUMENT for a bad
  // profile (paths under `profile.`), and if nothing of a new customer could be bound.
  absl::StatusOr<Resolution> Resolve(db::Connection& db, db::WriteSet& writes,
                                     const ResolveInput& input) const;

 private:
  absl::StatusOr<Resolution> FindOrCreate(db::Connection& db, db::WriteSet& writes,
                                          const ResolveInput& input) const;
  absl::StatusOr<Resolution> Create(db::WriteSet& writes, const ResolveInput& input) const;
  absl::StatusOr<Resolution> Join(db::Connection& db, db::WriteSet& writes,
                                  const ResolveInput& input,
                                  const std::vector<IdentityHolder>& holders) const;
  void Attach(db::WriteSet& writes, const ResolveInput& input,
              const std::vector<ClaimedIdentity>& unknown, Resolution& resolution) const;
  absl::Status OpenDuplicates(db::Connection& db, db::WriteSet& writes, const ResolveInput& input,
                              const std::vector<IdentityHolder>& holders,
                              Resolution& resolution) const;

  Archive& archive_;
  const DuplicateStore& duplicates_;
  const LandlineDuplicates landlines_;
};

// The history's note of identities that no field holds; values never appear in it.
crm::types::v1::ChangeList IdentityAdded(v1::IdentityKind kind);
crm::types::v1::ChangeList IdentityRemoved(v1::IdentityKind kind);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_RESOLVE_IDENTITY_H_
