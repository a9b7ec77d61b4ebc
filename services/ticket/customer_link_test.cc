// Tickets beside the customer archive and its staff directory: TIC-2, TIC-7.
#include "services/ticket/archive_test_fixture.h"

namespace crm::ticket {
namespace {

class CustomerLinkTest : public ArchiveTicketTest {
 protected:
  v1::Ticket FaultOf(const std::string& phone, const std::string& email = "") {
    v1::Ticket ticket = Fault();
    ticket.set_requester_phone(phone);
    ticket.set_requester_email(email);
    return ticket;
  }
  bool IsLinked(const std::string& number) {
    return Get(number).customer_state() == v1::CUSTOMER_STATE_LINKED;
  }
};

// TIC-2
TEST_F(CustomerLinkTest, KnowsTheCustomerAtIntake) {
  const cv1::Customer customer = CreateCustomer("13800138111");
  v1::Ticket ticket = Fault();
  ticket.set_customer(customer.number());
  const v1::Ticket opened = Open(ticket);
  EXPECT_EQ(opened.customer_state(), v1::CUSTOMER_STATE_LINKED);
  EXPECT_EQ(opened.customer_tier(), cv1::TIER_KEY);
  EXPECT_EQ(opened.customer_industry(), "I65");
  ticket.set_customer("CRM2026999999");
  EXPECT_EQ(TryOpen(agent_, ticket).status().code(), absl::StatusCode::kNotFound);
}

// TIC-2: linked when the archive knows the identity.
TEST_F(CustomerLinkTest, LinksAnIdentityWhenItIsKnown) {
  const std::string number = Open().number();
  const cv1::Customer customer = CreateCustomer("13800138001");
  Advance(absl::Minutes(1));
  ASSERT_TRUE(
      Eventually([&] { return Get(number).customer_state() == v1::CUSTOMER_STATE_LINKED; }));
  EXPECT_EQ(Get(number).customer(), customer.number());
  EXPECT_EQ(Events(number).back().kind(), v1::TICKET_EVENT_KIND_LINKED);
}

// TIC-2: by whom it is from, at once, if a single customer has that phone or email.
TEST_F(CustomerLinkTest, RecognisesWhoeverAsksAtIntake) {
  const cv1::Customer customer = CreateCustomer("13800138001", "wang@example.com");
  const v1::Ticket by_phone = Open();
  EXPECT_EQ(by_phone.customer_state(), v1::CUSTOMER_STATE_LINKED);
  EXPECT_EQ(by_phone.customer(), customer.number());
  EXPECT_EQ(by_phone.customer_tier(), cv1::TIER_KEY);
  EXPECT_EQ(Open(FaultOf("13800138009", "wang@Example.com")).customer(), customer.number());
  EXPECT_EQ(Open(FaultOf("13800138009")).customer_state(), v1::CUSTOMER_STATE_UNKNOWN);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_link"), 1);
}

// TIC-2: a ticket that cannot be read holds up no other one, and is tried again later.
TEST_F(CustomerLinkTest, ABrokenOneHoldsUpNoOther) {
  const std::string broken = Open().number();
  harness_->database().Run("UPDATE ticket SET description = 'x'");
  const std::string other = Open(FaultOf("13800138222")).number();
  CreateCustomer("13800138222");
  Advance(absl::Minutes(1));
  ASSERT_TRUE(Eventually([&] { return IsLinked(other); }));
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_link WHERE attempts > 0"), 1);
  EXPECT_EQ(CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_link WHERE due_time > ",
                                   absl::ToUnixMicros(Now()))),
            1);
}

// TIC-2: as long as an email of the archive can be.
TEST_F(CustomerLinkTest, ALongEmailIsFound) {
  const std::string label(60, 'a');
  const std::string email =
      absl::StrCat(label, "@", label, ".", label, ".example.com");  // 194 characters
  const std::string number = Open(FaultOf("", email)).number();
  const std::string behind = Open(FaultOf("13800138222")).number();
  CreateCustomer("13800138111", email);
  CreateCustomer("13800138222");
  Advance(absl::Minutes(1));
  EXPECT_TRUE(Eventually([&] { return IsLinked(number) && IsLinked(behind); }));
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_link"), 0);
}

// TIC-2: a ticket that is gone waits for nobody.
TEST_F(CustomerLinkTest, ForgetsWhatIsGone) {
  Open();
  harness_->database().Run("UPDATE ticket_link SET ticket_id = 1");
  Advance(absl::Minutes(1));
  EXPECT_TRUE(Eventually([&] { return CountRows("SELECT COUNT(*) FROM ticket_link") == 0; }));
}

