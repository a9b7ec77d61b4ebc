// SettingsService over gRPC, on a real database (PLT-25, CUS-1 to CUS-3, CUS-6, PLT-30).
#include "services/customer/settings_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crm/customer/v1/settings_service.pb.h"
#include "services/customer/settings_rules.h"
#include "services/customer/settings_test_support.h"

namespace crm::customer {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class SettingsTest : public AdministrationTest {
 protected:
  absl::StatusOr<v1::CustomerSettings> Get(int64_t version = 0, const std::string& language = "") {
    v1::GetSettingsRequest request;
    request.set_version(version);
    return Call<v1::CustomerSettings>(admin_, "SettingsService/GetSettings", request, language);
  }
  absl::StatusOr<v1::CustomerSettings> Update(v1::CustomerSettings settings,
                                              std::vector<std::string> paths = {}) {
    v1::UpdateSettingsRequest request;
    *request.mutable_settings() = std::move(settings);
    for (std::string& path : paths) request.mutable_update_mask()->add_paths(std::move(path));
    request.set_reason("季度调整");
    return Call<v1::CustomerSettings>(admin_, "SettingsService/UpdateSettings", request);
  }
  absl::StatusOr<v1::CustomerSettings> SetPattern(const std::string& pattern) {
    v1::CustomerSettings settings;
    settings.set_number_pattern(pattern);
    return Update(std::move(settings));
  }
  std::string NewNumber() {
    static int phone = 0;
    auto customer =
        CreateCustomer(Organization("测试客户有限公司", absl::StrCat("139", 10000000 + ++phone)));
    return customer.ok() ? customer->number() : customer.status().ToString();
  }
};

// PLT-25: versioned, with author, reason and what changed.
TEST_F(SettingsTest, KeepsAVersionOfEveryChange) {
  auto first = Get();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->number_pattern(), "CRM{yyyy}{seq:6}");
  v1::CustomerSettings patch;
  patch.set_min_age(16);
  auto second = Update(patch);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->min_age(), 16);
  EXPECT_EQ(second->max_age(), 100);
  EXPECT_NE(second->etag(), first->etag());
  auto same = Update(patch);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->etag(), second->etag()) << "nothing changed, no version";

  auto versions = Call<v1::ListSettingVersionsResponse>(
      admin_, "SettingsService/ListSettingVersions", v1::ListSettingVersionsRequest());
  ASSERT_TRUE(versions.ok()) << versions.status();
  ASSERT_EQ(versions->versions_size(), 2);
  EXPECT_EQ(versions->versions(0).version(), 2);
  EXPECT_EQ(versions->versions(0).author(), "admin");
  EXPECT_EQ(versions->versions(0).reason(), "季度调整");
  EXPECT_THAT(versions->versions(0).changed_fields(), ElementsAre("min_age"));
  EXPECT_EQ(versions->versions(1).version(), 1);
  EXPECT_EQ(Get(1)->min_age(), 18);
  EXPECT_EQ(Get(3).status().code(), absl::StatusCode::kNotFound);

  v1::ListSettingVersionsRequest page;
  page.set_page_size(1);
  auto newest =
      Call<v1::ListSettingVersionsResponse>(admin_, "SettingsService/ListSettingVersions", page);
  ASSERT_TRUE(newest.ok()) << newest.status();
  EXPECT_EQ(newest->versions_size(), 1);
  page.set_page_token(newest->next_page_token());
  auto oldest =
      Call<v1::ListSettingVersionsResponse>(admin_, "SettingsService/ListSettingVersions", page);
  ASSERT_TRUE(oldest.ok()) << oldest.status();
  EXPECT_EQ(oldest->versions(0).version(), 1);
  EXPECT_THAT(oldest->next_page_token(), IsEmpty());
}

// PLT-6: a stale write is refused only where its own fields changed.
TEST_F(SettingsTest, AStaleEtagCountsForTheFieldsThatChanged) {
  const std::string old_etag = Get()->etag();
  v1::CustomerSettings patch;
  patch.set_min_age(16);
  ASSERT_TRUE(Update(patch).ok());
  patch.set_etag(old_etag);
  patch.set_min_age(17);
  auto stale = Update(patch);
  EXPECT_EQ(ErrorReason(stale.status()), "ETAG_STALE");
  EXPECT_EQ(Metadata(stale.status(), "changed_fields"), "min_age");
  patch.clear_min_age();
  patch.set_max_age(90);
  EXPECT_TRUE(Update(patch).ok());
  patch.set_etag("v99");
  EXPECT_EQ(Update(patch).status().code(), absl::StatusCode::kInvalidArgument);
}

