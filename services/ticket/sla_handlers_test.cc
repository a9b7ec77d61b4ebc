// Service levels over gRPC on a real database: TIC-4 to TIC-6, TIC-15.
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

class SlaHandlersTest : public TicketTest {
 protected:
  // By the wall clock of Shanghai.
  void SetWallClock(const std::string& text) {
    absl::TimeZone zone;
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
    ASSERT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, zone, &time, &error)) << error;
    SetClock(time);
  }
  v1::ExplainSlaResponse Explain(const std::string& number, v1::SlaClock clock) {
    v1::ExplainSlaRequest request;
    request.set_ticket(number);
    request.set_clock(clock);
    return Must(Call<v1::ExplainSlaResponse>(agent_, "SlaService/ExplainSla", request));
  }
  v1::Ticket ChangePriority(const std::string& number, v1::TicketPriority priority) {
    v1::ChangeTicketPriorityRequest request;
    request.set_ticket(number);
    request.set_priority(priority);
    request.set_reason("客户停产");
    return Must(Call<v1::Ticket>(agent_, "TicketService/ChangeTicketPriority", request));
  }
};

// TIC-4, TIC-6
TEST_F(SlaHandlersTest, ClocksStartWithTheTicket) {
  const v1::Ticket ticket = Open(v1::TICKET_PRIORITY_URGENT);
  EXPECT_EQ(record::TimeOf(ticket.due_time()), Now() + absl::Hours(4));
  const v1::TicketSla sla = Sla(ticket.number());
  ASSERT_EQ(sla.clocks_size(), 2);
  EXPECT_EQ(sla.clocks(0).clock(), v1::SLA_CLOCK_FIRST_RESPONSE);
  EXPECT_EQ(sla.clocks(0).state(), v1::SLA_CLOCK_STATE_RUNNING);
  EXPECT_EQ(DurationOf(sla.clocks(0).remaining()), absl::Hours(4));
  EXPECT_EQ(sla.clocks(1).clock(), v1::SLA_CLOCK_RESOLUTION);
  EXPECT_EQ(record::TimeOf(sla.clocks(1).due_time()), Now() + absl::Hours(8));
}

// TIC-6: by the time of the answer, not by when somebody looked.
TEST_F(SlaHandlersTest, MetAndBreachedAreComparedByTime) {
  const std::string in_time = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string late = Open(v1::TICKET_PRIORITY_URGENT).number();
  Move("TakeTicket", in_time);
  Advance(absl::Hours(4) - absl::Minutes(1));
  Reply(in_time);
  Advance(absl::Minutes(2));
  const v1::Ticket answered = Reply(late);
  EXPECT_EQ(Clock(in_time, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_MET);
  const v1::SlaReading breached = Clock(late, v1::SLA_CLOCK_FIRST_RESPONSE);
  EXPECT_EQ(breached.state(), v1::SLA_CLOCK_STATE_BREACHED);
  EXPECT_TRUE(breached.has_met_time());
  // The work list goes on with the resolution.
  EXPECT_EQ(answered.due_time().seconds(),
            Clock(late, v1::SLA_CLOCK_RESOLUTION).due_time().seconds());
}

// TIC-6: taking a ticket is no answer.
TEST_F(SlaHandlersTest, AStatusChangeIsNoResponse) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_RUNNING);
  Say(agent_, "AddTicketNote", number, "先查日志");
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_RUNNING);
  Reply(number);
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_MET);
  Say(gateway_, "RecordCustomerReply", number, "还是不行");
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_NEXT_RESPONSE).state(), v1::SLA_CLOCK_STATE_RUNNING);
}

// TIC-6: waiting for the customer stops the clocks and takes the ticket off the work list's head.
TEST_F(SlaHandlersTest, WaitingPauses) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Reply(number);
  EXPECT_FALSE(Move("WaitForCustomer", number).has_due_time());
  Advance(absl::Hours(50));
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_RESOLUTION).state(), v1::SLA_CLOCK_STATE_PAUSED);
  const v1::Ticket resumed = Move("ResumeTicket", number);
  // Entries of a history are a microsecond apart at least.
  EXPECT_LT(absl::AbsDuration(record::TimeOf(resumed.due_time()) - (Now() + absl::Hours(24))),
            absl::Milliseconds(1));
}