// TIC-10: an answer that came before the customer was known is told again with the customer.
TEST_F(CustomerLinkTest, AnEarlierAnswerIsToldAgain) {
  const std::string number = OpenClosed(Fault());
  v1::RecordFeedbackRequest request;
  request.set_ticket(number);
  request.set_satisfaction(4);
  Must(Call<v1::Ticket>(gateway_, "AfterCareService/RecordFeedback", request));
  const auto told = [&](const std::string& customer) {
    return CountRows(absl::StrCat("SELECT COUNT(*) FROM outbox WHERE payload LIKE '%",
                                  "crm.ticket.v1.TicketFeedback%", customer, "%'"));
  };
  EXPECT_EQ(told(number), 1);
  const std::string customer = CreateCustomer("13800138001").number();
  EXPECT_EQ(told(customer), 0);
  Advance(absl::Minutes(1));
  ASSERT_TRUE(Eventually([&] { return Get(number).customer() == customer; }));
  EXPECT_EQ(told(customer), 1);
}

// TIC-3: so is the answer of a follow-up.
TEST_F(CustomerLinkTest, AnEarlierFollowUpIsToldAgain) {
  v1::Ticket complaint = Fault();
  complaint.set_type(v1::TICKET_TYPE_COMPLAINT);
  const std::string number = OpenClosed(complaint);
  v1::RecordFollowUpRequest request;
  request.set_ticket(number);
  request.set_satisfaction(5);
  request.set_text("已恢复正常");
  Must(Call<v1::Ticket>(agent_, "AfterCareService/RecordFollowUp", request));
  const std::string customer = CreateCustomer("13800138001").number();
  Advance(absl::Minutes(1));
  ASSERT_TRUE(Eventually([&] { return Get(number).customer() == customer; }));
  EXPECT_EQ(CountRows(absl::StrCat("SELECT COUNT(*) FROM outbox WHERE payload LIKE '%",
                                   "crm.ticket.v1.TicketFeedback%", customer, "%'")),
            1);
}

// TIC-2: intake works while the archive is away.
TEST_F(CustomerLinkTest, TakesTicketsInWhileTheArchiveIsAway) {
  LoseArchive();
  v1::Ticket ticket = Fault();
  ticket.set_customer("CRM2026000001");
  const v1::Ticket opened = Open(ticket);
  EXPECT_EQ(opened.customer_state(), v1::CUSTOMER_STATE_UNVERIFIED);
  EXPECT_EQ(opened.customer(), "CRM2026000001");
  EXPECT_EQ(Open().customer_state(), v1::CUSTOMER_STATE_UNKNOWN);
}

// TIC-7, TIC-8: to somebody of the directory, with a reason; an idle urgent one goes to the
// supervisor.
TEST_F(CustomerLinkTest, AssignsAndTransfers) {
  CreateTeam("leads");
  CreateTeam("hotline");
  CreateUser("u-boss", "service_supervisor", "", "leads");
  CreateUser("u-zhang", "service_agent", "u-boss", "hotline");
  const std::string number = Open(v1::TICKET_PRIORITY_URGENT).number();
  ASSERT_TRUE(Eventually([&] { return Assign(number, "u-zhang").ok(); }));
  EXPECT_EQ(Get(number).assignee(), "u-zhang");
  EXPECT_EQ(Get(number).team(), "hotline");
  EXPECT_EQ(Events(number).back().text(), "擅长网络");
  Advance(absl::Hours(2) + absl::Seconds(1));
  ASSERT_TRUE(Eventually([&] { return Get(number).assignee() == "u-boss"; }));
  EXPECT_EQ(Get(number).escalated_to(), "u-boss");
  EXPECT_EQ(Get(number).team(), "leads");
  // TIC-13: it is off the list of what was escalated once somebody has it.
  EXPECT_EQ(Must(Assign(number, "u-zhang")).escalated_to(), "");
}

// TIC-8: an agent without a supervisor: to any other service supervisor; never to an idle one
// again.
TEST_F(CustomerLinkTest, TransfersToAnySupervisor) {
  CreateUser("u-idle", "service_supervisor", "");
  CreateUser("u-other", "service_supervisor", "");
  const std::string number = Open(v1::TICKET_PRIORITY_URGENT).number();
  ASSERT_TRUE(Eventually([&] { return Assign(number, "u-idle").ok(); }));
  Advance(absl::Hours(2) + absl::Seconds(1));
  EXPECT_TRUE(Eventually([&] { return Get(number).assignee() == "u-other"; }));
}

