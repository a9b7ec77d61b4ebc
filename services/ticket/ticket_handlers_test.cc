// Intake and work over gRPC on a real database: TIC-1 to TIC-3.

#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using TicketHandlersTest = TicketTest;

std::vector<v1::TicketEventKind> KindsOf(const std::vector<v1::TicketEvent>& events) {
  std::vector<v1::TicketEventKind> kinds;
  for (const v1::TicketEvent& event : events) kinds.push_back(event.kind());
  return kinds;
}

// TIC-1, TIC-2: for a customer that nobody knows, with the archive away.
TEST_F(TicketHandlersTest, TakesATicketIn) {
  const v1::Ticket ticket = Open();
  const std::string month = absl::FormatTime("%Y%m", Now(), harness_->replica().runtime().zone());
  EXPECT_EQ(ticket.number(), absl::StrCat("SR", month, "001"));
  EXPECT_EQ(ticket.status(), v1::TICKET_STATUS_UNASSIGNED);
  EXPECT_EQ(ticket.customer_state(), v1::CUSTOMER_STATE_UNKNOWN);
  EXPECT_EQ(ticket.sla_version(), 1);
  EXPECT_EQ(ticket.sla_policy(), "default");
  EXPECT_EQ(ticket.creator(), "u-agent");
  const v1::Ticket read = Get(ticket.number());
  EXPECT_EQ(read.description(), "打印机无法联网，重启后依旧。");
  EXPECT_EQ(read.etag(), ticket.etag());
  EXPECT_EQ(Open().number(), absl::StrCat("SR", month, "002"));
}

// TIC-1, PLT-8: all that is missing is named at once.
TEST_F(TicketHandlersTest, NamesWhatIsMissing) {
  v1::Ticket ticket;
  ticket.set_requester_phone("138001");
  EXPECT_THAT(Violations(TryOpen(agent_, ticket).status()),
              UnorderedElementsAre(HasSubstr("ticket.requester_phone"), "ticket.channel REQUIRED",
                                   "ticket.type REQUIRED", "ticket.priority REQUIRED",
                                   "ticket.description REQUIRED"));
  v1::Ticket nobody = Fault();
  nobody.clear_requester_phone();
  EXPECT_THAT(Violations(TryOpen(agent_, nobody).status()),
              ElementsAre("ticket.customer REQUESTER_MISSING"));
}

// TIC-2
TEST_F(TicketHandlersTest, TheSameReferenceIsTheSameTicket) {
  v1::Ticket mail = Fault();
  mail.set_channel("email");
  mail.set_external_reference("<CAF=1@mail.example.com>");
  const v1::Ticket first = Must(TryOpen(gateway_, mail));
  Move("TakeTicket", first.number());
  mail.set_description("再次发送");
  const v1::Ticket again = Must(TryOpen(gateway_, mail));
  EXPECT_EQ(again.number(), first.number());
  EXPECT_EQ(again.status(), v1::TICKET_STATUS_IN_PROGRESS);
  mail.set_external_reference("<caf=1@mail.example.com>");
  EXPECT_NE(Must(TryOpen(gateway_, mail)).number(), first.number());
  mail.set_channel("web");
  EXPECT_NE(Must(TryOpen(gateway_, mail)).number(), first.number());
}

// TIC-2: also when it comes in twice at the same moment, on two replicas.
TEST_F(TicketHandlersTest, TheSameReferenceAtOnceIsOneTicket) {
  testing::Replica& second = harness_->StartReplica();
  constexpr int kCallers = 8;
  v1::CreateTicketRequest request;
  *request.mutable_ticket() = Fault();
  request.mutable_ticket()->set_external_reference("ORDER-7");
  std::vector<std::string> numbers(kCallers);
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, i] {
        testing::Replica& replica = i % 2 == 0 ? harness_->replica() : second;
        auto ticket = harness_->CallOn<v1::CreateTicketRequest, v1::Ticket>(
            replica, gateway_, "crm.ticket.v1.TicketService/CreateTicket", request);
        numbers[static_cast<size_t>(i)] =
            ticket.ok() ? ticket->number() : ticket.status().ToString();
      });
    }
  }
  EXPECT_THAT(numbers, Each(numbers.front()));
  v1::ListTicketsRequest list;
  list.set_count_total(true);
  EXPECT_EQ(Must(Call<v1::ListTicketsResponse>(agent_, "TicketService/ListTickets", list)).total(),
            1);
}

