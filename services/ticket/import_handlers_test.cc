// Tickets of an older system over gRPC on a real database: TIC-14.
#include "crm/ticket/v1/import_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ImportHandlersTest : public TicketTest {
 protected:
  ImportHandlersTest() { steward_ = harness_->TokenOf("u-steward", {"data_steward"}, "hq"); }

  v1::HistoricTicket Row(const std::string& reference, absl::Time opened) {
    v1::HistoricTicket row;
    row.set_line(2);
    row.set_channel("oldcrm");
    row.set_external_reference(reference);
    row.set_requester_phone("13800138001");
    row.set_type(v1::TICKET_TYPE_FAULT);
    row.set_priority(v1::TICKET_PRIORITY_HIGH);
    row.set_description("打印机无法联网");
    record::SetTime(opened, *row.mutable_open_time());
    return row;
  }
  absl::StatusOr<v1::ImportTicketsResponse> TryImport(const std::vector<v1::HistoricTicket>& rows,
                                                      bool validate_only = false) {
    v1::ImportTicketsRequest request;
    for (const v1::HistoricTicket& row : rows) *request.add_rows() = row;
    request.set_validate_only(validate_only);
    return Call<v1::ImportTicketsResponse>(steward_, "TicketImportService/ImportTickets", request);
  }
  v1::HistoricTicketOutcome Import(const v1::HistoricTicket& row) {
    return Must(TryImport({row})).outcomes(0);
  }
  static std::vector<std::string> Problems(const v1::HistoricTicketOutcome& outcome) {
    std::vector<std::string> problems;
    for (const auto& problem : outcome.problems()) {
      problems.push_back(absl::StrCat(problem.field(), " ", problem.rule()));
      EXPECT_NE(problem.mend(), "");
    }
    return problems;
  }
  static void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
    record::SetTime(time, *out);
  }

  std::string steward_;
};

// TIC-14: its clocks are those of any ticket with such a history.
TEST_F(ImportHandlersTest, HistoryHasItsOwnTimes) {
  const absl::Time opened = Now() - absl::Hours(24 * 400);
  v1::HistoricTicket row = Row("T-1", opened);
  row.set_assignee("old-agent");
  SetTime(opened + absl::Hours(9), row.mutable_first_response_time());
  SetTime(opened + absl::Hours(20), row.mutable_done_time());
  SetTime(opened + absl::Hours(30), row.mutable_close_time());
  row.set_satisfaction(4);
  const v1::HistoricTicketOutcome outcome = Import(row);
  EXPECT_EQ(outcome.state(), v1::HISTORIC_TICKET_STATE_IMPORTED);
  EXPECT_EQ(outcome.line(), 2);
  const v1::Ticket ticket = Get(outcome.ticket());
  EXPECT_EQ(ticket.status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(record::TimeOf(ticket.create_time()), opened);
  EXPECT_EQ(record::TimeOf(ticket.done_time()), opened + absl::Hours(20));
  EXPECT_EQ(record::TimeOf(ticket.close_time()), opened + absl::Hours(30));
  EXPECT_EQ(record::TimeOf(ticket.import_time()), Now());
  EXPECT_EQ(ticket.feedback_state(), v1::FEEDBACK_STATE_ANSWERED);
  EXPECT_EQ(ticket.satisfaction(), 4);
  EXPECT_EQ(ticket.creator(), "u-steward");
  EXPECT_EQ(ticket.number().substr(0, 8),
            absl::FormatTime("SR%Y%m", opened, harness_->replica().runtime().zone()));
  // 8 h to the first response, 24 h to the solution.
  const v1::SlaReading response = Clock(outcome.ticket(), v1::SLA_CLOCK_FIRST_RESPONSE);
  EXPECT_EQ(response.state(), v1::SLA_CLOCK_STATE_BREACHED);
  EXPECT_EQ(record::TimeOf(response.breach_time()), opened + absl::Hours(8));
  const v1::SlaReading resolution = Clock(outcome.ticket(), v1::SLA_CLOCK_RESOLUTION);
  EXPECT_EQ(resolution.state(), v1::SLA_CLOCK_STATE_MET);
  EXPECT_EQ(resolution.elapsed().seconds(), 20 * 3600);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_clock WHERE outcome = 2"), 1);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_clock WHERE outcome = 3"), 1);
  // TIC-11: in the reports of its own time.
  EXPECT_EQ(CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_fact WHERE time = ",
                                   absl::ToUnixMicros(opened + absl::Hours(20)))),
            1);
}

