// The figures of a report's whole, months and groups (TIC-11), counted in one go. Pure.
#ifndef CRM_SERVICES_TICKET_REPORT_TABLES_H_
#define CRM_SERVICES_TICKET_REPORT_TABLES_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/report_rules.h"
#include "services/ticket/tally.h"

namespace crm::ticket {

// Memory goes with the number of groups and of open tickets, not with that of all tickets.
class ReportTables {
 public:
  static constexpr size_t kMaxGroups = 2000;

  // `instants`: when open tickets are counted, for the whole and its groups, then for each month.
  ReportTables(v1::TicketReportGroup group, std::vector<absl::CivilMonth> months,
               std::vector<absl::Time> instants);

  void Happened(absl::CivilDay day, const Holder& holder, const Tally& tally);
  void Open(size_t instant, const Holder& holder, const Tally& tally);

  // INVALID_ARGUMENT TOO_MANY_GROUPS.
  absl::StatusOr<v1::GetTicketReportResponse> Build() const;

 private:
  // Null if there are too many.
  FigureBuilder* GroupFor(const Holder& holder, const TicketClass& of);

  const v1::TicketReportGroup group_;
  const std::vector<absl::CivilMonth> months_;
  const std::vector<absl::Time> instants_;
  FigureBuilder total_;
  std::vector<FigureBuilder> by_month_;
  std::vector<int64_t> open_by_month_;
  std::map<std::string, FigureBuilder> groups_;
  bool too_many_ = false;
  // Those that come after each other are mostly of one group.
  std::string last_name_;
  FigureBuilder* last_ = nullptr;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_TABLES_H_
