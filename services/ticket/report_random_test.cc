// Reports against a slow count over the tickets themselves: TIC-11.
#include <google/protobuf/util/message_differencer.h>

#include <random>

#include "absl/strings/match.h"
#include "crm/ticket/v1/import_service.pb.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/report_rules.h"
#include "services/ticket/report_test_fixture.h"

namespace crm::ticket {
namespace {

namespace cv1 = crm::customer::v1;

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

constexpr char kRoles[] = R"json(
    "team_agent": {"label": {"zh": "客服", "en": "agent"},
      "grants": [{"scope": "team_and_below", "permissions": ["ticket.report"]}]})json";

// TIC-11: every figure of every kind of report agrees with a count over the tickets themselves.
class RandomReportTest : public ReportHandlersTest {
 protected:
  // Who asks, and what they may see.
  struct Viewer {
    std::string token;
    std::function<bool(const v1::Ticket&)> sees;
  };

  RandomReportTest() : ReportHandlersTest(WithRoles(kRoles)) {}

  std::vector<Viewer> Viewers() const {
    const auto has = [](const v1::Ticket& ticket) { return ticket.assignee() == "u-agent"; };
    return {{supervisor_, [](const v1::Ticket&) { return true; }},
            {agent_, has},
            {harness_->TokenOf("u-agent", {"team_agent"}, "field"),
             [has](const v1::Ticket& ticket) { return has(ticket) || ticket.team() == "field"; }}};
  }

  size_t Pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }
  // Afresh: tokens end after eight hours.
  std::string Steward() { return harness_->TokenOf("u-steward", {"data_steward"}, "hq"); }

  void OpenSome() {
    v1::Ticket ticket = Fault(static_cast<v1::TicketPriority>(1 + Pick(4)));
    ticket.set_type(static_cast<v1::TicketType>(1 + Pick(4)));
    ticket.set_team(Pick(2) == 0 ? "hotline" : "field");
    ticket.set_category(Category());
    ticket.set_description(Words());
    if (Pick(3) > 0) ticket.set_customer(kCustomers[Pick(kCustomers.size())]);
    numbers_.push_back(Open(ticket).number());
  }

  // What the service keeps of them: one without a tier, and of each of two tiers.
  void KeepCustomers() {
    harness_->database().Run(R"sql(
      INSERT INTO customer_copy (number, version, kind, full_name, tier)
      VALUES ('KH1', 1, 1, '王建国', NULL), ('KH2', 1, 1, '李文华', 3), ('KH3', 1, 1, '陈静', 4))sql");
  }

  void DoSomething() {
    const std::string& number = numbers_[Pick(4) == 0 ? Pick(numbers_.size()) : ARecentOne()];
    const std::string& who = Pick(3) == 0 ? other_agent_ : agent_;
    switch (Pick(14)) {
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
      case 9:
        Update(number);
        break;
      case 10:
        ChangePriority(number);
        break;
      case 11:
        Merge(number);
        break;
      default:
        TryMove(who, Pick(3) == 0 ? "ReopenTicket" : "CloseTicket", number).status().IgnoreError();
    }
  }

  std::string Category() { return std::vector<std::string>{"", "发票", "网络"}[Pick(3)]; }
  std::string Words() {
    return absl::StrCat(kWords[Pick(kWords.size())], " ", kWords[Pick(kWords.size())]);
  }

  size_t ARecentOne() { return numbers_.size() - 1 - Pick(std::min<size_t>(numbers_.size(), 25)); }
  // What reports tell a ticket apart by, also long after.
  void Update(const std::string& number) {
    v1::UpdateTicketRequest request;
    request.mutable_ticket()->set_number(number);
    request.mutable_ticket()->set_type(static_cast<v1::TicketType>(1 + Pick(4)));
    request.mutable_ticket()->set_team(Pick(2) == 0 ? "hotline" : "field");
    request.mutable_ticket()->set_category(Category());
    request.mutable_ticket()->set_description(Words());
    Call<v1::Ticket>(agent_, "TicketService/UpdateTicket", request).status().IgnoreError();
  }
  void ChangePriority(const std::string& number) {
    v1::ChangeTicketPriorityRequest request;
    request.set_ticket(number);
    request.set_priority(static_cast<v1::TicketPriority>(1 + Pick(4)));
    request.set_reason("测试");
    Call<v1::Ticket>(agent_, "TicketService/ChangeTicketPriority", request).status().IgnoreError();
  }
  void Merge(const std::string& number) {
    v1::MergeTicketsRequest merge;
    merge.set_survivor(numbers_[ARecentOne()]);
    merge.add_duplicates()->set_ticket(number);
    merge.set_reason("同一故障");
    Call<v1::Ticket>(supervisor_, "TicketMergeService/MergeTickets", merge).status().IgnoreError();
  }

