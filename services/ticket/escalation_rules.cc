#include "services/ticket/escalation_rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/record/times.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/sla/course.h"
#include "services/ticket/sla_terms.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr char kUnassigned[] = "unassigned";
constexpr char kUrgentIdle[] = "urgent_idle";

// A stretch of time in which nothing changes that a rule looks at. At its very end still counts.
struct Stretch {
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
};

// How a ticket stands for those who have to take it, or to work on it.
class Standing {
 public:
  void Apply(const v1::TicketEvent& event) {
    const bool waited = waits_for_people();
    if (event.status() != v1::TICKET_STATUS_UNSPECIFIED) status_ = event.status();
    if (event.sla_version() > 0) {
      version_ = event.sla_version();
      priority_ = event.priority();
    }
    if (event.kind() == v1::TICKET_EVENT_KIND_MERGED) merged_ = true;
    if (event.kind() == v1::TICKET_EVENT_KIND_UNMERGED) merged_ = false;
    const absl::Time time = record::TimeOf(event.time());
    if (event.kind() == v1::TICKET_EVENT_KIND_ASSIGNED) {
      assignee_ = event.assignee();
      assigned_ = time;
      handled_ = false;
    } else if (assigned_.has_value() && event.actor() == assignee_) {
      handled_ = true;
    }
    if (!waited && waits_for_people()) since_ = time;
  }

  // Nobody has taken it: since when.
  std::optional<absl::Time> unassigned_since() const {
    if (!waits_for_people() || assigned_.has_value()) return std::nullopt;
    return since_;
  }
  // Urgent, and whoever has it now has done nothing: since when. Who came before was relieved.
  std::optional<absl::Time> idle_since() const {
    const bool urgent = priority_ == v1::TICKET_PRIORITY_URGENT;
    if (!waits_for_people() || !urgent || !assigned_.has_value() || handled_) return std::nullopt;
    return std::max(*assigned_, since_);
  }
  const std::string& assignee() const { return assignee_; }
  int64_t version() const { return version_; }

 private:
  // While it was done, or merged into another, nobody had to work on it.
  bool waits_for_people() const { return !merged_ && IsOpen(status_); }

  v1::TicketStatus status_ = v1::TICKET_STATUS_CLOSED;  // before it is opened
  v1::TicketPriority priority_ = v1::TICKET_PRIORITY_UNSPECIFIED;
  int64_t version_ = 0;
  bool merged_ = false;
  absl::Time since_ = absl::InfinitePast();
  std::string assignee_;
  std::optional<absl::Time> assigned_;
  bool handled_ = false;
};

class Finder {
 public:
  Finder(const v1::Ticket& ticket, const TicketHistory& history)
      : ticket_(ticket), history_(history) {
    for (const v1::TicketEvent& event : history.events) {
      if (event.kind() == v1::TICKET_EVENT_KIND_ESCALATED) {
        known_.insert({event.rule(), event.level()});
      }
      if (event.kind() == v1::TICKET_EVENT_KIND_IMPORTED) imported_ = record::TimeOf(event.time());
    }
  }

