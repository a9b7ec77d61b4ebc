// What comes after a ticket is done, over gRPC on a real database: TIC-3, TIC-10, TIC-17.
#include "common/event/outbox.h"
#include "crm/event/v1/event.pb.h"
#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AfterCareTest : public TicketTest {
 protected:
  static v1::Ticket Complaint() {
    v1::Ticket ticket = Fault();
    ticket.set_type(v1::TICKET_TYPE_COMPLAINT);
    return ticket;
  }
  absl::StatusOr<v1::Ticket> TryAnswer(const std::string& number, int64_t satisfaction,
                                       const std::string& comment = "") {
    v1::RecordFeedbackRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    request.set_comment(comment);
    return Call<v1::Ticket>(gateway_, "AfterCareService/RecordFeedback", request);
  }
  v1::Ticket Answer(const std::string& number, int64_t satisfaction,
                    const std::string& comment = "") {
    return Must(TryAnswer(number, satisfaction, comment));
  }
  absl::StatusOr<v1::Ticket> TryFollowUp(const std::string& number, int64_t satisfaction) {
    v1::RecordFollowUpRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    request.set_text("回访：已恢复正常");
    return Call<v1::Ticket>(agent_, "AfterCareService/RecordFollowUp", request);
  }
  void SetAfterCare(const std::function<void(v1::AfterCareRules&)>& change) {
    v1::SlaConfiguration configuration = Configuration();
    change(*configuration.mutable_after_care());
    Must(Configure(configuration));
  }
  bool Comes(const std::string& number, v1::FeedbackState state) {
    return Eventually([&] { return Get(number).feedback_state() == state; });
  }
  int64_t CountEvents(const std::string& number, v1::TicketEventKind kind) {
    int64_t count = 0;
    for (const v1::TicketEvent& event : Events(number)) count += event.kind() == kind ? 1 : 0;
    return count;
  }
  // Payloads of `ticket.feedback`.
  std::vector<v1::TicketFeedback> Published() {
    auto db = harness_->database().pool().Acquire(harness_->database().Deadline());
    auto rows = (*db)->Select({"test_outbox", "SELECT payload FROM outbox ORDER BY id"}, {});
    std::vector<v1::TicketFeedback> published;
    while (rows->Next()) {
      crm::event::v1::EventBatch batch;
      EXPECT_TRUE(batch.ParseFromString(rows->String(0)));
      for (const auto& event : batch.events()) {
        if (event.type() != "ticket.feedback") continue;
        EXPECT_TRUE(event.payload().UnpackTo(&published.emplace_back()));
      }
    }
    return published;
  }
};