// TIC-14, TIC-6: waiting, reopening and messages count as they happened.
TEST_F(ImportHandlersTest, MovesAndMessagesCount) {
  const absl::Time opened = Now() - absl::Hours(24 * 40);
  v1::HistoricTicket row = Row("T-2", opened);
  row.set_assignee("old-agent");
  const auto move = [&](int hours, v1::TicketStatus status) {
    v1::HistoricMove& out = *row.add_moves();
    SetTime(opened + absl::Hours(hours), out.mutable_time());
    out.set_status(status);
    out.set_measure("远程处理");
  };
  move(2, v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
  move(12, v1::TICKET_STATUS_IN_PROGRESS);
  move(14, v1::TICKET_STATUS_DONE);
  move(20, v1::TICKET_STATUS_IN_PROGRESS);
  move(23, v1::TICKET_STATUS_DONE);
  v1::HistoricMessage& message = *row.add_messages();
  SetTime(opened + absl::Hours(1), message.mutable_time());
  message.set_kind(v1::HISTORIC_MESSAGE_KIND_AGENT_REPLIED);
  message.set_text("请重启");
  message.set_actor("other-agent");
  const std::string number = Import(row).ticket();
  EXPECT_EQ(Get(number).status(), v1::TICKET_STATUS_DONE);
  EXPECT_EQ(Get(number).reopen_count(), 1);
  EXPECT_EQ(record::TimeOf(Get(number).done_time()), opened + absl::Hours(23));
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_RESOLUTION).elapsed().seconds(), 7 * 3600);
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_FIRST_RESPONSE).elapsed().seconds(), 3600);
  const std::vector<v1::TicketEvent> events = Events(number);
  ASSERT_EQ(events.size(), 9u);
  EXPECT_EQ(events[0].kind(), v1::TICKET_EVENT_KIND_OPENED);
  EXPECT_EQ(events[2].text(), "请重启");
  EXPECT_EQ(events[2].actor(), "other-agent");
  EXPECT_EQ(events[3].actor(), "old-agent");
  EXPECT_EQ(events[8].kind(), v1::TICKET_EVENT_KIND_IMPORTED);
}

// TIC-14, TIC-8: nothing escalates because it was imported; what falls due later does.
TEST_F(ImportHandlersTest, WhatWasDueBeforeDoesNotEscalate) {
  const std::string imported = Import(Row("T-3", Now() - absl::Hours(10))).ticket();
  const std::string here = Open().number();
  EXPECT_TRUE(Get(imported).has_due_time());
  Advance(absl::Hours(6));
  ASSERT_TRUE(Eventually([&] { return Events(here).size() == 3; }));  // unassigned, and a warning
  EXPECT_EQ(Events(imported).size(), 2u);
  Advance(absl::Hours(2) + absl::Seconds(1));
  // 18 of 24 h to the solution are over.
  ASSERT_TRUE(Eventually([&] { return Events(imported).size() == 3; }));
  EXPECT_EQ(Events(imported).back().rule(), "resolution_warning");
}

