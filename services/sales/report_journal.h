// The journal of the sums that reports read (SAL-12 to SAL-15): whoever changes an
// opportunity appends what it counted until now, taken out, and what it counts from now on.
// `report_posting` adds entries up into cells; readers take both (`report_sums`), so that nobody
// waits for a row of sums and no report is behind (docs/adr/0015).
#ifndef CRM_SERVICES_SALES_REPORT_JOURNAL_H_
#define CRM_SERVICES_SALES_REPORT_JOURNAL_H_

#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/db/write_set.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {

// Thread-safe.
class ReportJournal {
 public:
  // `ids` outlives it. Months are those of `zone`.
  ReportJournal(IdGenerator& ids, absl::TimeZone zone) : ids_(ids), zone_(zone) {}

  // From what the opportunity counted `before` (null: nothing) to what it counts `after`, and the
  // stay in a stage that ended between the two; as closed, too (`closed_journal`). Nothing if it
  // counts the same.
  void Add(db::WriteSet& writes, const v1::Opportunity* before, const v1::Opportunity& after) const;

  // A stay in an open stage that has ended (SAL-14).
  struct EndedStay {
    std::string stage;
    absl::Time enter;
    absl::Time leave;
  };
  // Counts it for the opportunity's owner and team.
  void AddStay(db::WriteSet& writes, const v1::Opportunity& opportunity,
               const EndedStay& stay) const;

 private:
  IdGenerator& ids_;
  const absl::TimeZone zone_;
};

// Year and month as one number, 202603.
int MonthOf(absl::CivilDay day);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_JOURNAL_H_
