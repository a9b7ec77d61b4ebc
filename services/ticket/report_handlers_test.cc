// Reports over gRPC on a real database: TIC-11.
#include <google/protobuf/util/message_differencer.h>

#include <random>

#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/report_rules.h"
#include "services/ticket/report_test_model.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;

// Sums are added up in another order.
std::string DifferenceOf(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_float_comparison(google::protobuf::util::DefaultFieldComparator::APPROXIMATE);
  comparator.SetDefaultFractionAndMargin(1e-5, 1e-5);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  return differencer.Compare(a, b) ? "" : difference;
}

class ReportHandlersTest : public TicketTest {
 protected:
  ReportHandlersTest() { SetWallClock("2026-03-02 09:00"); }

  void SetWallClock(const std::string& text) {
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone_));
    ASSERT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, zone_, &time, &error)) << error;
    SetClock(time);
  }

  absl::StatusOr<v1::GetTicketReportResponse> TryReport(const std::string& token,
                                                        const v1::GetTicketReportRequest& request) {
    return Call<v1::GetTicketReportResponse>(token, "TicketReportService/GetTicketReport", request);
  }
  v1::GetTicketReportResponse Report(const v1::GetTicketReportRequest& request) {
    return Must(TryReport(supervisor_, request));
  }
  static v1::GetTicketReportRequest Period(const std::string& from, const std::string& to) {
    v1::GetTicketReportRequest request;
    request.set_from_date(from);
    request.set_to_date(to);
    return request;
  }
  v1::TicketFigures March() { return Report(Period("2026-03-01", "2026-03-31")).total(); }

  absl::StatusOr<v1::Ticket> Rate(const std::string& number, int satisfaction) {
    v1::RecordFeedbackRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    return Call<v1::Ticket>(agent_, "AfterCareService/RecordFeedback", request);
  }
  void Resolve(const std::string& number) {
    ASSERT_TRUE(TryResolve("ProposeSolution", number, "更换网卡", v1::ROOT_CAUSE_LOGISTICS).ok());
    ASSERT_TRUE(TryResolve("CompleteTicket", number).ok());
  }

  // What escalation and closing by itself still have to do is done.
  void Settle() {
    ASSERT_TRUE(Eventually([&] {
      return harness_->database().Int("SELECT COUNT(*) FROM ticket_timer WHERE due_time <= ?",
                                      {Now()}) == 0;
    }));
  }

  std::vector<WholeTicket> Everything() {
    std::vector<WholeTicket> all;
    v1::ListTicketsRequest request;
    request.set_page_size(1000);
    const auto page =
        Must(Call<v1::ListTicketsResponse>(agent_, "TicketService/ListTickets", request));
    for (const v1::Ticket& ticket : page.tickets()) {
      all.push_back({ticket, Events(ticket.number()), Sla(ticket.number())});
    }
    return all;
  }

  absl::TimeZone zone_;
};

// TIC-11
TEST_F(ReportHandlersTest, TellsAMonth) {
  const std::string quick = Open().number();
  const std::string slow = Open().number();
  Open();
  Advance(absl::Minutes(30));
  Move("TakeTicket", quick);
  Reply(quick);
  Advance(absl::Minutes(30));
  Resolve(quick);
  Move("TakeTicket", slow);
  Advance(absl::Hours(1));
  Reply(slow);
  Reply(slow);
  Advance(absl::Hours(1));
  Resolve(slow);
  // Entries of one instant come microseconds after each other.
  Advance(absl::Seconds(1));

  const v1::TicketFigures march = March();
  EXPECT_EQ(march.created(), 3);
  EXPECT_EQ(march.resolved(), 2);
  EXPECT_EQ(march.reopened(), 0);
  EXPECT_EQ(march.first_contact_resolved(), 1);
  EXPECT_DOUBLE_EQ(march.first_contact_resolution_rate(), 0.5);
  EXPECT_EQ(march.first_response().count(), 2);
  EXPECT_NEAR(march.first_response().mean_minutes(), 75, 0.1);
  EXPECT_EQ(march.first_response().median_minutes(), 30);
  EXPECT_EQ(march.first_response().p90_minutes(), 120);
  EXPECT_EQ(march.resolution().median_minutes(), 60);
  EXPECT_EQ(march.resolution().p90_minutes(), 180);
  EXPECT_EQ(march.backlog().open(), 1);
  EXPECT_NEAR(march.backlog().oldest_age_hours(), 3, 0.01);
  EXPECT_EQ(march.backlog().under_1_day(), 1);
  EXPECT_EQ(march.rated(), 0);
  EXPECT_FALSE(march.has_mean_satisfaction());

  const v1::TicketFigures before = Report(Period("2026-02-01", "2026-02-28")).total();
  EXPECT_EQ(before.created(), 0);
  EXPECT_EQ(before.backlog().open(), 0);
  EXPECT_FALSE(before.has_reopen_rate());
}