// TIC-14, TIC-10, TIC-17: nobody is asked about the past; what is done is closed in its time.
TEST_F(ImportHandlersTest, NobodyIsAskedAboutThePast) {
  v1::HistoricTicket closed = Row("T-4", Now() - absl::Hours(500));
  SetTime(Now() - absl::Hours(400), closed.mutable_close_time());
  const std::string number = Import(closed).ticket();
  EXPECT_EQ(Get(number).feedback_state(), v1::FEEDBACK_STATE_UNSPECIFIED);
  EXPECT_EQ(record::TimeOf(Get(number).done_time()), Now() - absl::Hours(400));
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_timer"), 0);
  v1::HistoricTicket done = Row("T-5", Now() - absl::Hours(500));
  SetTime(Now() - absl::Hours(400), done.mutable_done_time());
  Import(done);
  EXPECT_EQ(CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_timer WHERE due_time = ",
                                   absl::ToUnixMicros(Now() + absl::Hours(72)))),
            1);
}

// TIC-14, TIC-2: once per channel and external reference, whoever brought it in.
TEST_F(ImportHandlersTest, IsTakenOverOnce) {
  const v1::HistoricTicket row = Row("T-6", Now() - absl::Hours(100));
  const std::string number = Import(row).ticket();
  const v1::HistoricTicketOutcome again = Import(row);
  EXPECT_EQ(again.state(), v1::HISTORIC_TICKET_STATE_EXISTS);
  EXPECT_EQ(again.ticket(), number);
  const auto both = Must(TryImport({row, row}));
  EXPECT_THAT(Problems(both.outcomes(1)), ElementsAre("external_reference REFERENCE_TWICE"));
  EXPECT_EQ(List("channel = \"oldcrm\"").size(), 1u);
}

// TIC-14: the same file at once on two replicas.
TEST_F(ImportHandlersTest, IsTakenOverOnceAtOnce) {
  testing::Replica& second = harness_->StartReplica();
  v1::ImportTicketsRequest request;
  for (int i = 0; i < 50; ++i) {
    *request.add_rows() = Row(absl::StrCat("T-", i), Now() - absl::Hours(100 + i));
  }
  {
    std::vector<std::jthread> callers;
    for (testing::Replica* replica : {&harness_->replica(), &second}) {
      callers.emplace_back([&, replica] {
        EXPECT_TRUE(
            (harness_
                 ->CallOn<v1::ImportTicketsRequest, v1::ImportTicketsResponse>(
                     *replica, steward_, "crm.ticket.v1.TicketImportService/ImportTickets", request)
                 .ok()));
      });
    }
  }
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket"), 50);
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_event"), 100);
}

// TIC-14, PLT-8: each bad row is told of alone, with its line and fields; good ones are taken over.
TEST_F(ImportHandlersTest, BadRowsAreToldOf) {
  const absl::Time opened = Now() - absl::Hours(100);
  v1::HistoricTicket bare;
  bare.set_line(3);
  bare.set_requester_phone("138001");
  v1::HistoricTicket times = Row("T-8", opened);
  times.set_line(4);
  SetTime(opened - absl::Hours(1), times.mutable_first_response_time());
  SetTime(Now() + absl::Hours(1), times.mutable_done_time());
  SetTime(opened + absl::Hours(1), times.mutable_close_time());
  v1::HistoricTicket moves = Row("T-9", opened);
  moves.clear_requester_phone();
  moves.set_satisfaction(5);
  SetTime(opened + absl::Hours(2), moves.add_moves()->mutable_time());
  moves.mutable_moves(0)->set_status(v1::TICKET_STATUS_IN_PROGRESS);
  SetTime(opened + absl::Hours(1), moves.add_moves()->mutable_time());
  moves.mutable_moves(1)->set_status(v1::TICKET_STATUS_TO_BE_CONFIRMED);
  const auto response = Must(TryImport({Row("T-7", opened), bare, times, moves}));
  ASSERT_EQ(response.outcomes_size(), 4);
  EXPECT_EQ(response.outcomes(0).state(), v1::HISTORIC_TICKET_STATE_IMPORTED);
  EXPECT_EQ(response.outcomes(1).line(), 3);
  EXPECT_EQ(response.outcomes(1).state(), v1::HISTORIC_TICKET_STATE_REFUSED);
  EXPECT_THAT(
      Problems(response.outcomes(1)),
      ::testing::IsSupersetOf({"channel REQUIRED", "external_reference REQUIRED", "type REQUIRED",
                               "priority REQUIRED", "description REQUIRED", "open_time REQUIRED"}));
  EXPECT_EQ(response.outcomes(2).line(), 4);
  EXPECT_THAT(Problems(response.outcomes(2)),
              UnorderedElementsAre("first_response_time TIME_BEFORE_OPENING",
                                   "done_time TIME_IN_FUTURE", "close_time TIME_ORDER"));
  EXPECT_THAT(Problems(response.outcomes(3)),
              UnorderedElementsAre("customer REQUESTER_MISSING", "moves[1].time TIME_ORDER",
                                   "satisfaction NOT_DONE"));
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket"), 1);
}

