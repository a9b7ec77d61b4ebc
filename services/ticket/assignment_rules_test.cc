#include "services/ticket/assignment_rules.h"

#include <gtest/gtest.h>

namespace crm::ticket {
namespace {

v1::AssignmentRules Rules() {
  v1::AssignmentRules rules;
  rules.set_enabled(true);
  rules.set_senior_skill("senior");
  v1::TypeSkill& need = *rules.add_skills();
  need.set_type(v1::TICKET_TYPE_FAULT);
  need.set_skill("network");
  return rules;
}

v1::Ticket Fault(v1::TicketPriority priority = v1::TICKET_PRIORITY_HIGH) {
  v1::Ticket ticket;
  ticket.set_type(v1::TICKET_TYPE_FAULT);
  ticket.set_priority(priority);
  return ticket;
}

Candidate Agent(const std::string& id, int64_t open,
                std::vector<std::string> skills = {"network"}) {
  return {.user_id = id,
          .team = "hotline",
          .skills = std::move(skills),
          .capacity = 4,
          .open_tickets = open};
}

std::string Chosen(const v1::Ticket& ticket, const std::vector<Candidate>& candidates) {
  const auto choice = ChooseAgent(Rules(), ticket, candidates);
  return choice.has_value() ? choice->user_id : "";
}

// TIC-7: by skill and load.
TEST(ChooseAgent, TakesWhoHasTheSkillAndTheLeastToDo) {
  EXPECT_EQ(Chosen(Fault(), {Agent("a", 2), Agent("b", 1), Agent("c", 0, {"billing"})}), "b");
  EXPECT_EQ(Chosen(Fault(), {Agent("b", 1), Agent("a", 1)}), "a");
  v1::Ticket question = Fault();
  question.set_type(v1::TICKET_TYPE_TECHNICAL_QUESTION);
  EXPECT_EQ(Chosen(question, {Agent("b", 1), Agent("c", 0, {"billing"})}), "c");
}

// TIC-7: nobody eligible.
TEST(ChooseAgent, LeavesItUnassigned) {
  EXPECT_EQ(Chosen(Fault(), {}), "");
  EXPECT_EQ(Chosen(Fault(), {Agent("a", 4), Agent("b", 0, {})}), "");
  v1::Ticket elsewhere = Fault();
  elsewhere.set_team("field");
  EXPECT_EQ(Chosen(elsewhere, {Agent("a", 0)}), "");
}

// TIC-7: an urgent one goes to somebody without room rather than to nobody.
TEST(ChooseAgent, OverloadsForAnUrgentOneOnly) {
  EXPECT_EQ(Chosen(Fault(v1::TICKET_PRIORITY_URGENT), {Agent("a", 5), Agent("b", 4)}), "b");
  EXPECT_EQ(Chosen(Fault(v1::TICKET_PRIORITY_URGENT), {Agent("a", 4), Agent("b", 3)}), "b");
}

// TIC-7: senior agents for strategic and key customers, others if there is
// none.
TEST(ChooseAgent, PrefersSeniorsForKeyCustomers) {
  const std::vector<Candidate> agents = {Agent("a", 0), Agent("s", 3, {"network", "senior"})};
  v1::Ticket ticket = Fault();
  EXPECT_EQ(Chosen(ticket, agents), "a");
  ticket.set_customer_tier(crm::customer::v1::TIER_STRATEGIC);
  EXPECT_EQ(Chosen(ticket, agents), "s");
  EXPECT_EQ(Chosen(ticket, {Agent("a", 0)}), "a");
}

}  // namespace
}  // namespace crm::ticket