// PLT-25, PLT-7: every mistake at once.
TEST_F(SettingsTest, RefusesSettingsThatCannotWork) {
  v1::CustomerSettings bad;
  bad.set_number_pattern("CRM{year}");
  bad.add_required_for_organization("nonsense");
  bad.add_required_for_organization("stage");
  bad.add_required_for_organization("gender");
  bad.add_required_for_organization("phone");
  bad.add_required_for_organization("phone");
  bad.set_min_age(50);
  bad.set_max_age(40);
  bad.add_nicknames("XX");
  bad.add_budget_bands()->set_upper("10000.00");
  bad.add_budget_bands()->set_lower("20000.00");
  EXPECT_THAT(Violations(Update(bad).status()),
              UnorderedElementsAre("settings.number_pattern BAD_NUMBER_PATTERN",
                                   "settings.required_for_organization[0] FIELD_UNKNOWN",
                                   "settings.required_for_organization[1] FIELD_OUTPUT_ONLY",
                                   "settings.required_for_organization[2] FIELD_NOT_FOR_KIND",
                                   "settings.required_for_organization[4] FIELD_REPEATED",
                                   "settings.max_age RANGE_EMPTY",
                                   "settings.nicknames[0] NICKNAME_TOO_WIDE",
                                   "settings.budget_bands[1].lower BANDS_NOT_ADJACENT"));
  v1::CustomerSettings type;
  type.set_number_pattern("{type:3}{yyyy}{seq:4}");
  EXPECT_THAT(Violations(Update(type).status()),
              ElementsAre("settings.organization_type_code BAD_TYPE_CODE",
                          "settings.person_type_code BAD_TYPE_CODE"));
}

// PLT-13
TEST_F(SettingsTest, OnlyAdministratorsChangeSettings) {
  v1::UpdateSettingsRequest request;
  request.mutable_settings()->set_min_age(16);
  EXPECT_EQ(
      ErrorReason(
          Call<v1::CustomerSettings>(steward_, "SettingsService/UpdateSettings", request).status()),
      "PERMISSION_MISSING");
  EXPECT_EQ(
      Call<v1::CustomerSettings>(sales_, "SettingsService/GetSettings", v1::GetSettingsRequest())
          .status()
          .code(),
      absl::StatusCode::kPermissionDenied);
}

// CUS-1: the formats of the handbooks, one after the other on the same archive.
TEST_F(SettingsTest, NumbersFollowThePattern) {
  EXPECT_EQ(NewNumber(), "CRM2026000001");
  ASSERT_TRUE(SetPattern("CRM{yyyy}{seq:3}").ok());
  // The sequence of 2026 goes on: CRM2026000001 is never given again.
  const std::string next = NewNumber();
  EXPECT_EQ(next.size(), std::string("CRM2026001").size());
  EXPECT_EQ(next.substr(0, 7), "CRM2026");
  ASSERT_TRUE(SetPattern("CST{yyyyMMdd}{seq:4}").ok());
  EXPECT_EQ(NewNumber(), "CST202603200001");
  ASSERT_TRUE(SetPattern("C{yyyyMM}{seq:3}").ok());
  EXPECT_EQ(NewNumber(), "C202603001");
  EXPECT_EQ(NewNumber(), "C202603002");
  ASSERT_TRUE(SetPattern("C{yyyyMMdd}{seq:3}").ok());
  EXPECT_EQ(NewNumber().substr(0, 9), "C20260320");
}

