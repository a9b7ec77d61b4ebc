// Opportunities over gRPC: creating, reading, changing.
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class OpportunityTest : public SalesTest {
 protected:
  std::vector<std::string> Names(const std::string& filter, const std::string& order_by,
                                 const std::string& token) {
    v1::ListOpportunitiesRequest request;
    request.set_filter(filter);
    request.set_order_by(order_by);
    const auto response =
        Must(Call<v1::ListOpportunitiesResponse>("ListOpportunities", request, token));
    std::vector<std::string> names;
    for (const v1::Opportunity& each : response.opportunities()) names.push_back(each.name());
    return names;
  }
};

TEST_F(OpportunityTest, BeginsInTheFirstStageWithTheCaller) {  // SAL-1, SAL-2
  const v1::Opportunity created = Must(Create(Draft()));
  EXPECT_EQ(created.number(), "SO202603001");
  EXPECT_EQ(created.owner(), "rep");
  EXPECT_EQ(created.team(), "east");
  EXPECT_EQ(created.pipeline(), "default");
  EXPECT_EQ(created.stage(), "lead_confirmed");
  EXPECT_EQ(created.stage_kind(), v1::STAGE_KIND_OPEN);
  EXPECT_EQ(created.probability(), 10);
  EXPECT_EQ(created.amount(), "100000.00");
  EXPECT_EQ(created.currency(), "CNY");
  EXPECT_EQ(created.base_amount(), "100000.00");
  EXPECT_EQ(created.creator(), "rep");
  const v1::Opportunity read = Must(Get(created.number()));
  EXPECT_EQ(read.SerializeAsString(), created.SerializeAsString());
}

TEST_F(OpportunityTest, NamesEverythingThatIsMissing) {  // SAL-1
  v1::Opportunity competitor_only;
  competitor_only.add_competitors()->set_name("竞品甲");
  EXPECT_THAT(
      Violations(Create(competitor_only).status()),
      UnorderedElementsAre("opportunity.customer REQUIRED", "opportunity.name REQUIRED",
                           "opportunity.expected_close_date REQUIRED",
                           "opportunity.source_channel REQUIRED", "opportunity.lead_time REQUIRED",
                           "opportunity.competitors[0].advantage REQUIRED"));
  EXPECT_THAT(Violations(Create(Draft("无金额", "")).status()),
              ElementsAre("opportunity.amount REQUIRED"));
}

TEST_F(OpportunityTest, RefusesAmountsAndTimesThatCannotBe) {  // SAL-1
  v1::Opportunity wrong = Draft("零元", "0");
  record::SetTime(harness_.clock().Now() + absl::Seconds(1), *wrong.mutable_lead_time());
  EXPECT_THAT(Violations(Create(wrong).status()),
              ElementsAre("opportunity.amount AMOUNT_NOT_POSITIVE",
                          "opportunity.lead_time TIME_IN_FUTURE"));
  v1::Opportunity stranger = Draft();
  stranger.set_owner("u-nobody");
  EXPECT_THAT(Violations(Create(stranger).status()),
              ElementsAre("opportunity.owner OWNER_UNKNOWN"));
  v1::Opportunity elsewhere = Draft();
  elsewhere.set_pipeline("nowhere");
  EXPECT_THAT(Violations(Create(elsewhere).status()),
              ElementsAre("opportunity.pipeline PIPELINE_UNKNOWN"));
}

TEST_F(OpportunityTest, OfAProgramHasAPersonForAnOwner) {  // SAL-1
  const std::string erp = harness_.TokenOfService("crm-erp", {"data_steward"});
  const absl::Status refused = Create(Draft(), erp).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Violations(refused), ElementsAre("opportunity.owner REQUIRED"));
  v1::Opportunity its_own = Draft();
  its_own.set_owner("crm-erp");
  EXPECT_THAT(Violations(Create(its_own, erp).status()),
              ElementsAre("opportunity.owner OWNER_UNKNOWN"));
  EXPECT_THAT(Names("", "", Steward()), IsEmpty());
}

