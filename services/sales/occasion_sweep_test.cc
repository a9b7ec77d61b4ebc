// Changed settings and stage limits reach the opportunities that are open, on a real database.
#include "services/sales/occasion_sweep.h"

#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SweepTest : public ReminderTest {
 protected:
  void SetInactivity(int days) {
    v1::UpdateSalesSettingsRequest request;
    request.mutable_settings()->set_inactivity_days(days);
    request.mutable_update_mask()->add_paths("inactivity_days");
    Must(Call<v1::SalesSettings>("SalesSettingsService/UpdateSalesSettings", request,
                                 harness_.TokenOf("admin", {"administrator"})));
  }
  // Of the first stage.
  void SetLimit(int days) {
    v1::GetPipelineRequest get;
    get.set_pipeline("default");
    v1::UpdatePipelineRequest update;
    *update.mutable_pipeline() =
        Must(Call<v1::Pipeline>("PipelineService/GetPipeline", get, Steward()));
    update.mutable_pipeline()->mutable_stages(0)->set_max_dwell_days(days);
    update.mutable_update_mask()->add_paths("stages");
    Must(Call<v1::Pipeline>("PipelineService/UpdatePipeline", update, Steward()));
  }
  // What was changed has been swept for, once it had stood long enough.
  bool Swept() {
    return Eventually([&] {
      Advance(absl::Seconds(1));
      return Count("SELECT value FROM lease WHERE name = 'sweep-opportunities'") ==
             Count(
                 "SELECT SUM(revision) FROM record_revision "
                 "WHERE name IN ('pipeline', 'sales_settings')");
    });
  }
  bool Reminded(int reminders) {
    return Eventually([&] { return Count("SELECT COUNT(*) FROM reminder") == reminders; });
  }
};

TEST_F(SweepTest, AShorterQuietReachesOpenOnes) {  // SAL-10, SAL-2
  const std::string lost = Must(Create(Draft("输单"))).number();
  Must(Lose(lost));
  Must(Create(Draft()));
  Advance(4 * kDay);
  ASSERT_TRUE(IsIdle());
  EXPECT_THAT(Texts("", Rep()), IsEmpty());
  SetInactivity(3);
  ASSERT_TRUE(Swept());
  ASSERT_TRUE(Reminded(1));
  EXPECT_THAT(Texts("", Rep()), ElementsAre("已有3天没有跟进"));
  // Is looked at again, but has been reminded of.
  SetInactivity(2);
  ASSERT_TRUE(Swept());
  ASSERT_TRUE(IsIdle());
  EXPECT_EQ(Texts("", Rep()).size(), 1u);
}

TEST_F(SweepTest, ALimitOfAStageReachesOpenOnes) {  // SAL-10, SAL-2
  SetInactivity(0);
  Must(Create(Draft()));
  Advance(10 * kDay);
  ASSERT_TRUE(IsIdle());
  SetLimit(20);
  SetLimit(9);
  ASSERT_TRUE(Swept());
  ASSERT_TRUE(Reminded(1));
  EXPECT_THAT(Texts("", Rep()), ElementsAre("在“线索确认”阶段停留已超过9天"));
}

// What was switched off has no timer any more.
TEST_F(SweepTest, SwitchingOnReachesOpenOnes) {  // SAL-10
  SetInactivity(0);
  SetLimit(0);
  v1::Opportunity draft = Draft();
  draft.set_expected_close_date("2027-06-30");
  Must(Create(draft));
  SetInactivity(5);
  ASSERT_TRUE(Swept());
  EXPECT_EQ(Count("SELECT COUNT(*) FROM sales_timer"), 1);
  Advance(5 * kDay);
  ASSERT_TRUE(Reminded(1));
}

// More than are looked at together, and a replica that was not there when the settings changed.
TEST_F(SweepTest, EveryOpenOneIsReachedAfterARestart) {  // SAL-10, PLT-22
  constexpr int kOpportunities = db::kMaxInSize + 20;
  for (int i = 0; i < kOpportunities; ++i) Must(Create(Draft()));
  harness_.replica().runtime().jobs().Stop();
  SetInactivity(2);
  Advance(3 * kDay);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM reminder"), 0);
  harness_.StartReplica();
  ASSERT_TRUE(Swept());
  EXPECT_TRUE(Reminded(kOpportunities));
}

// What a replica that does not know of the change yet writes by the old terms comes before the
// sweep.
TEST_F(SweepTest, WhatWasWrittenByTheOldTermsIsReached) {  // SAL-10, PLT-22
  testing::Replica& late = harness_.StartReplica();
  late.runtime().jobs().Stop();  // follows nothing any more
  SetInactivity(2);
  v1::CreateOpportunityRequest request;
  *request.mutable_opportunity() = Draft();
  Must(harness_.CallOn<v1::CreateOpportunityRequest, v1::Opportunity>(
      late, Rep(), "crm.sales.v1.OpportunityService/CreateOpportunity", request));
  ASSERT_TRUE(Swept());
  Advance(2 * kDay);
  EXPECT_TRUE(Reminded(1));
}

}  // namespace
}  // namespace crm::sales
