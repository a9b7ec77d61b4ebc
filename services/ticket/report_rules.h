// Figures from counts (TIC-11). Pure.
#ifndef CRM_SERVICES_TICKET_REPORT_RULES_H_
#define CRM_SERVICES_TICKET_REPORT_RULES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/report_store.h"

namespace crm::ticket {

// Durations by full minutes.
class MinuteCounts {
 public:
  void Add(int64_t minutes, int64_t count, absl::Duration sum);

  int64_t count() const { return count_; }
  v1::TimeFigures Figures() const;

 private:
  // The smallest that at least so many of ten do not exceed (nearest rank).
  int64_t AtMostTenths(int64_t tenths) const;

  std::map<int64_t, int64_t> by_minute_;
  int64_t count_ = 0;
  absl::Duration sum_;
};

// The figures of one part.
class FigureBuilder {
 public:
  void Add(const FactCount& count);
  void Add(const ClockCount& count);
  void Add(const OpenCount& count);
  void SetOpen(int64_t open) { backlog_.set_open(open); }

  v1::TicketFigures Build(std::string group) const;

 private:
  struct Decided {
    int64_t in_time = 0;
    int64_t late = 0;
  };

  int64_t created_ = 0;
  int64_t reopened_ = 0;
  int64_t first_contact_ = 0;
  MinuteCounts answers_;
  MinuteCounts resolutions_;
  std::map<v1::SlaClock, Decided> clocks_;
  int64_t rated_ = 0;
  int64_t satisfaction_ = 0;  // sum
  int64_t satisfied_ = 0;
  v1::BacklogFigures backlog_;
};

// Name of a group as the API has it: of the stored number of an enum, its value's name.
std::string GroupName(v1::TicketReportGroup group, const std::string& stored);

// "2026-03"; nothing if it is no month.
std::optional<absl::CivilMonth> ParseMonth(const std::string& text);
std::string MonthName(absl::CivilMonth month);
// The months that a period touches, `to` excluded.
std::vector<absl::CivilMonth> MonthsOf(absl::Time from, absl::Time to, absl::TimeZone zone);

// Part of a whole; nothing of nothing.
std::optional<double> Share(int64_t part, int64_t whole);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_RULES_H_
