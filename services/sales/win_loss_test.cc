// Won and lost, over gRPC: five closed opportunities, and what everybody can add up of them.
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WinLossTest : public SalesTest {
 protected:
  WinLossTest() {
    both_won_ = Add("甲乙皆败", "100000", "website", {"甲公司", "乙公司"});
    MakeWon(both_won_, "95000");
    to_first_ = Add("败于甲", "100000", "referral", {"甲公司"});
    Must(Lose(to_first_, v1::LOSS_REASON_COMPETITOR, "甲公司"));
    // Whom it was lost to was not known to take part.
    to_third_ = Add("败于丙", "2000000", "website", {"乙公司"});
    Must(Lose(to_third_, v1::LOSS_REASON_COMPETITOR, "丙公司"));
    MakeWon(Add("无人竞争", "6000", "website", {}), "5000");
    v1::LoseOpportunityRequest lose;
    lose.set_opportunity(Add("未作决定", "9999.99", "referral", {}, Rep("li", "west")));
    lose.set_reason(v1::LOSS_REASON_NO_DECISION);
    lose.set_note("项目搁置");
    Must(Call<v1::Opportunity>("LoseOpportunity", lose, Rep("li", "west")));
    Add("进行中", "100000", "website", {"甲公司"});
  }

  std::string Add(const std::string& name, const std::string& amount, const std::string& source,
                  const std::vector<std::string>& competitors, const std::string& token = "") {
    v1::Opportunity draft = Draft(name, amount);
    draft.set_source_channel(source);
    for (const std::string& each : competitors) {
      v1::Competitor& competitor = *draft.add_competitors();
      competitor.set_name(each);
      competitor.set_advantage("本地服务");
    }
    if (!competitors.empty()) draft.add_products()->set_product_name("数据平台");
    return Must(Create(draft, token)).number();
  }
  absl::StatusOr<v1::GetWinLossResponse> Ask(const v1::GetWinLossRequest& request,
                                             const std::string& token = "") {
    return Call<v1::GetWinLossResponse>("SalesReportService/GetWinLoss", request,
                                        token.empty() ? Steward() : token);
  }
  static v1::GetWinLossRequest Of(v1::WinLossGroup group) {
    v1::GetWinLossRequest request;
    request.set_from_date("2026-03-20");
    request.set_to_date("2026-03-20");
    request.set_group(group);
    return request;
  }
  // "group won amount lost amount rate" of each line.
  std::vector<std::string> Lines(const v1::GetWinLossRequest& request,
                                 const std::string& token = "") {
    std::vector<std::string> lines;
    const v1::GetWinLossResponse response = Must(Ask(request, token));
    for (const v1::WinLossLine& line : response.lines()) {
      lines.push_back(absl::StrCat(line.group().empty() ? "-" : line.group(), " ", line.won_count(),
                                   " ", line.won_amount(), " ", line.lost_count(), " ",
                                   line.lost_amount(), " ", line.win_rate()));
    }
    return lines;
  }
  std::vector<std::string> ByCompetitor() { return Lines(Of(v1::WIN_LOSS_GROUP_COMPETITOR)); }

  std::string both_won_;
  std::string to_first_;
  std::string to_third_;
};

TEST_F(WinLossTest, TellsOpportunitiesApart) {  // SAL-15
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_UNSPECIFIED)),
              ElementsAre("- 2 100000.00 3 2109999.99 0.4"));
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_REASON)),
              ElementsAre("LOSS_REASON_COMPETITOR 0 0.00 2 2100000.00 0",
                          "LOSS_REASON_NO_DECISION 0 0.00 1 9999.99 0",
                          "WIN_REASON_PRODUCT 2 100000.00 0 0.00 1"));
  EXPECT_THAT(
      Lines(Of(v1::WIN_LOSS_GROUP_SOURCE)),
      ElementsAre("referral 0 0.00 2 109999.99 0", "website 2 100000.00 1 2000000.00 0.666667"));
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_OWNER)),
              ElementsAre("li 0 0.00 1 9999.99 0", "rep 2 100000.00 2 2100000.00 0.5"));
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_TEAM)),
              ElementsAre("east 2 100000.00 2 2100000.00 0.5", "west 0 0.00 1 9999.99 0"));
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_MANAGER)),  // nobody has one here
              ElementsAre("- 2 100000.00 3 2109999.99 0.4"));
  EXPECT_THAT(
      Lines(Of(v1::WIN_LOSS_GROUP_PRODUCT)),
      ElementsAre("- 1 5000.00 1 9999.99 0.5", "数据平台 1 95000.00 2 2100000.00 0.333333"));
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_AMOUNT_BAND)),
              ElementsAre("10000-100000 1 95000.00 0 0.00 1", "100000-1000000 0 0.00 1 100000.00 0",
                          "<10000 1 5000.00 1 9999.99 0.5", ">=1000000 0 0.00 1 2000000.00 0"));
}

