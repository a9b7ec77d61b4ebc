// Each report beside a slow computation over the opportunities themselves.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "common/text/decimal.h"
#include "services/sales/amount_rules.h"
#include "services/sales/report_posting.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

constexpr int kOpportunities = 60;
const char* const kStages[] = {"lead_confirmed", "needs_analysis",   "solution_demo",
                               "negotiation",    "contract_signing", "won"};

std::string Money(int64_t cents) { return text::FormatDecimal(cents, 2); }

// How much of the journal has been added up into cells when reports are read.
enum class Posted { kNothing, kSome, kAll };

class ReportTest : public SalesTest, public ::testing::WithParamInterface<Posted> {
 protected:
  ReportTest() {
    harness_.replica().runtime().jobs().Stop();  // the test posts
    harness_.clock().Set(At("2026-04-20T10:00:00+08:00"));
    std::mt19937 random(20260320);
    const auto pick = [&](int below) {
      return static_cast<int>(random() % static_cast<unsigned>(below));
    };
    for (int i = 0; i < kOpportunities; ++i) {
      v1::Opportunity draft = Draft(absl::StrCat("项目", i), absl::StrCat(1000 + pick(2'000'000)));
      if (pick(5) == 0) {
        draft.set_currency("USD");
        draft.set_exchange_rate("7.1");
      }
      draft.set_source_channel(pick(2) == 0 ? "website" : "referral");
      draft.set_expected_close_date(absl::StrCat("2026-0", 3 + pick(6), "-15"));
      // Near midnight of the business zone, where UTC has another month.
      record::SetTime(
          At(absl::StrCat("2026-0", 2 + pick(3), "-01T00:", 10 + pick(40), ":00+08:00")),
          *draft.mutable_lead_time());
      owner_ = pick(3) == 0 ? "li" : "rep";
      const std::string number = Must(Create(draft, Rep(owner_))).number();
      Play(number, pick(10), pick);
      all_.push_back(Must(Get(number, Steward())));
      if (GetParam() == Posted::kSome && i == kOpportunities / 2) Post();
    }
    if (GetParam() == Posted::kAll) Post();
  }

  void Post() { ASSERT_TRUE(ReportPosting(harness_.replica().runtime()).PostAll().ok()); }

