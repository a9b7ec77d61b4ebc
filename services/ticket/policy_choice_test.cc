// Under which SLA policy a ticket comes, over gRPC beside the archive: TIC-4, TIC-7.
#include "services/ticket/archive_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

class PolicyChoiceTest : public ArchiveTicketTest {
 protected:
  // Before the default, after those that were added before: so many hours for all.
  void AddPolicy(const std::string& id, int64_t hours,
                 const std::function<void(v1::SlaPolicy&)>& limit) {
    v1::SlaConfiguration configuration = Configuration();
    v1::SlaPolicy& policy = *configuration.add_policies();
    policy.set_policy_id(id);
    for (const auto priority : {v1::TICKET_PRIORITY_HIGH, v1::TICKET_PRIORITY_URGENT}) {
      v1::SlaTarget& target = *policy.add_targets();
      target.set_priority(priority);
      target.set_first_response_minutes(hours * 60);
      target.set_resolution_minutes(hours * 60);
    }
    policy.add_paused_in(v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
    limit(policy);
    const int last = configuration.policies_size() - 1;
    configuration.mutable_policies()->SwapElements(last - 1, last);
    Must(Configure(configuration));
  }
  void AddKeyPolicy() {
    AddPolicy("key", 2, [](v1::SlaPolicy& policy) { policy.add_tiers(cv1::TIER_KEY); });
  }
  void AddTeamPolicy(const std::string& team, int64_t hours) {
    AddPolicy(team, hours, [&](v1::SlaPolicy& policy) { policy.add_teams(team); });
  }
  // Those that it came under after its opening.
  std::vector<std::string> Applied(const std::string& number) {
    std::vector<std::string> applied;
    for (const v1::TicketEvent& event : Events(number)) {
      if (event.kind() != v1::TICKET_EVENT_KIND_POLICY_APPLIED) continue;
      EXPECT_NE(event.text(), "");
      applied.push_back(event.sla_policy());
    }
    return applied;
  }
  v1::Ticket MakeUrgent(const std::string& number) {
    v1::ChangeTicketPriorityRequest request;
    request.set_ticket(number);
    request.set_priority(v1::TICKET_PRIORITY_URGENT);
    request.set_reason("客户停产");
    return Must(Call<v1::Ticket>(agent_, "TicketService/ChangeTicketPriority", request));
  }
};

// TIC-4: by the tier of the customer, whether it is named or recognised by its phone.
TEST_F(PolicyChoiceTest, KeyCustomersHaveTheirOwn) {
  AddKeyPolicy();
  v1::Ticket ticket = Fault();
  EXPECT_EQ(Open(ticket).sla_policy(), "default");
  const std::string customer = CreateCustomer("13800138001").number();
  const v1::Ticket by_phone = Open(ticket);
  EXPECT_EQ(by_phone.sla_policy(), "key");
  EXPECT_EQ(record::TimeOf(by_phone.due_time()), Now() + absl::Hours(2));
  ticket.set_customer(customer);
  ticket.clear_requester_phone();
  const v1::Ticket named = Open(ticket);
  EXPECT_EQ(named.sla_policy(), "key");
  EXPECT_EQ(named.customer_tier(), cv1::TIER_KEY);
  EXPECT_THAT(Applied(named.number()), IsEmpty());
}

// TIC-7: a senior agent for a key customer who calls, whoever comes first otherwise.
TEST_F(PolicyChoiceTest, KeyCustomersGetSeniors) {
  CreateUser("u-an", "service_agent", "");
  CreateUser("u-senior", "service_agent", "", "", {"senior"});
  MakeActive("u-an");
  MakeActive("u-senior");
  EXPECT_EQ(Open().assignee(), "u-an");
  EXPECT_EQ(Open().assignee(), "u-senior");
  CreateCustomer("13800138001");
  EXPECT_EQ(Open().assignee(), "u-senior");
  EXPECT_EQ(Open().assignee(), "u-senior");
}

// TIC-2, TIC-4: a customer who is known later brings the policy; what is used up stays used up, and
// pauses stay pauses.
TEST_F(PolicyChoiceTest, ALateLinkBringsThePolicy) {
  AddKeyPolicy();
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Advance(absl::Hours(1));
  Move("WaitForCustomer", number);
  Advance(absl::Hours(5));
  Move("ResumeTicket", number);
  EXPECT_EQ(Get(number).sla_policy(), "default");
  CreateCustomer("13800138001");
  Advance(absl::Minutes(30));
  ASSERT_TRUE(Eventually([&] { return Get(number).sla_policy() == "key"; }));
  EXPECT_EQ(Get(number).customer_tier(), cv1::TIER_KEY);
  EXPECT_THAT(Applied(number), ElementsAre("key"));
  const v1::SlaReading clock = Clock(number, v1::SLA_CLOCK_RESOLUTION);
  EXPECT_EQ(DurationOf(clock.target()), absl::Hours(2));
  EXPECT_LT(absl::AbsDuration(DurationOf(clock.elapsed()) - absl::Minutes(90)), absl::Seconds(1));
  EXPECT_LT(absl::AbsDuration(record::TimeOf(clock.due_time()) - (Now() + absl::Minutes(30))),
            absl::Seconds(1));
}

// TIC-2, TIC-4: so does a number that is verified once the archive is back.
TEST_F(PolicyChoiceTest, AnOutageDelaysThePolicy) {
  AddKeyPolicy();
  LoseArchive();
  // Also ends the stream of its events.
  EXPECT_EQ(Open().customer_state(), v1::CUSTOMER_STATE_UNKNOWN);
  v1::Ticket ticket = Fault();
  ticket.set_customer(CreateCustomer("13800138111").number());
  const v1::Ticket opened = Open(ticket);
  EXPECT_EQ(opened.customer_state(), v1::CUSTOMER_STATE_UNVERIFIED);
  EXPECT_EQ(opened.sla_policy(), "default");
  FindArchive();
  Advance(absl::Minutes(1));
  ASSERT_TRUE(Eventually([&] { return Get(opened.number()).sla_policy() == "key"; }));
  EXPECT_EQ(Get(opened.number()).customer_state(), v1::CUSTOMER_STATE_LINKED);
}

// TIC-4: but no other version.
TEST_F(PolicyChoiceTest, ALateLinkKeepsTheVersion) {
  const std::string number = Open().number();
  AddKeyPolicy();
  CreateCustomer("13800138001");
  Advance(absl::Minutes(1));
  ASSERT_TRUE(
      Eventually([&] { return Get(number).customer_state() == v1::CUSTOMER_STATE_LINKED; }));
  EXPECT_EQ(Get(number).sla_version(), 1);
  EXPECT_EQ(Get(number).sla_policy(), "default");
}

// TIC-4: by the team, also that of whoever gets it by itself; a later change of priority brings no
// surprise.
TEST_F(PolicyChoiceTest, TeamsHaveTheirOwn) {
  CreateTeam("vip");
  CreateUser("u-zhang", "service_agent", "", "vip");
  AddTeamPolicy("vip", 3);
  AddTeamPolicy("hotline", 5);
  v1::Ticket given = Fault();
  given.set_team("hotline");
  EXPECT_EQ(Open(given).sla_policy(), "hotline");
  EXPECT_EQ(Open().sla_policy(), "default");
  MakeActive("u-zhang");
  const v1::Ticket assigned = Open();
  EXPECT_EQ(assigned.assignee(), "u-zhang");
  EXPECT_EQ(assigned.sla_policy(), "vip");
  EXPECT_EQ(record::TimeOf(assigned.due_time()), Now() + absl::Hours(3));
  EXPECT_EQ(MakeUrgent(assigned.number()).sla_policy(), "vip");
}

// TIC-4: with another team comes its policy, of the version that the ticket is under.
TEST_F(PolicyChoiceTest, AnotherTeamBringsItsPolicy) {
  CreateTeam("vip");
  CreateTeam("hotline");
  CreateUser("u-zhang", "service_agent", "", "vip");
  CreateUser("u-li", "service_agent", "", "hotline");
  AddTeamPolicy("vip", 3);
  AddTeamPolicy("hotline", 5);
  const v1::Ticket opened = Open();
  const absl::Time start = Now();
  Advance(absl::Hours(1));
  ASSERT_TRUE(Eventually([&] { return Assign(opened.number(), "u-li").ok(); }));
  EXPECT_EQ(Get(opened.number()).sla_policy(), "hotline");
  AddKeyPolicy();
  const v1::Ticket taken = Must(TryMove(harness_->TokenOf("u-zhang", {"service_agent"}, "vip"),
                                        "TakeTicket", opened.number()));
  EXPECT_EQ(taken.team(), "vip");
  EXPECT_EQ(taken.sla_policy(), "vip");
  EXPECT_EQ(taken.sla_version(), opened.sla_version());
  EXPECT_EQ(record::TimeOf(taken.due_time()), start + absl::Hours(3));
  EXPECT_THAT(Applied(opened.number()), ElementsAre("hotline", "vip"));
}

// TIC-4, TIC-8: so does a supervisor's who takes it over.
TEST_F(PolicyChoiceTest, ATransferBringsThePolicy) {
  CreateTeam("leads");
  CreateUser("u-boss", "service_supervisor", "", "leads");
  CreateUser("u-zhang", "service_agent", "u-boss");
  AddTeamPolicy("leads", 6);
  const std::string number = Open(v1::TICKET_PRIORITY_URGENT).number();
  ASSERT_TRUE(Eventually([&] { return Assign(number, "u-zhang").ok(); }));
  Advance(absl::Hours(2) + absl::Seconds(1));
  ASSERT_TRUE(Eventually([&] { return Get(number).assignee() == "u-boss"; }));
  EXPECT_EQ(Get(number).sla_policy(), "leads");
  EXPECT_THAT(Applied(number), ElementsAre("leads"));
}

// TIC-4: by the type, also when that turns out to be another one.
TEST_F(PolicyChoiceTest, TypesHaveTheirOwn) {
  AddPolicy("fault", 3, [](v1::SlaPolicy& policy) { policy.add_types(v1::TICKET_TYPE_FAULT); });
  const v1::Ticket fault = Open();
  EXPECT_EQ(fault.sla_policy(), "fault");
  v1::UpdateTicketRequest request;
  request.mutable_ticket()->set_number(fault.number());
  request.mutable_ticket()->set_type(v1::TICKET_TYPE_TECHNICAL_QUESTION);
  const v1::Ticket question = Must(Call<v1::Ticket>(agent_, "TicketService/UpdateTicket", request));
  EXPECT_EQ(question.sla_policy(), "default");
  EXPECT_EQ(record::TimeOf(question.due_time()), Now() + absl::Hours(8));
  EXPECT_THAT(Applied(fault.number()), ElementsAre("default"));
}

}  // namespace
}  // namespace crm::ticket