// TIC-11: a clock counts where it was due or ended, not where the ticket came in; what is late and
// open still is late.
TEST_F(ReportHandlersTest, ClocksCountWhereTheyAreDecided) {
  SetWallClock("2026-03-31 22:00");
  const std::string late = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string in_time = Open(v1::TICKET_PRIORITY_URGENT).number();
  Move("TakeTicket", in_time);
  Advance(absl::Hours(1));
  Reply(in_time);
  Advance(absl::Hours(4));
  const auto first_response = [](const v1::TicketFigures& figures) {
    for (const v1::ClockFigures& sla : figures.sla()) {
      if (sla.clock() == v1::SLA_CLOCK_FIRST_RESPONSE) return sla;
    }
    return v1::ClockFigures();
  };
  EXPECT_EQ(first_response(March()).in_time(), 1);
  EXPECT_EQ(first_response(March()).late(), 0);
  EXPECT_DOUBLE_EQ(first_response(March()).compliance(), 1);
  const auto april = Period("2026-04-01", "2026-04-30");
  EXPECT_EQ(first_response(Report(april).total()).late(), 1);
  Move("TakeTicket", late);
  Reply(late);
  EXPECT_EQ(first_response(Report(april).total()).late(), 1);
  EXPECT_EQ(first_response(Report(april).total()).in_time(), 0);
  // The answer itself was given in April.
  EXPECT_EQ(Report(april).total().first_response().count(), 1);
  EXPECT_EQ(March().created(), 2);
}

// TIC-11, TIC-3: a resolution that did not stand is none; the time in done is not charged.
TEST_F(ReportHandlersTest, AReopenedOneIsNotResolved) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Reply(number);
  Advance(absl::Hours(1));
  Resolve(number);
  EXPECT_EQ(March().first_contact_resolved(), 1);
  Advance(absl::Hours(10));
  Move("ReopenTicket", number);
  v1::TicketFigures march = March();
  EXPECT_EQ(march.resolved(), 0);
  EXPECT_EQ(march.reopened(), 1);
  EXPECT_DOUBLE_EQ(march.reopen_rate(), 1);
  EXPECT_EQ(march.backlog().open(), 1);
  Advance(absl::Hours(2));
  Resolve(number);
  march = March();
  EXPECT_EQ(march.resolved(), 1);
  EXPECT_EQ(march.first_contact_resolved(), 0);
  EXPECT_DOUBLE_EQ(march.reopen_rate(), 0.5);
  EXPECT_EQ(march.resolution().median_minutes(), 180);
}

// TIC-11, TIC-10
TEST_F(ReportHandlersTest, TellsHowSatisfiedCustomersAre) {
  for (const int satisfaction : {5, 4, 3}) {
    const std::string number = OpenClosed(Fault());
    ASSERT_TRUE(Rate(number, satisfaction).ok());
  }
  const v1::TicketFigures march = March();
  EXPECT_EQ(march.rated(), 3);
  EXPECT_DOUBLE_EQ(march.mean_satisfaction(), 4);
  EXPECT_NEAR(march.satisfied_share(), 2.0 / 3, 1e-9);
}