// TIC-3, TIC-6: which clocks stand still is each policy's choice, for each clock. Waiting for a
// customer whom nobody has answered does not stop the first response.
TEST_F(SlaHandlersTest, EachClockHasItsPauses) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  EXPECT_EQ(record::TimeOf(Move("WaitForCustomer", number).due_time()), Now() + absl::Hours(8));
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_RUNNING);
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_RESOLUTION).state(), v1::SLA_CLOCK_STATE_PAUSED);
  // As configurations were before there was a choice: one list for all.
  v1::SlaConfiguration configuration = Configuration();
  configuration.mutable_policies(0)->clear_clock_pauses();
  configuration = Must(Configure(configuration));
  const std::string other = Open().number();
  Move("TakeTicket", other);
  EXPECT_FALSE(Move("WaitForCustomer", other).has_due_time());
  v1::SlaClockPause& pause = *configuration.mutable_policies(0)->add_clock_pauses();
  pause.set_clock(v1::SLA_CLOCK_RESOLUTION);
  pause.add_paused_in(v1::TICKET_STATUS_TO_BE_CONFIRMED);
  ASSERT_TRUE(Configure(configuration).ok());
  const std::string third = Open().number();
  Move("TakeTicket", third);
  Move("WaitForCustomer", third);
  EXPECT_EQ(Clock(third, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_PAUSED);
  EXPECT_EQ(Clock(third, v1::SLA_CLOCK_RESOLUTION).state(), v1::SLA_CLOCK_STATE_RUNNING);
  Must(TryResolve("ProposeSolution", third, "更换网卡"));
  EXPECT_EQ(Clock(third, v1::SLA_CLOCK_RESOLUTION).state(), v1::SLA_CLOCK_STATE_PAUSED);
  // Tickets keep the version that they were opened under.
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_RUNNING);
}

// TIC-6: the customer's reply to what waits for it is due, and first on the list again.
TEST_F(SlaHandlersTest, ACustomersReplyStartsTheNextResponse) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Reply(number);
  EXPECT_FALSE(Move("WaitForCustomer", number).has_due_time());
  Advance(absl::Hours(50));
  const v1::Ticket answered = Say(gateway_, "RecordCustomerReply", number, "还是不行");
  EXPECT_EQ(record::TimeOf(answered.due_time()), Now() + absl::Hours(8));
  EXPECT_EQ(Clock(number, v1::SLA_CLOCK_NEXT_RESPONSE).state(), v1::SLA_CLOCK_STATE_RUNNING);
  Advance(absl::Hours(8) + absl::Seconds(1));
  EXPECT_TRUE(Eventually([&] { return Events(number).back().rule() == "next_response_breach"; }));
}

// TIC-4: a change of priority re-evaluates and keeps the elapsed time.
TEST_F(SlaHandlersTest, APriorityKeepsWhatIsUsedUp) {
  const v1::Ticket ticket = Open(v1::TICKET_PRIORITY_LOW);
  const absl::Time opened = Now();
  Advance(absl::Hours(3));
  const v1::Ticket urgent = ChangePriority(ticket.number(), v1::TICKET_PRIORITY_URGENT);
  EXPECT_EQ(record::TimeOf(urgent.due_time()), opened + absl::Hours(4));
  const v1::SlaReading clock = Clock(ticket.number(), v1::SLA_CLOCK_FIRST_RESPONSE);
  EXPECT_EQ(DurationOf(clock.elapsed()), absl::Hours(3));
  EXPECT_EQ(DurationOf(clock.remaining()), absl::Hours(1));
}