  template <typename Pick>
  void Play(const std::string& number, int steps, const Pick& pick) {
    const std::string token = Rep(owner_);
    v1::AdvanceStageRequest advance;
    advance.set_opportunity(number);
    for (int i = 0; i < std::min(steps, 4); ++i) {
      Must(Call<v1::Opportunity>("AdvanceStage", advance, token));
    }
    if (steps == 3) {
      v1::MoveStageRequest back;
      back.set_opportunity(number);
      back.set_stage("lead_confirmed");
      back.set_reason("重新梳理");
      Must(Call<v1::Opportunity>("MoveStage", back, token));
    }
    if (steps == 2 || steps == 5) {
      v1::LoseOpportunityRequest lose;
      lose.set_opportunity(number);
      lose.set_reason(pick(2) == 0 ? v1::LOSS_REASON_PRICE : v1::LOSS_REASON_COMPETITOR);
      lose.set_note("输单");
      lose.set_lost_to(pick(2) == 0 ? "竞品甲" : "");
      Must(Call<v1::Opportunity>("LoseOpportunity", lose, token));
    }
    if (steps >= 7) CloseAsWon(number, 900 + pick(900'000), token);
  }

  void CloseAsWon(const std::string& number, int amount, const std::string& token) {
    v1::Opportunity contract;
    contract.set_number(number);
    contract.set_contract_amount(absl::StrCat(amount));
    contract.set_contract_date("2026-04-20");
    Must(Update(contract, {"contract_amount", "contract_date"}, "", token));
    Must(Decide("ApproveContract", number, "", Director()));
    v1::WinOpportunityRequest win;
    win.set_opportunity(number);
    win.set_reason(amount % 2 == 0 ? v1::WIN_REASON_PRICE : v1::WIN_REASON_SERVICE);
    win.set_note("赢单");
    record::SetTime(harness_.clock().Now(), *win.mutable_close_time());
    Must(Call<v1::Opportunity>("WinOpportunity", win, token));
  }

  static bool HasBeenIn(const v1::Opportunity& opportunity, int stage) {
    for (int i = 0; i <= 5; ++i) {
      if (opportunity.furthest_stage() == kStages[i]) return i >= stage;
    }
    return false;
  }
  static std::string LeadMonth(const v1::Opportunity& opportunity) {
    absl::TimeZone zone;
    EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
    return absl::FormatTime("%Y-%m", record::TimeOf(opportunity.lead_time()), zone);
  }

  void ExpectFunnel(const v1::Funnel& funnel, const std::vector<v1::Opportunity>& all) {
    EXPECT_EQ(funnel.opportunities(), static_cast<int64_t>(all.size()));
    for (int i = 0; i < funnel.stages_size(); ++i) {
      const v1::FunnelStage& stage = funnel.stages(i);
      int64_t count = 0;
      int64_t amount = 0;
      int64_t weighted = 0;
      int64_t reached = 0;
      int64_t next = 0;
      for (const v1::Opportunity& each : all) {
        reached += HasBeenIn(each, i) ? 1 : 0;
        next += HasBeenIn(each, i + 1) ? 1 : 0;
        if (each.stage() != stage.stage()) continue;
        ++count;
        amount += CentsOf(each.base_amount());
        weighted += CentsOf(each.base_amount()) * each.probability();
      }
      EXPECT_EQ(stage.opportunities(), count) << stage.stage();
      EXPECT_EQ(stage.amount(), Money(amount)) << stage.stage();
      EXPECT_EQ(stage.weighted_amount(), Money((weighted + 50) / 100)) << stage.stage();
      if (i <= 5) {
        EXPECT_EQ(stage.reached(), reached) << stage.stage();
      }
      if (i <= 4 && reached > 0) {
        EXPECT_DOUBLE_EQ(stage.conversion_to_next(),
                         static_cast<double>(next) / static_cast<double>(reached));
      }
    }
  }

  template <typename Keep>
  std::vector<v1::Opportunity> Those(const Keep& keep) const {
    std::vector<v1::Opportunity> kept;
    for (const v1::Opportunity& each : all_) {
      if (keep(each)) kept.push_back(each);
    }
    return kept;
  }

  v1::GetFunnelResponse Funnel(const v1::GetFunnelRequest& request, const std::string& token) {
    return Must(Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel", request, token));
  }

  std::string owner_;
  std::vector<v1::Opportunity> all_;
};

TEST_P(ReportTest, FunnelAgreesWithTheOpportunities) {  // SAL-12
  v1::GetFunnelRequest request;
  request.set_by_lead_month(true);
  const v1::GetFunnelResponse whole = Funnel(request, Steward());
  ExpectFunnel(whole.funnel(), all_);
  std::set<std::string> months;
  for (const v1::Funnel& cohort : whole.cohorts()) {
    months.insert(cohort.lead_month());
    ExpectFunnel(cohort, Those([&](const v1::Opportunity& each) {
                   return LeadMonth(each) == cohort.lead_month();
                 }));
  }
  EXPECT_EQ(months, (std::set<std::string>{"2026-02", "2026-03", "2026-04"}));

  request.set_owner("li");
  request.set_source_channel("referral");
  request.set_from_month("2026-03");
  request.set_to_month("2026-03");
  ExpectFunnel(Funnel(request, Steward()).funnel(), Those([](const v1::Opportunity& each) {
                 return each.owner() == "li" && each.source_channel() == "referral" &&
                        LeadMonth(each) == "2026-03";
               }));
}

TEST_P(ReportTest, CountsOnlyWhatTheCallerMaySee) {  // SAL-12, PLT-13
  const auto own = Those([](const v1::Opportunity& each) { return each.owner() == "rep"; });
  ASSERT_NE(own.size(), all_.size());
  ExpectFunnel(Funnel({}, Rep()).funnel(), own);
  ExpectFunnel(Funnel({}, Director("east")).funnel(), all_);
  ExpectFunnel(Funnel({}, Director("west")).funnel(), {});
  // What is their own in another team, too, and once.
  const v1::Opportunity in_west = Must(Create(Draft(), Rep("director", "west")));
  std::vector<v1::Opportunity> in_east = all_;
  in_east.push_back(Must(Create(Draft(), Rep("director", "east"))));
  std::vector<v1::Opportunity> both = in_east;
  both.push_back(in_west);
  if (GetParam() == Posted::kAll) Post();
  ExpectFunnel(Funnel({}, Director("east")).funnel(), both);
  v1::GetFunnelRequest of_team;
  of_team.set_team("east");
  ExpectFunnel(Funnel(of_team, Director("east")).funnel(), in_east);
  of_team.set_team("west");
  ExpectFunnel(Funnel(of_team, Director("east")).funnel(), {in_west});
  of_team.set_owner("li");
  ExpectFunnel(Funnel(of_team, Steward()).funnel(), {});
  v1::GetFunnelRequest unknown;
  unknown.set_pipeline("nowhere");
  EXPECT_EQ(Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel", unknown).status().code(),
            absl::StatusCode::kNotFound);
}

// What a forecast counts of some opportunities.
struct Line {
  int64_t open = 0, expected = 0, weighted = 0, committed = 0, won = 0, closed = 0;

  void Add(const v1::Opportunity& each) {
    const bool is_won = each.stage_kind() == v1::STAGE_KIND_WON;
    const int64_t cents = CentsOf(each.base_amount());
    (is_won ? won : open) += 1;
    (is_won ? closed : expected) += cents;
    if (!is_won) weighted += cents * each.probability();
    if (each.stage() == "contract_signing") committed += cents;
  }
};

void ExpectLine(const v1::ForecastLine& line, const Line& want) {
  EXPECT_EQ(line.open_count(), want.open);
  EXPECT_EQ(line.expected(), Money(want.expected));
  EXPECT_EQ(line.weighted(), Money((want.weighted + 50) / 100));
  EXPECT_EQ(line.committed(), Money(want.committed));
  EXPECT_EQ(line.won_count(), want.won);
  EXPECT_EQ(line.closed(), Money(want.closed));
}

std::string PartOf(const v1::Opportunity& each, v1::ForecastGroup group) {
  if (group == v1::FORECAST_GROUP_OWNER) return each.owner();
  return group == v1::FORECAST_GROUP_TEAM ? each.team() : "";
}

std::string TermOf(const v1::Opportunity& each, v1::ForecastPeriod period) {
  const bool won = each.stage_kind() == v1::STAGE_KIND_WON;
  const int month = won ? 4 : each.expected_close_date()[6] - '0';
  return period == v1::FORECAST_PERIOD_QUARTER ? absl::StrCat("2026-Q", (month + 2) / 3)
                                               : absl::StrCat("2026-0", month);
}

TEST_P(ReportTest, ForecastAgreesWithTheOpportunities) {  // SAL-13, SAL-19
  for (const v1::ForecastGroup group :
       {v1::FORECAST_GROUP_UNSPECIFIED, v1::FORECAST_GROUP_OWNER, v1::FORECAST_GROUP_TEAM}) {
    for (const v1::ForecastPeriod period :
         {v1::FORECAST_PERIOD_MONTH, v1::FORECAST_PERIOD_QUARTER}) {
      std::map<std::string, Line> expected;
      for (const v1::Opportunity& each : all_) {
        if (each.stage_kind() == v1::STAGE_KIND_LOST) continue;
        expected[absl::StrCat(TermOf(each, period), " ", PartOf(each, group))].Add(each);
      }
      v1::GetForecastRequest request;
      request.set_from_month("2026-01");
      request.set_to_month("2026-12");
      request.set_period(period);
      request.set_group(group);
      const auto response =
          Must(Call<v1::GetForecastResponse>("SalesReportService/GetForecast", request, Steward()));
      ASSERT_EQ(response.lines_size(), static_cast<int>(expected.size()));
      for (const v1::ForecastLine& line : response.lines()) {
        const std::string key = absl::StrCat(line.period(), " ", line.group());
        SCOPED_TRACE(key);
        ASSERT_TRUE(expected.contains(key));
        ExpectLine(line, expected[key]);
      }
    }
  }
}

TEST_P(ReportTest, LeadFollowUpAgreesWithTheOpportunities) {  // SAL-15
  struct Leads {
    int64_t all = 0, followed_up = 0;
    absl::Duration waited;
  };
  const auto group_of = [](const v1::Opportunity& each, v1::LeadGroup group) {
    if (group == v1::LEAD_GROUP_OWNER) return each.owner();
    return group == v1::LEAD_GROUP_SOURCE ? each.source_channel() : LeadMonth(each);
  };
  for (const v1::LeadGroup group :
       {v1::LEAD_GROUP_OWNER, v1::LEAD_GROUP_SOURCE, v1::LEAD_GROUP_MONTH}) {
    std::map<std::string, Leads> expected;
    for (const v1::Opportunity& each : all_) {
      if (LeadMonth(each) == "2026-04") continue;
      Leads& leads = expected[group_of(each, group)];
      ++leads.all;
      if (!each.has_first_follow_up_time()) continue;
      ++leads.followed_up;
      leads.waited +=
          record::TimeOf(each.first_follow_up_time()) - record::TimeOf(each.lead_time());
    }
    ASSERT_EQ(expected.size(), 2u);
    v1::GetLeadFollowUpRequest request;
    request.set_from_month("2026-02");
    request.set_to_month("2026-03");
    request.set_group(group);
    const auto response = Must(Call<v1::GetLeadFollowUpResponse>(
        "SalesReportService/GetLeadFollowUp", request, Steward()));
    ASSERT_EQ(response.lines_size(), 2);
    for (const v1::LeadFollowUpLine& line : response.lines()) {
      const Leads& leads = expected[line.group()];
      ASSERT_GT(leads.followed_up, 0) << line.group();
      EXPECT_EQ(line.lead_count(), leads.all) << line.group();
      EXPECT_EQ(line.followed_up_count(), leads.followed_up) << line.group();
      EXPECT_EQ(line.neglected_count(), leads.all - leads.followed_up) << line.group();
      EXPECT_DOUBLE_EQ(line.follow_up_rate(),
                       static_cast<double>(leads.followed_up) / static_cast<double>(leads.all));
      EXPECT_NEAR(line.mean_follow_up_hours(),
                  absl::ToDoubleHours(leads.waited) / static_cast<double>(leads.followed_up), 1e-3);
    }
  }
}

std::string NameOf(const ::testing::TestParamInfo<Posted>& posted) {
  switch (posted.param) {
    case Posted::kNothing:
      return "Nothing";
    case Posted::kSome:
      return "Some";
    case Posted::kAll:
      return "All";
  }
  return "";
}
INSTANTIATE_TEST_SUITE_P(Posted, ReportTest,
                         ::testing::Values(Posted::kNothing, Posted::kSome, Posted::kAll), NameOf);

class ReportUnderLoadTest : public SalesTest {};

// SAL-12: two replicas that write the same sums at the same time lose nothing.
TEST_F(ReportUnderLoadTest, SumsOfTwoReplicasAgree) {
  constexpr int kCallers = 4;
  constexpr int kEach = 8;
  crm::testing::Replica* const replicas[] = {&harness_.replica(), &harness_.StartReplica()};
  const std::string token = Rep();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      v1::CreateOpportunityRequest create;
      *create.mutable_opportunity() = Draft();
      for (int i = 0; i < kEach; ++i) {
        const auto created = harness_.CallOn<v1::CreateOpportunityRequest, v1::Opportunity>(
            *replicas[caller % 2], token, "crm.sales.v1.OpportunityService/CreateOpportunity",
            create);
        ASSERT_TRUE(created.ok()) << created.status();
        v1::AdvanceStageRequest advance;
        advance.set_opportunity(created->number());
        const auto moved = harness_.CallOn<v1::AdvanceStageRequest, v1::Opportunity>(
            *replicas[(caller + 1) % 2], token, "crm.sales.v1.OpportunityService/AdvanceStage",
            advance);
        EXPECT_TRUE(moved.ok()) << moved.status();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  const auto response = Must(
      Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel", v1::GetFunnelRequest(), token));
  const v1::Funnel& funnel = response.funnel();
  EXPECT_EQ(funnel.opportunities(), kCallers * kEach);
  EXPECT_EQ(funnel.stages(0).opportunities(), 0);
  EXPECT_EQ(funnel.stages(0).amount(), "0.00");
  EXPECT_EQ(funnel.stages(1).opportunities(), kCallers * kEach);
  EXPECT_EQ(funnel.stages(1).amount(), Money(int64_t{kCallers} * kEach * 100'000'00));
}

}  // namespace
}  // namespace crm::sales
