// Reports counted the slow way: every ticket with its history and clocks over the API, one after
// the other. Shares nothing with the report but its definitions.
#ifndef CRM_SERVICES_TICKET_REPORT_TEST_MODEL_H_
#define CRM_SERVICES_TICKET_REPORT_TEST_MODEL_H_

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/record/times.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "crm/ticket/v1/sla_service.pb.h"
#include "crm/ticket/v1/ticket_event.pb.h"

namespace crm::ticket {

struct WholeTicket {
  v1::Ticket ticket;
  std::vector<v1::TicketEvent> events;
  v1::TicketSla sla;
};

class SlowReport {
 public:
  SlowReport(std::vector<WholeTicket> tickets, absl::Time from, absl::Time to, absl::Time now)
      : tickets_(std::move(tickets)), from_(from), to_(to), end_(std::min(to, now)) {}

  v1::TicketFigures Figures() const {
    v1::TicketFigures figures;
    std::vector<absl::Duration> answers;
    std::vector<absl::Duration> resolutions;
    std::vector<absl::Duration> ages;
    std::vector<double> scores;
    int64_t untold = 0;
    std::map<v1::SlaClock, std::pair<int, int>> clocks;
    for (const WholeTicket& whole : tickets_) {
      if (!whole.ticket.merged_into().empty()) continue;
      if (Within(Created(whole))) figures.set_created(figures.created() + 1);
      AddAnswer(whole, answers);
      AddResolutions(whole, resolutions, figures, untold);
      AddClocks(whole, clocks);
      if (whole.ticket.has_satisfaction() && Within(record::TimeOf(whole.ticket.feedback_time()))) {
        scores.push_back(static_cast<double>(whole.ticket.satisfaction()));
      }
      if (IsOpenAt(whole, end_)) {
        ages.push_back(absl::Floor(end_ - Created(whole), absl::Seconds(1)));
      }
    }
    figures.set_resolved(static_cast<int64_t>(resolutions.size()));
    *figures.mutable_first_response() = TimesOf(answers);
    *figures.mutable_resolution() = TimesOf(resolutions);
    SetRates(scores, untold, figures);
    for (const auto& [clock, counts] : clocks) {
      v1::ClockFigures& sla = *figures.add_sla();
      sla.set_clock(clock);
      sla.set_in_time(counts.first);
      sla.set_late(counts.second);
      sla.set_compliance(double(counts.first) / (counts.first + counts.second));
    }
    *figures.mutable_backlog() = BacklogOf(ages);
    return figures;
  }

 private:
  static bool IsDone(v1::TicketStatus status) {
    return status == v1::TICKET_STATUS_DONE || status == v1::TICKET_STATUS_CLOSED;
  }
  static absl::Time Created(const WholeTicket& whole) {
    return record::TimeOf(whole.events.front().time());
  }
  bool Within(absl::Time time) const { return time >= from_ && time < to_; }

  // Imported, and nothing is told of what was said before.
  static bool IsUntold(const WholeTicket& whole) {
    for (const v1::TicketEvent& event : whole.events) {
      switch (event.kind()) {
        case v1::TICKET_EVENT_KIND_IMPORTED:
          return true;
        case v1::TICKET_EVENT_KIND_AGENT_REPLIED:
        case v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED:
        case v1::TICKET_EVENT_KIND_NOTED:
        case v1::TICKET_EVENT_KIND_ARRIVED_ON_SITE:
          return false;
        default:
          break;
      }
    }
    return false;
  }
  static absl::Time Imported(const WholeTicket& whole) {
    return record::TimeOf(whole.ticket.import_time());
  }

  // The status that a ticket had at an instant.
  static v1::TicketStatus StatusAt(const WholeTicket& whole, absl::Time at) {
    v1::TicketStatus status = v1::TICKET_STATUS_UNSPECIFIED;
    for (const v1::TicketEvent& event : whole.events) {
      if (record::TimeOf(event.time()) > at) break;
      const bool tells = event.kind() == v1::TICKET_EVENT_KIND_OPENED ||
                         event.kind() == v1::TICKET_EVENT_KIND_STATUS_CHANGED;
      if (tells) status = event.status();
    }
    return status;
  }
  static bool IsOpenAt(const WholeTicket& whole, absl::Time at) {
    return Created(whole) <= at && !IsDone(StatusAt(whole, at));
  }