// TIC-10: asked at closing; the answer is kept and told to the archive, without its words.
TEST_F(AfterCareTest, TheCustomerIsAskedAtClosing) {
  const std::string number = OpenDone(Fault());
  EXPECT_EQ(Get(number).feedback_state(), v1::FEEDBACK_STATE_UNSPECIFIED);
  const v1::Ticket closed = Move("CloseTicket", number);
  EXPECT_EQ(closed.feedback_state(), v1::FEEDBACK_STATE_REQUESTED);
  EXPECT_EQ(record::TimeOf(closed.feedback_request_time()), Now());
  EXPECT_EQ(record::TimeOf(closed.close_time()), Now());
  const v1::Ticket answered = Answer(number, 4, "很快");
  EXPECT_EQ(answered.feedback_state(), v1::FEEDBACK_STATE_ANSWERED);
  EXPECT_EQ(answered.satisfaction(), 4);
  EXPECT_EQ(answered.satisfaction_comment(), "很快");
  EXPECT_EQ(answered.status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(Events(number).back().kind(), v1::TICKET_EVENT_KIND_FEEDBACK_ANSWERED);
  EXPECT_EQ(Events(number).back().satisfaction(), 4);
  EXPECT_EQ(Events(number).back().text(), "很快");
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket WHERE satisfaction_comment LIKE '%很快%'"), 0);
  const auto published = Published();
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(published[0].ticket(), number);
  EXPECT_EQ(published[0].satisfaction(), 4);
  EXPECT_EQ(published[0].assignee(), "u-agent");
}

// TIC-10: at done, if configured so; not asked again at closing.
TEST_F(AfterCareTest, TheCustomerIsAskedAtDone) {
  SetAfterCare([](auto& rules) { rules.set_ask_at(v1::FEEDBACK_MOMENT_DONE); });
  const std::string number = OpenDone(Fault());
  EXPECT_EQ(Get(number).feedback_state(), v1::FEEDBACK_STATE_REQUESTED);
  Answer(number, 5);
  EXPECT_EQ(Move("CloseTicket", number).feedback_state(), v1::FEEDBACK_STATE_ANSWERED);
}

// TIC-10
TEST_F(AfterCareTest, NobodyIsAskedIfNotWanted) {
  SetAfterCare([](auto& rules) { rules.set_ask_at(v1::FEEDBACK_MOMENT_UNSPECIFIED); });
  const std::string number = OpenClosed(Fault());
  EXPECT_EQ(ErrorReason(TryAnswer(number, 5).status()), "FEEDBACK_NOT_REQUESTED");
}

// TIC-10: unconfirmed after 24 h, listed for a call, once; the status is unaffected, and the call's
// answer still counts.
TEST_F(AfterCareTest, WithoutAnAnswerItIsUnconfirmed) {
  harness_->StartReplica();
  const std::string silent = OpenClosed(Fault());
  const std::string answered = OpenClosed(Fault());
  Answer(answered, 5);
  Advance(absl::Hours(24) - absl::Seconds(1));
  const std::string later = OpenClosed(Fault());
  Advance(absl::Seconds(1));
  ASSERT_TRUE(Comes(silent, v1::FEEDBACK_STATE_UNCONFIRMED));
  EXPECT_EQ(Get(silent).status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(Get(answered).feedback_state(), v1::FEEDBACK_STATE_ANSWERED);
  EXPECT_EQ(Get(later).feedback_state(), v1::FEEDBACK_STATE_REQUESTED);
  const auto listed = List("feedback_state = UNCONFIRMED");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].number(), silent);
  Answer(silent, 3);
  EXPECT_EQ(Get(silent).feedback_state(), v1::FEEDBACK_STATE_ANSWERED);
  EXPECT_EQ(CountEvents(silent, v1::TICKET_EVENT_KIND_FEEDBACK_UNCONFIRMED), 1);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_escalation WHERE rule = 'feedback_unconfirmed'"),
            1);
}

// TIC-10, TIC-17: once for each ticket, with two replicas at work after an outage.
TEST_F(AfterCareTest, TwoReplicasDoItOnce) {
  constexpr int kTickets = 40;
  for (int i = 0; i < kTickets; ++i) {
    if (i % 2 == 0) {
      OpenClosed(Fault());
    } else {
      OpenDone(Fault());
    }
  }
  harness_->StartReplica();
  Advance(absl::Hours(80));
  ASSERT_TRUE(Eventually([&] {
    return CountRows("SELECT COUNT(*) FROM ticket WHERE status = 6") == kTickets &&
           CountRows("SELECT COUNT(*) FROM ticket WHERE feedback_state = 3") == kTickets / 2;
  }));
  const auto count = [&](v1::TicketEventKind kind) {
    return CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_event WHERE kind = ", kind));
  };
  EXPECT_EQ(count(v1::TICKET_EVENT_KIND_FEEDBACK_UNCONFIRMED), kTickets / 2);
  EXPECT_EQ(count(v1::TICKET_EVENT_KIND_FEEDBACK_REQUESTED), kTickets);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_event WHERE rule = 'auto_close'"), kTickets / 2);
}

