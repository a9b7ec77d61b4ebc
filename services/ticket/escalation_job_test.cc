// Escalation over gRPC on a real database, also with two replicas: TIC-8.
#include <map>

#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EscalationJobTest : public TicketTest {
 protected:
  // "rule level" of what it came to, in the order of its history.
  std::vector<std::string> Escalations(const std::string& number) {
    std::vector<std::string> found;
    for (const v1::TicketEvent& event : Events(number)) {
      if (event.kind() != v1::TICKET_EVENT_KIND_ESCALATED) continue;
      found.push_back(absl::StrCat(event.rule(), " ", event.level()));
    }
    return found;
  }
  bool Comes(const std::string& number, const std::vector<std::string>& wanted) {
    return Eventually([&] { return Escalations(number) == wanted; });
  }
};

// TIC-8
TEST_F(EscalationJobTest, NobodyHasItForTwoHours) {
  const std::string number = Open(v1::TICKET_PRIORITY_LOW).number();
  const std::string taken = Open(v1::TICKET_PRIORITY_LOW).number();
  Advance(absl::Hours(1));
  Move("TakeTicket", taken);
  Advance(absl::Hours(1));
  EXPECT_TRUE(Comes(number, {"unassigned 1"}));
  EXPECT_THAT(Escalations(taken), IsEmpty());
  EXPECT_EQ(Get(number).status(), v1::TICKET_STATUS_UNASSIGNED);
}

// TIC-8: warning at three quarters, breach, and the manager after a further time.
TEST_F(EscalationJobTest, WarnsThenEscalatesABreach) {
  const std::string number = Open(v1::TICKET_PRIORITY_HIGH).number();
  Move("TakeTicket", number);
  Advance(absl::Hours(6));
  EXPECT_TRUE(Comes(number, {"first_response_warning 1"}));
  Advance(absl::Hours(2) + absl::Microseconds(1));
  EXPECT_TRUE(Comes(number, {"first_response_warning 1", "first_response_breach 1"}));
  Advance(absl::Hours(4));
  EXPECT_TRUE(Comes(
      number, {"first_response_warning 1", "first_response_breach 1", "first_response_breach 2"}));
}

// TIC-8: a reply, a note or a move by the assignee is handling; that it was taken is not.
TEST_F(EscalationJobTest, AnUrgentOneIsIdle) {
  const std::string idle = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string handled = Open(v1::TICKET_PRIORITY_URGENT).number();
  Move("TakeTicket", idle);
  Move("TakeTicket", handled);
  Advance(absl::Hours(1));
  Reply(handled);
  Advance(absl::Hours(1) + absl::Seconds(1));
  EXPECT_TRUE(Comes(idle, {"urgent_idle 1"}));
  EXPECT_THAT(Escalations(handled), IsEmpty());
}

// TIC-8: what fell due during an outage comes in order, all at once.
TEST_F(EscalationJobTest, CatchesUpInOrder) {
  const std::string number = Open(v1::TICKET_PRIORITY_URGENT).number();
  Advance(absl::Hours(24));
  EXPECT_TRUE(Comes(number, {"unassigned 1", "first_response_warning 1", "first_response_breach 1",
                             "resolution_warning 1", "first_response_breach 2",
                             "resolution_breach 1", "resolution_breach 2"}));
}

// TIC-6, TIC-8: nothing falls due while waiting for the customer, who has been answered.
TEST_F(EscalationJobTest, APausedClockDoesNotEscalate) {
  const std::string number = Open(v1::TICKET_PRIORITY_HIGH).number();
  Move("TakeTicket", number);
  Reply(number);
  Move("WaitForCustomer", number);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_timer"), 0);
  const std::string other = Open(v1::TICKET_PRIORITY_HIGH).number();
  Move("TakeTicket", other);
  Move("WaitForCustomer", other);
  Advance(absl::Hours(30));
  // Whom nobody has asked anything is not waited for.
  EXPECT_TRUE(Comes(
      other, {"first_response_warning 1", "first_response_breach 1", "first_response_breach 2"}));
  EXPECT_THAT(Escalations(number), IsEmpty());
}

// TIC-8: what is done does not go to the manager, however long it stays there; reopened, it does
// after the rest of the time.
TEST_F(EscalationJobTest, AFinishedTicketDoesNotGoToTheManager) {
  const std::string number = Open(v1::TICKET_PRIORITY_HIGH).number();
  Move("TakeTicket", number);
  Advance(absl::Hours(8) + absl::Microseconds(1));
  const std::vector<std::string> so_far = {"first_response_warning 1", "first_response_breach 1"};
  ASSERT_TRUE(Comes(number, so_far));
  Advance(absl::Minutes(90));
  Must(TryResolve("ProposeSolution", number, "更换网卡"));
  Must(TryResolve("CompleteTicket", number));
  Advance(absl::Hours(72) + absl::Seconds(1));
  ASSERT_TRUE(Eventually([&] { return Get(number).status() == v1::TICKET_STATUS_CLOSED; }));
  EXPECT_EQ(Escalations(number), so_far);
  Move("ReopenTicket", number);
  Advance(absl::Minutes(149));
  EXPECT_EQ(Escalations(number), so_far);
  Advance(absl::Minutes(2));
  EXPECT_TRUE(Comes(
      number, {"first_response_warning 1", "first_response_breach 1", "first_response_breach 2"}));
}