// TIC-4: tickets stay under their version until they are re-evaluated.
TEST_F(SlaHandlersTest, TicketsKeepTheirVersion) {
  const v1::Ticket before = Open();
  v1::SlaConfiguration configuration = Configuration();
  configuration.mutable_policies(0)->mutable_targets(1)->set_first_response_minutes(60);
  ASSERT_TRUE(Configure(configuration).ok());
  const v1::Ticket after = Open();
  EXPECT_EQ(after.sla_version(), 2);
  EXPECT_EQ(record::TimeOf(after.due_time()), Now() + absl::Hours(1));
  EXPECT_EQ(DurationOf(Clock(before.number(), v1::SLA_CLOCK_FIRST_RESPONSE).target()),
            absl::Hours(8));
  v1::ReevaluateTicketSlaRequest request;
  request.set_ticket(before.number());
  request.set_reason("新合同");
  EXPECT_EQ(Must(Call<v1::Ticket>(supervisor_, "TicketService/ReevaluateTicketSla", request))
                .sla_version(),
            2);
  EXPECT_EQ(DurationOf(Clock(before.number(), v1::SLA_CLOCK_FIRST_RESPONSE).target()),
            absl::Hours(1));
}

// TIC-4: versions are kept, with author and reason; a second replica knows them at once.
TEST_F(SlaHandlersTest, ConfigurationIsVersioned) {
  v1::SlaConfiguration first = Configuration();
  v1::SlaConfiguration second = first;
  second.set_complaint_follow_up_days(14);
  ASSERT_TRUE(Configure(second).ok());
  EXPECT_EQ(ErrorReason(Configure(second).status()), "ETAG_STALE");
  const auto versions = Must(Call<v1::ListSlaVersionsResponse>(
      manager_, "SlaService/ListSlaVersions", v1::ListSlaVersionsRequest()));
  ASSERT_EQ(versions.versions_size(), 2);
  EXPECT_EQ(versions.versions(0).author(), "u-manager");
  EXPECT_EQ(versions.versions(0).reason(), "测试");
  v1::GetSlaConfigurationRequest get;
  get.set_version(1);
  EXPECT_EQ(Must(Call<v1::SlaConfiguration>(manager_, "SlaService/GetSlaConfiguration", get))
                .complaint_follow_up_days(),
            7);
  get.set_version(3);
  EXPECT_EQ(
      Call<v1::SlaConfiguration>(manager_, "SlaService/GetSlaConfiguration", get).status().code(),
      absl::StatusCode::kNotFound);
  testing::Replica& replica = harness_->StartReplica();
  const auto elsewhere = harness_->CallOn<v1::GetSlaConfigurationRequest, v1::SlaConfiguration>(
      replica, manager_, "crm.ticket.v1.SlaService/GetSlaConfiguration", {});
  EXPECT_EQ(Must(elsewhere).complaint_follow_up_days(), 14);
}

// TIC-4
TEST_F(SlaHandlersTest, RefusesWhatDoesNotHold) {
  v1::SlaConfiguration configuration = Configuration();
  configuration.mutable_policies(0)->set_calendar("office");
  EXPECT_THAT(Violations(Configure(configuration).status()),
              ElementsAre("configuration.policies[0].calendar CALENDAR_UNKNOWN"));
  configuration = Configuration();
  configuration.mutable_policies(0)->add_clock_pauses()->set_clock(v1::SLA_CLOCK_FIRST_RESPONSE);
  EXPECT_THAT(Violations(Configure(configuration).status()),
              ElementsAre("configuration.policies[0].clock_pauses[1].clock CLOCK_TWICE"));
  configuration.mutable_policies(0)->mutable_clock_pauses(1)->clear_clock();
  EXPECT_THAT(Violations(Configure(configuration).status()),
              ElementsAre("configuration.policies[0].clock_pauses[1].clock REQUIRED"));
  configuration.mutable_policies(0)->mutable_clock_pauses(1)->set_clock(v1::SLA_CLOCK_RESOLUTION);
  configuration.mutable_policies(0)->mutable_clock_pauses(1)->add_paused_in(
      v1::TICKET_STATUS_UNSPECIFIED);
  EXPECT_THAT(Violations(Configure(configuration).status()),
              ElementsAre("configuration.policies[0].clock_pauses[1].paused_in[0] REQUIRED"));
  configuration = Configuration();
  configuration.mutable_policies(0)->set_warning_percent(101);
  EXPECT_THAT(Violations(Configure(configuration).status()),
              ElementsAre("configuration.policies[0].warning_percent NUMBER_OUT_OF_RANGE"));
  configuration = Configuration();
  configuration.clear_etag();
  EXPECT_THAT(Violations(Configure(configuration).status()),
              ElementsAre("configuration.etag REQUIRED"));
  v1::UpdateSlaConfigurationRequest request;
  *request.mutable_configuration() = Configuration();
  request.set_reason("测试");
  EXPECT_EQ(Call<v1::SlaConfiguration>(agent_, "SlaService/UpdateSlaConfiguration", request)
                .status()
                .code(),
            absl::StatusCode::kPermissionDenied);
}

