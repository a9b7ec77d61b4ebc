// Who is involved with which customer, as told by tickets and opportunities: PLT-14. The services
// together are tested where the tickets and opportunities are.
#include "services/customer/archive_test_fixture.h"
#include "services/customer/involvements.h"

namespace crm::customer {
namespace {

namespace sales = crm::sales::v1;
namespace ticket = crm::ticket::v1;
using ::testing::ElementsAre;

ticket::Ticket TicketIn(ticket::TicketStatus status) {
  ticket::Ticket ticket;
  ticket.set_number("SR1");
  ticket.set_assignee("agent");
  ticket.set_customer("CRM1");
  ticket.set_status(status);
  return ticket;
}

// PLT-14: until it is closed, as the ticket's own phone.
TEST(InvolvementRules, ATicketIsItsAssigneesUntilItIsClosed) {
  for (const auto open :
       {ticket::TICKET_STATUS_IN_PROGRESS, ticket::TICKET_STATUS_WAITING_FOR_CUSTOMER,
        ticket::TICKET_STATUS_TO_BE_CONFIRMED, ticket::TICKET_STATUS_DONE}) {
    const Involvement said = InvolvementOf(TicketIn(open), 3);
    EXPECT_EQ(said.user, "agent") << open;
    EXPECT_EQ(said.customer, "CRM1") << open;
    EXPECT_EQ(said.version, 3);
  }
  EXPECT_FALSE(InvolvementOf(TicketIn(ticket::TICKET_STATUS_CLOSED), 3).has_user());
  EXPECT_FALSE(InvolvementOf(TicketIn(ticket::TICKET_STATUS_UNSPECIFIED), 3).has_user());
  ticket::Ticket ticket = TicketIn(ticket::TICKET_STATUS_IN_PROGRESS);
  ticket.clear_customer();
  EXPECT_FALSE(InvolvementOf(ticket, 3).has_user());
  ticket = TicketIn(ticket::TICKET_STATUS_UNASSIGNED);
  ticket.clear_assignee();
  EXPECT_EQ(InvolvementOf(ticket, 3).customer, "");
}

// PLT-14
TEST(InvolvementRules, AnOpportunityIsItsOwnersWhileItIsOpen) {
  sales::Opportunity opportunity;
  opportunity.set_number("SO1");
  opportunity.set_owner("rep");
  opportunity.set_customer("CRM1");
  const auto is_involved = [&](sales::StageKind kind) {
    opportunity.set_stage_kind(kind);
    return InvolvementOf(opportunity, 1).has_user();
  };
  EXPECT_TRUE(is_involved(sales::STAGE_KIND_OPEN));
  EXPECT_FALSE(is_involved(sales::STAGE_KIND_WON));
  EXPECT_FALSE(is_involved(sales::STAGE_KIND_LOST));
  EXPECT_FALSE(is_involved(sales::STAGE_KIND_UNSPECIFIED));
}

class InvolvementTest : public ArchiveTest {
 protected:
  void Tell(const std::vector<Involvement>& told, WorkKind kind = WorkKind::kTicket) {
    db::WriteSet writes;
    ASSERT_TRUE(KeepNewer(*db_, writes, kind, told, Now()).ok());
    Commit(std::move(writes));
  }
  void TellAll(const std::vector<Involvement>& told) {
    db::WriteSet writes;
    ASSERT_TRUE(Replace(*db_, writes, WorkKind::kTicket, told, Now()).ok());
    Commit(std::move(writes));
  }
  void Commit(db::WriteSet writes) {
    const absl::Status status =
        runtime().committer().Commit(std::move(writes), absl::Now() + absl::Seconds(30));
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::Time Now() { return harness_.clock().Now(); }
  // "user customer" of all that is open.
  std::vector<std::string> Open() {
    std::vector<std::string> open;
    for (const WorkKind kind : kWorkKinds) {
      const auto rows = OpenAfter(*db_, kind, "", 100);
      EXPECT_TRUE(rows.ok()) << rows.status();
      for (const StoredInvolvement& row : *rows) {
        open.push_back(absl::StrCat(row.said.user, " ", row.said.customer));
      }
    }
    return open;
  }
  int64_t Revision() {
    return harness_.database().Int(
        "SELECT COALESCE(MAX(revision), 0) FROM record_revision"
        " WHERE name = 'involvement-ticket'");
  }
  bool Knows(const std::string& user, const std::string& customer) {
    EXPECT_TRUE(involvements_.Follow(*db_, Now()).ok());
    return involvements_.IsInvolved(user, customer);
  }

  db::Pool::Lease db_ = *runtime().pool().Acquire(absl::Now() + absl::Minutes(1));
  Involvements involvements_;
};

// PLT-14, PLT-20: exactly what the newest version says, whatever comes again or late.
TEST_F(InvolvementTest, TheNewestVersionCounts) {
  Tell({{"SR1", 2, "a", "CRM1"}});
  Tell({{"SR1", 4, "b", "CRM1"}});
  Tell({{"SR1", 3, "c", "CRM1"}});
  EXPECT_THAT(Open(), ElementsAre("b CRM1"));
  Tell({{"SR1", 6, "", ""}});
  Tell({{"SR1", 5, "d", "CRM1"}, {"SR2", 1, "e", "CRM2"}});
  EXPECT_THAT(Open(), ElementsAre("e CRM2"));
  Tell({{"SR1", 7, "b", "CRM3"}});
  EXPECT_THAT(Open(), ElementsAre("b CRM3", "e CRM2"));
}

// PLT-14: the same number of another kind is something else.
TEST_F(InvolvementTest, KindsAreKeptApart) {
  Tell({{"N1", 1, "a", "CRM1"}});
  Tell({{"N1", 1, "b", "CRM1"}}, WorkKind::kOpportunity);
  EXPECT_THAT(Open(), ElementsAre("a CRM1", "b CRM1"));
  EXPECT_TRUE(Knows("a", "CRM1"));
  EXPECT_TRUE(Knows("b", "CRM1"));
  Tell({{"N1", 2, "", ""}}, WorkKind::kOpportunity);
  EXPECT_TRUE(Knows("a", "CRM1"));
  EXPECT_FALSE(Knows("b", "CRM1"));
}

// What says the same, or that something new is nobody's, is no change.
TEST_F(InvolvementTest, WritesOnlyChanges) {
  Tell({{"SR1", 1, "", ""}});
  EXPECT_EQ(Count("involvement"), 0);
  Tell({{"SR1", 2, "a", "CRM1"}});
  const int64_t revision = Revision();
  Tell({{"SR1", 3, "a", "CRM1"}});
  EXPECT_EQ(Revision(), revision);
  Tell({{"SR9", 2, "", ""}});
  EXPECT_EQ(Count("involvement"), 2) << "an older version of SR9 must not count";
  Tell({{"SR9", 1, "b", "CRM1"}});
  EXPECT_THAT(Open(), ElementsAre("a CRM1"));
}

// PLT-20: the list of a service that was taken back to an older state counts, too.
TEST_F(InvolvementTest, AListReplacesWhatWasKnown) {
  Tell({{"SR1", 9, "a", "CRM1"}, {"SR2", 9, "a", "CRM2"}});
  TellAll({{"SR1", 4, "b", "CRM1"}, {"SR2", 0, "", ""}});
  EXPECT_THAT(Open(), ElementsAre("b CRM1"));
  Tell({{"SR2", 1, "c", "CRM2"}, {"SR1", 3, "d", "CRM1"}});
  EXPECT_THAT(Open(), ElementsAre("b CRM1", "c CRM2"));
}

// PLT-14: as long as one piece of work makes them involved.
TEST_F(InvolvementTest, TheMemoryCountsPieces) {
  EXPECT_FALSE(Knows("a", "CRM1"));
  Tell({{"SR1", 1, "a", "CRM1"}, {"SR2", 1, "a", "CRM1"}, {"SR3", 1, "a", "CRM2"}});
  EXPECT_TRUE(Knows("a", "CRM1"));
  EXPECT_TRUE(Knows("a", "CRM2"));
  EXPECT_FALSE(Knows("b", "CRM1"));
  Tell({{"SR1", 2, "", ""}});
  EXPECT_TRUE(Knows("a", "CRM1"));
  Tell({{"SR2", 2, "b", "CRM1"}});
  EXPECT_FALSE(Knows("a", "CRM1"));
  EXPECT_TRUE(Knows("b", "CRM1"));
  EXPECT_TRUE(Knows("a", "CRM2"));
}

// PLT-14: a replica that was away for long misses nothing, though what is over is removed.
TEST_F(InvolvementTest, WhatIsOverIsRemoved) {
  Tell({{"SR1", 1, "a", "CRM1"}, {"SR2", 1, "b", "CRM1"}});
  EXPECT_TRUE(Knows("a", "CRM1"));
  Tell({{"SR1", 2, "", ""}});
  harness_.clock().Advance(kKeepInvolvement);
  ASSERT_TRUE(PurgeInvolvement(*db_, Now() - kKeepInvolvement).ok());
  EXPECT_EQ(Count("involvement"), 2) << "not before its time";
  harness_.clock().Advance(absl::Seconds(1));
  ASSERT_TRUE(PurgeInvolvement(*db_, Now() - kKeepInvolvement).ok());
  EXPECT_EQ(Count("involvement"), 1);
  EXPECT_TRUE(involvements_.IsInvolved("a", "CRM1"));
  EXPECT_FALSE(Knows("a", "CRM1"));
  EXPECT_TRUE(Knows("b", "CRM1"));
}

}  // namespace
}  // namespace crm::customer
