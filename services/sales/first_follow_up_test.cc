// From the lead to the first follow-up, over gRPC; compared with a count over the opportunities.
#include <random>

#include "crm/sales/v1/history.pb.h"
#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

class FirstFollowUpTest : public ReminderTest {
 protected:
  absl::Time FirstFollowUp(const std::string& number) {
    const v1::Opportunity opportunity = Must(Get(number, Steward()));
    return opportunity.has_first_follow_up_time()
               ? record::TimeOf(opportunity.first_follow_up_time())
               : absl::InfinitePast();
  }
  std::string New() { return Must(Create(Draft())).number(); }
  v1::WinLossLine Report() {
    v1::GetWinLossRequest request;
    request.set_from_date("2026-01-01");
    request.set_to_date("2026-12-31");
    const auto response =
        Must(Call<v1::GetWinLossResponse>("SalesReportService/GetWinLoss", request, Steward()));
    EXPECT_EQ(response.lines_size(), 1);
    return response.lines(0);
  }
};

TEST_F(FirstFollowUpTest, IsTheFirstThingAPersonDoes) {  // SAL-15
  const std::string moved = New();
  const std::string changed = New();
  const std::string reminded = New();
  EXPECT_EQ(FirstFollowUp(moved), absl::InfinitePast());
  Advance(absl::Hours(2));
  const absl::Time first = Now();
  Must(Move(moved, "needs_analysis", "", "2026-03-20T11:00:00+08:00"));
  v1::Opportunity patch;
  patch.set_number(changed);
  patch.set_name("数据平台一期");
  Must(Update(patch, {"name"}));
  Must(Complete(Must(Remind(About(reminded, Now()))).number()));
  EXPECT_EQ(FirstFollowUp(moved), At("2026-03-20T11:00:00+08:00"));  // when the stage was entered
  EXPECT_EQ(FirstFollowUp(changed), first);
  EXPECT_EQ(FirstFollowUp(reminded), first);
  Advance(absl::Hours(2));
  patch.set_name("数据平台二期");
  Must(Update(patch, {"name"}));
  EXPECT_EQ(FirstFollowUp(changed), first);
}

TEST_F(FirstFollowUpTest, IsNotWhatNobodyDid) {  // SAL-15
  const std::string number = New();
  v1::Opportunity patch;
  patch.set_number(number);
  patch.set_name("数据平台一期");
  Must(Update(patch, {"name"}, "", harness_.TokenOfService("crm-erp")));
  EXPECT_EQ(FirstFollowUp(number), absl::InfinitePast());
  patch.set_name("数据平台一期");  // nothing changes
  Must(Update(patch, {"name"}));
  EXPECT_EQ(FirstFollowUp(number), absl::InfinitePast());
  Must(Lose(number));
  EXPECT_EQ(FirstFollowUp(number), absl::InfinitePast());
  EXPECT_EQ(Report().followed_up_count(), 0);
  EXPECT_FALSE(Report().has_mean_follow_up_hours());
}

TEST_F(FirstFollowUpTest, RateAndTimeAgreeWithTheOpportunities) {  // SAL-15
  std::mt19937 random(20260320);  // NOLINT(cert-msc51-cpp): the same test every time
  int closed = 0;
  int followed_up = 0;
  double hours = 0;
  for (int i = 0; i < 25; ++i) {
    const std::string number = New();
    Advance(absl::Minutes(random() % 3000));
    if (random() % 3 != 0) Must(SalesTest::Advance(number));
    if (random() % 4 == 0) continue;
    Must(Lose(number));
    ++closed;
    const v1::Opportunity opportunity = Must(Get(number));
    if (!opportunity.has_first_follow_up_time()) continue;
    ++followed_up;
    hours += absl::ToDoubleHours(record::TimeOf(opportunity.first_follow_up_time()) -
                                 record::TimeOf(opportunity.lead_time()));
  }
  ASSERT_GT(followed_up, 0);
  ASSERT_LT(followed_up, closed);
  const v1::WinLossLine line = Report();
  EXPECT_EQ(line.lost_count(), closed);
  EXPECT_EQ(line.followed_up_count(), followed_up);
  EXPECT_DOUBLE_EQ(line.follow_up_rate(), static_cast<double>(followed_up) / closed);
  EXPECT_NEAR(line.mean_follow_up_hours(), hours / followed_up, 1e-3);
}

// Those of another system, and of before this was recorded, are no missed follow-ups.
TEST_F(FirstFollowUpTest, LeavesOutWhatCannotBeKnown) {  // SAL-15
  v1::ImportOpportunitiesRequest request;
  request.set_missing(v1::MISSING_FIELDS_ACCEPT);
  v1::HistoricOpportunity& row = *request.add_rows();
  row.set_line(2);
  row.set_source_system("oldcrm");
  row.set_external_number("1");
  row.set_stage("lost");
  record::SetTime(At("2026-02-01T09:00:00+08:00"), *row.mutable_lead_time());
  record::SetTime(At("2026-03-10T09:00:00+08:00"), *row.mutable_close_time());
  const auto imported = Must(Call<v1::ImportOpportunitiesResponse>(
      "HistoryService/ImportOpportunities", request, Steward()));
  EXPECT_TRUE(Must(Get(imported.outcomes(0).opportunity(), Steward())).follow_up_unknown());
  EXPECT_EQ(Report().lost_count(), 1);
  EXPECT_EQ(Report().follow_up_known_count(), 0);
  EXPECT_FALSE(Report().has_follow_up_rate());

  const std::string moved = New();
  EXPECT_FALSE(Must(Get(moved)).follow_up_unknown());
  Must(SalesTest::Advance(moved));
  Must(Lose(moved));
  Must(Lose(New()));
  EXPECT_EQ(Report().lost_count(), 3);
  EXPECT_EQ(Report().follow_up_known_count(), 2);
  EXPECT_EQ(Report().followed_up_count(), 1);
  EXPECT_DOUBLE_EQ(Report().follow_up_rate(), 0.5);
}

}  // namespace
}  // namespace crm::sales
