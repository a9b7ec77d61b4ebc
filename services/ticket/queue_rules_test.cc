// Which tickets make up a work list: TIC-13.
#include "services/ticket/queue_rules.h"

#include <gtest/gtest.h>

namespace crm::ticket {
namespace {

using Scope = auth::RowScope;

v1::Ticket Of(v1::TicketStatus status, const std::string& assignee, const std::string& team = "") {
  v1::Ticket ticket;
  ticket.set_status(status);
  ticket.set_assignee(assignee);
  ticket.set_team(team);
  return ticket;
}

// TIC-13
TEST(QueueRulesTest, OnlyOpenTickets) {
  const QueueSelection all{.scope = {Scope::Kind::kAll, "", {}}};
  EXPECT_TRUE(all.Has(Of(v1::TICKET_STATUS_UNASSIGNED, "")));
  EXPECT_TRUE(all.Has(Of(v1::TICKET_STATUS_WAITING_FOR_CUSTOMER, "u1")));
  EXPECT_TRUE(all.Has(Of(v1::TICKET_STATUS_TO_BE_CONFIRMED, "u1")));
  EXPECT_FALSE(all.Has(Of(v1::TICKET_STATUS_DONE, "u1")));
  EXPECT_FALSE(all.Has(Of(v1::TICKET_STATUS_CLOSED, "u1")));
}

// TIC-13, PLT-13
TEST(QueueRulesTest, OnlyInReach) {
  const QueueSelection own{.scope = {Scope::Kind::kOwn, "u1", {}}};
  EXPECT_TRUE(own.Has(Of(v1::TICKET_STATUS_IN_PROGRESS, "u1")));
  EXPECT_FALSE(own.Has(Of(v1::TICKET_STATUS_IN_PROGRESS, "u2", "t1")));
  const QueueSelection team{.scope = {Scope::Kind::kTeams, "u1", {"t1"}}};
  EXPECT_TRUE(team.Has(Of(v1::TICKET_STATUS_IN_PROGRESS, "u2", "t1")));
  EXPECT_FALSE(team.Has(Of(v1::TICKET_STATUS_IN_PROGRESS, "u2", "t2")));
}

// TIC-13
TEST(QueueRulesTest, OnlyWhatTheViewAsksFor) {
  const Scope everything{Scope::Kind::kAll, "", {}};
  v1::Ticket mine = Of(v1::TICKET_STATUS_IN_PROGRESS, "u1", "t1");
  v1::Ticket nobodys = Of(v1::TICKET_STATUS_UNASSIGNED, "", "t2");
  nobodys.set_escalated_to("u1");
  const QueueSelection by_me{.view = v1::QUEUE_VIEW_MINE, .user = "u1", .scope = everything};
  EXPECT_TRUE(by_me.Has(mine));
  EXPECT_FALSE(by_me.Has(nobodys));
  const QueueSelection unassigned{
      .view = v1::QUEUE_VIEW_UNASSIGNED, .user = "u1", .scope = everything};
  EXPECT_FALSE(unassigned.Has(mine));
  EXPECT_TRUE(unassigned.Has(nobodys));
  const QueueSelection escalated{
      .view = v1::QUEUE_VIEW_ESCALATED, .user = "u1", .scope = everything};
  EXPECT_FALSE(escalated.Has(mine));
  EXPECT_TRUE(escalated.Has(nobodys));
  EXPECT_TRUE((QueueSelection{.team = "t1", .scope = everything}).Has(mine));
  EXPECT_FALSE((QueueSelection{.team = "t1", .scope = everything}).Has(nobodys));
  EXPECT_FALSE((QueueSelection{.assignee = "u2", .scope = everything}).Has(mine));
  // Nobody's name is not everybody's.
  EXPECT_FALSE((QueueSelection{.view = v1::QUEUE_VIEW_MINE, .scope = everything}).Has(nobodys));
}

// TIC-13
TEST(QueueRulesTest, BeforeAChange) {
  crm::types::v1::ChangeList changes;
  const auto add = [&](const char* field, const char* before) {
    auto* change = changes.add_changes();
    change->set_field(field);
    if (before != nullptr) change->set_old_value(before);
  };
  add("assignee", nullptr);
  add("team", "t1");
  add("status", "TICKET_STATUS_UNASSIGNED");
  add("last_measure", "x");
  const v1::Ticket before = BeforeChange(Of(v1::TICKET_STATUS_DONE, "u1", "t2"), changes);
  EXPECT_EQ(before.assignee(), "");
  EXPECT_EQ(before.team(), "t1");
  EXPECT_EQ(before.status(), v1::TICKET_STATUS_UNASSIGNED);
}

}  // namespace
}  // namespace crm::ticket
