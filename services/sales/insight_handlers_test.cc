// Each insight beside a slow computation over the opportunities themselves.
#include <algorithm>
#include <map>
#include <random>

#include "common/text/decimal.h"
#include "crm/sales/v1/insight.pb.h"
#include "services/sales/amount_rules.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char* const kStages[] = {"lead_confirmed", "needs_analysis", "solution_demo", "negotiation",
                               "contract_signing"};

class InsightTest : public SalesTest {
 protected:
  InsightTest() {
    db::WriteSet writes;
    AddCustomer("CRM2026000002", crm::customer::v1::TIER_STRATEGIC, writes);
    AddCustomer("CRM2026000003", crm::customer::v1::TIER_NORMAL, writes);
    Commit(std::move(writes));
  }
  static void AddCustomer(const std::string& number, crm::customer::v1::Tier tier,
                          db::WriteSet& writes) {
    crm::customer::v1::Customer customer;
    customer.set_number(number);
    customer.set_etag("v1");
    customer.set_full_name(number);
    customer.set_tier(tier);
    replica::KeepCustomer(customer, writes);
  }

  // Opportunities that moved on over three months.
  void Play(int count) {
    std::mt19937 random(20260323);
    const auto pick = [&](int below) {
      return static_cast<int>(random() % static_cast<unsigned>(below));
    };
    harness_.clock().Set(At("2026-06-20T10:00:00+08:00"));
    for (int i = 0; i < count; ++i) {
      const std::string owner = pick(3) == 0 ? "li" : "rep";
      absl::Time time = At("2026-03-01T23:30:00+08:00") + absl::Minutes(pick(60 * 24 * 20));
      v1::CreateOpportunityRequest create;
      *create.mutable_opportunity() =
          Draft(absl::StrCat("项目", i), absl::StrCat(1 + pick(99'999)));
      create.mutable_opportunity()->set_source_channel(pick(2) == 0 ? "website" : "referral");
      create.mutable_opportunity()->set_customer(absl::StrCat("CRM202600000", 1 + pick(3)));
      create.mutable_opportunity()->set_expected_close_date(
          absl::StrCat("2026-0", 5 + pick(4), "-", 10 + pick(18)));
      record::SetTime(time, *create.mutable_enter_time());
      record::SetTime(time, *create.mutable_opportunity()->mutable_lead_time());
      const std::string number =
          Must(Call<v1::Opportunity>("CreateOpportunity", create, Rep(owner))).number();
      for (int steps = pick(5); steps > 0; --steps) {
        time += absl::Minutes(pick(60 * 24 * 25));
        v1::AdvanceStageRequest advance;
        advance.set_opportunity(number);
        record::SetTime(time, *advance.mutable_enter_time());
        Must(Call<v1::Opportunity>("AdvanceStage", advance, Rep(owner)));
      }
      time += absl::Minutes(pick(60 * 24));
      const std::string stage = Must(Get(number, Steward())).stage();
      if (stage == "contract_signing") CloseAsWon(number, time, owner);
      if (stage != "contract_signing" && pick(3) == 0) {
        v1::LoseOpportunityRequest lose;
        lose.set_opportunity(number);
        lose.set_reason(v1::LOSS_REASON_PRICE);
        lose.set_note("输单");
        record::SetTime(time, *lose.mutable_close_time());
        Must(Call<v1::Opportunity>("LoseOpportunity", lose, Rep(owner)));
      }
      all_.push_back(Must(Get(number, Steward())));
      v1::GetStageHistoryRequest history;
      history.set_opportunity(number);
      moves_[number] = Must(Call<v1::StageHistory>("GetStageHistory", history, Steward()));
    }
  }
  void CloseAsWon(const std::string& number, absl::Time time, const std::string& owner) {
    v1::Opportunity contract;
    contract.set_number(number);
    contract.set_contract_amount("5000");
    contract.set_contract_date("2026-06-01");
    Must(Update(contract, {"contract_amount", "contract_date"}, "", Rep(owner)));
    Must(Decide("ApproveContract", number, "", Director()));
    v1::WinOpportunityRequest win;
    win.set_opportunity(number);
    win.set_reason(v1::WIN_REASON_PRICE);
    win.set_note("赢单");
    record::SetTime(time, *win.mutable_close_time());
    Must(Call<v1::Opportunity>("WinOpportunity", win, Rep(owner)));
  }

  absl::StatusOr<v1::GetBottlenecksResponse> Bottlenecks(v1::GetBottlenecksRequest request,
                                                         const std::string& token) {
    if (request.from_month().empty()) request.set_from_month("2026-01");
    if (request.to_month().empty()) request.set_to_month("2026-12");
    return Call<v1::GetBottlenecksResponse>("InsightService/GetBottlenecks", request, token);
  }
  static v1::CalibrationPeriod AllOf2026() {
    v1::CalibrationPeriod period;
    period.set_from_date("2026-01-01");
    period.set_to_date("2026-12-31");
    return period;
  }
  static int64_t Quantile(std::vector<int64_t> days, int percent) {
    std::sort(days.begin(), days.end());
    const auto rank = (days.size() * static_cast<size_t>(percent) + 99) / 100;
    return days[std::max<size_t>(rank, 1) - 1];
  }

  std::vector<v1::Opportunity> all_;
  std::map<std::string, v1::StageHistory> moves_;
};

TEST_F(InsightTest, BottlenecksAgreeWithTheMoves) {  // SAL-4, SAL-14
  Play(60);
  for (const std::string& owner : {std::string(), std::string("li")}) {
    std::map<std::string, std::vector<int64_t>> days;
    std::map<std::string, double> seconds;
    std::map<std::string, int> open;
    std::map<std::string, int> stuck;
    std::map<std::string, int64_t> stuck_cents;
    std::map<std::string, int> trend;  // month and stage
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
    for (const v1::Opportunity& each : all_) {
      if (!owner.empty() && each.owner() != owner) continue;
      for (const v1::StageMove& move : moves_[each.number()].moves()) {
        if (move.kind() != v1::STAGE_KIND_OPEN) continue;
        if (move.has_leave_time()) {
          days[move.stage()].push_back(move.dwell_days());
          seconds[move.stage()] += static_cast<double>(move.dwell_seconds());
          ++trend[absl::FormatTime("%Y-%m ", record::TimeOf(move.leave_time()), zone) +
                  move.stage()];
          continue;
        }
        ++open[move.stage()];
        if (move.dwell_days() <= 30) continue;
        ++stuck[move.stage()];
        stuck_cents[move.stage()] += CentsOf(each.base_amount());
      }
    }
    v1::GetBottlenecksRequest request;
    request.set_owner(owner);
    const auto response = Must(Bottlenecks(request, Steward()));
    ASSERT_EQ(response.stages_size(), 5);
    for (int i = 0; i < 5; ++i) {
      const v1::StageDwell& stage = response.stages(i);
      const std::string code = kStages[i];
      ASSERT_EQ(stage.stage(), code);
      EXPECT_EQ(stage.stays(), static_cast<int64_t>(days[code].size())) << code;
      EXPECT_EQ(stage.open_count(), open[code]) << code;
      EXPECT_EQ(stage.stuck_count(), stuck[code]) << code;
      EXPECT_EQ(stage.stuck_amount(), text::FormatDecimal(stuck_cents[code], 2)) << code;
      if (open[code] > 0) {
        EXPECT_DOUBLE_EQ(stage.stuck_share(), static_cast<double>(stuck[code]) / open[code]);
      }
      if (days[code].empty()) continue;
      const auto stays = static_cast<double>(days[code].size());
      EXPECT_NEAR(stage.mean_days(), seconds[code] / 86'400 / stays, 1e-9) << code;
      EXPECT_EQ(stage.median_days(), Quantile(days[code], 50)) << code;
      EXPECT_EQ(stage.p90_days(), Quantile(days[code], 90)) << code;
      EXPECT_EQ(stage.over_limit(), Quantile(days[code], 50) > 30);
    }
    ASSERT_EQ(response.trend_size(), static_cast<int>(trend.size()));
    for (const v1::DwellTrend& each : response.trend()) {
      EXPECT_EQ(each.stays(), trend[each.month() + " " + each.stage()]) << each.DebugString();
    }
  }
}

TEST_F(InsightTest, BottlenecksKeepToScopeAndPeriod) {  // SAL-14, PLT-13
  Play(12);
  const auto stays = [](const v1::GetBottlenecksResponse& response) {
    int64_t all = 0;
    for (const auto& stage : response.stages()) all += stage.stays() + stage.open_count();
    return all;
  };
  const auto all = stays(Must(Bottlenecks({}, Steward())));
  EXPECT_GT(all, stays(Must(Bottlenecks({}, Rep("li")))));
  EXPECT_EQ(all, stays(Must(Bottlenecks({}, Director("east")))));
  EXPECT_EQ(0, stays(Must(Bottlenecks({}, Director("west")))));
  v1::GetBottlenecksRequest request;
  request.set_from_month("2025-01");
  request.set_to_month("2025-02");
  EXPECT_EQ(Must(Bottlenecks(request, Steward())).stages(0).stays(), 0);
  EXPECT_FALSE(Must(Bottlenecks(request, Steward())).stages(0).has_mean_days());
  request.set_to_month("2024-01");
  EXPECT_THAT(Violations(Bottlenecks(request, Steward()).status()),
              ElementsAre("to_month PERIOD_BACKWARDS"));
  v1::GetBottlenecksRequest unknown;
  unknown.set_pipeline("nowhere");
  EXPECT_EQ(Bottlenecks(unknown, Steward()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(InsightTest, CalibrationAgreesWithWhatBecameOfThem) {  // SAL-16
  Play(60);
  const auto reached = [](const v1::Opportunity& each, int stage) {
    if (each.stage_kind() == v1::STAGE_KIND_WON) return true;
    for (int i = 0; i < 5; ++i) {
      if (each.furthest_stage() == kStages[i]) return i >= stage;
    }
    return false;
  };
  v1::GetCalibrationRequest request;
  *request.mutable_period() = AllOf2026();
  request.mutable_period()->set_min_sample(5);
  request.set_by_source(true);
  const auto response =
      Must(Call<v1::GetCalibrationResponse>("InsightService/GetCalibration", request, Steward()));
  ASSERT_EQ(response.lines_size(), 15);  // five stages, two sources and all
  for (int i = 0; i < response.lines_size(); ++i) {
    const v1::CalibrationLine& line = response.lines(i);
    EXPECT_EQ(line.stage(), kStages[i / 3]);
    int closed = 0;
    int won = 0;
    for (const v1::Opportunity& each : all_) {
      const bool of_source =
          line.source_channel().empty() || line.source_channel() == each.source_channel();
      if (!of_source || !each.has_close_time() || !reached(each, i / 3)) continue;
      ++closed;
      won += each.stage_kind() == v1::STAGE_KIND_WON ? 1 : 0;
    }
    EXPECT_EQ(line.closed_count(), closed) << line.DebugString();
    EXPECT_EQ(line.won_count(), won) << line.DebugString();
    if (closed > 0) {
      EXPECT_DOUBLE_EQ(line.win_rate(), static_cast<double>(won) / closed);
    }
    EXPECT_EQ(line.has_suggested_probability(), line.source_channel().empty() && closed >= 5);
    if (line.has_suggested_probability()) {
      EXPECT_EQ(line.suggested_probability(), (won * 200 + closed) / (closed * 2));
    }
  }
}

TEST_F(InsightTest, CalibrationIsAppliedOnRequestOnly) {  // SAL-16, SAL-2
  Play(30);
  const std::string open = Must(Create(Draft())).number();
  v1::GetPipelineRequest get;
  get.set_pipeline("default");
  const auto pipeline = [&] {
    return Must(Call<v1::Pipeline>("PipelineService/GetPipeline", get));
  };
  EXPECT_EQ(pipeline().stages(0).probability(), 10);

  v1::ApplyCalibrationRequest request;
  *request.mutable_period() = AllOf2026();
  request.mutable_period()->set_min_sample(1000);
  const auto apply = [&](const std::string& token) {
    return Call<v1::Pipeline>("InsightService/ApplyCalibration", request, token);
  };
  EXPECT_EQ(apply(Rep()).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(apply(Steward()).status()), "NO_SUGGESTION");
  request.mutable_period()->set_min_sample(1);
  request.set_etag("stale");
  EXPECT_FALSE(apply(Steward()).ok());
  request.set_etag(pipeline().etag());
  request.add_stages("lead_confirmed");
  request.set_validate_only(true);
  const int suggested = Must(apply(Steward())).stages(0).probability();
  EXPECT_NE(suggested, 10);
  EXPECT_EQ(pipeline().stages(0).probability(), 10);

  request.set_validate_only(false);
  Must(apply(Steward()));
  EXPECT_EQ(pipeline().stages(0).probability(), suggested);
  EXPECT_EQ(pipeline().stages(1).probability(), 30);  // not named
  EXPECT_EQ(ErrorReason(apply(Steward()).status()), "ETAG_STALE");
  // What is there keeps its probability, what comes takes the new one.
  EXPECT_EQ(Must(Get(open)).probability(), 10);
  EXPECT_EQ(Must(Create(Draft())).probability(), suggested);
}

TEST_F(InsightTest, PrioritiesAgreeWithTheDocumentedFactor) {  // SAL-17
  Play(60);
  const absl::CivilDay today(2026, 6, 20);
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  std::vector<std::pair<int64_t, std::string>> expected;
  for (const v1::Opportunity& each : all_) {
    if (each.stage_kind() != v1::STAGE_KIND_OPEN) continue;
    int percent = 100;
    if (each.customer() == "CRM2026000002") percent += 30;
    if (each.customer() == "CRM2026000003") percent += 10;
    const int64_t dwell = today - absl::ToCivilDay(record::TimeOf(each.stage_enter_time()), zone);
    percent += static_cast<int>(std::min<int64_t>(30, dwell * 30 / 30));
    absl::CivilDay due;
    ASSERT_TRUE(absl::ParseCivilTime(each.expected_close_date(), &due));
    percent += due < today ? 40 : due - today <= 7 ? 30 : due - today <= 30 ? 15 : 0;
    expected.emplace_back(CentsOf(each.base_amount()) * each.probability() * percent,
                          each.number());
  }
  std::sort(expected.rbegin(), expected.rend());
  v1::ListPrioritiesRequest request;
  request.set_page_size(7);
  std::vector<std::pair<int64_t, std::string>> found;
  do {
    const auto page =
        Must(Call<v1::ListPrioritiesResponse>("InsightService/ListPriorities", request, Steward()));
    for (const v1::Priority& priority : page.priorities()) {
      EXPECT_EQ(priority.rank(), static_cast<int>(found.size()) + 1);
      const int64_t cents = CentsOf(priority.base_amount());
      found.emplace_back(cents * priority.probability() * priority.urgency_percent(),
                         priority.opportunity());
      int sum = 100;
      for (const v1::Urgency& part : priority.urgency()) sum += part.percent();
      EXPECT_EQ(sum, priority.urgency_percent());
      EXPECT_THAT(priority.reasons(), HasSubstr(priority.expected_value()));
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(found, expected);
}

TEST_F(InsightTest, PrioritiesKeepToScopeAndFilters) {  // SAL-17, PLT-13
  Play(12);
  v1::ListPrioritiesRequest request;
  request.set_page_size(200);
  const auto list = [&](const std::string& token) {
    return Must(Call<v1::ListPrioritiesResponse>("InsightService/ListPriorities", request, token))
        .priorities();
  };
  for (const v1::Priority& each : list(Rep("li"))) EXPECT_EQ(each.owner(), "li");
  EXPECT_EQ(list(Director("west")).size(), 0);
  const int all = list(Steward()).size();
  request.set_owner("li");
  EXPECT_LT(list(Steward()).size(), all);
  request.set_pipeline("nowhere");
  EXPECT_EQ(list(Steward()).size(), 0);
  request.set_page_token("x");
  EXPECT_THAT(
      Violations(
          Call<v1::ListPrioritiesResponse>("InsightService/ListPriorities", request).status()),
      ElementsAre("page_token PAGE_TOKEN_INVALID"));
}

}  // namespace
}  // namespace crm::sales
