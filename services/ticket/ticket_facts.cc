#include "services/ticket/ticket_facts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
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

// Reads a history from its beginning.
class Teller {
 public:
  // `knows_messages`: whether it has all of them.
  explicit Teller(bool knows_messages) : knows_messages_(knows_messages) {}

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
        if (++answers_ == 1 && knows_messages_) {
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
                      .first_contact = Contact()});
    open_since_.reset();
  }

  FirstContact Contact() const {
    if (reassigned_ || reopened_) return FirstContact::kNo;
    if (!knows_messages_) return FirstContact::kUnknown;
    return answers_ == 1 ? FirstContact::kYes : FirstContact::kNo;
  }

  void Reopen(absl::Time time) {
    reopened_ = true;
    open_since_ = time;
    for (Fact& fact : facts_) {
      fact.stands = false;
      fact.first_contact = FirstContact::kNo;
    }
  }

  const bool knows_messages_;
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

bool HasPlace(const std::vector<FactRow>& rows, const Fact& wanted) {
  return std::any_of(rows.begin(), rows.end(), [&](const FactRow& row) {
    return row.fact.kind == wanted.kind && row.fact.time == wanted.time;
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

void Insert(db::WriteSet& writes, int64_t ticket_id, const FactRow& row) {
  const Fact& fact = row.fact;
  std::optional<int64_t> micros;
  if (fact.duration.has_value()) micros = absl::ToInt64Microseconds(*fact.duration);
  writes.Insert(FactSpec(),
                {fact.kind, fact.time, ticket_id, fact.since, row.created, row.of.type,
                 row.of.priority, row.of.tier, row.root_cause, row.holder.assignee, row.holder.team,
                 row.category, micros, fact.stands ? 1 : 0, fact.first_contact, fact.satisfaction});
}

FactRow RowAt(const db::Rows& row) {
  Fact fact{.kind = static_cast<FactKind>(row.Int(0)),
            .time = row.Time(1),
            .stands = row.Int(10) == 1,
            .first_contact = static_cast<FirstContact>(row.Int(11)),
            .satisfaction = row.Int(12)};
  if (!row.IsNull(2)) fact.since = row.Time(2);
  if (!row.IsNull(9)) fact.duration = absl::Microseconds(row.Int(9));
  return {
      .fact = fact,
      .of = {static_cast<v1::TicketType>(row.Int(4)), static_cast<v1::TicketPriority>(row.Int(5)),
             static_cast<crm::customer::v1::Tier>(row.Int(6))},
      .holder = {row.String(13), row.String(14)},
      .root_cause = static_cast<v1::RootCause>(row.Int(7)),
      .category = row.String(8),
      .created = row.Time(3)};
}

// The first one by kind.
absl::Time CreatedOf(const std::vector<Fact>& facts) {
  return facts.empty() ? absl::UnixEpoch() : facts.front().time;
}

Figure FigureOfResolved(FirstContact first_contact) {
  switch (first_contact) {
    case FirstContact::kYes:
      return Figure::kFirstContact;
    case FirstContact::kUnknown:
      return Figure::kResolvedUntold;
    case FirstContact::kNo:
      break;
  }
  return Figure::kResolved;
}

std::optional<absl::Time> LastFollowUp(const TicketEvents& events) {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->kind() == v1::TICKET_EVENT_KIND_FOLLOWED_UP) return record::TimeOf(event->time());
  }
  return std::nullopt;
}

Tally TallyOf(const Fact& fact, const TicketClass& of) {
  const absl::Duration duration = fact.duration.value_or(absl::ZeroDuration());
  switch (fact.kind) {
    case FactKind::kAnswered:
      return DurationTally(Figure::kAnswered, duration, of);
    case FactKind::kDone:
      if (!fact.stands) return {.figure = Figure::kReopened, .of = of};
      return DurationTally(FigureOfResolved(fact.first_contact), duration, of);
    case FactKind::kRated:
      return {.figure = Figure::kRated, .value = fact.satisfaction, .of = of};
    case FactKind::kCompared:
      return {.figure = Figure::kCompared,
              .value = fact.satisfaction + kMostSatisfactionChange,
              .of = of};
    case FactKind::kCreated:
    case FactKind::kOpen:
      break;
  }
  return {.figure = Figure::kCreated, .of = of};
}

std::vector<Happening> HappeningsOf(const std::vector<FactRow>& rows) {
  std::vector<Happening> happenings;
  for (const FactRow& row : rows) {
    if (row.fact.kind == FactKind::kOpen) continue;
    happenings.push_back(HappeningOf(row.fact, row.of, row.holder, row.created));
  }
  return happenings;
}

}  // namespace