// CUS-1: without {seq} the second number of a day and type gets a suffix; types count apart.
TEST_F(SettingsTest, NumbersWithoutASequenceGetASuffix) {
  ASSERT_TRUE(SetPattern("{type:2}{yyyyMMdd}").ok());
  EXPECT_EQ(NewNumber(), "QY20260320");
  EXPECT_EQ(NewNumber(), "QY20260320-2");
  EXPECT_EQ(NewNumber(), "QY20260320-3");
  v1::Customer person;
  person.set_kind(v1::CUSTOMER_KIND_PERSON);
  person.set_full_name("张伟");
  person.set_industry("零售业");
  person.set_tier(v1::TIER_POTENTIAL);
  person.set_phone("13812340000");
  auto created = CreateCustomer(person);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->number(), "GR20260320");

  v1::ReserveCustomerNumbersRequest reserve;
  reserve.set_count(2);
  reserve.set_kind(v1::CUSTOMER_KIND_PERSON);
  auto reserved = Call<v1::ReserveCustomerNumbersResponse>(
      steward_, "CustomerService/ReserveCustomerNumbers", reserve);
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  EXPECT_THAT(reserved->numbers(), ElementsAre("GR20260320-2", "GR20260320-3"));
}

// CUS-3: the default set, and the other handbook's: name, phone, core need, owner.
TEST_F(SettingsTest, RequiredFieldsAreConfiguration) {
  v1::Customer customer;
  customer.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  customer.set_full_name("上海远山贸易有限公司");
  EXPECT_THAT(Violations(CreateCustomer(customer).status()),
              UnorderedElementsAre("customer.industry REQUIRED", "customer.tier REQUIRED",
                                   "customer.decision_maker REQUIRED", "customer.phone REQUIRED"));
  v1::CustomerSettings settings;
  for (const char* field : {"full_name", "phone", "core_need", "owner"}) {
    settings.add_required_for_organization(field);
    settings.add_required_for_person(field);
  }
  ASSERT_TRUE(Update(settings).ok());
  EXPECT_THAT(Violations(CreateCustomer(customer).status()),
              UnorderedElementsAre("customer.phone REQUIRED", "customer.core_need REQUIRED"));
  customer.set_phone("13912345678");
  customer.set_core_need(v1::CORE_NEED_COST);
  auto created = CreateCustomer(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->owner(), "steward") << "the owner defaults to the caller";
  EXPECT_FALSE(created->incomplete());

  // A program owns nothing: it has to name an owner.
  const std::string program = harness_.TokenOfService("erp", {"service_account"});
  customer.set_phone("13912345679");
  EXPECT_THAT(Violations(CreateCustomerAs(program, customer).status()),
              ElementsAre("customer.owner REQUIRED"));
}

// CUS-2: age policy and nicknames.
TEST_F(SettingsTest, AgesAndNicknamesAreConfiguration) {
  v1::Customer person;
  person.set_kind(v1::CUSTOMER_KIND_PERSON);
  person.set_full_name("大刘");
  person.set_industry("I65");
  person.set_tier(v1::TIER_NORMAL);
  person.set_phone("13812345670");
  person.set_age(16);
  person.set_remark("监护人陪同");
  v1::CustomerSettings settings;
  settings.set_unusual_age_with_remark(false);
  settings.add_nicknames("大X");
  ASSERT_TRUE(Update(settings).ok());
  const auto violations = Violations(CreateCustomer(person).status());
  EXPECT_THAT(violations, Contains("customer.age AGE_UNUSUAL"));
  EXPECT_EQ(violations.size(), 2U) << "and the name";
  settings.Clear();
  settings.set_min_age(16);
  ASSERT_TRUE(Update(settings, {"min_age", "nicknames"}).ok());
  EXPECT_TRUE(CreateCustomer(person).ok());
}

// CUS-6, PLT-30
TEST_F(SettingsTest, BudgetBandsHaveLabelsInBothLanguages) {
  std::vector<std::string> zh, en;
  const v1::CustomerSettings chinese = *Get(0, "zh-CN");
  const v1::CustomerSettings english = *Get(0, "en");
  for (const auto& band : chinese.budget_bands()) zh.push_back(band.label());
  for (const auto& band : english.budget_bands()) en.push_back(band.label());
  EXPECT_THAT(zh, ElementsAre("1万元以下", "1万-5万元", "5万-10万元", "10万-30万元", "30万-50万元",
                              "50万元以上"));
  EXPECT_THAT(en, ElementsAre("<10k CNY", "10k-50k CNY", "50k-100k CNY", "100k-300k CNY",
                              "300k-500k CNY", "≥500k CNY"));
  v1::CustomerSettings settings;
  settings.add_budget_bands()->set_upper("8000.50");
  settings.add_budget_bands()->set_lower("8000.50");
  auto updated = Update(settings);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->budget_bands(0).label(), "<8000.50 CNY");
}

