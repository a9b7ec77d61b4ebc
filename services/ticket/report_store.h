// The SQL of reports (TIC-11): a few statements over ranges of keys, however many tickets there
// are.
#ifndef CRM_SERVICES_TICKET_REPORT_STORE_H_
#define CRM_SERVICES_TICKET_REPORT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/ticket_facts.h"

namespace crm::ticket {

// Which tickets count.
struct ReportFilter {
  std::string team = {};
  std::string assignee = {};
  v1::TicketType type = v1::TICKET_TYPE_UNSPECIFIED;
  v1::TicketPriority priority = v1::TICKET_PRIORITY_UNSPECIFIED;
  crm::customer::v1::Tier tier = crm::customer::v1::TIER_UNSPECIFIED;
  auth::RowScope scope = {};

  // For statements over `ticket_fact` and `ticket_clock`; `alias` as in ScopeCondition. Never
  // empty.
  filter::Fragment Condition(std::string_view alias = "") const;
};

// A period, and what its figures are told apart by: a column, or else bounds between which parts
// lie, or nothing.
struct ReportParts {
  absl::Time from;
  absl::Time to;  // excluded
  // Where each part but the first one begins.
  std::vector<absl::Time> bounds = {};
  v1::TicketReportGroup group = v1::TICKET_REPORT_GROUP_UNSPECIFIED;
};

// Facts that count alike.
struct FactCount {
  // Name of the group as stored, or index between the bounds; empty without parts.
  std::string part;
  FactKind kind = FactKind::kCreated;
  bool stands = false;
  bool first_contact = false;
  int64_t satisfaction = 0;
  // Of durations: full minutes; from two hours on full tens of them, from two days on full hours, so
  // that there are few however many tickets there are.
  std::optional<int64_t> minutes;
  int64_t count = 0;
  absl::Duration duration;  // sum
};
absl::StatusOr<std::vector<FactCount>> CountFacts(db::Connection& db, const ReportFilter& filter,
                                                  const ReportParts& parts);

// Turns of a clock whose outcome was decided in the period.
struct ClockCount {
  std::string part;
  v1::SlaClock clock = v1::SLA_CLOCK_UNSPECIFIED;
  bool late = false;
  int64_t count = 0;
};
absl::StatusOr<std::vector<ClockCount>> CountClocks(db::Connection& db, const ReportFilter& filter,
                                                    const ReportParts& parts, absl::Time now);

// Tickets that were open at an instant.
struct OpenCount {
  std::string part;
  int64_t open = 0;
  absl::Duration age;  // sum
  absl::Duration oldest;
  int64_t under_1_day = 0;
  int64_t under_3_days = 0;
  int64_t under_7_days = 0;
};
absl::StatusOr<std::vector<OpenCount>> CountOpen(db::Connection& db, const ReportFilter& filter,
                                                 const ReportParts& parts, absl::Time at);

// Tickets that were open at each instant; `at` rises.
absl::StatusOr<std::vector<int64_t>> CountOpenAt(db::Connection& db, const ReportFilter& filter,
                                                 const std::vector<absl::Time>& at);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_STORE_H_
