#include "services/sales/forecast_snapshot.h"

#include <map>
#include <random>

#include "common/text/decimal.h"
#include "services/sales/amount_rules.h"
#include "services/sales/report_rules.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SnapshotTest : public SalesTest {
 protected:
  // Puts the clock to the day's beginning and keeps its snapshot.
  void BeginDay(const std::string& day) {
    harness_.clock().Set(At(day + "T00:00:30+08:00"));
    absl::CivilDay date;
    ASSERT_TRUE(absl::ParseCivilTime(day, &date));
    ASSERT_TRUE(ForecastSnapshot(harness_.replica().runtime()).Take(date).ok());
  }
  absl::StatusOr<v1::GetForecastResponse> Forecast(const std::string& as_of,
                                                   const std::string& compare_with,
                                                   const std::string& token = "") {
    v1::GetForecastRequest request;
    request.set_from_month("2026-01");
    request.set_to_month("2026-12");
    request.set_group(v1::FORECAST_GROUP_OWNER);
    request.set_as_of(as_of);
    request.set_compare_with(compare_with);
    return Call<v1::GetForecastResponse>("SalesReportService/GetForecast", request,
                                         token.empty() ? Steward() : token);
  }
  static std::string Text(v1::GetForecastResponse response) {
    response.clear_as_of();
    response.clear_compared_with();
    return response.DebugString();
  }
};

// SAL-13: what a day's forecast was can be asked for ever after.
TEST_F(SnapshotTest, AnEarlierDayIsAsItWasThen) {
  std::mt19937 random(20260322);
  const auto pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  std::map<std::string, std::string> then;
  std::vector<std::string> numbers;
  for (const char* day : {"2026-03-21", "2026-03-22", "2026-03-24", "2026-04-02"}) {
    for (int i = 0; i < 6; ++i) {
      v1::Opportunity draft = Draft("项目", absl::StrCat(1000 + pick(900'000)));
      draft.set_expected_close_date(absl::StrCat("2026-0", 4 + pick(4), "-15"));
      numbers.push_back(Must(Create(draft, Rep(pick(2) == 0 ? "rep" : "li"))).number());
      v1::AdvanceStageRequest advance;
      advance.set_opportunity(numbers[static_cast<size_t>(pick(static_cast<int>(numbers.size())))]);
      (void)Call<v1::Opportunity>("AdvanceStage", advance, Steward());
    }
    BeginDay(day);
    then[day] = Text(Must(Forecast("", "")));
  }
  for (const auto& [day, text] : then) {
    const auto response = Must(Forecast(day, ""));
    EXPECT_EQ(response.as_of(), day);
    EXPECT_EQ(Text(response), text) << day;
  }
  // A day without one has the one before.
  EXPECT_EQ(Must(Forecast("2026-03-23", "")).as_of(), "2026-03-22");
  EXPECT_EQ(Text(Must(Forecast("2026-03-23", ""))), then["2026-03-22"]);
  EXPECT_THAT(Violations(Forecast("2026-03-01", "").status()), ElementsAre("as_of NO_SNAPSHOT"));
  EXPECT_THAT(Violations(Forecast("", "2026-03-01").status()),
              ElementsAre("compare_with NO_SNAPSHOT"));
  EXPECT_THAT(Violations(Forecast("2026-03-22", "2026-04-02").status()),
              ElementsAre("compare_with COMPARED_LATER"));
  // Who sees nothing now sees nothing of then.
  EXPECT_THAT(Must(Forecast("2026-03-22", "", Director("west"))).lines(), IsEmpty());
}

// SAL-13: how good a forecast was, once its period is over.
TEST_F(SnapshotTest, AccuracyOfAPeriodThatIsOver) {
  v1::Opportunity draft = Draft("大单", "100000");
  draft.set_expected_close_date("2026-03-31");
  const std::string won = Must(Create(draft)).number();
  draft.set_amount("50000");
  const std::string lost = Must(Create(draft)).number();
  BeginDay("2026-03-21");  // 150 000 at 10 %
  harness_.clock().Set(At("2026-03-25T10:00:00+08:00"));
  MakeWon(won, "20000");
  Must(Lose(lost));

  v1::GetForecastResponse march = Must(Forecast("", "2026-03-21"));
  ASSERT_EQ(march.lines_size(), 1);
  EXPECT_EQ(march.compared_with(), "2026-03-21");
  EXPECT_EQ(march.lines(0).closed(), "20000.00");
  EXPECT_EQ(march.lines(0).open_count(), 0);
  EXPECT_EQ(march.lines(0).compared().open_count(), 2);
  EXPECT_EQ(march.lines(0).compared().predicted(), "15000.00");
  EXPECT_FALSE(march.lines(0).compared().has_accuracy());  // the month goes on

  harness_.clock().Set(At("2026-04-01T08:00:00+08:00"));
  march = Must(Forecast("", "2026-03-21"));
  EXPECT_DOUBLE_EQ(march.lines(0).compared().accuracy(), 0.75);
}

TEST_F(SnapshotTest, OnceADayOverAllReplicas) {  // SAL-13, PLT-22
  Must(Create(Draft()));
  BeginDay("2026-03-21");
  const std::string then = Text(Must(Forecast("2026-03-21", "")));
  Must(Create(Draft()));
  crm::testing::Replica& second = harness_.StartReplica();
  ASSERT_TRUE(ForecastSnapshot(second.runtime()).Take(absl::CivilDay(2026, 3, 21)).ok());
  EXPECT_EQ(Text(Must(Forecast("2026-03-21", ""))), then);
}

TEST(PeriodTest, EndsWithItsLastMonth) {  // SAL-13
  EXPECT_FALSE(HasEnded("2026-03", absl::CivilDay(2026, 3, 31)));
  EXPECT_TRUE(HasEnded("2026-03", absl::CivilDay(2026, 4, 1)));
  EXPECT_FALSE(HasEnded("2026-Q1", absl::CivilDay(2026, 3, 31)));
  EXPECT_TRUE(HasEnded("2026-Q1", absl::CivilDay(2026, 4, 1)));
  EXPECT_FALSE(HasEnded("2026", absl::CivilDay(2026, 12, 31)));
  EXPECT_TRUE(HasEnded("2026-12", absl::CivilDay(2027, 1, 1)));
}

}  // namespace
}  // namespace crm::sales
