// Who took part in closed opportunities (SAL-15): the rows of `closed_competitor`, from which the
// win rate against each competitor is read.
#ifndef CRM_SERVICES_SALES_CLOSED_COMPETITORS_H_
#define CRM_SERVICES_SALES_CLOSED_COMPETITORS_H_

#include "common/db/write_set.h"
#include "common/record/table.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {

// Makes the rows of an opportunity follow its change. `before`: null for a new one. An open one has
// none.
void KeepCompetitors(db::WriteSet& writes, const v1::Opportunity* before,
                     const record::Stored<v1::Opportunity>& after);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_CLOSED_COMPETITORS_H_
