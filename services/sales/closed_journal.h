// The journal of what closed opportunities count (SAL-15, SAL-16): an entry for each part and value
// (`closed_parts`), appended like those of `report_journal` and added up into `closed_cell`. A
// table of its own: only closings and what is corrected afterwards write it, and other reports do
// not read it.
#ifndef CRM_SERVICES_SALES_CLOSED_JOURNAL_H_
#define CRM_SERVICES_SALES_CLOSED_JOURNAL_H_

#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/db/write_set.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {

// From what the opportunity counted `before` (null: nothing) to what it counts `after`. Nothing if
// it counts the same. Months are those of `zone`.
void JournalClosed(db::WriteSet& writes, const v1::Opportunity* before,
                   const v1::Opportunity& after, IdGenerator& ids, absl::TimeZone zone);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_CLOSED_JOURNAL_H_
