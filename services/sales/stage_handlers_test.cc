// Moves between stages, closing and reopening, over gRPC.
#include <thread>

#include "crm/event/v1/event.pb.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;

class StageTest : public SalesTest {
 protected:
  const std::string number_ = Must(Create(Draft())).number();

  absl::StatusOr<v1::Opportunity> Reopen(const std::string& reason) {
    v1::ReopenOpportunityRequest request;
    request.set_opportunity(number_);
    request.set_reason(reason);
    return Call<v1::Opportunity>("ReopenOpportunity", request);
  }
  std::vector<std::string> Stages() {
    std::vector<std::string> stages;
    const v1::StageHistory history = History(number_);
    for (const v1::StageMove& move : history.moves()) stages.push_back(move.stage());
    return stages;
  }
};

TEST_F(StageTest, MovesForwardOneByOne) {  // SAL-3
  const v1::Opportunity moved = Must(Advance(number_));
  EXPECT_EQ(moved.stage(), "needs_analysis");
  EXPECT_EQ(moved.probability(), 30);
  EXPECT_EQ(moved.furthest_stage(), "needs_analysis");
  const v1::StageHistory history = History(number_);
  ASSERT_EQ(history.moves_size(), 2);
  EXPECT_EQ(history.moves(1).from_stage(), "lead_confirmed");
  EXPECT_EQ(history.moves(1).actor(), "rep");
  EXPECT_FALSE(history.moves(1).late());
  EXPECT_TRUE(history.moves(0).has_leave_time());
  EXPECT_FALSE(history.moves(1).has_leave_time());
}

TEST_F(StageTest, ListsTheLegalStagesWhenAMoveIsNot) {  // SAL-3
  Must(Advance(number_));
  for (const char* stage : {"negotiation", "won", "lost", "needs_analysis", "nowhere"}) {
    const absl::Status refused = Move(number_, stage, "直接跳过").status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << stage;
    EXPECT_EQ(ErrorReason(refused), "STAGE_MOVE_ILLEGAL") << stage;
    EXPECT_EQ(Metadata(refused, "legal_stages"), "lead_confirmed,solution_demo") << stage;
  }
  for (int i = 0; i < 3; ++i) Must(Advance(number_));
  EXPECT_EQ(ErrorReason(Advance(number_).status()), "STAGE_MOVE_ILLEGAL");
}

TEST_F(StageTest, StepsBackOnlyWithAReason) {  // SAL-3
  Must(Advance(number_));
  EXPECT_THAT(Violations(Move(number_, "lead_confirmed").status()),
              ElementsAre("reason REASON_REQUIRED"));
  const v1::Opportunity back = Must(Move(number_, "lead_confirmed", "联系人更换"));
  EXPECT_EQ(back.probability(), 10);
  EXPECT_EQ(back.furthest_stage(), "needs_analysis");
  const v1::StageMove last = History(number_).moves(2);
  EXPECT_TRUE(last.backwards());
  EXPECT_EQ(last.reason(), "联系人更换");
}

TEST_F(StageTest, CountsWholeCalendarDays) {  // SAL-4
  // Entered 03-20 at 10:00; today 04-04 at 08:00: 15 days, though not 15 times 24 hours.
  harness_.clock().Set(At("2026-04-04T08:00:00+08:00"));
  v1::StageMove now = History(number_).moves(0);
  EXPECT_EQ(now.dwell_days(), 15);
  EXPECT_EQ(now.dwell_seconds(), (15 * 24 - 2) * 3600);
  Must(Advance(number_));
  harness_.clock().Set(At("2026-04-05T00:00:01+08:00"));
  const v1::StageHistory history = History(number_);
  EXPECT_EQ(history.moves(0).dwell_days(), 15);
  EXPECT_EQ(history.moves(1).dwell_days(), 1);
  EXPECT_EQ(history.moves(1).dwell_seconds(), 16 * 3600 + 1);
}

TEST_F(StageTest, TakesTheEntryTimeThatIsGiven) {  // SAL-3
  harness_.clock().Set(At("2026-03-23T10:00:00+08:00"));
  EXPECT_THAT(Violations(Move(number_, "needs_analysis", "", "2026-03-23T10:00:01+08:00").status()),
              ElementsAre("enter_time TIME_IN_FUTURE"));
  EXPECT_THAT(Violations(Move(number_, "needs_analysis", "", "2026-03-20T09:59:59+08:00").status()),
              ElementsAre("enter_time TIME_BEFORE_LAST_MOVE"));
  // Recorded 24 hours after the entry is in time, a second more is late.
  Must(Move(number_, "needs_analysis", "", "2026-03-22T09:59:59+08:00"));
  Must(Move(number_, "solution_demo", "", "2026-03-22T10:00:00+08:00"));
  const v1::StageHistory history = History(number_);
  EXPECT_TRUE(history.moves(1).late());
  EXPECT_FALSE(history.moves(2).late());
  EXPECT_EQ(record::TimeOf(history.moves(1).record_time()), harness_.clock().Now());
}

