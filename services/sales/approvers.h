// Who may decide on what waits for approval (SAL-6, SAL-7): whoever has the permission, and whoever
// stands in for such a person at the time.
#ifndef CRM_SERVICES_SALES_APPROVERS_H_
#define CRM_SERVICES_SALES_APPROVERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/db/connection.h"
#include "common/server/call_context.h"
#include "services/sales/sales.h"

namespace crm::sales {

// An opportunity that the caller may decide about.
struct ForDecision {
  StoredOpportunity opportunity;
  std::string stands_in_for;  // empty: in their own right
};

// Thread-safe.
class Approvers {
 public:
  // `sales` outlives it.
  explicit Approvers(const Sales& sales) : sales_(sales) {}

  // PERMISSION_DENIED with NOT_AN_APPROVER: the caller may approve nothing, nor anybody they stand
  // in for; with OWN_OPPORTUNITY: nobody stands in for another about an opportunity of their own.
  // NOT_FOUND: there is no such opportunity where they may.
  absl::StatusOr<ForDecision> Find(server::CallContext& call, const std::string& number) const;

  // A role of theirs approves.
  bool MayApprove(const auth::Caller& caller) const;
  // A role of theirs lets them stand in for somebody who may approve.
  bool MayStandIn(const auth::Caller& caller) const;

 private:
  // Whom a deputy stands in for now, and who may approve.
  absl::StatusOr<std::vector<auth::Caller>> Delegators(db::Connection& db,
                                                       const std::string& deputy,
                                                       absl::Time now) const;

  const Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_APPROVERS_H_
