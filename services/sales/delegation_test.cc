// Delegation of approvals over gRPC.
#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DelegationTest : public ReminderTest {
 protected:
  DelegationTest() {
    AddStaff("director", "east", "sales_director");
    AddStaff("deputy", "west", "sales_representative");
    AddStaff("gone", "west", "sales_director", crm::customer::v1::STAFF_STATUS_SUSPENDED);
  }
  std::string Deputy() { return harness_.TokenOf("deputy", {"sales_representative"}, "west"); }
  std::string Administrator() { return harness_.TokenOf("admin", {"administrator"}); }

  v1::ApprovalDelegation Holiday(const std::string& deputy = "deputy") {
    v1::ApprovalDelegation delegation;
    delegation.set_deputy(deputy);
    record::SetTime(Now() + kDay, *delegation.mutable_start_time());
    record::SetTime(Now() + 8 * kDay, *delegation.mutable_end_time());
    delegation.set_reason("休假");
    return delegation;
  }
  absl::StatusOr<v1::ApprovalDelegation> Delegate(const v1::ApprovalDelegation& delegation,
                                                  const std::string& token) {
    v1::CreateApprovalDelegationRequest request;
    *request.mutable_delegation() = delegation;
    return Call<v1::ApprovalDelegation>("DelegationService/CreateApprovalDelegation", request,
                                        token);
  }
  std::vector<std::string> Listed(const std::string& token) {
    const auto response = Must(Call<v1::ListApprovalDelegationsResponse>(
        "DelegationService/ListApprovalDelegations", v1::ListApprovalDelegationsRequest(), token));
    std::vector<std::string> numbers;
    for (const auto& each : response.delegations()) numbers.push_back(each.number());
    return numbers;
  }
  // In the contract stage, with a contract.
  std::string WithContract(const std::string& token = "") {
    const std::string number = Must(Create(Draft(), token)).number();
    for (const char* stage :
         {"needs_analysis", "solution_demo", "negotiation", "contract_signing"}) {
      v1::MoveStageRequest request;
      request.set_opportunity(number);
      request.set_stage(stage);
      Must(Call<v1::Opportunity>("MoveStage", request, token));
    }
    v1::Opportunity contract;
    contract.set_number(number);
    contract.set_contract_amount("90000");
    contract.set_contract_date("2026-03-20");
    Must(SalesTest::Update(contract, {"contract_amount", "contract_date"}, "", token));
    return number;
  }
};

TEST_F(DelegationTest, LetsADeputyApproveForATime) {  // SAL-7
  const std::string number = WithContract();
  Must(Delegate(Holiday(), Director()));
  EXPECT_EQ(ErrorReason(Decide("ApproveContract", number, "", Deputy()).status()),
            "NOT_AN_APPROVER");  // not yet
  Advance(kDay);
  EXPECT_EQ(Get(number, Deputy()).status().code(), absl::StatusCode::kNotFound);  // deciding only
  const v1::Opportunity approved = Must(Decide("ApproveContract", number, "同意", Deputy()));
  EXPECT_EQ(approved.contract_approval(), v1::APPROVAL_STATUS_APPROVED);
  EXPECT_EQ(approved.contract_approver(), "deputy");
  EXPECT_EQ(approved.contract_approver_for(), "director");
  EXPECT_EQ(Must(Win(number)).contract_approver_for(), "director");
  const std::string other = WithContract();
  Advance(7 * kDay);
  EXPECT_EQ(ErrorReason(Decide("ApproveContract", other, "", Deputy()).status()),
            "NOT_AN_APPROVER");  // no longer
  const v1::Opportunity own = Must(Decide("ApproveContract", other, "", Director()));
  EXPECT_EQ(own.contract_approver(), "director");
  EXPECT_EQ(own.contract_approver_for(), "");
}

TEST_F(DelegationTest, HoldsForProbabilitiesToo) {  // SAL-6, SAL-7
  const std::string number = Must(Create(Draft())).number();
  v1::ProposeProbabilityRequest propose;
  propose.set_opportunity(number);
  propose.set_probability(80);
  propose.set_note("已口头承诺");
  Must(Call<v1::Opportunity>("ProposeProbability", propose));
  Must(Delegate(Holiday(), Director()));
  Advance(kDay);
  const v1::Opportunity approved = Must(Decide("ApproveProbability", number, "", Deputy()));
  EXPECT_EQ(approved.probability(), 80);
  EXPECT_EQ(approved.probability_approver(), "deputy");
  EXPECT_EQ(approved.probability_approver_for(), "director");
}

// A deputy does not approve what the delegator proposed.
TEST_F(DelegationTest, IsNotForTheDelegatorsOwnProposal) {  // SAL-6, SAL-7
  v1::ProposeProbabilityRequest propose;
  propose.set_opportunity(Must(Create(Draft())).number());
  propose.set_probability(80);
  propose.set_note("已口头承诺");
  Must(Call<v1::Opportunity>("ProposeProbability", propose, Director()));
  Must(Delegate(Holiday(), Director()));
  Advance(kDay);
  EXPECT_EQ(ErrorReason(Decide("ApproveProbability", propose.opportunity(), "", Deputy()).status()),
            "OWN_PROPOSAL");
}

