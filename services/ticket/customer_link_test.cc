// Tickets beside the customer archive and its staff directory: TIC-2, TIC-7.
#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/agent_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

namespace cv1 = crm::customer::v1;
using testing::ServiceHarness;

// An archive beside the ticket service.
class Archive {
 public:
  Archive()
      : harness(std::make_unique<ServiceHarness>(customer::Info(),
                                                 customer::CustomerService::Create)) {}

  std::unique_ptr<ServiceHarness> harness;
};

class CustomerLinkTest : private Archive, public TicketTest {
 protected:
  CustomerLinkTest()
      : TicketTest([this](config::ServiceOptions& options) {
          const std::string token_file = options.key_file + ".token";
          std::ofstream(token_file) << harness->TokenOfService("crm-ticket");
          options.peer_token_file = token_file;
          options.peers["customer"] = absl::StrCat("127.0.0.1:", harness->replica().port());
        }) {}

  cv1::Customer CreateCustomer(const std::string& phone) {
    cv1::CreateCustomerRequest request;
    cv1::Customer& customer = *request.mutable_customer();
    customer.set_kind(cv1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name(absl::StrCat("上海云帆科技有限公司", phone.substr(7)));
    customer.set_industry("I65");
    customer.set_decision_maker("李云");
    customer.set_tier(cv1::TIER_KEY);
    customer.set_phone(phone);
    return Must(harness->Call<cv1::CreateCustomerRequest, cv1::Customer>(
        harness->TokenOf("u-steward", {"data_steward"}, "hq"),
        "crm.customer.v1.CustomerService/CreateCustomer", request));
  }
  void CreateUser(const std::string& id, const std::string& role, const std::string& supervisor) {
    cv1::CreateStaffUserRequest request;
    request.mutable_user()->set_user_id(id);
    request.mutable_user()->set_name(id);
    request.mutable_user()->set_supervisor(supervisor);
    request.mutable_user()->add_roles(role);
    Must(harness->Call<cv1::CreateStaffUserRequest, cv1::StaffUser>(
        harness->TokenOf("u-admin", {"administrator"}),
        "crm.customer.v1.StaffService/CreateStaffUser", request));
  }
  absl::StatusOr<v1::Ticket> Assign(const std::string& number, const std::string& assignee) {
    v1::AssignTicketRequest request;
    request.set_ticket(number);
    request.set_assignee(assignee);
    request.set_reason("擅长网络");
    return Call<v1::Ticket>(supervisor_, "TicketService/AssignTicket", request);
  }
  absl::StatusOr<v1::ServiceAgent> SetAvailability(const std::string& user,
                                                   v1::AgentAvailability availability) {
    v1::SetAvailabilityRequest request;
    request.set_availability(availability);
    return Call<v1::ServiceAgent>(harness_->TokenOf(user, {"service_agent"}),
                                  "AgentService/SetAvailability", request);
  }
  void StopArchive() { harness.reset(); }
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
  StopArchive();
  v1::Ticket ticket = Fault();
  ticket.set_customer("CRM2026000001");
  const v1::Ticket opened = Open(ticket);
  EXPECT_EQ(opened.customer_state(), v1::CUSTOMER_STATE_UNVERIFIED);
  EXPECT_EQ(opened.customer(), "CRM2026000001");
}

// TIC-7, TIC-8: to somebody of the directory, with a reason; an idle urgent one goes to the
// supervisor.
TEST_F(CustomerLinkTest, AssignsAndTransfers) {
  CreateUser("u-boss", "service_supervisor", "");
  CreateUser("u-zhang", "service_agent", "u-boss");
  const std::string number = Open(v1::TICKET_PRIORITY_URGENT).number();
  ASSERT_TRUE(Eventually([&] { return Assign(number, "u-zhang").ok(); }));
  EXPECT_EQ(Get(number).assignee(), "u-zhang");
  EXPECT_EQ(Events(number).back().text(), "擅长网络");
  Advance(absl::Hours(2) + absl::Seconds(1));
  ASSERT_TRUE(Eventually([&] { return Get(number).assignee() == "u-boss"; }));
  EXPECT_EQ(Get(number).escalated_to(), "u-boss");
  // TIC-13: it is off the list of what was escalated once somebody has it.
  EXPECT_EQ(Must(Assign(number, "u-zhang")).escalated_to(), "");
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
