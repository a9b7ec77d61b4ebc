#include <map>
#include <random>

#include "common/replica/staff_copy.h"
#include "common/text/decimal.h"
#include "crm/sales/v1/target.pb.h"
#include "services/sales/amount_rules.h"
#include "services/sales/sales_test_fixture.h"
#include "services/sales/target_rules.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TargetTest : public SalesTest {
 protected:
  TargetTest() {
    db::WriteSet writes;
    for (const auto& [id, parent] :
         {std::pair{"china", ""}, {"east", "china"}, {"west", "china"}}) {
      crm::customer::v1::StaffTeam team;
      team.set_team_id(id);
      team.set_name(absl::StrCat("团队", id));
      team.set_parent(parent);
      replica::StaffCopy::Keep(team, 1, writes);
    }
    for (const auto& [id, team] : {std::pair{"rep", "east"}, {"li", "west"}}) {
      crm::customer::v1::StaffUser user;
      user.set_user_id(id);
      user.set_name(absl::StrCat("员工", id));
      user.set_team(team);
      user.add_roles("sales_representative");
      user.set_status(crm::customer::v1::STAFF_STATUS_ACTIVE);
      replica::StaffCopy::Keep(user, 1, writes);
    }
    replica::StaffCopy::MarkChanged(writes);
    Commit(std::move(writes));
    replica_ = &harness_.StartReplica();
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(const std::string& method, const Request& request,
                               const std::string& token) {
    return harness_.CallOn<Request, Response>(*replica_, token, "crm.sales.v1." + method, request);
  }
  absl::StatusOr<v1::Target> Set(v1::TargetKind kind, const std::string& subject,
                                 const std::string& period, const std::string& amount,
                                 const std::string& token = "", const std::string& etag = "") {
    v1::SetTargetRequest request;
    request.mutable_target()->set_kind(kind);
    request.mutable_target()->set_subject(subject);
    request.mutable_target()->set_period(period);
    request.mutable_target()->set_amount(amount);
    request.mutable_target()->set_etag(etag);
    return Ask<v1::Target>("TargetService/SetTarget", request, token.empty() ? Steward() : token);
  }
  v1::GetAttainmentResponse Attainment(const std::string& period, const std::string& token = "") {
    v1::GetAttainmentRequest request;
    request.set_period(period);
    return Must(Ask<v1::GetAttainmentResponse>("TargetService/GetAttainment", request,
                                               token.empty() ? Steward() : token));
  }

  void ToContract(const std::string& number) {
    v1::AdvanceStageRequest advance;
    advance.set_opportunity(number);
    for (int i = 0; i < 4; ++i) {
      Must(Call<v1::Opportunity>("AdvanceStage", advance, Steward()));
    }
  }
  void WinIt(const std::string& number, const std::string& amount, const std::string& team) {
    v1::Opportunity contract;
    contract.set_number(number);
    contract.set_contract_amount(amount);
    contract.set_contract_date("2026-03-20");
    Must(Update(contract, {"contract_amount", "contract_date"}, "", Steward()));
    Must(Decide("ApproveContract", number, "", Director(team)));
    v1::WinOpportunityRequest win;
    win.set_opportunity(number);
    win.set_reason(v1::WIN_REASON_PRICE);
    win.set_note("赢单");
    Must(Call<v1::Opportunity>("WinOpportunity", win, Steward()));
  }
  void LoseIt(const std::string& number) {
    v1::LoseOpportunityRequest lose;
    lose.set_opportunity(number);
    lose.set_reason(v1::LOSS_REASON_PRICE);
    lose.set_note("输单");
    Must(Call<v1::Opportunity>("LoseOpportunity", lose, Steward()));
  }

  crm::testing::Replica* replica_ = nullptr;
};