TEST_F(StageTest, KnowsTheStageOnAnyDay) {  // SAL-4
  harness_.clock().Set(At("2026-03-25T23:59:59+08:00"));
  Must(Advance(number_));
  harness_.clock().Set(At("2026-03-28T00:00:00+08:00"));
  Must(Advance(number_));
  const auto on = [&](const std::string& date) { return History(number_, date).stage_on_date(); };
  EXPECT_EQ(on("2026-03-19"), "");
  EXPECT_EQ(on("2026-03-24"), "lead_confirmed");
  EXPECT_EQ(on("2026-03-25"), "needs_analysis");
  EXPECT_EQ(on("2026-03-27"), "needs_analysis");
  EXPECT_EQ(on("2026-03-28"), "solution_demo");
  EXPECT_EQ(on("2026-12-31"), "solution_demo");
}

TEST_F(StageTest, LosesNoMoveOfManyAtOnce) {  // SAL-3, PLT-6
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] { EXPECT_TRUE(Advance(number_).ok()); });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(Stages(), ElementsAre("lead_confirmed", "needs_analysis", "solution_demo",
                                    "negotiation", "contract_signing"));
  const v1::StageHistory history = History(number_);
  for (int i = 0; i + 1 < history.moves_size(); ++i) {
    EXPECT_EQ(history.moves(i).leave_time().SerializeAsString(),
              history.moves(i + 1).enter_time().SerializeAsString());
  }
}

TEST_F(StageTest, IsLostWithItsReasonAndReopened) {  // SAL-4, SAL-8
  Must(Advance(number_));
  v1::LoseOpportunityRequest bare;
  bare.set_opportunity(number_);
  EXPECT_THAT(Violations(Call<v1::Opportunity>("LoseOpportunity", bare).status()),
              ElementsAre("reason REQUIRED", "note REQUIRED"));
  const v1::Opportunity lost = Must(Lose(number_));
  EXPECT_EQ(lost.stage_kind(), v1::STAGE_KIND_LOST);
  EXPECT_EQ(lost.probability(), 0);
  EXPECT_EQ(lost.loss_reason(), v1::LOSS_REASON_COMPETITOR);
  EXPECT_EQ(lost.lost_to(), "竞品甲");
  EXPECT_EQ(lost.last_open_stage(), "needs_analysis");
  EXPECT_EQ(lost.furthest_stage(), "needs_analysis");
  EXPECT_EQ(ErrorReason(Advance(number_).status()), "OPPORTUNITY_CLOSED");
  EXPECT_EQ(ErrorReason(Lose(number_).status()), "OPPORTUNITY_CLOSED");
  v1::Opportunity patch;
  patch.set_number(number_);
  patch.set_amount("110000");
  EXPECT_EQ(ErrorReason(Update(patch, {"amount"}).status()), "OPPORTUNITY_CLOSED");

  const v1::Opportunity open = Must(Reopen("客户重新启动项目"));
  EXPECT_EQ(open.stage(), "needs_analysis");
  EXPECT_EQ(open.probability(), 30);
  EXPECT_FALSE(open.has_close_time());
  EXPECT_EQ(open.loss_reason(), v1::LOSS_REASON_UNSPECIFIED);
  EXPECT_THAT(Stages(), ElementsAre("lead_confirmed", "needs_analysis", "lost", "needs_analysis"));
  EXPECT_EQ(History(number_).moves(3).reason(), "客户重新启动项目");
  EXPECT_EQ(ErrorReason(Reopen("再来一次").status()), "OPPORTUNITY_NOT_LOST");
}

TEST_F(StageTest, IsWonWithAnApprovedContractOnly) {  // SAL-7, SAL-8
  EXPECT_EQ(ErrorReason(Win(number_).status()), "NOT_IN_CONTRACT_STAGE");
  for (int i = 0; i < 4; ++i) Must(Advance(number_));
  EXPECT_EQ(Must(Get(number_)).contract_approval(), v1::APPROVAL_STATUS_PENDING);
  EXPECT_EQ(ErrorReason(Win(number_).status()), "CONTRACT_INCOMPLETE");
  EXPECT_EQ(ErrorReason(Decide("ApproveContract", number_, "", Director()).status()),
            "CONTRACT_INCOMPLETE");
  v1::Opportunity patch;
  patch.set_number(number_);
  patch.set_contract_amount("95000");
  patch.set_contract_date("2026-03-19");
  Must(Update(patch, {"contract_amount", "contract_date"}));
  EXPECT_EQ(ErrorReason(Win(number_).status()), "CONTRACT_NOT_APPROVED");
  EXPECT_EQ(Decide("ApproveContract", number_, "", Rep()).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Violations(Decide("RejectContract", number_, "", Director()).status()),
              ElementsAre("note REQUIRED"));
  Must(Decide("RejectContract", number_, "缺少质保条款", Director()));
  EXPECT_EQ(ErrorReason(Win(number_).status()), "CONTRACT_NOT_APPROVED");
  // Another contract asks again; an unrelated change does not.
  patch.set_contract_amount("96000");
  EXPECT_EQ(Must(Update(patch, {"contract_amount"})).contract_approval(),
            v1::APPROVAL_STATUS_PENDING);
  EXPECT_EQ(Must(Decide("ApproveContract", number_, "", Director())).contract_approver(),
            "director");
  patch.set_risk("无");
  EXPECT_EQ(Must(Update(patch, {"risk"})).contract_approval(), v1::APPROVAL_STATUS_APPROVED);

  const v1::Opportunity won = Must(Win(number_));
  EXPECT_EQ(won.stage_kind(), v1::STAGE_KIND_WON);
  EXPECT_EQ(won.probability(), 100);
  EXPECT_EQ(won.win_reason(), v1::WIN_REASON_PRODUCT);
  EXPECT_EQ(won.base_amount(), "96000.00");
  EXPECT_EQ(ErrorReason(Win(number_).status()), "OPPORTUNITY_CLOSED");
}