TEST_F(OpportunityTest, AddsUpProducts) {  // SAL-18
  v1::Opportunity draft = Draft("产品合计", "");
  v1::OpportunityProduct& platform = *draft.add_products();
  platform.set_product_name("数据平台");
  platform.set_quantity("3");
  platform.set_price("1000");
  platform.set_discount("10");
  v1::OpportunityProduct& support = *draft.add_products();
  support.set_product_code("P-2");
  support.set_quantity("0.5");
  support.set_price("0.05");  // 0.025 is rounded half up
  const v1::Opportunity created = Must(Create(draft));
  EXPECT_EQ(created.products(0).amount(), "2700.00");
  EXPECT_EQ(created.products(1).amount(), "0.03");
  EXPECT_EQ(created.amount(), "2700.03");

  draft.set_amount("2700");
  EXPECT_THAT(Violations(Create(draft).status()),
              ElementsAre("opportunity.amount AMOUNT_DIFFERS_FROM_PRODUCTS"));

  v1::Opportunity patch;
  patch.set_number(created.number());
  *patch.add_products() = platform;
  EXPECT_EQ(Must(Update(patch, {"products"})).amount(), "2700.00");
}

TEST_F(OpportunityTest, KeepsTheRateOfTheDayItsAmountWasSet) {  // SAL-18
  v1::Opportunity draft = Draft("海外项目", "1000.01");
  draft.set_currency("USD");
  EXPECT_THAT(Violations(Create(draft).status()),
              ElementsAre("opportunity.exchange_rate RATE_REQUIRED"));
  draft.set_exchange_rate("7.12345");
  const v1::Opportunity created = Must(Create(draft));
  EXPECT_EQ(created.base_amount(), "7123.52");  // 7123.5212…

  v1::Opportunity patch;
  patch.set_number(created.number());
  patch.set_exchange_rate("8");
  EXPECT_THAT(Violations(Update(patch, {"exchange_rate"}).status()),
              ElementsAre("opportunity.exchange_rate RATE_WITHOUT_AMOUNT"));
  patch.set_amount("1100");
  EXPECT_EQ(Must(Update(patch, {"exchange_rate", "amount"})).base_amount(), "8800.00");
}

TEST_F(OpportunityTest, WantsAReasonForLargeChangesOfTheAmount) {  // SAL-5
  v1::Opportunity patch;
  patch.set_number(Must(Create(Draft())).number());
  const auto change = [&](const std::string& amount, const std::string& reason) {
    patch.set_amount(amount);
    return Update(patch, {"amount"}, reason);
  };
  EXPECT_TRUE(change("120000", "").ok());  // exactly 20 %
  EXPECT_TRUE(change("80000", "").ok());
  EXPECT_THAT(Violations(change("79999.99", "").status()),
              ElementsAre("amount_reason AMOUNT_REASON_REQUIRED"));
  // Small steps are measured from where the last reason left off.
  ASSERT_TRUE(change("115000", "").ok());
  EXPECT_THAT(Violations(change("130000", "").status()),
              ElementsAre("amount_reason AMOUNT_REASON_REQUIRED"));
  const v1::Opportunity explained = Must(change("130000", "增加二期"));
  EXPECT_EQ(explained.amount_reason(), "增加二期");
  EXPECT_TRUE(change("156000", "").ok());
  EXPECT_FALSE(change("156000.01", "").ok());
}

