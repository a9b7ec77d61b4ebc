// When an opportunity is reminded of by itself.
#include "services/sales/occasion_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/record/times.h"
#include "services/sales/pipelines.h"
#include "services/sales/settings_store.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OccasionTest : public ::testing::Test {
 protected:
  OccasionTest() {
    EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone_));
    opportunity_.set_stage("needs_analysis");
    opportunity_.set_stage_kind(v1::STAGE_KIND_OPEN);
    opportunity_.set_expected_close_date("2026-06-30");
    record::SetTime(At(2026, 3, 20, 23), *opportunity_.mutable_stage_enter_time());
  }
  absl::Time At(int year, int month, int day, int hour = 0) const {
    return absl::FromCivil(absl::CivilHour(year, month, day, hour), zone_);
  }
  std::map<v1::ReminderSource, absl::Time> Due(absl::Time last_activity) const {
    std::map<v1::ReminderSource, absl::Time> due;
    for (const Occasion& each : OccasionsOf(opportunity_, last_activity, Terms())) {
      due[each.source] = each.due;
    }
    return due;
  }
  OccasionTerms Terms() const {
    return {settings_, pipelines_.Find(kDefaultPipeline)->message, zone_};
  }

  absl::TimeZone zone_;
  v1::SalesSettings settings_ = DefaultSettings().message;
  Pipelines pipelines_;
  v1::Opportunity opportunity_;
};

TEST_F(OccasionTest, AreDueWhenTheTimeIsOver) {  // SAL-10
  const auto due = Due(At(2026, 3, 21, 9));
  EXPECT_EQ(due.at(v1::REMINDER_SOURCE_NO_ACTIVITY), At(2026, 3, 28, 9));
  // The expected day itself is in time.
  EXPECT_EQ(due.at(v1::REMINDER_SOURCE_CLOSE_DATE_PASSED), At(2026, 7, 1));
  // Calendar days (SAL-4): entered late on 03-20, 04-19 is the thirtieth day.
  EXPECT_EQ(due.at(v1::REMINDER_SOURCE_DWELL_EXCEEDED), At(2026, 4, 20));
}

TEST_F(OccasionTest, CanBeSwitchedOff) {  // SAL-10
  settings_.set_inactivity_days(0);
  settings_.set_remind_of_close_date(false);
  settings_.set_remind_of_dwell(false);
  EXPECT_THAT(Due(At(2026, 3, 21)), IsEmpty());
  settings_ = DefaultSettings().message;
  opportunity_.set_stage("gone");  // a stage that the pipeline no longer has
  EXPECT_EQ(Due(At(2026, 3, 21)).count(v1::REMINDER_SOURCE_DWELL_EXCEEDED), 0u);
  opportunity_.set_stage_kind(v1::STAGE_KIND_LOST);
  EXPECT_THAT(Due(At(2026, 3, 21)), IsEmpty());
}

TEST_F(OccasionTest, SayWhatIsTheMatter) {  // SAL-10
  std::vector<std::string> texts;
  for (const Occasion& each : OccasionsOf(opportunity_, At(2026, 3, 21), Terms())) {
    texts.push_back(TextOf(each, opportunity_, Terms()));
  }
  EXPECT_THAT(texts, ElementsAre("已有7天没有跟进", "预计成交日期2026-06-30已过",
                                 "在“需求分析”阶段停留已超过30天"));
}

class NewCheckTest : public OccasionTest {
 protected:
  static Occasion Quiet(absl::Time due) {
    return {v1::REMINDER_SOURCE_NO_ACTIVITY, due - absl::Hours(168), due};
  }
  static Occasion Late(absl::Time due) { return {v1::REMINDER_SOURCE_CLOSE_DATE_PASSED, due, due}; }
  const absl::Time now_ = At(2026, 4, 1);
  const absl::Time soon_ = At(2026, 4, 3);
  const absl::Time later_ = At(2026, 4, 9);
};

TEST_F(NewCheckTest, IsTheFirstOfANewOpportunity) {  // SAL-10
  EXPECT_EQ(NewCheck({}, {Quiet(later_), Late(soon_)}, now_), soon_);
  EXPECT_EQ(NewCheck({}, {}, now_), std::nullopt);
}

TEST_F(NewCheckTest, IsLeftToTheTimerOfWhatMovesBack) {  // SAL-10
  EXPECT_EQ(NewCheck({Quiet(soon_)}, {Quiet(later_)}, now_), std::nullopt);
  EXPECT_EQ(NewCheck({Quiet(soon_)}, {Quiet(soon_)}, now_), std::nullopt);
}

TEST_F(NewCheckTest, IsNeededForWhatMovesForward) {  // SAL-10
  EXPECT_EQ(NewCheck({Late(later_)}, {Late(soon_)}, now_), soon_);
}

// Its timer has gone: it had been reminded of already.
TEST_F(NewCheckTest, IsNeededForWhatWasDue) {  // SAL-10
  EXPECT_EQ(NewCheck({Quiet(now_ - absl::Hours(1)), Late(now_ - absl::Hours(9))},
                     {Quiet(later_), Late(now_ - absl::Hours(9))}, now_),
            later_);
}

}  // namespace
}  // namespace crm::sales
