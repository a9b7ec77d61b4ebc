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
#include "services/ticket/tally.h"

namespace crm::ticket {

// Durations by their buckets.
class DurationCounts {
 public:
  void Add(const Tally& tally);

  int64_t count() const { return count_; }
  v1::TimeFigures Figures() const;

 private:
  // The smallest that at least so many of ten do not exceed (nearest rank).
  int64_t AtMostTenths(int64_t tenths) const;

  std::vector<int64_t> by_bucket_;
  int64_t count_ = 0;
  int64_t seconds_ = 0;
};

// The figures of one part.
class FigureBuilder {
 public:
  // What happened.
  void Add(const Tally& tally);
  // What is open, with its age at that instant.
  void AddOpen(const Tally& tally);

  v1::TicketFigures Build(std::string group, absl::Time open_at) const;

 private:
  struct Decided {
    int64_t in_time = 0;
    int64_t late = 0;
  };

  void AddChange(int64_t change, int64_t count);
  v1::BacklogFigures Backlog(absl::Time at) const;

  int64_t created_ = 0;
  int64_t reopened_ = 0;
  int64_t first_contact_ = 0;
  int64_t untold_ = 0;  // resolved, but not known whether at first contact
  DurationCounts answers_;
  DurationCounts resolutions_;
  std::map<v1::SlaClock, Decided> clocks_;
  int64_t rated_ = 0;
  int64_t satisfaction_ = 0;  // sum
  int64_t satisfied_ = 0;
  int64_t compared_ = 0;
  int64_t change_ = 0;  // sum
  int64_t improved_ = 0;
  // How many are open by the second of their creation; those that come to nothing count nowhere.
  std::map<int64_t, int64_t> open_;
};

// What a ticket is told apart by: the name of a value, a team or a user.
std::string GroupOf(v1::TicketReportGroup group, const Holder& holder, const TicketClass& of);

// "2026-03"; nothing if it is no month.
std::optional<absl::CivilMonth> ParseMonth(const std::string& text);
std::string MonthName(absl::CivilMonth month);
// The months that a period touches, `to` excluded.
std::vector<absl::CivilMonth> MonthsOf(absl::Time from, absl::Time to, absl::TimeZone zone);

// Part of a whole; nothing of nothing.
std::optional<double> Share(int64_t part, int64_t whole);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_RULES_H_
