// The load of service agents, as a replica follows it: TIC-7.
#include "services/ticket/agents.h"

#include "common/event/retention.h"
#include "crm/ticket/v1/agent_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

class AgentsTest : public TicketTest {
 protected:
  AgentsTest() {
    for (const std::string& token : {agent_, other_agent_}) {
      v1::SetAvailabilityRequest request;
      request.set_availability(v1::AGENT_AVAILABILITY_ACTIVE);
      Must(Call<v1::ServiceAgent>(token, "AgentService/SetAvailability", request));
    }
  }

  db::Pool& pool() { return harness_->database().pool(); }
  int64_t LoadOf(const std::string& user) {
    EXPECT_EQ(replica_.Follow(pool()), absl::OkStatus());
    for (const v1::ServiceAgent& agent : replica_.All()) {
      if (agent.user_id() == user) return agent.open_tickets();
    }
    return -1;
  }
  // Once the events have come.
  void ExpectLoad(const std::string& user, int64_t load) {
    EXPECT_TRUE(Eventually([&] { return LoadOf(user) == load; }))
        << user << " has " << LoadOf(user) << ", not " << load;
  }
  std::string Take() {
    const std::string number = Open().number();
    Move("TakeTicket", number);
    return number;
  }
  // Behind the back of the events.
  void Run(const std::string& sql) { harness_->database().Run(sql); }

  Agents replica_;  // of another replica than the one that serves the calls
};

TEST_F(AgentsTest, FollowsWhatOtherReplicasChange) {  // TIC-7
  EXPECT_EQ(LoadOf("u-agent"), 0);
  const std::string number = Take();
  ExpectLoad("u-agent", 1);
  Move("WaitForCustomer", number);
  Take();
  ExpectLoad("u-agent", 2);
  Must(TryMove(other_agent_, "TakeTicket", number));
  ExpectLoad("u-agent", 1);
  ExpectLoad("u-other", 1);
  Must(TryResolve("ProposeSolution", number, "更换网卡", v1::ROOT_CAUSE_PRODUCT_QUALITY));
  Must(TryResolve("CompleteTicket", number));
  ExpectLoad("u-other", 0);
  Move("ReopenTicket", number);
  ExpectLoad("u-other", 1);
}

// TIC-7: tickets are counted of those only whose load has changed, and of those who are new.
TEST_F(AgentsTest, CountsAfterAChangeOnly) {
  EXPECT_EQ(LoadOf("u-agent"), 0);
  Take();
  ExpectLoad("u-agent", 1);
  Run("UPDATE ticket SET assignee = 'u-other'");
  Run("INSERT INTO ticket_agent VALUES ('u-new', 1, 5)");
  EXPECT_EQ(LoadOf("u-agent"), 1);
  EXPECT_EQ(LoadOf("u-other"), 0);
  EXPECT_EQ(LoadOf("u-new"), 0);
  Take();
  ExpectLoad("u-other", 0);
  ExpectLoad("u-agent", 1);
}

// TIC-7: a ticket that this replica gave out counts at once, and once.
TEST_F(AgentsTest, AnAssignmentOfItsOwnCountsOnce) {
  Take();
  ExpectLoad("u-agent", 1);
  replica_.NoteAssigned("u-agent");
  replica_.NoteAssigned("u-nobody");
  EXPECT_EQ(replica_.All().front().open_tickets(), 2);
  EXPECT_EQ(LoadOf("u-agent"), 1);
}

// TIC-7, PLT-20: everybody is counted anew when events were missed.
TEST_F(AgentsTest, CountsAllAfterAGap) {
  Take();
  ExpectLoad("u-agent", 1);
  Run("UPDATE ticket SET assignee = 'u-other'");
  // A change that the replica has not seen when it is purged.
  Take();
  ASSERT_TRUE(Eventually(
      [&] { return CountRows("SELECT COUNT(*) FROM outbox WHERE position IS NULL") == 0; }));
  ASSERT_TRUE(Eventually([&] {
    const auto purged = event::PurgeOutbox(pool(), Now() + absl::Hours(1));
    return purged.ok() && *purged == 0;
  }));
  ExpectLoad("u-other", 1);
  ExpectLoad("u-agent", 1);
}

}  // namespace
}  // namespace crm::ticket