// TIC-5, TIC-15: segments over a holiday and a pause add up to the target.
TEST_F(SlaHandlersTest, ExplainsTheDueTime) {
  v1::SlaConfiguration configuration = Configuration();
  v1::SlaCalendar& office = *configuration.add_calendars();
  office.set_calendar_id("office");
  office.mutable_calendar()->set_time_zone("Asia/Shanghai");
  auto& hours = *office.mutable_calendar()->add_weekly_hours();
  for (int day = 1; day <= 5; ++day) hours.add_days(static_cast<crm::calendar::v1::Weekday>(day));
  hours.add_ranges()->set_from("09:00");
  hours.mutable_ranges(0)->set_to("18:00");
  auto& holiday = *office.mutable_calendar()->add_exceptions();
  holiday.set_date("2026-10-01");
  holiday.set_last_date("2026-10-07");
  holiday.set_kind(crm::calendar::v1::DAY_KIND_HOLIDAY);
  holiday.set_name("国庆节");
  auto& make_up = *office.mutable_calendar()->add_exceptions();
  make_up.set_date("2026-10-10");
  make_up.set_kind(crm::calendar::v1::DAY_KIND_WORKING_DAY);
  configuration.mutable_policies(0)->set_calendar("office");
  ASSERT_TRUE(Configure(configuration).ok());

  SetWallClock("2026-09-30 16:00");
  const std::string number = Open().number();  // 24 h of resolution
  Move("TakeTicket", number);
  Advance(absl::Hours(1));
  Move("WaitForCustomer", number);
  Advance(absl::Hours(1));
  SetWallClock("2026-10-08 09:00");
  Move("ResumeTicket", number);

  const v1::ExplainSlaResponse explained = Explain(number, v1::SLA_CLOCK_RESOLUTION);
  absl::Duration working;
  bool has_pause = false;
  absl::Time end = record::TimeOf(explained.reading().start_time());
  for (const v1::SlaSegment& segment : explained.segments()) {
    EXPECT_EQ(record::TimeOf(segment.from()), end);
    end = record::TimeOf(segment.to());
    if (segment.kind() == v1::SLA_SEGMENT_KIND_WORKING) {
      working += end - record::TimeOf(segment.from());
    }
    has_pause |= segment.kind() == v1::SLA_SEGMENT_KIND_PAUSED;
  }
  EXPECT_TRUE(has_pause);
  EXPECT_EQ(working, absl::Hours(24));
  EXPECT_EQ(end, record::TimeOf(explained.reading().due_time()));
  // 1 h before, 9 h on Thursday and Friday, 5 h on the make-up Saturday.
  SetWallClock("2026-10-10 14:00");
  EXPECT_LT(absl::AbsDuration(end - Now()), absl::Seconds(1));
}

// TIC-15
TEST_F(SlaHandlersTest, ExplainsOnlyWhatHasStarted) {
  v1::ExplainSlaRequest request;
  request.set_ticket(Open().number());
  request.set_clock(v1::SLA_CLOCK_ON_SITE_ARRIVAL);
  EXPECT_EQ(Call<v1::ExplainSlaResponse>(agent_, "SlaService/ExplainSla", request).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crm::ticket