TEST_F(StageTest, TellsOnceThatItIsWon) {  // SAL-9
  MakeWon(number_, "96000");
  EXPECT_FALSE(Win(number_).ok());
  auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
  ASSERT_TRUE(db.ok());
  auto rows = (*db)->Select({"outbox_of_test", "SELECT payload FROM outbox"}, {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  std::vector<v1::Opportunity> told;
  while (rows->Next()) {
    crm::event::v1::EventBatch batch;
    ASSERT_TRUE(batch.ParseFromString(rows->String(0)));
    for (const crm::event::v1::Event& event : batch.events()) {
      if (event.type() != "opportunity.won") continue;
      EXPECT_EQ(event.subject(), number_);
      ASSERT_TRUE(event.payload().UnpackTo(&told.emplace_back()));
    }
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].customer(), kCustomer);
  EXPECT_EQ(told[0].contract_amount(), "96000.00");
  EXPECT_EQ(told[0].contract_date(), "2026-03-20");
  EXPECT_EQ(told[0].source_channel(), "website");
}

TEST_F(StageTest, CountsAnApprovedProbabilityOnly) {  // SAL-6
  v1::ProposeProbabilityRequest propose;
  propose.set_opportunity(number_);
  propose.set_probability(45);
  propose.set_note("决策人支持");
  v1::Opportunity proposed = Must(Call<v1::Opportunity>("ProposeProbability", propose));
  EXPECT_EQ(proposed.probability(), 10);
  EXPECT_EQ(proposed.probability_approval(), v1::APPROVAL_STATUS_PENDING);
  EXPECT_EQ(Decide("ApproveProbability", number_, "", Rep()).status().code(),
            absl::StatusCode::kPermissionDenied);
  Must(Decide("RejectProbability", number_, "证据不足", Director()));
  EXPECT_EQ(Must(Get(number_)).probability(), 10);
  EXPECT_EQ(ErrorReason(Decide("ApproveProbability", number_, "", Director()).status()),
            "NOTHING_TO_APPROVE");
  Must(Call<v1::Opportunity>("ProposeProbability", propose));
  EXPECT_EQ(Must(Decide("ApproveProbability", number_, "同意", Director())).probability(), 45);
  // An unrelated update never resets it; the next stage does.
  v1::Opportunity patch;
  patch.set_number(number_);
  patch.set_name("数据平台一期");
  EXPECT_EQ(Must(Update(patch, {"name"})).probability(), 45);
  EXPECT_EQ(ErrorReason(Call<v1::Opportunity>("ProposeProbability", propose).status()),
            "PROBABILITY_OVERRIDDEN");
  const v1::Opportunity moved = Must(Advance(number_));
  EXPECT_EQ(moved.probability(), 30);
  EXPECT_FALSE(moved.has_proposed_probability());
}

TEST_F(StageTest, WithdrawsAnApprovedProbability) {  // SAL-6
  v1::ProposeProbabilityRequest propose;
  propose.set_opportunity(number_);
  propose.set_probability(60);
  propose.set_note("预算已批");
  Must(Call<v1::Opportunity>("ProposeProbability", propose, Director()));
  EXPECT_EQ(ErrorReason(Decide("ApproveProbability", number_, "", Director()).status()),
            "OWN_PROPOSAL");
  const std::string other = harness_.TokenOf("director2", {"sales_director"}, "east");
  EXPECT_EQ(Must(Decide("ApproveProbability", number_, "", other)).probability(), 60);
  v1::WithdrawProbabilityRequest withdraw;
  withdraw.set_opportunity(number_);
  const v1::Opportunity after = Must(Call<v1::Opportunity>("WithdrawProbability", withdraw));
  EXPECT_EQ(after.probability(), 10);
  EXPECT_EQ(after.probability_approval(), v1::APPROVAL_STATUS_UNSPECIFIED);
}

}  // namespace
}  // namespace crm::sales