TEST_F(WinLossTest, MeasuresTheSalesCycle) {  // SAL-15
  // Won on 03-20 at 10:00, both leads came on 03-01 at 09:00; the lost ones do not count.
  const v1::GetWinLossResponse response = Must(Ask(Of(v1::WIN_LOSS_GROUP_UNSPECIFIED)));
  ASSERT_EQ(response.lines_size(), 1);
  EXPECT_DOUBLE_EQ(response.lines(0).mean_cycle_days(), 19 + 1.0 / 24);
  EXPECT_FALSE(Must(Ask(Of(v1::WIN_LOSS_GROUP_TEAM))).lines(1).has_mean_cycle_days());
}

// Against a competitor counts what it took part in, won and lost.
TEST_F(WinLossTest, TellsTheRateAgainstEachCompetitor) {  // SAL-15
  EXPECT_THAT(
      ByCompetitor(),
      ElementsAre("- 1 5000.00 1 9999.99 0.5", "丙公司 0 0.00 1 2000000.00 0",
                  "乙公司 1 95000.00 1 2000000.00 0.5", "甲公司 1 95000.00 1 100000.00 0.5"));
  // By what else the report can be asked, too.
  v1::GetWinLossRequest of_referrals = Of(v1::WIN_LOSS_GROUP_COMPETITOR);
  of_referrals.set_source_channel("referral");
  EXPECT_THAT(Lines(of_referrals),
              ElementsAre("- 0 0.00 1 9999.99 0", "甲公司 0 0.00 1 100000.00 0"));
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_COMPETITOR), Rep("li", "west")),
              ElementsAre("- 0 0.00 1 9999.99 0"));
  EXPECT_THAT(Lines(Of(v1::WIN_LOSS_GROUP_COMPETITOR), Director("west")),
              ElementsAre("- 0 0.00 1 9999.99 0"));
}

TEST_F(WinLossTest, FollowsWhatIsSaidLaterOfCompetitors) {  // SAL-15
  // One more is remembered, another one never took part.
  v1::Opportunity patch;
  patch.set_number(to_third_);
  patch.add_competitors()->set_name("甲公司");
  patch.mutable_competitors(0)->set_advantage("本地服务");
  Must(Update(patch, {"competitors"}));
  EXPECT_THAT(ByCompetitor(),
              ElementsAre("- 1 5000.00 1 9999.99 0.5", "丙公司 0 0.00 1 2000000.00 0",
                          "乙公司 1 95000.00 0 0.00 1", "甲公司 1 95000.00 2 2100000.00 0.333333"));
  // Reopened, it is not lost to anybody.
  v1::ReopenOpportunityRequest reopen;
  reopen.set_opportunity(to_third_);
  reopen.set_reason("客户重新招标");
  Must(Call<v1::Opportunity>("ReopenOpportunity", reopen));
  EXPECT_THAT(ByCompetitor(), ElementsAre("- 1 5000.00 1 9999.99 0.5", "乙公司 1 95000.00 0 0.00 1",
                                          "甲公司 1 95000.00 1 100000.00 0.5"));
}

TEST_F(WinLossTest, CountsTheDaysAskedFor) {  // SAL-15
  v1::GetWinLossRequest later = Of(v1::WIN_LOSS_GROUP_UNSPECIFIED);
  later.set_from_date("2026-03-21");
  later.set_to_date("2026-03-31");
  EXPECT_THAT(Lines(later), IsEmpty());
  later.set_group(v1::WIN_LOSS_GROUP_COMPETITOR);
  EXPECT_THAT(Lines(later), IsEmpty());
  later.set_to_date("2026-03-20");
  EXPECT_THAT(Violations(Ask(later).status()), ElementsAre("to_date PERIOD_BACKWARDS"));
}

}  // namespace
}  // namespace crm::sales
