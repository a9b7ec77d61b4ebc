// The people and customers that opportunities of an older system name: found by id, number or name,
// once for a whole call. Customers outside the caller's scope of customer.read do not exist
// (PLT-13).
//
//   HistoryReferences references(sales, policy, call.caller());
//   CRM_RETURN_IF_ERROR(references.Load(db, rows, writes));
//   references.Resolve(row, violations);
#ifndef CRM_SERVICES_SALES_HISTORY_REFERENCES_H_
#define CRM_SERVICES_SALES_HISTORY_REFERENCES_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/auth/caller.h"
#include "common/auth/policy.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/sales/v1/history.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

// Lives as long as one attempt of one call.
class HistoryReferences {
 public:
  // `sales` outlives it.
  HistoryReferences(const Sales& sales, const auth::Policy& policy, const auth::Caller& caller);

  // Reads what the rows name. Customers that are not known here are asked for and kept with
  // `writes`; UNAVAILABLE, reason CUSTOMER_UNVERIFIED, if the archive does not answer.
  absl::Status Load(db::Connection& db, const std::vector<v1::HistoricOpportunity>& rows,
                    db::WriteSet& writes);

  // Puts the customer's number, the owner's user id and team into the row, and its name for the
  // customer's own.
  void Resolve(v1::HistoricOpportunity& row, std::vector<schema::Violation>& violations) const;

 private:
  void Keep(const crm::customer::v1::Customer& customer);
  absl::Status LoadNames(db::Connection& db, const std::vector<std::string>& names);
  void ResolveOwner(v1::HistoricOpportunity& row, std::vector<schema::Violation>& violations) const;
  void ResolveCustomer(v1::HistoricOpportunity& row,
                       std::vector<schema::Violation>& violations) const;

  const Sales& sales_;
  const std::shared_ptr<const replica::Staff> staff_;
  const std::optional<auth::RowScope> customer_scope_;  // nothing: may not read any
  const std::string own_team_;
  std::map<std::string, std::string> name_by_number_;
  std::map<std::string, std::set<std::string>> numbers_by_name_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_HISTORY_REFERENCES_H_