// TIC-11, TIC-16: one request is counted once.
TEST_F(ReportHandlersTest, AMergedOneCountsNowhere) {
  const std::string survivor = Open().number();
  const std::string duplicate = Open().number();
  EXPECT_EQ(March().created(), 2);
  v1::MergeTicketsRequest merge;
  merge.set_survivor(survivor);
  merge.add_duplicates()->set_ticket(duplicate);
  merge.set_reason("同一故障");
  Must(Call<v1::Ticket>(supervisor_, "TicketMergeService/MergeTickets", merge));
  EXPECT_EQ(March().created(), 1);
  EXPECT_EQ(March().backlog().open(), 1);
  v1::UnmergeTicketRequest unmerge;
  unmerge.set_ticket(duplicate);
  unmerge.set_reason("并非同一故障");
  Must(Call<v1::Ticket>(supervisor_, "TicketMergeService/UnmergeTicket", unmerge));
  EXPECT_EQ(March().created(), 2);
  EXPECT_EQ(March().backlog().open(), 2);
}

// TIC-11, PLT-13: an agent gets figures of his own tickets.
TEST_F(ReportHandlersTest, CountsWhatTheCallerMaySee) {
  Move("TakeTicket", Open().number());
  ASSERT_TRUE(TryMove(other_agent_, "TakeTicket", Open().number()).ok());
  Open();
  const auto request = Period("2026-03-01", "2026-03-31");
  EXPECT_EQ(Must(TryReport(agent_, request)).total().created(), 1);
  EXPECT_EQ(Must(TryReport(supervisor_, request)).total().created(), 3);
  EXPECT_EQ(TryReport(gateway_, request).status().code(), absl::StatusCode::kPermissionDenied);
}

// TIC-11, PLT-7
TEST_F(ReportHandlersTest, RefusesPeriodsThatAreNone) {
  const auto refused = [&](const std::string& from, const std::string& to) {
    return Violations(TryReport(supervisor_, Period(from, to)).status());
  };
  EXPECT_THAT(refused("2026-03-02", "2026-03-01"), ElementsAre("to_date PERIOD_BACKWARDS"));
  EXPECT_THAT(refused("2020-03-02", "2026-03-01"), ElementsAre("to_date PERIOD_TOO_LONG"));
  EXPECT_EQ(refused("2026-02-30", "tomorrow").size(), 2u);
  EXPECT_TRUE(refused("2026-03-01", "2026-03-01").empty());
}

// TIC-11: every figure of every kind of report agrees with a count over the tickets themselves.
class RandomReportTest : public ReportHandlersTest {
 protected:
  size_t Pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }

  void OpenSome() {
    v1::Ticket ticket = Fault(static_cast<v1::TicketPriority>(1 + Pick(4)));
    ticket.set_type(static_cast<v1::TicketType>(1 + Pick(4)));
    ticket.set_team(Pick(2) == 0 ? "hotline" : "field");
    numbers_.push_back(Open(ticket).number());
  }

  void DoSomething() {
    const std::string& number =
        numbers_[numbers_.size() - 1 - Pick(std::min<size_t>(numbers_.size(), 25))];
    const std::string& who = Pick(3) == 0 ? other_agent_ : agent_;
    switch (Pick(10)) {
      case 0:
      case 1:
        TryMove(who, "TakeTicket", number).status().IgnoreError();
        break;
      case 2:
      case 3:
        Reply(number);
        break;
      case 4:
        Say(agent_, "RecordCustomerReply", number, "还是不行");
        break;
      case 5:
        TryMove(who, Pick(2) == 0 ? "WaitForCustomer" : "ResumeTicket", number)
            .status()
            .IgnoreError();
        break;
      case 6:
        TryResolve("ProposeSolution", number, "更换", v1::ROOT_CAUSE_USAGE).status().IgnoreError();
        break;
      case 7:
        TryResolve("CompleteTicket", number).status().IgnoreError();
        break;
      case 8:
        Rate(number, 1 + static_cast<int>(Pick(5))).status().IgnoreError();
        break;
      default:
        TryMove(who, Pick(3) == 0 ? "ReopenTicket" : "CloseTicket", number).status().IgnoreError();
    }
  }

  void LiveThroughWeeks() {
    for (int day = 0; day < 60; ++day) {
      Advance(absl::Hours(24) + absl::Seconds(static_cast<int64_t>(Pick(3600))));
      OpenSome();
      if (Pick(2) == 0) OpenSome();
      for (size_t i = Pick(12); i > 0; --i) {
        DoSomething();
        Advance(absl::Seconds(static_cast<int64_t>(Pick(7200))));
      }
    }
    Settle();
  }

  std::mt19937 random_{20261122};
  std::vector<std::string> numbers_;
};

