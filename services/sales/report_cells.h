// The sums that reports read (SAL-12, SAL-13, SAL-14), kept in the transactions that change
// opportunities: what an opportunity counted before is taken out of its cells, what it counts now
// is put in.
#ifndef CRM_SERVICES_SALES_REPORT_CELLS_H_
#define CRM_SERVICES_SALES_REPORT_CELLS_H_

#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/db/write_set.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {

// Moves an opportunity from what it counted `before` (null: nothing) to what it counts `after`, and
// counts the stay that ended between the two. Months are those of `zone`, 0 if unknown.
void UpdateReportCells(db::WriteSet& writes, const v1::Opportunity* before,
                       const v1::Opportunity& after, absl::TimeZone zone);

// A stay in an open stage that has ended (SAL-14).
struct EndedStay {
  std::string stage;
  absl::Time enter;
  absl::Time leave;
};
// Counts it for the opportunity's owner and team.
void CountStay(db::WriteSet& writes, const v1::Opportunity& opportunity, const EndedStay& stay,
               absl::TimeZone zone);

// Year and month as one number, 202603.
int MonthOf(absl::CivilDay day);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_CELLS_H_
