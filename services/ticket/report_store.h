// What a report counts (TIC-11), read from sums by day and from what is not in them yet: a few
// statements over ranges of keys, however many tickets there are.
#ifndef CRM_SERVICES_TICKET_REPORT_STORE_H_
#define CRM_SERVICES_TICKET_REPORT_STORE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/tally.h"

namespace crm::ticket {

// Which tickets count.
struct ReportFilter {
  std::string team = {};
  std::string assignee = {};
  v1::TicketType type = v1::TICKET_TYPE_UNSPECIFIED;
  v1::TicketPriority priority = v1::TICKET_PRIORITY_UNSPECIFIED;
  crm::customer::v1::Tier tier = crm::customer::v1::TIER_UNSPECIFIED;
  auth::RowScope scope = {};

  // For statements over tables that have a row for each ticket. Never empty.
  filter::Fragment Condition() const;
  // For statements over tables that tell apart only who has a ticket: the rest is in Matches.
  filter::Fragment HolderCondition() const;
  bool Matches(const TicketClass& of) const;
};

// Whole days of the business zone.
struct ReportPeriod {
  absl::TimeZone zone;
  absl::CivilDay first;
  absl::CivilDay last;
  absl::Time now;
  // At which open tickets are counted: beginnings of days, or now.
  std::vector<absl::Time> instants = {};

  absl::Time from() const { return absl::FromCivil(first, zone); }
  absl::Time to() const { return absl::FromCivil(last + 1, zone); }  // excluded
};

struct ReportReader {
  absl::FunctionRef<void(absl::CivilDay, const Holder&, const Tally&)> happened;
  // At one of the instants.
  absl::FunctionRef<void(size_t instant, const Holder&, const Tally&)> open;
};

// All that counts, in no order; of one state of the database.
absl::Status ReadReport(db::Connection& db, const ReportFilter& filter, const ReportPeriod& period,
                        const ReportReader& reader);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_STORE_H_
