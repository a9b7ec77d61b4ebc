// Pipelines as configuration, over gRPC, and what their changes mean for opportunities.
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class PipelineTest : public SalesTest {
 protected:
  static v1::Stage MakeStage(const std::string& code, v1::StageKind kind, int probability) {
    v1::Stage stage;
    stage.set_code(code);
    stage.set_name_zh(code);
    stage.set_kind(kind);
    stage.set_probability(probability);
    return stage;
  }
  static v1::Pipeline ShortPipeline() {
    v1::Pipeline pipeline;
    pipeline.set_code("short");
    pipeline.set_name("渠道管道");
    pipeline.add_teams("west");
    *pipeline.add_stages() = MakeStage("prospect", v1::STAGE_KIND_OPEN, 20);
    *pipeline.add_stages() = MakeStage("quote", v1::STAGE_KIND_OPEN, 60);
    *pipeline.add_stages() = MakeStage("closed_won", v1::STAGE_KIND_WON, 100);
    *pipeline.add_stages() = MakeStage("closed_lost", v1::STAGE_KIND_LOST, 0);
    return pipeline;
  }
  absl::StatusOr<v1::Pipeline> CreatePipeline(const v1::Pipeline& pipeline,
                                              const std::string& token = "") {
    v1::CreatePipelineRequest request;
    *request.mutable_pipeline() = pipeline;
    return Call<v1::Pipeline>("PipelineService/CreatePipeline", request,
                              token.empty() ? Steward() : token);
  }
};

TEST_F(PipelineTest, HasTheOneOfTheSpecificationBuiltIn) {  // SAL-2
  const v1::Pipeline pipeline = GetPipeline("default");
  std::vector<std::string> stages;
  for (const v1::Stage& stage : pipeline.stages()) {
    stages.push_back(absl::StrCat(stage.name_en(), " ", stage.probability()));
  }
  EXPECT_THAT(stages, ElementsAre("lead confirmed 10", "needs analysis 30", "solution demo 50",
                                  "negotiation 70", "contract signing 90", "won 100", "lost 0"));
  EXPECT_EQ(pipeline.stages(2).entry_actions(0).assignee_role(), "product_manager");
}

TEST_F(PipelineTest, IsChosenByTheTeam) {  // SAL-2
  Must(CreatePipeline(ShortPipeline()));
  const v1::Opportunity west = Must(Create(Draft(), Rep("other", "west")));
  EXPECT_EQ(west.pipeline(), "short");
  EXPECT_EQ(west.stage(), "prospect");
  EXPECT_EQ(west.probability(), 20);
  EXPECT_EQ(Must(Create(Draft())).pipeline(), "default");
}

TEST_F(PipelineTest, RefusesWhatCannotBeMovedThrough) {  // SAL-2
  EXPECT_EQ(CreatePipeline(ShortPipeline(), Rep()).status().code(),
            absl::StatusCode::kPermissionDenied);
  v1::Pipeline wrong = ShortPipeline();
  wrong.mutable_stages(0)->add_next_stages("closed_won");
  wrong.mutable_stages(0)->add_required_fields("colour");
  wrong.mutable_stages(1)->set_code("prospect");
  wrong.mutable_stages(2)->set_probability(99);
  *wrong.add_stages() = MakeStage("late", v1::STAGE_KIND_OPEN, 5);
  *wrong.add_stages() = MakeStage("lost_again", v1::STAGE_KIND_LOST, 0);
  EXPECT_THAT(Violations(CreatePipeline(wrong).status()),
              UnorderedElementsAre("pipeline.stages[1].code STAGE_DUPLICATE",
                                   "pipeline.stages STAGE_ORDER", "pipeline.stages STAGE_KINDS",
                                   "pipeline.stages[2].probability PROBABILITY_FIXED",
                                   "pipeline.stages[0].next_stages STAGE_UNKNOWN",
                                   "pipeline.stages[0].required_fields FIELD_UNKNOWN"));
  Must(CreatePipeline(ShortPipeline()));
  EXPECT_EQ(ErrorReason(CreatePipeline(ShortPipeline()).status()), "PIPELINE_EXISTS");
  v1::Pipeline second = ShortPipeline();
  second.set_code("second");
  EXPECT_THAT(Violations(CreatePipeline(second).status()),
              ElementsAre("pipeline.teams[0] TEAM_TAKEN"));
}