  // History of an older system, with and without messages.
  void ImportSome() {
    v1::ImportTicketsRequest request;
    for (int i = 0; i < 20; ++i) *request.add_rows() = Historic(i);
    const auto response = Must(
        Call<v1::ImportTicketsResponse>(Steward(), "TicketImportService/ImportTickets", request));
    for (const auto& outcome : response.outcomes()) {
      EXPECT_EQ(outcome.state(), v1::HISTORIC_TICKET_STATE_IMPORTED) << outcome.ShortDebugString();
      numbers_.push_back(outcome.ticket());
    }
  }
  v1::HistoricTicket Historic(int line) {
    v1::HistoricTicket row;
    row.set_line(line + 2);
    row.set_channel("oldcrm");
    row.set_external_reference(absl::StrCat("T-", line));
    row.set_requester_phone("13800138001");
    row.set_type(v1::TICKET_TYPE_FAULT);
    row.set_priority(v1::TICKET_PRIORITY_HIGH);
    row.set_description("打印机无法联网");
    row.set_team("field");
    row.set_assignee("u-agent");
    const absl::Time opened = Now() - absl::Hours(24 * static_cast<int64_t>(1 + Pick(100)));
    record::SetTime(opened, *row.mutable_open_time());
    const auto later = [&] {
      return opened + absl::Seconds(static_cast<int64_t>(
                          Pick(static_cast<size_t>(absl::ToInt64Seconds(Now() - opened)))));
    };
    if (Pick(2) == 0) record::SetTime(later(), *row.mutable_first_response_time());
    if (Pick(3) > 0) record::SetTime(later(), *row.mutable_done_time());
    if (row.has_done_time() && Pick(2) == 0) row.set_satisfaction(4);
    return row;
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
      if (day == 30) ImportSome();
    }
    Settle();
  }
  // Changes what is summed up already.
  void StirUpThePast() {
    for (int i = 0; i < 60; ++i) {
      DoSomething();
      Advance(absl::Seconds(1));
    }
    Settle();
  }

  void ExpectAgreement();
  // Of what is counted so far.
  void ExpectProblemAgreement();
  // How many.
  size_t CompareProblems(const v1::ProblemMonth& month, const std::vector<WholeTicket>& seen);
  static bool Has(const v1::Ticket& ticket, const std::string& name) {
    return ticket.category() == name || absl::StrContains(ticket.description(), name) ||
           (ticket.type() == v1::TICKET_TYPE_COMPLAINT &&
            v1::RootCause_Name(ticket.root_cause()) == name);
  }

  const std::vector<std::string> kCustomers = {"KH1", "KH2", "KH3"};
  const std::vector<std::string> kWords = {"toner", "drum", "fuser", "cable", "driver"};
  std::mt19937 random_{20261122};
  std::vector<std::string> numbers_;
};

TEST_F(RandomReportTest, AgreesWithASlowCount) {
  KeepCustomers();
  LiveThroughWeeks();
  ASSERT_GT(List("customer_tier = KEY").size(), 10u);
  ExpectAgreement();
  SumUp();
  ExpectAgreement();
  ExpectProblemAgreement();
  StirUpThePast();
  ExpectAgreement();
  ExpectProblemAgreement();
  SumUp();
  ExpectAgreement();
  // The sums are made anew.
  ASSERT_GT(CountRows("SELECT COUNT(*) FROM ticket_sum"), 100);
  harness_->database().Run("UPDATE ticket_sum_state SET zone = 'UTC'");
  ExpectAgreement();
  SumUp();
  ExpectAgreement();
}