Happening HappeningOf(const Fact& fact, const TicketClass& of, Holder holder, absl::Time created) {
  return {.time = fact.time,
          .tally = TallyOf(fact, of),
          .holder = std::move(holder),
          .since = fact.since,
          .created = created};
}

std::vector<Fact> FactsOf(const v1::Ticket& ticket, const TicketEvents& events) {
  if (!ticket.merged_into().empty()) return {};
  Teller teller(ToldFrom(events) == absl::InfinitePast());
  for (const v1::TicketEvent& event : events) teller.Apply(event);
  std::vector<Fact> facts = std::move(teller).Finish();
  if (ticket.has_satisfaction() && ticket.has_feedback_time()) {
    facts.push_back({.kind = FactKind::kRated,
                     .time = record::TimeOf(ticket.feedback_time()),
                     .satisfaction = ticket.satisfaction()});
  }
  const std::optional<absl::Time> asked_again = LastFollowUp(events);
  if (ticket.has_satisfaction_change() && asked_again.has_value()) {
    facts.push_back({.kind = FactKind::kCompared,
                     .time = *asked_again,
                     .satisfaction = ticket.satisfaction_change()});
  }
  return OneAPlace(std::move(facts));
}

std::vector<FactRow> FactRowsOf(const v1::Ticket& ticket, const TicketEvents& events) {
  const std::vector<Fact> facts = FactsOf(ticket, events);
  std::vector<FactRow> rows;
  for (const Fact& fact : facts) {
    rows.push_back({.fact = fact,
                    .of = {ticket.type(), ticket.priority(), ticket.customer_tier()},
                    .holder = {ticket.team(), ticket.assignee()},
                    .root_cause = ticket.root_cause(),
                    .category = ticket.category(),
                    .created = CreatedOf(facts)});
  }
  return rows;
}

absl::StatusOr<std::vector<FactRow>> ReadFactRows(db::Connection& db, int64_t ticket_id,
                                                  const v1::Ticket& ticket,
                                                  const TicketEvents& events) {
  filter::Fragment query{R"sql(
    SELECT kind, time, since, create_time, type, priority, tier, root_cause, category, duration,
           stands, first_contact, satisfaction, team, assignee
    FROM ticket_fact
    WHERE kind IN (1, 2, 3, 4, 5, 6) AND ticket_id = ? AND time IN (?)sql",
                         {ticket_id, record::TimeOf(ticket.feedback_time())}};
  for (const v1::TicketEvent& event : events) {
    query.Append(", ?", record::TimeOf(event.time()));
  }
  query.Append(") ORDER BY kind, time");
  CRM_ASSIGN_OR_RETURN(db::Rows found, db.Select({"ticket_fact_rows", query.sql}, query.values));
  std::vector<FactRow> rows;
  while (found.Next()) rows.push_back(RowAt(found));
  return rows;
}

void WriteFacts(db::WriteSet& writes, int64_t ticket_id, const std::vector<FactRow>& before,
                const std::vector<FactRow>& after, SumChanges& changes) {
  for (const FactRow& row : before) {
    if (HasPlace(after, row.fact)) continue;
    writes.Execute(kDelete, {row.fact.kind, row.fact.time, ticket_id});
  }
  for (const FactRow& row : after) {
    if (std::find(before.begin(), before.end(), row) == before.end()) {
      Insert(writes, ticket_id, row);
    }
  }
  changes.Replace(HappeningsOf(before), HappeningsOf(after));
}

}  // namespace crm::ticket
