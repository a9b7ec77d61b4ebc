// The SQL of targets (SAL-19).
#ifndef CRM_SERVICES_SALES_TARGET_STORE_H_
#define CRM_SERVICES_SALES_TARGET_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/record/table.h"
#include "crm/sales/v1/target.pb.h"
#include "services/sales/target_rules.h"

namespace crm::sales {

using StoredTarget = record::Stored<v1::Target>;

// That of the same subject and period, in whatever scope.
absl::StatusOr<std::optional<StoredTarget>> FindTarget(db::Connection& db,
                                                       const record::Table& table,
                                                       const v1::Target& target);

// Those of a period that the caller may see, teams first, then people, each by id.
absl::StatusOr<std::vector<v1::Target>> ReadTargets(db::Connection& db, const record::Table& table,
                                                    const v1::GetAttainmentRequest& request,
                                                    const auth::RowScope& scope);

// The forecast of everybody for these months, by owner and team.
absl::StatusOr<std::vector<Prospect>> ReadProspects(db::Connection& db, const Months& months);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TARGET_STORE_H_