  std::vector<Escalation> Find(const sla::Evaluation& evaluation) && {
    AddPeople();
    AddClocks(evaluation);
    const SlaVersion& version = VersionOf(ticket_.sla_version());
    for (Escalation& due :
         PendingAfterCare(ticket_, history_, AfterCareOf(version.sla.configuration()))) {
      found_.push_back(std::move(due));
    }
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Escalation& a, const Escalation& b) { return a.due < b.due; });
    return std::move(found_);
  }

 private:
  const SlaVersion& VersionOf(int64_t number) const {
    const SlaVersion* version = history_.book->Find(number);
    return version == nullptr ? history_.book->newest() : *version;
  }
  static const v1::EscalationRules& RulesOf(const SlaVersion& version) {
    return version.sla.configuration().escalation();
  }
  static const calendar::BusinessCalendar& CalendarOf(const SlaVersion& version) {
    return version.sla.Calendar(RulesOf(version).calendar());
  }

  bool IsKnown(const std::string& rule, int64_t level) const {
    return known_.contains({rule, level});
  }
  // Each once: the first time counts.
  void Add(Escalation escalation) {
    if (!known_.insert({escalation.rule, escalation.level}).second) return;
    found_.push_back(std::move(escalation));
  }

  void AddPeople() {
    Standing standing;
    const TicketEvents& events = history_.events;
    for (size_t i = 0; i < events.size(); ++i) {
      standing.Apply(events[i]);
      Stretch stretch{record::TimeOf(events[i].time())};
      if (i + 1 < events.size()) stretch.until = record::TimeOf(events[i + 1].time());
      // Of what happens at the same instant only what it comes to counts.
      if (stretch.until > stretch.from) AddStanding(standing, stretch);
    }
  }

  void AddStanding(const Standing& standing, const Stretch& stretch) {
    const SlaVersion& version = VersionOf(standing.version());
    if (const auto since = standing.unassigned_since(); since.has_value()) {
      AddIdle(version, *since, RulesOf(version).unassigned_minutes(), stretch,
              {.rule = kUnassigned, .action = EscalationAction::kToSupervisor});
    }
    if (const auto since = standing.idle_since(); since.has_value()) {
      AddIdle(version, *since, RulesOf(version).urgent_idle_minutes(), stretch,
              {.rule = kUrgentIdle,
               .action = EscalationAction::kTransfer,
               .holder = standing.assignee()});
    }
  }

  void AddIdle(const SlaVersion& version, absl::Time since, int64_t minutes, const Stretch& stretch,
               Escalation escalation) {
    if (minutes == 0 || IsKnown(escalation.rule, escalation.level)) return;
    const auto due = CalendarOf(version).AddWorking(since, absl::Minutes(minutes));
    if (!due.has_value() || *due <= imported_) return;
    escalation.due = std::max(*due, stretch.from);
    if (escalation.due <= stretch.until) Add(std::move(escalation));
  }

  // Each policy judges while the ticket is under it.
  void AddClocks(const sla::Evaluation& evaluation) {
    const std::vector<sla::Event> events = history_.SlaEvents();
    int64_t version = 0;
    size_t next = 0;
    Stretch stretch;
    for (const v1::TicketEvent& event : history_.events) {
      if (event.sla_version() > 0 && version > 0) {
        stretch.until = record::TimeOf(event.time());
        while (next < events.size() && events[next].sequence < event.sequence()) ++next;
        const std::span before = std::span(events).first(next);
        AddTurns(VersionOf(version), before, sla::Evaluate(before, stretch.until), stretch);
        stretch.from = stretch.until;
      }
      if (event.sla_version() > 0) version = event.sla_version();
    }
    stretch.until = absl::InfiniteFuture();
    AddTurns(VersionOf(version), events, evaluation, stretch);
  }

  void AddTurns(const SlaVersion& version, std::span<const sla::Event> events,
                const sla::Evaluation& evaluation, const Stretch& stretch) {
    const sla::Course course(events);
    for (const sla::Reading& turn : evaluation.earlier) AddClock(version, course, turn, stretch);
    for (const sla::Reading& turn : evaluation.clocks) AddClock(version, course, turn, stretch);
  }

  void AddClock(const SlaVersion& version, const sla::Course& course, const sla::Reading& turn,
                const Stretch& stretch) {
    if (turn.state == sla::State::kInactive) return;
    const std::string number = turn.cycle > 1 ? absl::StrCat(":", turn.cycle) : "";
    const std::string clock = NameOf(turn.clock);
    const auto warning = Reached(course, turn, turn.warning, stretch);
    if (warning.has_value()) {
      Add({.rule = absl::StrCat(clock, "_warning", number), .due = *warning});
    }
    if (!turn.due.has_value()) return;
    const auto breach = Reached(course, turn, *turn.due + sla::kFirstLateMoment, stretch);
    if (!breach.has_value()) return;
    const std::string rule = absl::StrCat(clock, "_breach", number);
    Add({.rule = rule, .due = *breach, .action = EscalationAction::kToSupervisor});
    const int64_t minutes = RulesOf(version).manager_after_minutes();
    if (minutes == 0 || IsKnown(rule, 2)) return;
    // Another policy does not give the manager's time anew.
    const absl::Time first = breaches_.try_emplace(rule, *breach).first->second;
    const auto later = course.After(turn, first, absl::Minutes(minutes), CalendarOf(version));
    if (!later.has_value()) return;
    const auto due = Reached(course, turn, std::max(*later, *breach), stretch);
    if (due.has_value()) {
      Add({.rule = rule, .level = 2, .due = *due, .action = EscalationAction::kToManager});
    }
  }

  // When a clock that runs has passed that mark, if that is in the stretch.
  std::optional<absl::Time> Reached(const sla::Course& course, const sla::Reading& turn,
                                    std::optional<absl::Time> mark, const Stretch& stretch) const {
    if (!mark.has_value() || *mark <= imported_) return std::nullopt;
    const absl::Time earliest = std::max(*mark, stretch.from);
    if (turn.met_at.has_value() && earliest > *turn.met_at) return std::nullopt;
    const std::optional<absl::Time> reached = course.After(turn, earliest);
    return reached.has_value() && *reached <= stretch.until ? reached : std::nullopt;
  }

  const v1::Ticket& ticket_;
  const TicketHistory& history_;
  absl::Time imported_ = absl::InfinitePast();
  // Rule and level of those that the history has, and of those that were found.
  std::set<std::pair<std::string, int64_t>> known_;
  // By rule, the first time that a clock was found late.
  std::map<std::string, absl::Time> breaches_;
  std::vector<Escalation> found_;
};

}  // namespace

std::vector<Escalation> PendingEscalations(const v1::Ticket& ticket, const TicketHistory& history,
                                           const sla::Evaluation& evaluation) {
  if (history.book->Find(ticket.sla_version()) == nullptr || evaluation.merged) return {};
  return Finder(ticket, history).Find(evaluation);
}

}  // namespace crm::ticket
