#include "services/sales/sales_metrics.h"

#include "prometheus/text_serializer.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SalesMetricsTest : public SalesTest {
 protected:
  std::string Scrape() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  prometheus::Registry registry_;
  SalesMetrics metrics_{registry_, harness_.database().pool(),
                        [] { return std::make_shared<const Pipelines>(); }};
};

// PLT-26: an empty stage shows zero, so that a dashboard has all of them from the first minute.
TEST_F(SalesMetricsTest, ShowsEmptyStages) {
  ASSERT_TRUE(metrics_.Count().ok());
  EXPECT_THAT(Scrape(),
              HasSubstr(R"(crm_opportunities{kind="won",pipeline="default",stage="won"} 0)"));
  EXPECT_THAT(
      Scrape(),
      HasSubstr(R"(crm_pipeline_amount_cny{kind="lost",pipeline="default",stage="lost"} 0)"));
}

// PLT-26: the pipeline by stage; a stage that everything has left shows nothing in it.
TEST_F(SalesMetricsTest, ShowsThePipelineByStage) {
  const std::string number = Must(Create(Draft("甲", "100000"))).number();
  Must(Create(Draft("乙", "50000.5")));
  ASSERT_TRUE(metrics_.Count().ok());
  EXPECT_THAT(
      Scrape(),
      HasSubstr(R"(crm_opportunities{kind="open",pipeline="default",stage="lead_confirmed"} 2)"));
  EXPECT_THAT(
      Scrape(),
      HasSubstr(
          R"(crm_pipeline_amount_cny{kind="open",pipeline="default",stage="lead_confirmed"} 150000.5)"));

  Must(Advance(number));
  ASSERT_TRUE(metrics_.Count().ok());
  Must(Lose(number));
  ASSERT_TRUE(metrics_.Count().ok());
  EXPECT_THAT(Scrape(),
              HasSubstr(R"(crm_opportunities{kind="lost",pipeline="default",stage="lost"} 1)"));
  EXPECT_THAT(
      Scrape(),
      HasSubstr(R"(crm_opportunities{kind="open",pipeline="default",stage="needs_analysis"} 0)"));
}

// SAL-19, SAL-2: lost ones count nothing, whatever their stage is called, also when the pipeline no
// longer has it.
TEST_F(SalesMetricsTest, KindsFollowTheOpportunities) {
  v1::Pipeline pipeline = GetPipeline("default");
  pipeline.mutable_stages(6)->set_code("closed_lost");
  Must(UpdatePipeline(pipeline, {"stages"}));
  Must(Lose(Must(Create(Draft())).number()));
  Must(Create(Draft()));
  pipeline = GetPipeline("default");
  pipeline.mutable_stages(6)->set_code("given_up");
  Must(UpdatePipeline(pipeline, {"stages"}));
  ASSERT_TRUE(metrics_.Count().ok());
  EXPECT_THAT(
      Scrape(),
      HasSubstr(R"(crm_opportunities{kind="lost",pipeline="default",stage="closed_lost"} 1)"));
  EXPECT_THAT(Scrape(), Not(HasSubstr(R"(kind="open",pipeline="default",stage="closed_lost")")));
  EXPECT_THAT(
      Scrape(),
      HasSubstr(R"(crm_opportunities{kind="open",pipeline="default",stage="lead_confirmed"} 1)"));
}

}  // namespace
}  // namespace crm::sales