TEST_F(OpportunityTest, BelongsToItsOwnerAndTeam) {  // PLT-13
  const std::string number = Must(Create(Draft("东区项目"))).number();
  Must(Create(Draft("西区项目"), Rep("other", "west")));
  EXPECT_EQ(Get(number, Rep("other", "west")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Get(number, Director("east")).ok());
  EXPECT_EQ(Get(number, Director("west")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Names("", "", Rep()), ElementsAre("东区项目"));
  EXPECT_THAT(Names("", "name", Steward()), UnorderedElementsAre("东区项目", "西区项目"));
  const std::string agent = harness_.TokenOf("agent", {"service_agent"});
  EXPECT_EQ(Get(number, agent).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Create(Draft(), agent).status().code(), absl::StatusCode::kPermissionDenied);
}

// Somebody else's customer is none, for whoever may read only their own.
TEST_F(OpportunityTest, IsOpenedOnACustomerInScope) {  // SAL-1, PLT-13
  crm::customer::v1::Customer customer;
  customer.set_number("CRM2026000002");
  customer.set_etag("v1");
  customer.set_kind(crm::customer::v1::CUSTOMER_KIND_ORGANIZATION);
  customer.set_full_name("杭州星河贸易有限公司");
  customer.set_owner("other");
  customer.set_team("west");
  db::WriteSet writes;
  replica::KeepCustomer(customer, writes);
  Commit(std::move(writes));
  v1::Opportunity draft = Draft();
  draft.set_customer(customer.number());
  const absl::Status refused = Create(draft).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(refused), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(Create(draft, Director("east")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Create(draft, Rep("other", "west")).ok());
  EXPECT_TRUE(Create(draft, Director("west")).ok());
  EXPECT_TRUE(Create(draft, Steward()).ok());
  EXPECT_TRUE(Create(Draft()).ok());  // nobody's
}

TEST_F(OpportunityTest, ListsByFilterAndOrder) {  // SAL-1, PLT-4
  Must(Create(Draft("甲", "100")));
  Must(Create(Draft("乙", "300")));
  Must(Create(Draft("丙", "200")));
  EXPECT_THAT(Names("base_amount >= 200", "base_amount desc", Rep()), ElementsAre("乙", "丙"));
  EXPECT_THAT(Names("stage_kind = WON", "", Rep()), IsEmpty());
}

TEST_F(OpportunityTest, IsCreatedOnceForARepeatedRequest) {  // PLT-5
  const v1::Opportunity first = Must(Create(Draft(), "", "r-1"));
  EXPECT_EQ(Must(Create(Draft(), "", "r-1")).number(), first.number());
  EXPECT_EQ(Names("", "", Rep()).size(), 1u);
}

TEST_F(OpportunityTest, RefusesWritesThatMeetOthersChanges) {  // PLT-6
  const v1::Opportunity seen = Must(Create(Draft()));
  v1::Opportunity patch;
  patch.set_number(seen.number());
  patch.set_name("数据平台一期");
  Must(Update(patch, {"name"}));
  patch.set_etag(seen.etag());
  patch.set_name("数据平台二期");
  EXPECT_EQ(ErrorReason(Update(patch, {"name"}).status()), "ETAG_STALE");
  patch.set_customer("CRM2026000002");
  EXPECT_THAT(Violations(Update(patch, {"customer"}).status()),
              ElementsAre("update_mask.paths[0] FIELD_IMMUTABLE"));
}

TEST_F(OpportunityTest, TellsItsHistory) {  // SAL-1
  const v1::Opportunity created = Must(Create(Draft()));
  v1::Opportunity patch;
  patch.set_number(created.number());
  patch.set_name("数据平台一期");
  Must(Update(patch, {"name"}));
  v1::ListOpportunityHistoryRequest request;
  request.set_opportunity(created.number());
  const auto history =
      Must(Call<v1::ListOpportunityHistoryResponse>("ListOpportunityHistory", request));
  ASSERT_EQ(history.entries_size(), 2);
  EXPECT_EQ(history.entries(0).changes(0).field(), "name");
  EXPECT_EQ(history.entries(0).changes(0).old_value(), "云帆数据平台");
  EXPECT_EQ(history.entries(1).actor(), "rep");
}

TEST_F(OpportunityTest, GivesManyAtOnce) {  // SAL-1
  const std::string a = Must(Create(Draft("甲"))).number();
  const std::string b = Must(Create(Draft("乙"))).number();
  v1::BatchGetOpportunitiesRequest request;
  for (const std::string& number : {b, std::string("SO209901001"), a}) {
    request.add_opportunities(number);
  }
  const auto response =
      Must(Call<v1::BatchGetOpportunitiesResponse>("BatchGetOpportunities", request));
  ASSERT_EQ(response.opportunities_size(), 2);
  EXPECT_EQ(response.opportunities(0).name(), "乙");
  EXPECT_THAT(response.missing(), ElementsAre("SO209901001"));
}

TEST_F(OpportunityTest, OnlyChecksWhenAskedTo) {  // PLT-6
  v1::CreateOpportunityRequest request;
  *request.mutable_opportunity() = Draft();
  request.set_validate_only(true);
  EXPECT_EQ(Must(Call<v1::Opportunity>("CreateOpportunity", request)).number(), "");
  EXPECT_THAT(Names("", "", Rep()), IsEmpty());
}

}  // namespace
}  // namespace crm::sales
