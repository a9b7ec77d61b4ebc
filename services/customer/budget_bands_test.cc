// The band of a customer's budget: CUS-6.
#include "services/customer/budget_bands.h"

#include "crm/customer/v1/settings_service.pb.h"
#include "services/customer/customer_test_fixture.h"

namespace crm::customer {
namespace {

using schema::Language;
using ::testing::ElementsAre;

std::string Band(const std::string& lower, const std::string& upper,
                 const std::vector<AmountRange>& bands = DefaultBudgetBands(),
                 Language language = Language::kChinese) {
  v1::Customer customer;
  customer.set_budget_lower(lower);
  customer.set_budget_upper(upper);
  FillBudgetBand(bands, language, customer);
  return customer.budget_band();
}

// CUS-6: a band begins with its lower bound and ends before its upper one.
TEST(BudgetBands, ABudgetInOneBand) {
  EXPECT_EQ(Band("100000.00", "300000.00"), "10万-30万元");
  EXPECT_EQ(Band("120000.00", "250000.00"), "10万-30万元");
  EXPECT_EQ(Band("0.00", "10000.00"), "1万元以下");
  EXPECT_EQ(Band("", "8000.50"), "1万元以下");
  EXPECT_EQ(Band("500000.00", ""), "50万元以上");
  EXPECT_EQ(Band("600000.00", "800000.00"), "50万元以上");
  EXPECT_EQ(Band("", ""), "");
}

// CUS-6: several bands are one.
TEST(BudgetBands, ABudgetInSeveralBands) {
  EXPECT_EQ(Band("100000.00", "500000.00"), "10万-50万元");
  EXPECT_EQ(Band("99999.99", "300000.01"), "5万-50万元");
  EXPECT_EQ(Band("", "300000.00"), "30万元以下");
  EXPECT_EQ(Band("200000.00", ""), "10万元以上");
  EXPECT_EQ(Band("0.00", ""), "0元以上");
  EXPECT_EQ(Band("100000.00", "500000.00", DefaultBudgetBands(), Language::kEnglish),
            "100k-500k CNY");
}

// CUS-6: what lies in no band is shown as it is.
TEST(BudgetBands, ABudgetOutsideTheBands) {
  const std::vector<AmountRange> few = {{1'000'000, 5'000'000}, {5'000'000, 10'000'000}};
  EXPECT_EQ(Band("200000.00", "350000.00", few), "20万-35万元");
  EXPECT_EQ(Band("20000.00", "350000.00", few), "1万-35万元");
  EXPECT_EQ(Band("5000.00", "60000.00", few), "5000-10万元");
  EXPECT_EQ(Band("200000.00", "", few), "20万元以上");
  EXPECT_EQ(Band("1234.56", "2345.67", {}), "1234.56-2345.67元");
}

class BudgetBandTest : public CustomerHandlersTest {
 protected:
  v1::Customer CreateWithBudget(const std::string& name, const std::string& phone) {
    v1::Customer customer = Organization(name, phone);
    customer.set_budget_lower("100000");
    customer.set_budget_upper("500000");
    customer.set_budget_band("随便");
    const auto created = Create(customer);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : v1::Customer();
  }
  std::string BandIn(const std::string& language, const std::string& number) {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    const auto read = harness_.Call<v1::GetCustomerRequest, v1::Customer>(
        steward_, absl::StrCat(kService, "GetCustomer"), request, {.accept_language = language});
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? read->budget_band() : "";
  }
};

// CUS-6, PLT-30: in every answer, in the language of the call; nothing that a client sends counts.
TEST_F(BudgetBandTest, AnswersShowIt) {
  const v1::Customer created = CreateWithBudget("预算公司", "13812345678");
  EXPECT_EQ(created.budget_band(), "100k-500k CNY");
  EXPECT_EQ(BandIn("zh-CN", created.number()), "10万-50万元");
  EXPECT_EQ(BandIn("en", created.number()), "100k-500k CNY");
  EXPECT_EQ(List("")->customers(0).budget_band(), "100k-500k CNY");
  v1::SearchCustomersRequest search;
  search.set_query("预算公司");
  const auto hits = Call<v1::SearchCustomersResponse>("SearchCustomers", search);
  ASSERT_TRUE(hits.ok()) << hits.status();
  EXPECT_EQ(hits->hits(0).customer().budget_band(), "100k-500k CNY");
  v1::BatchGetCustomersRequest batch;
  batch.add_customers(created.number());
  EXPECT_EQ(
      Call<v1::BatchGetCustomersResponse>("BatchGetCustomers", batch)->customers(0).budget_band(),
      "100k-500k CNY");
  v1::ChangeCustomerTagsRequest tag;
  tag.set_customer(created.number());
  tag.add_tags("复购");
  EXPECT_EQ(Call<v1::Customer>("AddCustomerTags", tag)->budget_band(), "100k-500k CNY");
}

// CUS-6, CUS-11, PLT-20: not written by anybody, not in the history, in no event.
TEST_F(BudgetBandTest, ItIsNotAFieldToWrite) {
  const v1::Customer created = CreateWithBudget("预算公司", "13812345678");
  v1::Customer patch;
  patch.set_number(created.number());
  patch.set_budget_band("随便");
  EXPECT_THAT(Violations(Update(patch, {"budget_band"}).status()),
              ElementsAre("update_mask.paths[0] FIELD_OUTPUT_ONLY"));
  patch.set_budget_upper("300000");
  const auto updated = Update(patch, {});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->budget_band(), "100k-300k CNY");
  v1::ListCustomerHistoryRequest request;
  request.set_customer(created.number());
  const auto history = Call<v1::ListCustomerHistoryResponse>("ListCustomerHistory", request);
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->entries(0).changes_size(), 1);
  EXPECT_EQ(history->entries(0).changes(0).field(), "budget_upper");
  EXPECT_EQ(
      harness_.database().Int("SELECT COUNT(*) FROM outbox WHERE INSTR(payload, 'k CNY') > 0"), 0);
}

// CUS-6, PLT-14: whoever may not see the budget sees no band of it.
TEST_F(BudgetBandTest, ItIsMaskedWithTheBudget) {
  const v1::Customer created = CreateWithBudget("预算公司", "13812345678");
  const auto seen = Get(created.number(), harness_.TokenOf("agent", {"service_agent"}));
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->budget_lower(), "");
  EXPECT_EQ(seen->budget_band(), "");
}

// CUS-6, PLT-25: by the bands of the settings.
TEST_F(BudgetBandTest, ItFollowsTheSettings) {
  const v1::Customer created = CreateWithBudget("预算公司", "13812345678");
  v1::UpdateSettingsRequest request;
  request.mutable_settings()->add_budget_bands()->set_upper("200000");
  v1::BudgetBand& middle = *request.mutable_settings()->add_budget_bands();
  middle.set_lower("200000");
  middle.set_upper("800000");
  request.mutable_settings()->add_budget_bands()->set_lower("800000");
  request.set_reason("区间调整");
  const auto updated = harness_.Call<v1::UpdateSettingsRequest, v1::CustomerSettings>(
      harness_.TokenOf("admin", {"administrator"}),
      "crm.customer.v1.SettingsService/UpdateSettings", request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(Get(created.number())->budget_band(), "<800k CNY");
}

}  // namespace
}  // namespace crm::customer