// PLT-4: the default page size.
TEST_F(SettingsTest, ThePageSizeIsConfiguration) {
  for (int i = 0; i < 3; ++i) NewNumber();
  v1::CustomerSettings settings;
  settings.set_default_page_size(2);
  ASSERT_TRUE(Update(settings).ok());
  auto page = Call<v1::ListCustomersResponse>(steward_, "CustomerService/ListCustomers",
                                              v1::ListCustomersRequest());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->customers_size(), 2);
}

// PLT-25: in force on other replicas within 2 s; a replica that starts later has them from the
// start.
TEST_F(SettingsTest, OtherReplicasFollow) {
  crm::testing::Replica& other = harness_.StartReplica();
  ASSERT_TRUE(SetPattern("KH{yyyyMM}{seq:5}").ok());
  int phone = 0;
  const auto number_on = [&](crm::testing::Replica& replica) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() =
        Organization("杭州西湖科技有限公司", absl::StrCat("136", 10000000 + ++phone));
    auto customer =
        CallOn<v1::Customer>(replica, steward_, "CustomerService/CreateCustomer", request);
    return customer.ok() ? customer->number().substr(0, 8) : customer.status().ToString();
  };
  EXPECT_TRUE(Eventually([&] { return number_on(other) == "KH202603"; }));
  EXPECT_EQ(number_on(harness_.StartReplica()), "KH202603");
}

// PLT-30
TEST_F(SettingsTest, DescribesResourcesInTheLanguageOfTheCall) {
  v1::DescribeResourceRequest request;
  request.set_resource("crm.customer.v1.Customer");
  const auto find = [](const v1::DescribeResourceResponse& response, const std::string& name) {
    for (const auto& field : response.fields()) {
      if (field.name() == name) return field;
    }
    return v1::FieldDescription();
  };
  auto zh = Call<v1::DescribeResourceResponse>(sales_, "SettingsService/DescribeResource", request,
                                               "zh-CN,en;q=0.5");
  auto en =
      Call<v1::DescribeResourceResponse>(sales_, "SettingsService/DescribeResource", request, "en");
  ASSERT_TRUE(zh.ok() && en.ok()) << zh.status();
  EXPECT_EQ(zh->label(), "客户");
  EXPECT_EQ(find(*zh, "kind").label(), "客户类型");
  EXPECT_EQ(find(*zh, "kind").values(0).label(), "企业");
  EXPECT_EQ(find(*en, "kind").values(0).label(), "organization");
  EXPECT_EQ(find(*en, "kind").values(0).name(), find(*zh, "kind").values(0).name());
  EXPECT_EQ(find(*en, "phone").sensitivity(), crm::options::v1::SENSITIVITY_PHONE);
  EXPECT_TRUE(find(*en, "phone").required()) << "by settings";
  EXPECT_EQ(find(*en, "total_amount").type(), "decimal");
  EXPECT_EQ(find(*en, "industry").managed_list(), "industry");
  for (const char* name : {"crm.customer.v1.Nothing", "google.protobuf.Any",
                           "crm.customer.v1.GetCustomerRequest", "crm"}) {
    request.set_resource(name);
    EXPECT_EQ(
        Call<v1::DescribeResourceResponse>(sales_, "SettingsService/DescribeResource", request)
            .status()
            .code(),
        absl::StatusCode::kNotFound)
        << name;
  }
}

// Version 1 is legal, and means the rules' own defaults.
TEST(SettingsRules, TheDefaultsAreLegal) {
  EXPECT_THAT(CheckSettings(DefaultSettings()), IsEmpty());
  const CustomerPolicy policy = PolicyOf(DefaultSettings());
  EXPECT_EQ(policy.required_for_person, CustomerPolicy().required_for_person);
  EXPECT_EQ(policy.nicknames, CustomerPolicy().nicknames);
  EXPECT_EQ(policy.activity.medium_months, 3);
}

}  // namespace
}  // namespace crm::customer
