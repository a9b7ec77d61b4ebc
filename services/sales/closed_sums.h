// What was won and lost in a period (SAL-15, SAL-16), as one statement: whole months from the sums
// of `report_sums`, the days before and after them from the rows that were closed then. Both are
// one view of the database.
#ifndef CRM_SERVICES_SALES_CLOSED_SUMS_H_
#define CRM_SERVICES_SALES_CLOSED_SUMS_H_

#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/filter/fragment.h"
#include "services/sales/closed_parts.h"
#include "services/sales/report_sums.h"

namespace crm::sales {

// Days of closing, the last one too.
struct ClosedPeriod {
  absl::CivilDay from;
  absl::CivilDay to;
  // Nothing is closed later, so that a month that has come to it is whole.
  absl::CivilDay today;
  absl::TimeZone zone;
};

struct ClosedQuery {
  ClosedPart part;
  // Over `value`, source_channel and stage_kind.
  std::vector<SumQuery::Group> by;
  About about;
  const ClosedPeriod& period;
  filter::Fragment where = {};
};

// Gives the groups, then the sums of ClosedSums().
filter::Fragment SelectClosed(const ClosedQuery& query);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_CLOSED_SUMS_H_