// TIC-14
TEST_F(ImportHandlersTest, ADryRunWritesNothing) {
  const auto response = Must(TryImport({Row("T-1", Now() - absl::Hours(5))}, true));
  EXPECT_EQ(response.outcomes(0).state(), v1::HISTORIC_TICKET_STATE_IMPORTED);
  EXPECT_EQ(response.outcomes(0).ticket(), "");
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket"), 0);
}

// TIC-14, PLT-13
TEST_F(ImportHandlersTest, TakesASteward) {
  v1::ImportTicketsRequest request;
  *request.add_rows() = Row("T-1", Now() - absl::Hours(5));
  EXPECT_EQ(Call<v1::ImportTicketsResponse>(agent_, "TicketImportService/ImportTickets", request)
                .status()
                .code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Violations(TryImport({}).status()), ElementsAre("rows REQUIRED"));
}

// TIC-14, TIC-8: nobody has to take what is done; what comes next is that it is closed.
TEST_F(ImportHandlersTest, NobodyHasToTakeWhatIsDone) {
  v1::HistoricTicket row = Row("T-20", Now() - absl::Hours(1));
  SetTime(Now() - absl::Minutes(30), row.mutable_done_time());
  Import(row);
  EXPECT_EQ(CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_timer WHERE due_time = ",
                                   absl::ToUnixMicros(Now() + absl::Hours(72)))),
            1);
}

// TIC-14, TIC-11: of a row that tells of no messages nobody knows when the customer was answered.
TEST_F(ImportHandlersTest, AnUnknownAnswerIsNotLate) {
  v1::HistoricTicket row = Row("T-21", Now() - absl::Hours(100));
  SetTime(Now() - absl::Hours(90), row.mutable_done_time());
  Import(row);
  const std::string open = Import(Row("T-22", Now() - absl::Hours(100))).ticket();
  const auto rows = [&](v1::SlaClock clock) {
    return CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_clock WHERE clock = ", clock));
  };
  EXPECT_EQ(rows(v1::SLA_CLOCK_FIRST_RESPONSE), 0);
  EXPECT_EQ(rows(v1::SLA_CLOCK_RESOLUTION), 2);
  // The first answer here is none to measure; those to later questions are.
  Reply(open);
  EXPECT_EQ(rows(v1::SLA_CLOCK_FIRST_RESPONSE), 0);
  const auto facts = [&](const char* condition) {
    return CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_fact WHERE ", condition));
  };
  EXPECT_EQ(facts("kind = 3"), 0);
  EXPECT_EQ(facts("kind = 4 AND first_contact = 2"), 1);
  Say(gateway_, "RecordCustomerReply", open, "还是不行");
  EXPECT_EQ(rows(v1::SLA_CLOCK_NEXT_RESPONSE), 1);
  v1::HistoricTicket told = Row("T-23", Now() - absl::Hours(100));
  SetTime(Now() - absl::Hours(99), told.mutable_first_response_time());
  Import(told);
  EXPECT_EQ(rows(v1::SLA_CLOCK_FIRST_RESPONSE), 1);
  EXPECT_EQ(facts("kind = 3"), 1);
}

}  // namespace
}  // namespace crm::ticket