  void AddAnswer(const WholeTicket& whole, std::vector<absl::Duration>& answers) const {
    if (IsUntold(whole)) return;
    for (const v1::TicketEvent& event : whole.events) {
      if (event.kind() != v1::TICKET_EVENT_KIND_AGENT_REPLIED) continue;
      const absl::Time time = record::TimeOf(event.time());
      if (Within(time)) answers.push_back(time - Created(whole));
      return;
    }
  }

  void AddResolutions(const WholeTicket& whole, std::vector<absl::Duration>& resolutions,
                      v1::TicketFigures& figures, int64_t& untold) const {
    for (size_t i = 0; i < whole.events.size(); ++i) {
      const v1::TicketEvent& event = whole.events[i];
      const absl::Time time = record::TimeOf(event.time());
      if (event.kind() != v1::TICKET_EVENT_KIND_STATUS_CHANGED || !IsDone(event.status()) ||
          IsDone(StatusAt(whole, time - absl::Microseconds(1))) || !Within(time)) {
        continue;
      }
      if (OpensLater(whole, i)) {
        figures.set_reopened(figures.reopened() + 1);
        continue;
      }
      resolutions.push_back(OpenTime(whole, time));
      if (IsUntold(whole) && !HasMoved(whole, i)) ++untold;
      if (IsFirstContact(whole, i)) {
        figures.set_first_contact_resolved(figures.first_contact_resolved() + 1);
      }
    }
  }

  static bool OpensLater(const WholeTicket& whole, size_t after) {
    return std::any_of(whole.events.begin() + static_cast<long>(after), whole.events.end(),
                       [](const v1::TicketEvent& event) {
                         return event.kind() == v1::TICKET_EVENT_KIND_STATUS_CHANGED &&
                                !IsDone(event.status());
                       });
  }

  // Second by second would do; from change to change is the same.
  static absl::Duration OpenTime(const WholeTicket& whole, absl::Time until) {
    std::set<absl::Time> changes = {until};
    for (const v1::TicketEvent& event : whole.events) {
      if (record::TimeOf(event.time()) < until) changes.insert(record::TimeOf(event.time()));
    }
    absl::Duration open;
    for (auto change = changes.begin(); std::next(change) != changes.end(); ++change) {
      if (IsOpenAt(whole, *change)) open += *std::next(change) - *change;
    }
    return open;
  }

  // Before so many of its entries.
  static bool HasMoved(const WholeTicket& whole, size_t done) {
    std::set<std::string> assignees;
    v1::TicketStatus status = v1::TICKET_STATUS_UNSPECIFIED;
    for (size_t i = 0; i < done; ++i) {
      const v1::TicketEvent& event = whole.events[i];
      if (event.kind() == v1::TICKET_EVENT_KIND_ASSIGNED) assignees.insert(event.assignee());
      if (event.kind() != v1::TICKET_EVENT_KIND_STATUS_CHANGED) continue;
      const bool back = status == v1::TICKET_STATUS_TO_BE_CONFIRMED || IsDone(status);
      if (back && !IsDone(event.status())) return true;
      status = event.status();
    }
    return assignees.size() > 1;
  }
  static bool IsFirstContact(const WholeTicket& whole, size_t done) {
    const auto answers =
        std::count_if(whole.events.begin(), whole.events.begin() + static_cast<long>(done),
                      [](const v1::TicketEvent& event) {
                        return event.kind() == v1::TICKET_EVENT_KIND_AGENT_REPLIED;
                      });
    return !IsUntold(whole) && answers == 1 && !HasMoved(whole, done);
  }

  static absl::Time DoneSince(const WholeTicket& whole) {
    absl::Time since = absl::InfiniteFuture();
    for (auto event = whole.events.rbegin(); event != whole.events.rend(); ++event) {
      if (event->status() == v1::TICKET_STATUS_UNSPECIFIED) continue;
      if (!IsDone(event->status())) break;
      since = record::TimeOf(event->time());
    }
    return since;
  }