void RandomReportTest::ExpectAgreement() {
  const std::vector<WholeTicket> all = Everything();
  ASSERT_GT(all.size(), 70u);
  const absl::CivilDay first(2026, 1, 1);
  for (int round = 0; round < 12; ++round) {
    const absl::CivilDay from = first + static_cast<int>(Pick(110));
    const absl::CivilDay to = from + static_cast<int>(Pick(70));
    auto request = Period(absl::FormatCivilTime(from), absl::FormatCivilTime(to));
    if (Pick(3) == 0) request.set_team("field");
    if (Pick(3) == 0) request.set_assignee("u-agent");
    if (Pick(4) == 0) request.set_type(v1::TICKET_TYPE_FAULT);
    if (Pick(4) == 0) request.set_priority(v1::TICKET_PRIORITY_HIGH);
    if (Pick(4) == 0) request.set_tier(Pick(2) == 0 ? cv1::TIER_NORMAL : cv1::TIER_KEY);
    request.set_monthly(true);
    request.set_group_by(static_cast<v1::TicketReportGroup>(1 + Pick(5)));
    const std::vector<Viewer> viewers = Viewers();
    const Viewer& viewer = viewers[Pick(viewers.size())];
    std::vector<WholeTicket> counted;
    for (const WholeTicket& whole : all) {
      const v1::Ticket& ticket = whole.ticket;
      if (!viewer.sees(ticket)) continue;
      if (!request.team().empty() && ticket.team() != request.team()) continue;
      if (!request.assignee().empty() && ticket.assignee() != request.assignee()) continue;
      if (request.type() != 0 && ticket.type() != request.type()) continue;
      if (request.priority() != 0 && ticket.priority() != request.priority()) continue;
      if (request.tier() != 0 && ticket.customer_tier() != request.tier()) continue;
      counted.push_back(whole);
    }
    const absl::Time begin = absl::FromCivil(from, zone_);
    const absl::Time end = absl::FromCivil(to + 1, zone_);
    const v1::GetTicketReportResponse report = Must(TryReport(viewer.token, request));
    EXPECT_EQ(DifferenceOf(SlowReport(counted, begin, end, Now()).Figures(), report.total()), "")
        << request.ShortDebugString();

    std::map<std::string, std::vector<WholeTicket>> groups;
    for (const WholeTicket& whole : counted) {
      const v1::Ticket& ticket = whole.ticket;
      const std::string name[] = {"",
                                  ticket.team(),
                                  ticket.assignee(),
                                  v1::TicketType_Name(ticket.type()),
                                  v1::TicketPriority_Name(ticket.priority()),
                                  cv1::Tier_Name(ticket.customer_tier())};
      groups[name[request.group_by()]].push_back(whole);
    }
    std::map<std::string, v1::TicketFigures> told;
    for (const v1::TicketFigures& group : report.groups()) told[group.group()] = group;
    for (const auto& [name, figures] : told) EXPECT_TRUE(groups.contains(name)) << name;
    for (const auto& [name, tickets] : groups) {
      // Groups with nothing in them are left out.
      if (!told.contains(name)) told[name] = FigureBuilder().Build(name, Now());
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

// TIC-12: every month, for whoever asks, of all teams and of one of them.
void RandomReportTest::ExpectProblemAgreement() {
  ASSERT_TRUE(Eventually([&] { return CountRows(kUncounted) == 0; }));
  const std::vector<WholeTicket> all = Everything();
  size_t compared = 0;
  for (const Viewer& viewer : Viewers()) {
    for (const std::string team : {"", "field"}) {
      std::vector<WholeTicket> seen;
      for (const WholeTicket& whole : all) {
        const bool counts = team.empty() || whole.ticket.team() == team;
        if (counts && viewer.sees(whole.ticket)) seen.push_back(whole);
      }
      v1::ListFrequentProblemsRequest request;
      request.set_from_month("2025-12");
      request.set_to_month("2026-05");
      request.set_team(team);
      const auto response = Must(Call<v1::ListFrequentProblemsResponse>(
          viewer.token, "TicketReportService/ListFrequentProblems", request));
      for (const v1::ProblemMonth& month : response.months()) {
        compared += CompareProblems(month, seen);
      }
    }
  }
  EXPECT_GT(compared, 50u);
}

size_t RandomReportTest::CompareProblems(const v1::ProblemMonth& month,
                                         const std::vector<WholeTicket>& seen) {
  const absl::CivilMonth civil = *ParseMonth(month.month());
  const absl::Time begin = absl::FromCivil(civil, zone_);
  const absl::Time end = absl::FromCivil(civil + 1, zone_);
  const auto count = [&](const std::string& name, absl::Time from, absl::Time to) {
    std::vector<WholeTicket> having;
    for (const WholeTicket& whole : seen) {
      if (name.empty() || Has(whole.ticket, name)) having.push_back(whole);
    }
    return SlowReport(having, from, to, Now()).Figures();
  };
  EXPECT_EQ(month.created(), count("", begin, end).created()) << month.month();
  size_t compared = 0;
  const auto compare = [&](const v1::FrequentProblem& problem) {
    ++compared;
    const v1::TicketFigures slow = count(problem.name(), begin, end);
    const std::string where = absl::StrCat(problem.name(), " ", month.month());
    EXPECT_EQ(problem.tickets(), slow.created()) << where;
    EXPECT_NEAR(problem.mean_resolution_minutes(), slow.resolution().mean_minutes(), 1e-6) << where;
    EXPECT_NEAR(problem.mean_satisfaction(), slow.mean_satisfaction(), 1e-6) << where;
    const auto before = static_cast<double>(
        count(problem.name(), absl::FromCivil(civil - 1, zone_), begin).created());
    EXPECT_EQ(problem.has_growth(), before > 0) << where;
    if (before > 0) {
      EXPECT_NEAR(problem.growth(), static_cast<double>(slow.created()) / before - 1, 1e-6)
          << where;
    }
  };
  for (const auto& problem : month.categories()) compare(problem);
  for (const auto& problem : month.root_causes()) compare(problem);
  for (const std::string& word : kWords) {
    const auto found = std::find_if(month.terms().begin(), month.terms().end(),
                                    [&](const auto& term) { return term.name() == word; });
    const int64_t tickets = count(word, begin, end).created();
    EXPECT_EQ(found != month.terms().end(), tickets >= 3) << word << " " << tickets;
    if (found != month.terms().end()) compare(*found);
  }
  return compared;
}

}  // namespace
}  // namespace crm::ticket
