#include "services/ticket/ticket_facts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/record/times.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr db::Query kDelete{"ticket_fact_delete", R"sql(
  DELETE FROM ticket_fact
  WHERE kind = ? AND time = ? AND ticket_id = ?)sql"};

const db::InsertSpec& FactSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "ticket_fact",
      {"kind", "time", "ticket_id", "since", "create_time", "type", "priority", "tier",
       "root_cause", "assignee", "team", "category", "duration", "stands", "first_contact",
       "satisfaction"},
      "ON DUPLICATE KEY UPDATE since = VALUES(since), create_time = VALUES(create_time), "
      "type = VALUES(type), priority = VALUES(priority), tier = VALUES(tier), "
      "root_cause = VALUES(root_cause), assignee = VALUES(assignee), team = VALUES(team), "
      "category = VALUES(category), duration = VALUES(duration), stands = VALUES(stands), "
      "first_contact = VALUES(first_contact), satisfaction = VALUES(satisfaction)"};
  return spec;
}

// What rows say of the ticket itself.
bool HasSameTraits(const v1::Ticket& a, const v1::Ticket& b) {
  return a.type() == b.type() && a.priority() == b.priority() &&
         a.customer_tier() == b.customer_tier() && a.root_cause() == b.root_cause() &&
         a.assignee() == b.assignee() && a.team() == b.team() && a.category() == b.category();
}

// Reads a history from its beginning.
class Teller {
 public:
  void Apply(const v1::TicketEvent& event) {
    const absl::Time time = record::TimeOf(event.time());
    switch (event.kind()) {
      case v1::TICKET_EVENT_KIND_OPENED:
        created_ = time;
        open_since_ = time;
        status_ = event.status();
        facts_.push_back({.kind = FactKind::kCreated, .time = time});
        break;
      case v1::TICKET_EVENT_KIND_ASSIGNED:
        reassigned_ = reassigned_ || (!assignee_.empty() && assignee_ != event.assignee());
        assignee_ = event.assignee();
        break;
      case v1::TICKET_EVENT_KIND_AGENT_REPLIED:
        if (++answers_ == 1) {
          facts_.push_back(
              {.kind = FactKind::kAnswered, .time = time, .duration = time - created_});
        }
        break;
      case v1::TICKET_EVENT_KIND_STATUS_CHANGED:
        ChangeStatus(event.status(), time);
        break;
      default:
        break;
    }
  }

  std::vector<Fact> Finish() && {
    if (open_since_.has_value()) {
      facts_.push_back({.kind = FactKind::kOpen, .time = *open_since_});
    }
    return std::move(facts_);
  }

 private:
  void ChangeStatus(v1::TicketStatus status, absl::Time time) {
    const bool was_proposed = status_ == v1::TICKET_STATUS_TO_BE_CONFIRMED;
    status_ = status;
    if (open_since_.has_value()) {
      if (!IsOpen(status)) return Done(time);
      reopened_ = reopened_ || was_proposed;
    } else if (IsOpen(status)) {
      Reopen(time);
    }
  }

  void Done(absl::Time time) {
    open_time_ += time - *open_since_;
    facts_.push_back({.kind = FactKind::kDone,
                      .time = time,
                      .since = open_since_,
                      .duration = open_time_,
                      .stands = true,
                      .first_contact = answers_ == 1 && !reassigned_ && !reopened_});
    open_since_.reset();
  }

  void Reopen(absl::Time time) {
    reopened_ = true;
    open_since_ = time;
    for (Fact& fact : facts_) {
      fact.stands = false;
      fact.first_contact = false;
    }
  }

  std::vector<Fact> facts_;
  absl::Time created_;
  std::optional<absl::Time> open_since_;  // nothing while it is done or closed
  absl::Duration open_time_;              // before that
  v1::TicketStatus status_ = v1::TICKET_STATUS_UNSPECIFIED;
  std::string assignee_;
  int answers_ = 0;
  bool reassigned_ = false;
  bool reopened_ = false;
};

bool HasPlace(const std::vector<Fact>& facts, const Fact& wanted) {
  return std::any_of(facts.begin(), facts.end(), [&](const Fact& fact) {
    return fact.kind == wanted.kind && fact.time == wanted.time;
  });
}

// The last one of each place.
std::vector<Fact> OneAPlace(std::vector<Fact> facts) {
  std::stable_sort(facts.begin(), facts.end(), [](const Fact& a, const Fact& b) {
    return std::pair(a.kind, a.time) < std::pair(b.kind, b.time);
  });
  std::vector<Fact> kept;
  for (Fact& fact : facts) {
    const bool again =
        !kept.empty() && kept.back().kind == fact.kind && kept.back().time == fact.time;
    if (again) kept.pop_back();
    kept.push_back(fact);
  }
  return kept;
}

void Insert(db::WriteSet& writes, int64_t ticket_id, const v1::Ticket& ticket, absl::Time created,
            const Fact& fact) {
  std::optional<int64_t> micros;
  if (fact.duration.has_value()) micros = absl::ToInt64Microseconds(*fact.duration);
  writes.Insert(FactSpec(),
                {static_cast<int>(fact.kind), fact.time, ticket_id, fact.since, created,
                 ticket.type(), ticket.priority(), ticket.customer_tier(), ticket.root_cause(),
                 ticket.assignee(), ticket.team(), ticket.category(), micros, fact.stands ? 1 : 0,
                 fact.first_contact ? 1 : 0, fact.satisfaction});
}

}  // namespace

std::vector<Fact> FactsOf(const v1::Ticket& ticket, const TicketEvents& events) {
  if (!ticket.merged_into().empty()) return {};
  Teller teller;
  for (const v1::TicketEvent& event : events) teller.Apply(event);
  std::vector<Fact> facts = std::move(teller).Finish();
  if (ticket.has_satisfaction() && ticket.has_feedback_time()) {
    facts.push_back({.kind = FactKind::kRated,
                     .time = record::TimeOf(ticket.feedback_time()),
                     .satisfaction = ticket.satisfaction()});
  }
  return OneAPlace(std::move(facts));
}

void WriteFacts(db::WriteSet& writes, int64_t ticket_id, const ToldTicket* before,
                const ToldTicket& after) {
  std::vector<Fact> last;
  if (before != nullptr) last = FactsOf(before->ticket, before->events);
  const std::vector<Fact> facts = FactsOf(after.ticket, after.events);
  for (const Fact& fact : last) {
    if (HasPlace(facts, fact)) continue;
    writes.Execute(kDelete, {static_cast<int>(fact.kind), fact.time, ticket_id});
  }
  const bool same = before != nullptr && HasSameTraits(before->ticket, after.ticket);
  // The first one by kind.
  const absl::Time created = facts.empty() ? absl::UnixEpoch() : facts.front().time;
  for (const Fact& fact : facts) {
    if (same && std::find(last.begin(), last.end(), fact) != last.end()) continue;
    Insert(writes, ticket_id, after.ticket, created, fact);
  }
}

}  // namespace crm::ticket