// TIC-10: an answer is given once; the same again is no second one.
TEST_F(AfterCareTest, AnAnswerIsGivenOnce) {
  const std::string number = OpenClosed(Fault());
  const v1::Ticket answered = Answer(number, 4, "好");
  EXPECT_EQ(Answer(number, 4, "好").etag(), answered.etag());
  EXPECT_EQ(ErrorReason(TryAnswer(number, 5, "好").status()), "FEEDBACK_ANSWERED");
  EXPECT_EQ(Published().size(), 1u);
}

// TIC-10, PLT-8, PLT-13
TEST_F(AfterCareTest, RefusesBadAnswers) {
  const std::string number = OpenClosed(Fault());
  EXPECT_THAT(Violations(TryAnswer(number, 0).status()), ElementsAre("satisfaction REQUIRED"));
  EXPECT_EQ(TryAnswer(number, 6).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TryAnswer("SR000000", 5).status().code(), absl::StatusCode::kNotFound);
  const std::string seller = harness_->TokenOf("u-seller", {"sales_representative"});
  v1::RecordFeedbackRequest request;
  request.set_ticket(number);
  request.set_satisfaction(5);
  EXPECT_EQ(Call<v1::Ticket>(seller, "AfterCareService/RecordFeedback", request).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// TIC-10: a low score reopens; the next closing asks again.
TEST_F(AfterCareTest, ALowScoreReopens) {
  const std::string number = OpenClosed(Fault());
  const v1::Ticket reopened = Answer(number, 2, "还是不行");
  EXPECT_EQ(reopened.status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(reopened.reopen_count(), 1);
  EXPECT_EQ(reopened.satisfaction(), 2);
  EXPECT_FALSE(reopened.has_close_time());
  Must(TryResolve("ProposeSolution", number));
  Must(TryResolve("CompleteTicket", number));
  EXPECT_EQ(Move("CloseTicket", number).feedback_state(), v1::FEEDBACK_STATE_REQUESTED);
  EXPECT_EQ(Answer(number, 3).status(), v1::TICKET_STATUS_CLOSED);
}

// TIC-10: or opens a complaint; a complaint itself is reopened.
TEST_F(AfterCareTest, ALowScoreOpensAComplaint) {
  SetAfterCare([](auto& rules) { rules.set_low_score_action(v1::LOW_SCORE_ACTION_COMPLAINT); });
  const std::string number = OpenClosed(Fault());
  EXPECT_EQ(Answer(number, 1, "态度恶劣").status(), v1::TICKET_STATUS_CLOSED);
  const auto complaints = List(absl::StrCat("linked_ticket = \"", number, "\""));
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_EQ(complaints[0].type(), v1::TICKET_TYPE_COMPLAINT);
  EXPECT_EQ(complaints[0].link_kind(), v1::TICKET_LINK_KIND_COMPLAINT_ABOUT);
  EXPECT_EQ(complaints[0].description(), "态度恶劣");
  EXPECT_EQ(Events(number).back().other_ticket(), complaints[0].number());
  const std::string complaint = OpenClosed(Complaint());
  EXPECT_EQ(Answer(complaint, 1).status(), v1::TICKET_STATUS_IN_PROGRESS);
}

// TIC-17: closed after a quiet time in done; what is said meanwhile starts it anew.
TEST_F(AfterCareTest, AQuietTicketIsClosed) {
  const std::string quiet = OpenDone(Fault());
  const std::string lively = OpenDone(Fault());
  Advance(absl::Hours(48));
  Say(agent_, "AddTicketNote", lively, "客户致谢");
  Advance(absl::Hours(24) + absl::Seconds(1));
  ASSERT_TRUE(Eventually([&] { return Get(quiet).status() == v1::TICKET_STATUS_CLOSED; }));
  EXPECT_EQ(Get(lively).status(), v1::TICKET_STATUS_DONE);
  EXPECT_EQ(Get(quiet).feedback_state(), v1::FEEDBACK_STATE_REQUESTED);
  EXPECT_EQ(Get(quiet).last_editor(), "crm-ticket");
  Advance(absl::Hours(48));
  ASSERT_TRUE(Eventually([&] { return Get(lively).status() == v1::TICKET_STATUS_CLOSED; }));
}

// TIC-17: never, if configured so.
TEST_F(AfterCareTest, NothingIsClosedIfNotWanted) {
  SetAfterCare([](auto& rules) { rules.set_auto_close_hours(0); });
  const std::string number = OpenDone(Fault());
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_timer"), 0);
  EXPECT_EQ(Get(number).status(), v1::TICKET_STATUS_DONE);
}

// TIC-17: within the window it goes on, later another one does.
TEST_F(AfterCareTest, ReopeningAClosedTicket) {
  const std::string number = OpenClosed(Fault());
  Advance(absl::Hours(7 * 24));
  const v1::Ticket reopened = Move("ReopenTicket", number);
  EXPECT_EQ(reopened.number(), number);
  EXPECT_EQ(reopened.status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(reopened.reopen_count(), 1);
  Must(TryResolve("ProposeSolution", number));
  Must(TryResolve("CompleteTicket", number));
  Move("CloseTicket", number);
  Advance(absl::Hours(7 * 24) + absl::Microseconds(1));
  const v1::Ticket next = Must(TryMove(agent_, "ReopenTicket", number, "又坏了"));
  EXPECT_NE(next.number(), number);
  EXPECT_EQ(next.linked_ticket(), number);
  EXPECT_EQ(next.link_kind(), v1::TICKET_LINK_KIND_CONTINUES);
  EXPECT_EQ(next.status(), v1::TICKET_STATUS_UNASSIGNED);
  EXPECT_EQ(Get(next.number()).description(), "又坏了");
  EXPECT_EQ(Get(number).status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(Get(number).reopen_count(), 1);
  EXPECT_EQ(CountEvents(number, v1::TICKET_EVENT_KIND_CONTINUED), 1);
}

// TIC-17: a customer who writes about a closed ticket: within the window it goes on, later another
// one does, in which the next words are, too.
TEST_F(AfterCareTest, ACustomersReplyToAClosedTicket) {
  const std::string number = OpenClosed(Fault());
  Advance(absl::Hours(24));
  EXPECT_EQ(Get(number).feedback_state(), v1::FEEDBACK_STATE_REQUESTED);
  const v1::Ticket reopened = Say(gateway_, "RecordCustomerReply", number, "又坏了");
  EXPECT_EQ(reopened.number(), number);
  EXPECT_EQ(reopened.status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(reopened.reopen_count(), 1);
  EXPECT_EQ(reopened.feedback_state(), v1::FEEDBACK_STATE_UNSPECIFIED);
  Must(TryResolve("ProposeSolution", number));
  Must(TryResolve("CompleteTicket", number));
  Move("CloseTicket", number);
  Advance(absl::Hours(7 * 24) + absl::Microseconds(1));
  const v1::Ticket next = Say(gateway_, "RecordCustomerReply", number, "第三次了");
  EXPECT_EQ(next.linked_ticket(), number);
  EXPECT_EQ(next.link_kind(), v1::TICKET_LINK_KIND_CONTINUES);
  EXPECT_EQ(Get(next.number()).description(), "第三次了");
  EXPECT_EQ(Get(number).status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(CountEvents(number, v1::TICKET_EVENT_KIND_CONTINUED), 1);
  EXPECT_EQ(Say(gateway_, "RecordCustomerReply", number, "在吗").number(), next.number());
  EXPECT_EQ(Events(next.number()).back().text(), "在吗");
  EXPECT_EQ(Events(next.number()).back().other_ticket(), number);
  EXPECT_EQ(CountEvents(number, v1::TICKET_EVENT_KIND_CONTINUED), 1);
}

// TIC-6, TIC-17: the time between closed and reopened is not charged.
TEST_F(AfterCareTest, ClosedTimeIsNotCharged) {
  const std::string number = OpenClosed(Fault());
  Advance(absl::Hours(48));
  Move("ReopenTicket", number);
  EXPECT_LT(Clock(number, v1::SLA_CLOCK_RESOLUTION).elapsed().seconds(), 60);
}

// TIC-3: a complaint's customer is asked again, and both answers are compared.
TEST_F(AfterCareTest, AComplaintIsFollowedUp) {
  const std::string number = OpenClosed(Complaint());
  EXPECT_EQ(Get(number).follow_up_state(), v1::FOLLOW_UP_STATE_PLANNED);
  Answer(number, 3);
  Advance(absl::Hours(7 * 24));
  ASSERT_TRUE(Eventually([&] { return Get(number).follow_up_state() == v1::FOLLOW_UP_STATE_DUE; }));
  EXPECT_EQ(List("follow_up_state = DUE").size(), 1u);
  EXPECT_EQ(CountEvents(number, v1::TICKET_EVENT_KIND_FOLLOW_UP_DUE), 1);
  const v1::Ticket done = Must(TryFollowUp(number, 5));
  EXPECT_EQ(done.follow_up_state(), v1::FOLLOW_UP_STATE_DONE);
  EXPECT_EQ(done.follow_up_satisfaction(), 5);
  EXPECT_EQ(done.satisfaction(), 3);
  EXPECT_EQ(done.satisfaction_change(), 2);
  EXPECT_EQ(Must(TryFollowUp(number, 5)).etag(), done.etag());
  EXPECT_EQ(ErrorReason(TryFollowUp(number, 4).status()), "FOLLOW_UP_DONE");
  EXPECT_THAT(List("follow_up_state = DUE"), IsEmpty());
  ASSERT_EQ(Published().size(), 2u);
  EXPECT_TRUE(Published()[1].follow_up());
  EXPECT_EQ(Published()[1].satisfaction_change(), 2);
}

// TIC-3, TIC-10: the first answer came later than the one that it is compared with.
TEST_F(AfterCareTest, ALateAnswerIsComparedToo) {
  const std::string number = OpenClosed(Complaint());
  EXPECT_FALSE(Must(TryFollowUp(number, 5)).has_satisfaction_change());
  const v1::Ticket answered = Answer(number, 4);
  EXPECT_EQ(answered.satisfaction(), 4);
  EXPECT_EQ(answered.follow_up_satisfaction(), 5);
  ASSERT_TRUE(answered.has_satisfaction_change());
  EXPECT_EQ(answered.satisfaction_change(), 1);
  // Of no complaint there is nothing to compare.
  EXPECT_FALSE(Answer(OpenClosed(Fault()), 4).has_satisfaction_change());
}

// TIC-3
TEST_F(AfterCareTest, OnlyComplaintsAreFollowedUp) {
  const std::string number = OpenClosed(Fault());
  EXPECT_EQ(ErrorReason(TryFollowUp(number, 5).status()), "FOLLOW_UP_NOT_PLANNED");
  v1::SlaConfiguration configuration = Configuration();
  configuration.set_complaint_follow_up_days(0);
  Must(Configure(configuration));
  EXPECT_EQ(Get(OpenClosed(Complaint())).follow_up_state(), v1::FOLLOW_UP_STATE_UNSPECIFIED);
}

// TIC-10, TIC-17, TIC-3: what fell due during an outage is caught up in order.
TEST_F(AfterCareTest, CatchesUp) {
  const std::string number = OpenDone(Complaint());
  Advance(absl::Hours(30 * 24));
  ASSERT_TRUE(Comes(number, v1::FEEDBACK_STATE_REQUESTED));
  Advance(absl::Hours(30 * 24));
  ASSERT_TRUE(Eventually([&] { return Get(number).follow_up_state() == v1::FOLLOW_UP_STATE_DUE; }));
  std::vector<v1::TicketEventKind> kinds;
  for (const v1::TicketEvent& event : Events(number)) kinds.push_back(event.kind());
  EXPECT_THAT(
      std::vector<v1::TicketEventKind>(kinds.end() - 4, kinds.end()),
      ElementsAre(v1::TICKET_EVENT_KIND_STATUS_CHANGED, v1::TICKET_EVENT_KIND_FEEDBACK_REQUESTED,
                  v1::TICKET_EVENT_KIND_FEEDBACK_UNCONFIRMED, v1::TICKET_EVENT_KIND_FOLLOW_UP_DUE));
}

// TIC-10, TIC-17: a low score that comes after the window opens another ticket, too.
TEST_F(AfterCareTest, ALateLowScoreOpensAnother) {
  const std::string number = OpenClosed(Fault());
  Advance(absl::Hours(7 * 24) + absl::Microseconds(1));
  const v1::Ticket answered = Answer(number, 1, "又坏了");
  EXPECT_EQ(answered.status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(answered.reopen_count(), 0);
  const auto next = List(absl::StrCat("linked_ticket = \"", number, "\""));
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].link_kind(), v1::TICKET_LINK_KIND_CONTINUES);
  EXPECT_EQ(Get(next[0].number()).description(), "又坏了");
  EXPECT_EQ(Events(number).back().kind(), v1::TICKET_EVENT_KIND_CONTINUED);
  EXPECT_EQ(Events(number).back().other_ticket(), next[0].number());
}

// TIC-17: one ticket goes on for an old one at a time, also through a merge.
TEST_F(AfterCareTest, ReopeningLateAgainGivesTheSame) {
  const std::string number = OpenClosed(Fault());
  Advance(absl::Hours(7 * 24) + absl::Microseconds(1));
  const v1::Ticket next = Move("ReopenTicket", number);
  EXPECT_EQ(Move("ReopenTicket", number).etag(), next.etag());
  EXPECT_EQ(CountEvents(number, v1::TICKET_EVENT_KIND_CONTINUED), 1);
  EXPECT_EQ(List(absl::StrCat("linked_ticket = \"", number, "\"")).size(), 1u);
  v1::MergeTicketsRequest merge;
  merge.set_survivor(Open().number());
  merge.add_duplicates()->set_ticket(next.number());
  merge.set_reason("同一故障");
  Must(Call<v1::Ticket>(agent_, "TicketMergeService/MergeTickets", merge));
  EXPECT_EQ(Move("ReopenTicket", number).number(), merge.survivor());
  Move("TakeTicket", merge.survivor());
  Must(TryResolve("ProposeSolution", merge.survivor()));
  Must(TryResolve("CompleteTicket", merge.survivor()));
  Move("CloseTicket", merge.survivor());
  const v1::Ticket third = Move("ReopenTicket", number);
  EXPECT_EQ(third.linked_ticket(), number);
  EXPECT_NE(third.number(), next.number());
}

// TIC-17, TIC-10: a complaint about it is not the ticket that goes on.
TEST_F(AfterCareTest, AComplaintDoesNotGoOn) {
  SetAfterCare([](auto& rules) { rules.set_low_score_action(v1::LOW_SCORE_ACTION_COMPLAINT); });
  const std::string number = OpenClosed(Fault());
  Answer(number, 1);
  const std::string complaint = Events(number).back().other_ticket();
  Advance(absl::Hours(7 * 24) + absl::Microseconds(1));
  const v1::Ticket next = Move("ReopenTicket", number);
  EXPECT_NE(next.number(), complaint);
  EXPECT_EQ(next.link_kind(), v1::TICKET_LINK_KIND_CONTINUES);
}

}  // namespace
}  // namespace crm::ticket
