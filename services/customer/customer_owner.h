// Who owns a new customer (CUS-38): whoever creates it, or another user named by somebody who may
// assign customers. Later AssignCustomer alone changes the owner. The same for every way in.
//
//   CustomerOwners::Giver giver = owners.GiverOf(call.caller());
//   if (auto violation = owners.Fill(giver, customer)) violations.push_back(*std::move(violation));
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_OWNER_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_OWNER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/auth/caller.h"
#include "common/auth/policy.h"
#include "common/schema/validate.h"
#include "common/server/staff_directory.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {

// Thread-safe.
class CustomerOwners {
 public:
  // Both outlive it.
  CustomerOwners(const server::StaffDirectory& staff, const auth::CurrentPolicy& policy)
      : staff_(staff), policy_(policy) {}

  // On whose behalf customers are created.
  struct Giver {
    std::string user;  // owns what has no other owner; empty for a program, which owns nothing
    std::string team;  // of the token, for who is not in the directory
    bool may_assign = false;
  };
  Giver GiverOf(const auth::Caller& caller) const;

  // Sets the owner, if none is named, and the owner's team. A violation of `owner` if the giver may
  // not choose it, or the directory has no such active user.
  std::optional<schema::Violation> Fill(const Giver& giver, v1::Customer& customer) const;

  // Null unless it is an active user of the directory.
  std::shared_ptr<const server::StaffEntry> FindActive(std::string_view user) const;

 private:
  const server::StaffDirectory& staff_;
  const auth::CurrentPolicy& policy_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_OWNER_H_
