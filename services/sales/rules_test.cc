// The pure rules: money, stages, dwell times.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/record/times.h"
#include "services/sales/amount_rules.h"
#include "services/sales/pipelines.h"
#include "services/sales/report_rules.h"
#include "services/sales/stage_history.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone));
  return zone;
}

v1::StageMove Stay(absl::CivilSecond enter, absl::CivilSecond leave, absl::TimeZone zone) {
  v1::StageMove move;
  move.set_kind(v1::STAGE_KIND_OPEN);
  record::SetTime(absl::FromCivil(enter, zone), *move.mutable_enter_time());
  record::SetTime(absl::FromCivil(leave, zone), *move.mutable_leave_time());
  return move;
}

TEST(Dwell, CountsCalendarDaysOfTheZoneAndExactSeconds) {  // SAL-4
  const absl::TimeZone shanghai = Zone("Asia/Shanghai");
  v1::StageMove move = Stay(absl::CivilSecond(2026, 3, 20, 23, 59, 59),
                            absl::CivilSecond(2026, 4, 4, 0, 0, 1), shanghai);
  FillDwell(shanghai, absl::UnixEpoch(), move);
  EXPECT_EQ(move.dwell_days(), 15);
  EXPECT_EQ(move.dwell_seconds(), 14 * 86'400 + 2);
  // The same stay in a zone where both ends are on other days.
  FillDwell(Zone("America/New_York"), absl::UnixEpoch(), move);
  EXPECT_EQ(move.dwell_days(), 14);
}

TEST(Dwell, IsNotConfusedByDaysOf23Hours) {  // SAL-4
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  v1::StageMove move = Stay(absl::CivilSecond(2026, 3, 28, 12, 0, 0),
                            absl::CivilSecond(2026, 3, 29, 12, 0, 0), berlin);
  FillDwell(berlin, absl::UnixEpoch(), move);
  EXPECT_EQ(move.dwell_days(), 1);
  EXPECT_EQ(move.dwell_seconds(), 23 * 3'600);
}

TEST(Dwell, IsNoneOfClosedStages) {  // SAL-4
  v1::StageMove move;
  move.set_kind(v1::STAGE_KIND_WON);
  FillDwell(absl::UTCTimeZone(), absl::UnixEpoch(), move);
  EXPECT_FALSE(move.has_dwell_days());
}

TEST(StageMoves, GoOneForwardAndAnyNumberBack) {  // SAL-2, SAL-3
  const Pipelines pipelines;
  const v1::Pipeline& pipeline = pipelines.ForTeam("");
  v1::Opportunity opportunity;
  opportunity.set_stage("solution_demo");
  EXPECT_THAT(LegalStages(pipeline, opportunity),
              ElementsAre("lead_confirmed", "needs_analysis", "negotiation"));
  opportunity.set_stage("contract_signing");
  EXPECT_EQ(NextStage(pipeline, "contract_signing"), nullptr);
  EXPECT_EQ(LegalStages(pipeline, opportunity).size(), 4u);
  EXPECT_TRUE(IsBackwards(pipeline, "negotiation", "needs_analysis"));
  EXPECT_FALSE(IsBackwards(pipeline, "gone", "needs_analysis"));
  EXPECT_EQ(NextStage(pipeline, "gone"), nullptr);
}

TEST(StageMoves, RememberTheFurthestStage) {  // SAL-12
  const Pipelines pipelines;
  const v1::Pipeline& pipeline = pipelines.ForTeam("");
  v1::Opportunity opportunity;
  for (const char* stage : {"lead_confirmed", "negotiation", "needs_analysis", "lost"}) {
    EnterStage(pipeline, *FindStage(pipeline, stage), absl::UnixEpoch(), opportunity);
  }
  EXPECT_EQ(opportunity.furthest_stage(), "negotiation");
  EXPECT_EQ(opportunity.probability(), 0);
}

v1::Opportunity Worth(const std::string& amount) {
  v1::Opportunity opportunity;
  opportunity.set_amount(amount);
  opportunity.set_amount_reference(amount);
  opportunity.set_currency(kBaseCurrency);
  return opportunity;
}

TEST(Amounts, MeasureChangesByTheLastReason) {  // SAL-5
  struct Row {
    const char* from;
    const char* to;
    bool needs_reason;
  };
  for (const Row& row : {Row{"100.00", "120.00", false}, Row{"100.00", "120.01", true},
                         Row{"100.00", "80.00", false}, Row{"100.00", "79.99", true},
                         Row{"0.01", "0.02", true}, Row{"0.05", "0.06", false}}) {
    const v1::Opportunity before = Worth(row.from);
    v1::Opportunity after = before;
    after.set_amount(row.to);
    EXPECT_EQ(CheckAmountChange(before, "", after).has_value(), row.needs_reason)
        << row.from << " → " << row.to;
    EXPECT_EQ(after.amount_reference(), row.from);
    EXPECT_FALSE(CheckAmountChange(before, "扩容", after).has_value());
    EXPECT_EQ(after.amount_reference(), row.to);
  }
  // Amounts of two currencies cannot be compared.
  const v1::Opportunity before = Worth("100.00");
  v1::Opportunity after = before;
  after.set_currency("USD");
  EXPECT_TRUE(CheckAmountChange(before, "", after).has_value());
}

TEST(Amounts, AreNotTooLargeForTheirSums) {  // SAL-18
  v1::Opportunity opportunity = Worth("999999999999.00");
  opportunity.set_currency("KWD");
  opportunity.set_exchange_rate("23.5");
  const auto violations = NormalizeAmounts(nullptr, opportunity);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].rule, "AMOUNT_OUT_OF_RANGE");
  opportunity.set_exchange_rate("0.00000001");
  EXPECT_THAT(NormalizeAmounts(nullptr, opportunity), IsEmpty());
  EXPECT_EQ(opportunity.base_amount(), "10000.00");
}

TEST(Funnel, ShowsStagesThatThePipelineNoLongerHas) {  // SAL-2, SAL-12
  const Pipelines pipelines;
  const v1::Funnel funnel =
      BuildFunnel(pipelines.ForTeam(""),
                  {{.month = 202603, .stage = "gone", .furthest_stage = "gone", .opportunities = 2},
                   {.month = 202603, .stage = "won", .furthest_stage = "won", .opportunities = 1}},
                  schema::Language::kChinese);
  ASSERT_EQ(funnel.stages_size(), 8);
  EXPECT_EQ(funnel.stages(0).name(), "线索确认");
  EXPECT_EQ(funnel.stages(0).reached(), 3);
  EXPECT_EQ(funnel.stages(1).reached(), 1);
  EXPECT_DOUBLE_EQ(funnel.stages(0).conversion_to_next(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(funnel.stages(1).conversion_to_won(), 1);
  EXPECT_EQ(funnel.stages(7).stage(), "gone");
  EXPECT_EQ(funnel.stages(7).opportunities(), 2);
}

}  // namespace
}  // namespace crm::sales