// TIC-8: nobody to take it over: unassigned, in the queue of its team, and its history says so.
TEST_F(CustomerLinkTest, WithoutASupervisorItIsUnassigned) {
  CreateTeam("hotline");
  CreateUser("u-zhang", "service_agent", "", "hotline");
  const std::string number = Open(v1::TICKET_PRIORITY_URGENT).number();
  ASSERT_TRUE(Eventually([&] { return Assign(number, "u-zhang").ok(); }));
  Advance(absl::Hours(2) + absl::Seconds(1));
  ASSERT_TRUE(Eventually([&] { return Get(number).assignee().empty(); }));
  const v1::Ticket ticket = Get(number);
  EXPECT_EQ(ticket.status(), v1::TICKET_STATUS_UNASSIGNED);
  EXPECT_EQ(ticket.team(), "hotline");
  EXPECT_EQ(ticket.escalated_to(), "");
  const auto events = Events(number);
  EXPECT_EQ(events.back().status(), v1::TICKET_STATUS_UNASSIGNED);
  EXPECT_EQ(events[events.size() - 2].rule(), "urgent_idle");
  EXPECT_THAT(events[events.size() - 2].text(), ::testing::HasSubstr("no supervisor"));
  EXPECT_EQ(Must(Assign(number, "u-zhang")).status(), v1::TICKET_STATUS_IN_PROGRESS);
}

// TIC-7: to whoever is there and has the least to do; nobody there, nobody gets it.
TEST_F(CustomerLinkTest, AssignsAtIntake) {
  CreateUser("u-boss", "service_supervisor", "");
  CreateUser("u-li", "service_agent", "u-boss");
  CreateUser("u-zhang", "service_agent", "u-boss");
  const std::string first = Open().number();
  EXPECT_EQ(Get(first).status(), v1::TICKET_STATUS_UNASSIGNED);
  ASSERT_TRUE(Eventually([&] { return Assign(first, "u-zhang").ok(); }));
  Must(SetAvailability("u-zhang", v1::AGENT_AVAILABILITY_ACTIVE));
  EXPECT_EQ(Open().assignee(), "u-zhang");
  Must(SetAvailability("u-li", v1::AGENT_AVAILABILITY_ACTIVE));
  const v1::Ticket third = Open();
  EXPECT_EQ(third.assignee(), "u-li");
  EXPECT_EQ(third.status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_THAT(Events(third.number()).back().text(), ::testing::HasSubstr("automatic"));
  Must(SetAvailability("u-li", v1::AGENT_AVAILABILITY_OFF));
  Must(SetAvailability("u-zhang", v1::AGENT_AVAILABILITY_AWAY));
  EXPECT_EQ(Open().status(), v1::TICKET_STATUS_UNASSIGNED);
}

// TIC-7
TEST_F(CustomerLinkTest, SupervisorsSetCapacity) {
  v1::UpdateServiceAgentRequest request;
  request.set_user_id("u-nobody");
  request.set_capacity(1);
  const auto update = [&](const std::string& token) {
    return Call<v1::ServiceAgent>(token, "AgentService/UpdateServiceAgent", request);
  };
  EXPECT_THAT(Violations(update(supervisor_).status()),
              ::testing::ElementsAre("user_id USER_UNKNOWN"));
  CreateUser("u-boss", "service_supervisor", "");
  CreateUser("u-li", "service_agent", "u-boss");
  request.set_user_id("u-li");
  request.set_availability(v1::AGENT_AVAILABILITY_ACTIVE);
  ASSERT_TRUE(Eventually([&] { return update(supervisor_).ok(); }));
  EXPECT_EQ(update(agent_).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Open().assignee(), "u-li");
  EXPECT_EQ(Open().assignee(), "");
  EXPECT_EQ(Open(v1::TICKET_PRIORITY_URGENT).assignee(), "u-li");
  const auto agents = Must(Call<v1::ListServiceAgentsResponse>(
      agent_, "AgentService/ListServiceAgents", v1::ListServiceAgentsRequest()));
  ASSERT_EQ(agents.agents_size(), 1);
  EXPECT_EQ(agents.agents(0).capacity(), 1);
}

}  // namespace
}  // namespace crm::ticket
