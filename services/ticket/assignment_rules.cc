#include "services/ticket/assignment_rules.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace crm::ticket {
namespace {

bool HasSkill(const Candidate& candidate, const std::string& skill) {
  return std::find(candidate.skills.begin(), candidate.skills.end(), skill) !=
         candidate.skills.end();
}

bool HasSkillFor(const v1::AssignmentRules& rules, v1::TicketType type,
                 const Candidate& candidate) {
  return std::all_of(rules.skills().begin(), rules.skills().end(), [&](const v1::TypeSkill& need) {
    return need.type() != type || HasSkill(candidate, need.skill());
  });
}

bool WantsSenior(const v1::Ticket& ticket) {
  return ticket.customer_tier() == crm::customer::v1::TIER_KEY ||
         ticket.customer_tier() == crm::customer::v1::TIER_STRATEGIC;
}

bool HasRoom(const Candidate& candidate) { return candidate.open_tickets < candidate.capacity; }

// Less is better: with room, senior, the smaller share of the capacity; the id
// makes it definite.
struct Rank {
  bool full;
  bool junior;
  double load;
  std::string_view user_id;

  bool operator<(const Rank& other) const {
    return std::tie(full, junior, load, user_id) <
           std::tie(other.full, other.junior, other.load, other.user_id);
  }
};

Rank RankOf(const v1::AssignmentRules& rules, const v1::Ticket& ticket,
            const Candidate& candidate) {
  const double capacity = static_cast<double>(std::max<int64_t>(candidate.capacity, 1));
  return {.full = !HasRoom(candidate),
          .junior = WantsSenior(ticket) && !HasSkill(candidate, rules.senior_skill()),
          .load = static_cast<double>(candidate.open_tickets) / capacity,
          .user_id = candidate.user_id};
}

}  // namespace

std::optional<Choice> ChooseAgent(const v1::AssignmentRules& rules, const v1::Ticket& ticket,
                                  const std::vector<Candidate>& candidates) {
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    const bool may_overload = ticket.priority() == v1::TICKET_PRIORITY_URGENT;
    if (!HasRoom(candidate) && !may_overload) continue;
    if (!ticket.team().empty() && candidate.team != ticket.team()) continue;
    if (!HasSkillFor(rules, ticket.type(), candidate)) continue;
    if (best == nullptr || RankOf(rules, ticket, candidate) < RankOf(rules, ticket, *best)) {
      best = &candidate;
    }
  }
  if (best == nullptr) return std::nullopt;
  return Choice{best->user_id, best->team,
                absl::StrCat("automatic: ", best->open_tickets, " of ", best->capacity, " open")};
}

}  // namespace crm::ticket