// TIC-8: the manager's time stands still with the clock, and has a timer when it goes on.
TEST_F(EscalationJobTest, TheManagersTimeStandsStillWithTheClock) {
  v1::SlaConfiguration configuration = Configuration();
  configuration.mutable_policies(0)->clear_clock_pauses();
  Must(Configure(configuration));
  const std::string number = Open(v1::TICKET_PRIORITY_HIGH).number();
  Move("TakeTicket", number);
  Advance(absl::Hours(8) + absl::Microseconds(1));
  const std::vector<std::string> so_far = {"first_response_warning 1", "first_response_breach 1"};
  ASSERT_TRUE(Comes(number, so_far));
  Advance(absl::Hours(1));
  Move("WaitForCustomer", number);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_timer"), 0);
  Advance(absl::Hours(50));
  Say(gateway_, "RecordCustomerReply", number, "已重启");
  EXPECT_EQ(CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_timer WHERE ABS(due_time - ",
                                   absl::ToUnixMicros(Now() + absl::Hours(3)), ") < 1000")),
            1);
  EXPECT_EQ(Escalations(number), so_far);
  Advance(absl::Hours(3) + absl::Seconds(1));
  EXPECT_TRUE(Comes(
      number, {"first_response_warning 1", "first_response_breach 1", "first_response_breach 2"}));
}

// TIC-8: rules are configuration: without a warning there is none.
TEST_F(EscalationJobTest, TheWarningCanBeSwitchedOff) {
  v1::SlaConfiguration configuration = Configuration();
  configuration.mutable_policies(0)->set_warning_percent(0);
  Must(Configure(configuration));
  const std::string number = Open(v1::TICKET_PRIORITY_HIGH).number();
  Move("TakeTicket", number);
  EXPECT_FALSE(Clock(number, v1::SLA_CLOCK_FIRST_RESPONSE).has_warning_time());
  Advance(absl::Hours(8) + absl::Seconds(1));
  EXPECT_TRUE(Comes(number, {"first_response_breach 1"}));
}

// TIC-8: once per ticket, rule and level, with two replicas at work.
TEST_F(EscalationJobTest, TwoReplicasEscalateOnce) {
  harness_->StartReplica();
  constexpr int kTickets = 100;
  std::vector<std::string> numbers;
  for (int i = 0; i < kTickets; ++i) numbers.push_back(Open(v1::TICKET_PRIORITY_URGENT).number());
  Advance(absl::Hours(24));
  ASSERT_TRUE(Eventually([&] {
    return CountRows("SELECT COUNT(*) FROM ticket_escalation") == kTickets * 7 &&
           CountRows("SELECT COUNT(*) FROM ticket_timer") == 0;
  }));
  for (const std::string& number : numbers) {
    std::map<std::string, int> count;
    for (const std::string& escalation : Escalations(number)) ++count[escalation];
    EXPECT_EQ(count.size(), 7u) << number;
    for (const auto& [escalation, times] : count) EXPECT_EQ(times, 1) << number << escalation;
  }
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_event WHERE kind = 9"), kTickets * 7);
}

// TIC-8, TIC-16: nobody had to work on it while it was merged into another.
TEST_F(EscalationJobTest, ItIsNotIdleWhileItIsMerged) {
  const std::string duplicate = Open(v1::TICKET_PRIORITY_URGENT).number();
  Move("TakeTicket", duplicate);
  v1::MergeTicketsRequest merge;
  merge.set_survivor(Open().number());
  merge.add_duplicates()->set_ticket(duplicate);
  merge.set_reason("同一故障");
  Advance(absl::Minutes(30));
  Must(Call<v1::Ticket>(supervisor_, "TicketMergeService/MergeTickets", merge));
  Advance(absl::Hours(3));
  v1::UnmergeTicketRequest unmerge;
  unmerge.set_ticket(duplicate);
  unmerge.set_reason("并非同一故障");
  Must(Call<v1::Ticket>(supervisor_, "TicketMergeService/UnmergeTicket", unmerge));
  EXPECT_EQ(
      CountRows(absl::StrCat(
          "SELECT COUNT(*) FROM ticket_timer JOIN ticket ON id = ticket_id "
          "WHERE number = '",
          duplicate, "' AND ticket_timer.due_time = ", absl::ToUnixMicros(Now() + absl::Hours(2)))),
      1);
  Advance(absl::Hours(2) + absl::Seconds(1));
  EXPECT_TRUE(Comes(duplicate, {"urgent_idle 1"}));
}

}  // namespace
}  // namespace crm::ticket