TEST_F(DelegationTest, IsNotForOnesOwnOpportunity) {  // SAL-7
  v1::Opportunity draft = Draft();
  draft.set_team("east");  // the director's
  draft.set_owner("deputy");
  const std::string number = Must(Create(draft, Steward())).number();
  for (const char* stage : {"needs_analysis", "solution_demo", "negotiation", "contract_signing"}) {
    v1::MoveStageRequest request;
    request.set_opportunity(number);
    request.set_stage(stage);
    Must(Call<v1::Opportunity>("MoveStage", request, Steward()));
  }
  Must(Delegate(Holiday(), Director()));
  Advance(kDay);
  EXPECT_EQ(ErrorReason(Decide("ApproveContract", number, "", Deputy()).status()),
            "OWN_OPPORTUNITY");
}

TEST_F(DelegationTest, ReachesAsFarAsTheDelegator) {  // SAL-7, PLT-13
  const std::string west = Must(Create(Draft("西区项目"), Rep("other", "west"))).number();
  Must(Delegate(Holiday(), Director()));
  Advance(kDay);
  EXPECT_EQ(Decide("ApproveContract", west, "", Deputy()).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(Decide("ApproveContract", west, "", Rep()).status()), "NOT_AN_APPROVER");
}

TEST_F(DelegationTest, RefusesWhatCannotBe) {  // SAL-7
  v1::ApprovalDelegation wrong = Holiday("director");
  wrong.set_delegator("director");
  *wrong.mutable_end_time() = wrong.start_time();
  EXPECT_THAT(
      Violations(Delegate(wrong, Administrator()).status()),
      ElementsAre("delegation.deputy DEPUTY_IS_DELEGATOR", "delegation.end_time RANGE_EMPTY"));
  wrong = Holiday("u-nobody");
  wrong.set_delegator("deputy");
  EXPECT_THAT(Violations(Delegate(wrong, Administrator()).status()),
              ElementsAre("delegation.delegator DELEGATOR_CANNOT_APPROVE",
                          "delegation.deputy DEPUTY_UNKNOWN"));
  EXPECT_THAT(Violations(Delegate(Holiday("gone"), Director()).status()),
              ElementsAre("delegation.deputy DEPUTY_INACTIVE"));
  AddStaff("agent", "", "service_agent");
  EXPECT_THAT(Violations(Delegate(Holiday("agent"), Director()).status()),
              ElementsAre("delegation.deputy DEPUTY_CANNOT_DECIDE"));
  EXPECT_EQ(Delegate(Holiday(), Rep()).status().code(), absl::StatusCode::kPermissionDenied);
  v1::ApprovalDelegation others = Holiday();
  others.set_delegator("gone");
  EXPECT_EQ(ErrorReason(Delegate(others, Director()).status()), "NOT_OWN_DELEGATION");
}

TEST_F(DelegationTest, EndsEarly) {  // SAL-7, PLT-13
  const std::string contract = WithContract();
  const v1::ApprovalDelegation made = Must(Delegate(Holiday(), Director()));
  EXPECT_EQ(made.number(), "AD20260001");
  EXPECT_THAT(Listed(Director()), ElementsAre(made.number()));
  EXPECT_THAT(Listed(Deputy()), ElementsAre(made.number()));
  EXPECT_THAT(Listed(Administrator()), ElementsAre(made.number()));
  EXPECT_THAT(Listed(Rep()), IsEmpty());
  Advance(2 * kDay);
  v1::UpdateApprovalDelegationRequest end;
  end.mutable_delegation()->set_number(made.number());
  record::SetTime(Now(), *end.mutable_delegation()->mutable_end_time());
  end.mutable_update_mask()->add_paths("end_time");
  const auto update = [&](const std::string& token) {
    return Call<v1::ApprovalDelegation>("DelegationService/UpdateApprovalDelegation", end, token);
  };
  EXPECT_EQ(update(Deputy()).status().code(), absl::StatusCode::kPermissionDenied);
  Must(update(Director()));
  EXPECT_EQ(ErrorReason(Decide("ApproveContract", contract, "", Deputy()).status()),
            "NOT_AN_APPROVER");
  v1::GetApprovalDelegationRequest get;
  get.set_delegation(made.number());
  EXPECT_EQ(record::TimeOf(Must(Call<v1::ApprovalDelegation>(
                                    "DelegationService/GetApprovalDelegation", get, Deputy()))
                               .end_time()),
            Now());
  EXPECT_EQ(Call<v1::ApprovalDelegation>("DelegationService/GetApprovalDelegation", get, Rep())
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crm::sales