TEST_F(PipelineTest, AsksForFieldsBeforeAStage) {  // SAL-2
  v1::Pipeline pipeline = GetPipeline("default");
  pipeline.mutable_stages(1)->add_required_fields("risk");
  pipeline.mutable_stages(1)->add_required_fields("competitors");
  Must(UpdatePipeline(pipeline, {"stages"}));
  const std::string number = Must(Create(Draft())).number();
  const absl::Status refused = Advance(number).status();
  EXPECT_EQ(ErrorReason(refused), "STAGE_FIELDS_MISSING");
  EXPECT_EQ(Metadata(refused, "missing_fields"), "risk,competitors");
  v1::Opportunity patch;
  patch.set_number(number);
  patch.set_risk("预算未定");
  patch.add_competitors()->set_name("竞品甲");
  patch.mutable_competitors(0)->set_advantage("本地服务");
  Must(Update(patch, {"risk", "competitors"}));
  EXPECT_EQ(Must(Advance(number)).stage(), "needs_analysis");
}

// Whichever way a stage is entered; every field that is missing is named.
TEST_F(PipelineTest, AsksForFieldsHoweverAStageIsEntered) {  // SAL-2
  const auto refused_for = [](const absl::Status& refused) {
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ErrorReason(refused), "STAGE_FIELDS_MISSING");
    return absl::StrCat(Metadata(refused, "stage"), " ", Metadata(refused, "missing_fields"));
  };
  const std::string number = Must(Create(Draft())).number();
  Must(Advance(number));
  v1::Pipeline pipeline = GetPipeline("default");
  const auto require = [&](int stage, const char* field) {
    pipeline.mutable_stages(stage)->add_required_fields(field);
  };
  require(0, "risk");
  require(0, "competitors");
  require(1, "products");
  require(6, "risk");
  Must(UpdatePipeline(pipeline, {"stages"}));

  EXPECT_EQ(refused_for(Create(Draft()).status()), "lead_confirmed risk,competitors");
  EXPECT_EQ(refused_for(Move(number, "lead_confirmed", "联系人更换").status()),
            "lead_confirmed risk,competitors");
  EXPECT_EQ(refused_for(Lose(number).status()), "lost risk");
  EXPECT_EQ(Must(Get(number)).stage(), "needs_analysis");
  v1::Opportunity patch;
  patch.set_number(number);
  patch.set_risk("预算未定");
  Must(Update(patch, {"risk"}));
  Must(Lose(number));
  v1::ReopenOpportunityRequest reopen;
  reopen.set_opportunity(number);
  reopen.set_reason("客户重新立项");
  EXPECT_EQ(refused_for(Call<v1::Opportunity>("ReopenOpportunity", reopen).status()),
            "needs_analysis products");
  EXPECT_EQ(Must(Get(number)).stage(), "lost");
}

TEST_F(PipelineTest, AsksForFieldsBeforeItIsWon) {  // SAL-2, SAL-8
  v1::Pipeline pipeline = GetPipeline("default");
  pipeline.mutable_stages(5)->add_required_fields("competitors");
  pipeline.mutable_stages(4)->set_contract(false);
  Must(UpdatePipeline(pipeline, {"stages"}));
  v1::Opportunity draft = Draft();
  draft.set_contract_amount("90000");
  draft.set_contract_date("2026-03-20");
  const std::string number = Must(Create(draft)).number();
  EXPECT_EQ(Metadata(Win(number).status(), "missing_fields"), "competitors");
  v1::Opportunity patch;
  patch.set_number(number);
  patch.add_competitors()->set_name("竞品甲");
  patch.mutable_competitors(0)->set_advantage("本地服务");
  Must(Update(patch, {"competitors"}));
  EXPECT_EQ(Must(Win(number)).stage(), "won");
}

TEST_F(PipelineTest, LeavesOpportunitiesInAStageThatIsGone) {  // SAL-2
  const std::string number = Must(Create(Draft())).number();
  Must(Advance(number));
  v1::Pipeline pipeline = GetPipeline("default");
  pipeline.mutable_stages()->DeleteSubrange(1, 1);
  Must(UpdatePipeline(pipeline, {"stages"}));
  const v1::Opportunity kept = Must(Get(number));
  EXPECT_EQ(kept.stage(), "needs_analysis");
  EXPECT_EQ(kept.probability(), 30);
  const absl::Status refused = Advance(number).status();
  EXPECT_EQ(Metadata(refused, "legal_stages"),
            "lead_confirmed,solution_demo,negotiation,contract_signing");
  EXPECT_EQ(Must(Move(number, "negotiation")).stage(), "negotiation");
}