TEST_F(TargetTest, IsSetOnceForASubjectAndPeriod) {  // SAL-19
  const v1::Target first = Must(Set(v1::TARGET_KIND_PERSON, "rep", "2026-03", "300000"));
  EXPECT_THAT(first.number(), ::testing::StartsWith("TG2026"));
  EXPECT_EQ(first.team(), "east");
  const v1::Target changed =
      Must(Set(v1::TARGET_KIND_PERSON, "rep", "2026-03", "350000", "", first.etag()));
  EXPECT_EQ(changed.number(), first.number());
  EXPECT_EQ(changed.amount(), "350000.00");
  EXPECT_EQ(
      ErrorReason(Set(v1::TARGET_KIND_PERSON, "rep", "2026-03", "1", "", first.etag()).status()),
      "ETAG_STALE");
  v1::ListTargetHistoryRequest history;
  history.set_target(first.number());
  EXPECT_EQ(Must(Ask<v1::ListTargetHistoryResponse>("TargetService/ListTargetHistory", history,
                                                    Steward()))
                .entries_size(),
            2);
  v1::DeleteTargetRequest remove;
  remove.set_target(first.number());
  Must(Ask<v1::DeleteTargetResponse>("TargetService/DeleteTarget", remove, Steward()));
  EXPECT_THAT(Attainment("2026-03").lines(), IsEmpty());
  EXPECT_EQ(Ask<v1::DeleteTargetResponse>("TargetService/DeleteTarget", remove, Steward())
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

TEST_F(TargetTest, RefusesWhatIsNoTarget) {  // SAL-19, PLT-7
  EXPECT_THAT(Violations(Set(v1::TARGET_KIND_PERSON, "nobody", "2026-03", "1").status()),
              ElementsAre("target.subject SUBJECT_UNKNOWN"));
  EXPECT_THAT(Violations(Set(v1::TARGET_KIND_TEAM, "rep", "2026-03", "1").status()),
              ElementsAre("target.subject SUBJECT_UNKNOWN"));
  EXPECT_THAT(Violations(Set(v1::TARGET_KIND_TEAM, "east", "2026-03", "0").status()),
              ElementsAre("target.amount AMOUNT_NOT_POSITIVE"));
  EXPECT_FALSE(Set(v1::TARGET_KIND_TEAM, "east", "2026-13", "1").ok());
  EXPECT_FALSE(Set(v1::TARGET_KIND_UNSPECIFIED, "east", "2026-03", "1").ok());
}

TEST_F(TargetTest, KeepsToTheScope) {  // SAL-19, PLT-13
  EXPECT_EQ(Set(v1::TARGET_KIND_PERSON, "rep", "2026-03", "1", Rep()).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(
      ErrorReason(Set(v1::TARGET_KIND_TEAM, "west", "2026-03", "1", Director("east")).status()),
      "SUBJECT_OUT_OF_SCOPE");
  Must(Set(v1::TARGET_KIND_TEAM, "east", "2026-03", "1", Director("east")));
  Must(Set(v1::TARGET_KIND_PERSON, "rep", "2026-03", "1"));
  Must(Set(v1::TARGET_KIND_PERSON, "li", "2026-03", "1"));
  EXPECT_EQ(Attainment("2026-03").lines_size(), 3);
  EXPECT_EQ(Attainment("2026-03", Director("east")).lines_size(), 2);
  const auto own = Attainment("2026-03", Rep());
  ASSERT_EQ(own.lines_size(), 1);
  EXPECT_EQ(own.lines(0).subject(), "rep");
}

// Lost ones count nothing anywhere; a team's counts the teams below it.
TEST_F(TargetTest, AttainmentAgreesWithTheOpportunities) {  // SAL-19
  std::mt19937 random(20260324);
  const auto pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  struct Sums {
    int64_t closed = 0, expected = 0, weighted = 0, committed = 0;
  };
  std::map<std::string, Sums> by_subject;
  for (int i = 0; i < 24; ++i) {
    const std::string owner = pick(2) == 0 ? "rep" : "li";
    v1::Opportunity draft = Draft(absl::StrCat("项目", i), absl::StrCat(1000 + pick(90'000)));
    draft.set_owner(owner);
    draft.set_expected_close_date(pick(2) == 0 ? "2026-03-28" : "2026-05-28");
    v1::CreateOpportunityRequest create;
    *create.mutable_opportunity() = draft;
    const v1::Opportunity made =
        Must(Ask<v1::Opportunity>("OpportunityService/CreateOpportunity", create, Steward()));
    const int fate = pick(4);
    if (fate == 0) LoseIt(made.number());
    if (fate == 1 || fate == 2) ToContract(made.number());
    if (fate == 1) WinIt(made.number(), absl::StrCat(1000 + pick(5000)), made.team());
    v1::GetOpportunityRequest get;
    get.set_opportunity(made.number());
    const auto now =
        Must(Ask<v1::Opportunity>("OpportunityService/GetOpportunity", get, Steward()));
    const bool in_march =
        now.stage_kind() == v1::STAGE_KIND_WON || now.expected_close_date() == "2026-03-28";
    if (now.stage_kind() == v1::STAGE_KIND_LOST || !in_march) continue;
    for (const std::string& subject : {now.owner(), now.team(), std::string("china")}) {
      Sums& sums = by_subject[subject];
      const int64_t cents = CentsOf(now.base_amount());
      if (now.stage_kind() == v1::STAGE_KIND_WON) {
        sums.closed += cents;
        continue;
      }
      sums.expected += cents;
      sums.weighted += cents * now.probability();
      if (now.stage() == "contract_signing") sums.committed += cents;
    }
  }
  Must(Set(v1::TARGET_KIND_PERSON, "rep", "2026-03", "50000"));
  Must(Set(v1::TARGET_KIND_TEAM, "west", "2026-03", "40000"));
  Must(Set(v1::TARGET_KIND_TEAM, "china", "2026-03", "90000"));
  const auto response = Attainment("2026-03");
  ASSERT_EQ(response.lines_size(), 3);
  EXPECT_EQ(response.lines(0).name(), "团队china");
  EXPECT_EQ(response.lines(2).name(), "员工rep");
  for (const v1::Attainment& line : response.lines()) {
    const Sums& sums = by_subject[line.subject()];
    const int64_t target = CentsOf(line.target());
    const int64_t weighted = (sums.weighted + 50) / 100;
    EXPECT_EQ(CentsOf(line.closed()), sums.closed) << line.subject();
    EXPECT_EQ(CentsOf(line.gap()), target - sums.closed) << line.subject();
    EXPECT_EQ(CentsOf(line.expected()), sums.expected) << line.subject();
    EXPECT_EQ(CentsOf(line.weighted()), weighted) << line.subject();
    EXPECT_EQ(CentsOf(line.committed()), sums.committed) << line.subject();
    EXPECT_EQ(CentsOf(line.forecast()), sums.closed + weighted) << line.subject();
    EXPECT_DOUBLE_EQ(line.attainment(),
                     static_cast<double>(sums.closed) / static_cast<double>(target));
  }
}

TEST(MonthsTest, OfAMonthAQuarterAYear) {  // SAL-19
  EXPECT_EQ(MonthsOf("2026-03").first, 202603);
  EXPECT_EQ(MonthsOf("2026-03").last, 202603);
  EXPECT_EQ(MonthsOf("2026-Q4").first, 202610);
  EXPECT_EQ(MonthsOf("2026-Q4").last, 202612);
  EXPECT_EQ(MonthsOf("2026").first, 202601);
  EXPECT_EQ(MonthsOf("2026").last, 202612);
}

}  // namespace
}  // namespace crm::sales