  void AddClocks(const WholeTicket& whole,
                 std::map<v1::SlaClock, std::pair<int, int>>& clocks) const {
    const auto never_answered = [&](const v1::SlaReading& reading) {
      return reading.clock() == v1::SLA_CLOCK_FIRST_RESPONSE &&
             reading.state() == v1::SLA_CLOCK_STATE_PAUSED && IsDone(whole.ticket.status());
    };
    const auto add = [&](const v1::SlaReading& reading) {
      if (IsUntold(whole) && reading.clock() != v1::SLA_CLOCK_RESOLUTION &&
          record::TimeOf(reading.start_time()) < Imported(whole)) {
        return;
      }
      const bool met = reading.state() == v1::SLA_CLOCK_STATE_MET;
      if (met && Within(record::TimeOf(reading.met_time()))) ++clocks[reading.clock()].first;
      const bool late = reading.state() == v1::SLA_CLOCK_STATE_BREACHED;
      if (late && Within(record::TimeOf(reading.breach_time()))) ++clocks[reading.clock()].second;
      if (never_answered(reading) && Within(DoneSince(whole))) ++clocks[reading.clock()].second;
    };
    for (const v1::SlaReading& reading : whole.sla.clocks()) add(reading);
    for (const v1::SlaReading& reading : whole.sla.earlier()) add(reading);
  }

  static v1::TimeFigures TimesOf(std::vector<absl::Duration> durations) {
    v1::TimeFigures times;
    times.set_count(static_cast<int64_t>(durations.size()));
    if (durations.empty()) return times;
    std::sort(durations.begin(), durations.end());
    absl::Duration sum;
    for (const absl::Duration duration : durations) sum += absl::Floor(duration, absl::Seconds(1));
    const double count = static_cast<double>(durations.size());
    times.set_mean_minutes(absl::ToDoubleMinutes(sum) / count);
    const auto at = [&](double part) {
      const size_t index = static_cast<size_t>(std::ceil(part * count - 1e-9)) - 1;
      const int64_t minutes = absl::ToInt64Minutes(durations[index]);
      if (minutes < 120) return minutes;
      if (minutes < 2 * 24 * 60) return minutes / 10 * 10;
      return minutes < 30 * 24 * 60 ? minutes / 60 * 60 : minutes / 1440 * 1440;
    };
    times.set_median_minutes(at(0.5));
    times.set_p90_minutes(at(0.9));
    return times;
  }

  static void SetRates(const std::vector<double>& scores, int64_t untold,
                       v1::TicketFigures& figures) {
    const double resolved = static_cast<double>(figures.resolved());
    const double done = resolved + static_cast<double>(figures.reopened());
    if (done > 0) figures.set_reopen_rate(static_cast<double>(figures.reopened()) / done);
    if (figures.resolved() > untold) {
      figures.set_first_contact_resolution_rate(
          static_cast<double>(figures.first_contact_resolved()) /
          (resolved - static_cast<double>(untold)));
    }
    figures.set_rated(static_cast<int64_t>(scores.size()));
    if (scores.empty()) return;
    double sum = 0;
    double satisfied = 0;
    for (const double score : scores) {
      sum += score;
      if (score >= 4) satisfied += 1;
    }
    figures.set_mean_satisfaction(sum / static_cast<double>(scores.size()));
    figures.set_satisfied_share(satisfied / static_cast<double>(scores.size()));
  }

  static v1::BacklogFigures BacklogOf(const std::vector<absl::Duration>& ages) {
    v1::BacklogFigures backlog;
    backlog.set_open(static_cast<int64_t>(ages.size()));
    if (ages.empty()) return backlog;
    double hours = 0;
    for (const absl::Duration age : ages) {
      hours += absl::ToDoubleHours(age);
      const double days = absl::ToDoubleHours(age) / 24;
      if (days < 1) {
        backlog.set_under_1_day(backlog.under_1_day() + 1);
      } else if (days < 3) {
        backlog.set_under_3_days(backlog.under_3_days() + 1);
      } else if (days < 7) {
        backlog.set_under_7_days(backlog.under_7_days() + 1);
      } else {
        backlog.set_from_7_days(backlog.from_7_days() + 1);
      }
    }
    backlog.set_mean_age_hours(hours / static_cast<double>(ages.size()));
    backlog.set_oldest_age_hours(absl::ToDoubleHours(*std::max_element(ages.begin(), ages.end())));
    return backlog;
  }

  const std::vector<WholeTicket> tickets_;
  const absl::Time from_;
  const absl::Time to_;
  const absl::Time end_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_TEST_MODEL_H_