TEST_F(PipelineTest, AllowsTheMovesItNames) {  // SAL-2, SAL-3
  v1::Pipeline pipeline = GetPipeline("default");
  pipeline.mutable_stages(0)->add_next_stages("negotiation");
  Must(UpdatePipeline(pipeline, {"stages"}));
  const std::string number = Must(Create(Draft())).number();
  EXPECT_EQ(Metadata(Advance(number).status(), "legal_stages"), "negotiation");
  EXPECT_EQ(Must(Move(number, "negotiation")).probability(), 70);
}

TEST_F(PipelineTest, NeedsNoApprovalBelowTheThreshold) {  // SAL-7
  v1::Pipeline pipeline;
  pipeline.set_code("default");
  pipeline.set_approval_threshold("100000.01");
  Must(UpdatePipeline(pipeline, {"approval_threshold"}));
  const std::string number = Must(Create(Draft())).number();
  for (int i = 0; i < 3; ++i) Must(Advance(number));
  EXPECT_EQ(Must(Advance(number)).contract_approval(), v1::APPROVAL_STATUS_NOT_NEEDED);
  v1::Opportunity patch;
  patch.set_number(number);
  patch.set_contract_amount("100000.01");
  patch.set_contract_date("2026-03-20");
  EXPECT_EQ(Must(Update(patch, {"contract_amount", "contract_date"})).contract_approval(),
            v1::APPROVAL_STATUS_PENDING);
  patch.set_contract_amount("100000");
  Must(Update(patch, {"contract_amount"}));
  EXPECT_EQ(Must(Win(number)).stage(), "won");
}

TEST_F(PipelineTest, KeepsItsVersions) {  // SAL-2, PLT-6
  v1::Pipeline pipeline = GetPipeline("default");
  pipeline.set_name("标准管道");
  EXPECT_EQ(Must(UpdatePipeline(pipeline, {"name"})).etag(), "v2");
  pipeline.set_name("另一个名字");
  EXPECT_EQ(ErrorReason(UpdatePipeline(pipeline, {"name"}).status()), "ETAG_STALE");
  v1::ListPipelineHistoryRequest request;
  request.set_pipeline("default");
  const auto history =
      Must(Call<v1::ListPipelineHistoryResponse>("PipelineService/ListPipelineHistory", request));
  ASSERT_EQ(history.entries_size(), 1);
  EXPECT_EQ(history.entries(0).changes(0).old_value(), "默认管道");
  EXPECT_EQ(history.entries(0).actor(), "steward");
}

TEST_F(PipelineTest, CannotLoseItsStages) {  // SAL-2, PLT-8
  v1::Pipeline bare;
  bare.set_code("default");
  EXPECT_THAT(Violations(UpdatePipeline(bare, {"stages"}).status()),
              ElementsAre("pipeline.stages REQUIRED"));
  bare.set_code("bare");
  EXPECT_THAT(Violations(CreatePipeline(bare).status()),
              UnorderedElementsAre("pipeline.name REQUIRED", "pipeline.stages REQUIRED"));
}

TEST_F(PipelineTest, AreListedByPages) {  // PLT-4
  Must(CreatePipeline(ShortPipeline()));
  v1::ListPipelinesRequest request;
  request.set_page_size(1);
  const auto first =
      Must(Call<v1::ListPipelinesResponse>("PipelineService/ListPipelines", request));
  ASSERT_EQ(first.pipelines_size(), 1);
  EXPECT_EQ(first.pipelines(0).code(), "default");
  request.set_page_token(first.next_page_token());
  const auto second =
      Must(Call<v1::ListPipelinesResponse>("PipelineService/ListPipelines", request));
  ASSERT_EQ(second.pipelines_size(), 1);
  EXPECT_EQ(second.pipelines(0).code(), "short");
  EXPECT_EQ(second.next_page_token(), "");
}

}  // namespace
}  // namespace crm::sales