// TIC-3
TEST_F(TicketHandlersTest, GoesThroughItsStatuses) {
  const std::string number = Open().number();
  EXPECT_EQ(Move("TakeTicket", number).assignee(), "u-agent");
  EXPECT_EQ(Move("WaitForCustomer", number).status(), v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
  EXPECT_EQ(Move("ResumeTicket", number).status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(Must(TryResolve("ProposeSolution", number, "更换网卡")).status(),
            v1::TICKET_STATUS_TO_BE_CONFIRMED);
  EXPECT_EQ(Must(TryResolve("CompleteTicket", number)).status(), v1::TICKET_STATUS_DONE);
  const v1::Ticket closed = Move("CloseTicket", number);
  EXPECT_EQ(closed.status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(closed.solution(), "更换网卡");
  EXPECT_EQ(closed.last_measure(), "已处理");
  EXPECT_FALSE(closed.has_due_time());
  EXPECT_FALSE(closed.has_follow_up_time());
  const std::vector<v1::TicketEvent> events = Events(number);
  EXPECT_THAT(
      KindsOf(events),
      ElementsAre(v1::TICKET_EVENT_KIND_OPENED, v1::TICKET_EVENT_KIND_STATUS_CHANGED,
                  v1::TICKET_EVENT_KIND_ASSIGNED, v1::TICKET_EVENT_KIND_STATUS_CHANGED,
                  v1::TICKET_EVENT_KIND_STATUS_CHANGED, v1::TICKET_EVENT_KIND_STATUS_CHANGED,
                  v1::TICKET_EVENT_KIND_STATUS_CHANGED, v1::TICKET_EVENT_KIND_STATUS_CHANGED,
                  v1::TICKET_EVENT_KIND_FEEDBACK_REQUESTED));
  EXPECT_EQ(events[3].text(), "已处理");
  EXPECT_EQ(events[3].actor(), "u-agent");
}

// TIC-3: the legal ones are listed; the measure is required.
TEST_F(TicketHandlersTest, RefusesIllegalMoves) {
  const std::string number = Open().number();
  const absl::Status refused = TryMove(agent_, "CloseTicket", number).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(refused), "MOVE_ILLEGAL");
  EXPECT_EQ(Metadata(refused, "legal_moves"), "TakeTicket,AssignTicket");
  EXPECT_THAT(Violations(TryMove(agent_, "TakeTicket", number, "").status()),
              ElementsAre("measure REQUIRED"));
  EXPECT_EQ(TryMove(agent_, "TakeTicket", "SR000000").status().code(), absl::StatusCode::kNotFound);
}

// TIC-3, PLT-6
TEST_F(TicketHandlersTest, AMoveIsDecidedOnWhatWasSeen) {
  const v1::Ticket seen = Open();
  Move("TakeTicket", seen.number());
  v1::MoveTicketRequest request;
  request.set_ticket(seen.number());
  request.set_measure("我来处理");
  request.set_etag(seen.etag());
  EXPECT_EQ(
      ErrorReason(Call<v1::Ticket>(other_agent_, "TicketService/TakeTicket", request).status()),
      "ETAG_STALE");
}

// TIC-3: reopening is counted, from to be confirmed and from done.
TEST_F(TicketHandlersTest, CountsReopening) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Must(TryResolve("ProposeSolution", number));
  EXPECT_EQ(Move("ReopenTicket", number).reopen_count(), 1);
  Must(TryResolve("ProposeSolution", number));
  EXPECT_TRUE(Must(TryResolve("CompleteTicket", number)).has_done_time());
  const v1::Ticket reopened = Move("ReopenTicket", number);
  EXPECT_EQ(reopened.reopen_count(), 2);
  EXPECT_EQ(reopened.status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_FALSE(reopened.has_done_time());
}

// TIC-3
TEST_F(TicketHandlersTest, AComplaintNeedsCauseAndSolution) {
  v1::Ticket complaint = Fault();
  complaint.set_type(v1::TICKET_TYPE_COMPLAINT);
  const std::string number = Open(complaint).number();
  Move("TakeTicket", number);
  Must(TryResolve("ProposeSolution", number));
  EXPECT_EQ(ErrorReason(TryResolve("CompleteTicket", number, "赔偿").status()),
            "COMPLAINT_INCOMPLETE");
  Must(TryResolve("CompleteTicket", number, "赔偿", v1::ROOT_CAUSE_LOGISTICS));
  const v1::Ticket closed = Move("CloseTicket", number);
  EXPECT_EQ(record::TimeOf(closed.follow_up_time()), Now() + absl::Hours(7 * 24));
}

// TIC-3: what a complaint needed to be done it keeps; nor does it become one, or another one, then.
TEST_F(TicketHandlersTest, ADoneComplaintStaysComplete) {
  v1::Ticket complaint = Fault();
  complaint.set_type(v1::TICKET_TYPE_COMPLAINT);
  const std::string number = OpenDone(complaint);
  const auto update = [&](const std::string& of, const std::string& path,
                          v1::TicketType type = v1::TICKET_TYPE_UNSPECIFIED) {
    v1::UpdateTicketRequest request;
    request.mutable_ticket()->set_number(of);
    request.mutable_ticket()->set_type(type);
    request.mutable_update_mask()->add_paths(path);
    return Call<v1::Ticket>(agent_, "TicketService/UpdateTicket", request).status();
  };
  for (const std::string field : {"root_cause", "solution"}) {
    const absl::Status cleared = update(number, field);
    EXPECT_EQ(cleared.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ErrorReason(cleared), "COMPLAINT_INCOMPLETE");
    EXPECT_EQ(Metadata(cleared, "fields"), field);
  }
  const absl::Status retyped = update(number, "type", v1::TICKET_TYPE_FAULT);
  EXPECT_EQ(ErrorReason(retyped), "TYPE_FIXED");
  EXPECT_EQ(Metadata(retyped, "fields"), "type");
  EXPECT_TRUE(update(number, "category").ok());
  Move("CloseTicket", number);
  EXPECT_EQ(ErrorReason(update(number, "solution")), "COMPLAINT_INCOMPLETE");

  // Done as a fault it does not become a complaint without a cause.
  const std::string fault = Open(complaint).number();
  EXPECT_TRUE(update(fault, "type", v1::TICKET_TYPE_FAULT).ok());
  Move("TakeTicket", fault);
  Must(TryResolve("ProposeSolution", fault));
  Must(TryResolve("CompleteTicket", fault));
  EXPECT_EQ(ErrorReason(update(fault, "type", v1::TICKET_TYPE_COMPLAINT)), "TYPE_FIXED");
  Move("ReopenTicket", fault);
  EXPECT_TRUE(update(fault, "type", v1::TICKET_TYPE_COMPLAINT).ok());
  Must(TryResolve("ProposeSolution", fault));
  const absl::Status incomplete = TryResolve("CompleteTicket", fault).status();
  EXPECT_EQ(Metadata(incomplete, "fields"), "root_cause,solution");
}

// TIC-6: an answer is not a status change.
TEST_F(TicketHandlersTest, AnswersAreNoMoves) {
  const std::string number = Open().number();
  EXPECT_EQ(Reply(number).status(), v1::TICKET_STATUS_UNASSIGNED);
  EXPECT_EQ(Say(gateway_, "RecordCustomerReply", number, "还是不行").status(),
            v1::TICKET_STATUS_UNASSIGNED);
  EXPECT_EQ(Events(number).back().text(), "还是不行");
  Move("TakeTicket", number);
  Move("WaitForCustomer", number);
  EXPECT_EQ(Reply(number).status(), v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
}

// TIC-3: the customer's reply ends the waiting for it, once; the history says so.
TEST_F(TicketHandlersTest, ACustomersReplyEndsTheWaiting) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Move("WaitForCustomer", number);
  const v1::Ticket answered = Say(gateway_, "RecordCustomerReply", number, "还是不行");
  EXPECT_EQ(answered.status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(answered.assignee(), "u-agent");
  EXPECT_EQ(answered.reopen_count(), 0);
  const std::vector<v1::TicketEvent> events = Events(number);
  ASSERT_GE(events.size(), 2u);
  const v1::TicketEvent& reply = events[events.size() - 2];
  EXPECT_EQ(reply.kind(), v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED);
  EXPECT_EQ(reply.text(), "还是不行");
  EXPECT_EQ(events.back().kind(), v1::TICKET_EVENT_KIND_STATUS_CHANGED);
  EXPECT_EQ(events.back().status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(events.back().text(), answered.last_measure());
  EXPECT_EQ(events.back().actor(), "mail-gateway");
  Say(gateway_, "RecordCustomerReply", number, "在吗");
  EXPECT_EQ(Events(number).size(), events.size() + 1);
}

// TIC-3, TIC-17: what is to be confirmed stays for people to judge; what is done is reopened and
// counted, so that nobody overlooks it.
TEST_F(TicketHandlersTest, ACustomersReplyReopensWhatIsDone) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Must(TryResolve("ProposeSolution", number, "更换网卡"));
  EXPECT_EQ(Say(gateway_, "RecordCustomerReply", number, "好像可以").status(),
            v1::TICKET_STATUS_TO_BE_CONFIRMED);
  Must(TryResolve("CompleteTicket", number));
  const v1::Ticket reopened = Say(gateway_, "RecordCustomerReply", number, "又断网了");
  EXPECT_EQ(reopened.number(), number);
  EXPECT_EQ(reopened.status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(reopened.reopen_count(), 1);
  EXPECT_FALSE(reopened.has_done_time());
  EXPECT_TRUE(reopened.has_due_time());
}

// TIC-1: state, priority and assignee are not for Update.
TEST_F(TicketHandlersTest, UpdatesWhatItSays) {
  const v1::Ticket ticket = Open();
  v1::UpdateTicketRequest request;
  request.mutable_ticket()->set_number(ticket.number());
  request.mutable_ticket()->set_subject("打印机");
  request.mutable_ticket()->set_category("网络");
  const v1::Ticket updated = Must(Call<v1::Ticket>(agent_, "TicketService/UpdateTicket", request));
  EXPECT_EQ(updated.subject(), "打印机");
  request.mutable_ticket()->set_priority(v1::TICKET_PRIORITY_LOW);
  request.mutable_update_mask()->add_paths("priority");
  EXPECT_EQ(Call<v1::Ticket>(agent_, "TicketService/UpdateTicket", request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// PLT-5
TEST_F(TicketHandlersTest, ARepeatedCallIsDoneOnce) {
  const std::string number = Open().number();
  v1::RecordTicketMessageRequest request;
  request.set_ticket(number);
  request.set_text("您好");
  request.set_request_id("r-1");
  const auto first = Must(Call<v1::Ticket>(agent_, "TicketService/ReplyToCustomer", request));
  const auto again = Must(Call<v1::Ticket>(agent_, "TicketService/ReplyToCustomer", request));
  EXPECT_EQ(again.etag(), first.etag());
  EXPECT_EQ(Events(number).size(), 2u);
}

// PLT-13, PLT-14
TEST_F(TicketHandlersTest, KeepsToPermissionsAndMasks) {
  const std::string seller = harness_->TokenOf("u-seller", {"sales_representative"});
  EXPECT_EQ(TryOpen(seller, Fault()).status().code(), absl::StatusCode::kPermissionDenied);
  const std::string number = Open().number();
  EXPECT_EQ(TryMove(gateway_, "TakeTicket", number).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Get(number).requester_phone(), "138****8001");
  EXPECT_EQ(Move("TakeTicket", number).requester_phone(), "13800138001");
}

// PLT-14: plain to the assignee of an open ticket, not of a closed one.
TEST_F(TicketHandlersTest, AClosedOneIsMaskedForItsAssignee) {
  v1::Ticket ticket = Fault();
  ticket.set_requester_email("wang@example.com");
  const std::string number = OpenDone(ticket);
  EXPECT_EQ(Get(number).requester_phone(), "13800138001");
  const v1::Ticket closed = Move("CloseTicket", number);
  EXPECT_EQ(closed.assignee(), "u-agent");
  EXPECT_EQ(closed.requester_phone(), "138****8001");
  EXPECT_EQ(Get(number).requester_email(), "w***@example.com");
  EXPECT_EQ(List("status = CLOSED").at(0).requester_phone(), "138****8001");
  EXPECT_EQ(Move("ReopenTicket", number).requester_phone(), "13800138001");
}

// TIC-6: what is due first comes first, what is not due comes last.
TEST_F(TicketHandlersTest, ListsWhatIsDueFirst) {
  const std::string low = Open(v1::TICKET_PRIORITY_LOW).number();
  const std::string urgent = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string waiting = Open(v1::TICKET_PRIORITY_HIGH).number();
  Move("TakeTicket", waiting);
  Reply(waiting);
  Move("WaitForCustomer", waiting);
  v1::ListTicketsRequest request;
  const auto page =
      Must(Call<v1::ListTicketsResponse>(agent_, "TicketService/ListTickets", request));
  std::vector<std::string> numbers;
  for (const v1::Ticket& ticket : page.tickets()) numbers.push_back(ticket.number());
  EXPECT_THAT(numbers, ElementsAre(urgent, low, waiting));
  request.set_filter("status = WAITING_FOR_CUSTOMER AND assignee = \"u-agent\"");
  EXPECT_EQ(Must(Call<v1::ListTicketsResponse>(agent_, "TicketService/ListTickets", request))
                .tickets_size(),
            1);
}

// TIC-7: only somebody of the directory; only by those who may.
TEST_F(TicketHandlersTest, AssignsToNobodyUnknown) {
  v1::AssignTicketRequest request;
  request.set_ticket(Open().number());
  request.set_assignee("u-nobody");
  request.set_reason("擅长网络");
  EXPECT_THAT(
      Violations(Call<v1::Ticket>(supervisor_, "TicketService/AssignTicket", request).status()),
      ElementsAre("assignee ASSIGNEE_UNKNOWN"));
  EXPECT_EQ(Call<v1::Ticket>(agent_, "TicketService/AssignTicket", request).status().code(),
            absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace crm::ticket
