// What entering a stage sets off (SAL-2, SAL-10): in the transaction of the move.
#ifndef CRM_SERVICES_SALES_ENTRY_ACTIONS_H_
#define CRM_SERVICES_SALES_ENTRY_ACTIONS_H_

#include "absl/status/status.h"
#include "common/server/call_context.h"
#include "services/sales/sales.h"

namespace crm::sales {

// The opportunity has just entered its stage, be it open, won or lost. Reminders of entry actions
// are due `after_days` later, at once without.
absl::Status RunEntryActions(Sales& sales, server::CallContext& call,
                             const v1::Opportunity& opportunity);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_ENTRY_ACTIONS_H_