TEST_F(RandomReportTest, AgreesWithASlowCount) {
  LiveThroughWeeks();
  const std::vector<WholeTicket> all = Everything();
  ASSERT_GT(all.size(), 70u);
  const absl::CivilDay first(2026, 3, 1);
  for (int round = 0; round < 12; ++round) {
    const absl::CivilDay from = first + static_cast<int>(Pick(50));
    const absl::CivilDay to = from + static_cast<int>(Pick(50));
    auto request = Period(absl::FormatCivilTime(from), absl::FormatCivilTime(to));
    if (Pick(3) == 0) request.set_team("field");
    if (Pick(3) == 0) request.set_assignee("u-agent");
    if (Pick(4) == 0) request.set_type(v1::TICKET_TYPE_FAULT);
    if (Pick(4) == 0) request.set_priority(v1::TICKET_PRIORITY_HIGH);
    request.set_monthly(true);
    request.set_group_by(static_cast<v1::TicketReportGroup>(1 + Pick(4)));
    std::vector<WholeTicket> counted;
    for (const WholeTicket& whole : all) {
      const v1::Ticket& ticket = whole.ticket;
      if (!request.team().empty() && ticket.team() != request.team()) continue;
      if (!request.assignee().empty() && ticket.assignee() != request.assignee()) continue;
      if (request.type() != 0 && ticket.type() != request.type()) continue;
      if (request.priority() != 0 && ticket.priority() != request.priority()) continue;
      counted.push_back(whole);
    }
    const absl::Time begin = absl::FromCivil(from, zone_);
    const absl::Time end = absl::FromCivil(to + 1, zone_);
    const v1::GetTicketReportResponse report = Report(request);
    EXPECT_EQ(DifferenceOf(SlowReport(counted, begin, end, Now()).Figures(), report.total()), "")
        << request.ShortDebugString();

    std::map<std::string, std::vector<WholeTicket>> groups;
    for (const WholeTicket& whole : counted) {
      const v1::Ticket& ticket = whole.ticket;
      const std::string name[] = {"", ticket.team(), ticket.assignee(),
                                  v1::TicketType_Name(ticket.type()),
                                  v1::TicketPriority_Name(ticket.priority())};
      groups[name[request.group_by()]].push_back(whole);
    }
    std::map<std::string, v1::TicketFigures> told;
    for (const v1::TicketFigures& group : report.groups()) told[group.group()] = group;
    for (const auto& [name, figures] : told) EXPECT_TRUE(groups.contains(name)) << name;
    for (const auto& [name, tickets] : groups) {
      // Groups with nothing in them are left out.
      if (!told.contains(name)) told[name] = FigureBuilder().Build(name);
      v1::TicketFigures slow = SlowReport(tickets, begin, end, Now()).Figures();
      slow.set_group(told[name].group());
      EXPECT_EQ(DifferenceOf(slow, told[name]), "") << name << " of " << request.ShortDebugString();
    }

    absl::Time month_begin = begin;
    for (const v1::TicketFigures& month : report.months()) {
      const absl::CivilMonth civil(absl::ToCivilSecond(month_begin, zone_));
      const absl::Time month_end = std::min(end, absl::FromCivil(civil + 1, zone_));
      v1::TicketFigures slow = SlowReport(counted, month_begin, month_end, Now()).Figures();
      slow.set_group(absl::FormatCivilTime(civil));
      const int64_t open = slow.backlog().open();
      slow.clear_backlog();
      slow.mutable_backlog()->set_open(open);
      EXPECT_EQ(DifferenceOf(slow, month), "") << request.ShortDebugString();
      month_begin = month_end;
    }
    EXPECT_EQ(month_begin, end);
  }
}

}  // namespace
}  // namespace crm::ticket
