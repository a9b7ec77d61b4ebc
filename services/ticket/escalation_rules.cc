#include "services/ticket/escalation_rules.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/record/times.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/sla_terms.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

// What happens at the due time is in time.
constexpr absl::Duration kFirstLateMoment = absl::Microseconds(1);

class Finder {
 public:
  Finder(const v1::Ticket& ticket, const TicketHistory& history, const SlaVersion& version,
         absl::Time now)
      : ticket_(ticket),
        history_(history),
        events_(history.events),
        rules_(version.sla.configuration().escalation()),
        after_care_(AfterCareOf(version.sla.configuration())),
        calendar_(version.sla.Calendar(rules_.calendar())),
        now_(now) {
    for (const v1::TicketEvent& event : events_) {
      if (event.kind() == v1::TICKET_EVENT_KIND_ESCALATED) {
        done_.insert({event.rule(), event.level()});
      }
      if (event.kind() == v1::TICKET_EVENT_KIND_IMPORTED) imported_ = record::TimeOf(event.time());
      if (event.kind() == v1::TICKET_EVENT_KIND_UNMERGED) unmerged_ = record::TimeOf(event.time());
    }
  }

  std::vector<Escalation> Find(const sla::Evaluation& evaluation) && {
    AddUnassigned();
    AddUrgentIdle();
    for (const sla::Reading& reading : evaluation.earlier) AddClock(reading);
    for (const sla::Reading& reading : evaluation.clocks) AddClock(reading);
    for (Escalation& due : PendingAfterCare(ticket_, history_, after_care_)) {
      found_.push_back(std::move(due));
    }
    std::stable_sort(found_.begin(), found_.end(), [](const Escalation& a, const Escalation& b) {
      return std::tie(a.due, a.rule, a.level) < std::tie(b.due, b.rule, b.level);
    });
    return std::move(found_);
  }

 private:
  void Add(std::string rule, int64_t level, std::optional<absl::Time> due,
           EscalationAction action) {
    if (!due.has_value() || *due <= imported_ || done_.contains({rule, level})) return;
    found_.push_back({std::move(rule), level, *due, action});
  }

  std::optional<absl::Time> After(absl::Time start, int64_t minutes) const {
    if (minutes == 0) return std::nullopt;
    return calendar_.AddWorking(start, absl::Minutes(minutes));
  }

  // While it was merged into another, nobody had to work on it: they have all of the time anew.
  std::optional<absl::Time> AfterMerges(absl::Time start, int64_t minutes) const {
    return After(std::max(start, unmerged_), minutes);
  }

  // Nobody has taken it by then.
  void AddUnassigned() {
    if (!IsOpen(ticket_.status())) return;
    std::optional<absl::Time> opened;
    std::optional<absl::Time> taken;
    for (const v1::TicketEvent& event : events_) {
      if (event.kind() == v1::TICKET_EVENT_KIND_OPENED) opened = record::TimeOf(event.time());
      const bool takes = event.kind() == v1::TICKET_EVENT_KIND_ASSIGNED;
      if (takes && !taken.has_value()) taken = record::TimeOf(event.time());
    }
    if (!opened.has_value()) return;
    const auto due = AfterMerges(*opened, rules_.unassigned_minutes());
    if (due.has_value() && taken.has_value() && *taken <= *due) return;
    Add("unassigned", 1, due, EscalationAction::kToSupervisor);
  }

  // Of the present assignment: whoever came before has been relieved.
  void AddUrgentIdle() {
    if (ticket_.priority() != v1::TICKET_PRIORITY_URGENT || !IsOpen(ticket_.status())) return;
    std::optional<absl::Time> assigned;
    bool handled = false;
    for (const v1::TicketEvent& event : events_) {
      if (event.kind() == v1::TICKET_EVENT_KIND_ASSIGNED) {
        assigned = record::TimeOf(event.time());
        handled = false;
      } else if (event.actor() == ticket_.assignee()) {
        handled = true;
      }
    }
    if (!assigned.has_value() || handled) return;
    Add("urgent_idle", 1, AfterMerges(*assigned, rules_.urgent_idle_minutes()),
        EscalationAction::kTransfer);
  }

  void AddClock(const sla::Reading& reading) {
    if (reading.state == sla::State::kInactive) return;
    const std::string turn = reading.cycle > 1 ? absl::StrCat(":", reading.cycle) : "";
    const std::string clock = NameOf(reading.clock);
    if (reading.warning.has_value() && Passes(reading, *reading.warning)) {
      Add(absl::StrCat(clock, "_warning", turn), 1, reading.warning, EscalationAction::kWarn);
    }
    if (!reading.due.has_value()) return;
    const absl::Time breach = *reading.due + kFirstLateMoment;
    // What was missed before an import is nobody's to answer for here.
    if (!Passes(reading, breach) || breach <= imported_) return;
    const std::string rule = absl::StrCat(clock, "_breach", turn);
    Add(rule, 1, breach, EscalationAction::kToSupervisor);
    const auto later = After(breach, rules_.manager_after_minutes());
    if (later.has_value() && Passes(reading, *later)) {
      Add(rule, 2, later, EscalationAction::kToManager);
    }
  }

  // The clock comes to that instant before it ends; one that stands still only if it has.
  bool Passes(const sla::Reading& reading, absl::Time instant) const {
    if (reading.met_at.has_value()) return instant <= *reading.met_at;
    return reading.pause == sla::Pause::kNone || instant <= now_;
  }

  const v1::Ticket& ticket_;
  const TicketHistory& history_;
  const TicketEvents& events_;
  const v1::EscalationRules& rules_;
  const v1::AfterCareRules& after_care_;
  const calendar::BusinessCalendar& calendar_;
  const absl::Time now_;
  absl::Time imported_ = absl::InfinitePast();
  absl::Time unmerged_ = absl::InfinitePast();
  std::set<std::pair<std::string, int64_t>> done_;
  std::vector<Escalation> found_;
};

}  // namespace

std::vector<Escalation> PendingEscalations(const v1::Ticket& ticket, const TicketHistory& history,
                                           const sla::Evaluation& evaluation) {
  const SlaVersion* version = history.book->Find(ticket.sla_version());
  if (version == nullptr || evaluation.merged) return {};
  return Finder(ticket, history, *version, evaluation.now).Find(evaluation);
}

}  // namespace crm::ticket
