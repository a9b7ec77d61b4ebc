// CustomFieldService over gRPC, on a real database (CUS-9).
#include "services/customer/custom_field_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crm/customer/v1/custom_field_service.pb.h"
#include "crm/customer/v1/settings_service.pb.h"
#include "services/customer/settings_test_support.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class CustomFieldTest : public AdministrationTest {
 protected:
  static v1::CustomField Field(const std::string& key, v1::CustomFieldType type) {
    v1::CustomField field;
    field.set_field_key(key);
    field.set_label_zh("字段" + key);
    field.set_label_en("field " + key);
    field.set_type(type);
    return field;
  }
  absl::StatusOr<v1::CustomField> Define(v1::CustomField field, const std::string& language = "") {
    v1::CreateCustomFieldRequest request;
    *request.mutable_custom_field() = std::move(field);
    return Call<v1::CustomField>(admin_, "CustomFieldService/CreateCustomField", request, language);
  }
  absl::StatusOr<v1::CustomField> Update(v1::CustomField field,
                                         std::vector<std::string> paths = {}) {
    v1::UpdateCustomFieldRequest request;
    *request.mutable_custom_field() = std::move(field);
    for (std::string& path : paths) request.mutable_update_mask()->add_paths(std::move(path));
    return Call<v1::CustomField>(admin_, "CustomFieldService/UpdateCustomField", request);
  }
  absl::StatusOr<v1::CustomField> Retire(const std::string& key,
                                         const std::string& method = "RetireCustomField") {
    v1::ChangeCustomFieldStateRequest request;
    request.set_custom_field(key);
    return Call<v1::CustomField>(admin_, "CustomFieldService/" + method, request);
  }
  static google::protobuf::Value& Set(v1::Customer& customer, const std::string& key) {
    return (*customer.mutable_custom_fields()->mutable_fields())[key];
  }
  v1::Customer NewCustomer() {
    ++count_;
    return Organization(absl::StrCat("测试客户", count_, "有限公司"),
                        absl::StrCat("139", 20000000 + count_));
  }
  absl::StatusOr<v1::Customer> UpdateCustomer(const v1::Customer& customer,
                                              const std::string& path) {
    v1::UpdateCustomerRequest request;
    *request.mutable_customer() = customer;
    request.mutable_update_mask()->add_paths(path);
    return Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request);
  }
  absl::StatusOr<std::vector<std::string>> Matching(const std::string& filter) {
    v1::ListCustomersRequest request;
    request.set_filter(filter);
    auto page = Call<v1::ListCustomersResponse>(steward_, "CustomerService/ListCustomers", request);
    if (!page.ok()) return page.status();
    std::vector<std::string> numbers;
    for (const auto& customer : page->customers()) numbers.push_back(customer.number());
    return numbers;
  }

 private:
  int count_ = 0;
};

// CUS-9, PLT-30
TEST_F(CustomFieldTest, DefinitionsAreKeptWithLabelsHintsAndHistory) {
  v1::CustomField field = Field("contract_no", v1::CUSTOM_FIELD_TYPE_TEXT);
  field.set_hint_zh("见合同首页");
  field.set_hint_en("first page of the contract");
  auto created = Define(field, "zh-CN");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->label(), "字段contract_no");
  EXPECT_EQ(created->hint(), "见合同首页");
  EXPECT_EQ(ErrorReason(Define(field).status()), "CUSTOM_FIELD_EXISTS");

  v1::CustomField patch;
  patch.set_field_key("contract_no");
  patch.set_etag(created->etag());
  patch.set_max_length(20);
  auto updated = Update(patch);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->hint(), "first page of the contract");
  patch.set_max_length(30);
  EXPECT_EQ(ErrorReason(Update(patch).status()), "ETAG_STALE");
  patch.clear_etag();
  patch.set_type(v1::CUSTOM_FIELD_TYPE_NUMBER);
  EXPECT_EQ(Update(patch).status().code(), absl::StatusCode::kInvalidArgument) << "immutable";

  v1::ListCustomFieldHistoryRequest request;
  request.set_custom_field("contract_no");
  auto history = Call<v1::ListCustomFieldHistoryResponse>(
      admin_, "CustomFieldService/ListCustomFieldHistory", request);
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->entries_size(), 2);
  EXPECT_EQ(history->entries(0).changes(0).field(), "max_length");
  v1::GetCustomFieldRequest get;
  get.set_custom_field("nothing");
  EXPECT_EQ(Call<v1::CustomField>(sales_, "CustomFieldService/GetCustomField", get).status().code(),
            absl::StatusCode::kNotFound);
}

// CUS-9: validated on every write.
TEST_F(CustomFieldTest, ValuesAreValidatedOnEveryWrite) {
  v1::Customer customer = NewCustomer();
  Set(customer, "staff").set_number_value(12);
  EXPECT_THAT(Violations(CreateCustomer(customer).status()),
              ElementsAre("customer.custom_fields.staff CUSTOM_FIELD_UNKNOWN"));
  v1::CustomField staff = Field("staff", v1::CUSTOM_FIELD_TYPE_NUMBER);
  staff.set_max_number(100);
  ASSERT_TRUE(Define(staff).ok());
  auto created = CreateCustomer(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->custom_fields().fields().at("staff").number_value(), 12);

  Set(*created, "staff").set_number_value(101);
  EXPECT_THAT(Violations(UpdateCustomer(*created, "custom_fields.staff").status()),
              ElementsAre("customer.custom_fields.staff NUMBER_TOO_LARGE"));
  Set(*created, "staff").set_number_value(99);
  auto updated = UpdateCustomer(*created, "custom_fields.staff");
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->custom_fields().fields().at("staff").number_value(), 99);
}

// CUS-3, CUS-9: required custom fields are asked for on creation.
TEST_F(CustomFieldTest, RequiredFieldsAreAskedFor) {
  v1::CustomField vip = Field("vip", v1::CUSTOM_FIELD_TYPE_BOOLEAN);
  vip.set_required(true);
  ASSERT_TRUE(Define(vip).ok());
  v1::Customer customer = NewCustomer();
  EXPECT_THAT(Violations(CreateCustomer(customer).status()),
              ElementsAre("customer.custom_fields.vip REQUIRED"));
  Set(customer, "vip").set_bool_value(false);
  EXPECT_TRUE(CreateCustomer(customer).ok());
  ASSERT_TRUE(Retire("vip").ok());
  EXPECT_TRUE(CreateCustomer(NewCustomer()).ok()) << "no longer asked for";
}

// CUS-9: a retired field keeps its values and takes no new ones, until it is restored.
TEST_F(CustomFieldTest, RetiringKeepsValues) {
  ASSERT_TRUE(Define(Field("fax", v1::CUSTOM_FIELD_TYPE_TEXT)).ok());
  v1::Customer customer = NewCustomer();
  Set(customer, "fax").set_string_value("0755-1234");
  auto created = CreateCustomer(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  ASSERT_TRUE(Retire("fax").ok());

  created->set_website("https://example.com/");
  auto updated = UpdateCustomer(*created, "website");
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->custom_fields().fields().at("fax").string_value(), "0755-1234");
  v1::Customer other = NewCustomer();
  Set(other, "fax").set_string_value("0755-9999");
  EXPECT_THAT(Violations(CreateCustomer(other).status()),
              ElementsAre("customer.custom_fields.fax CUSTOM_FIELD_RETIRED"));

  v1::ListCustomFieldsRequest list;
  list.set_live_only(true);
  auto live =
      Call<v1::ListCustomFieldsResponse>(sales_, "CustomFieldService/ListCustomFields", list);
  ASSERT_TRUE(live.ok()) << live.status();
  EXPECT_THAT(live->custom_fields(), IsEmpty());
  ASSERT_TRUE(Retire("fax", "RestoreCustomField").ok());
  EXPECT_TRUE(CreateCustomer(other).ok());
}

// CUS-9, CUS-24: filterable in lists, each by its type.
TEST_F(CustomFieldTest, ListsFilterByCustomFields) {
  ASSERT_TRUE(Define(Field("staff", v1::CUSTOM_FIELD_TYPE_NUMBER)).ok());
  ASSERT_TRUE(Define(Field("contract_no", v1::CUSTOM_FIELD_TYPE_TEXT)).ok());
  v1::CustomField cards = Field("cards", v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE);
  for (const char* code : {"gold", "silver"}) {
    auto& option = *cards.add_options();
    option.set_code(code);
    option.set_label_zh(absl::StrCat(code, "卡"));
    option.set_label_en(absl::StrCat(code, " card"));
  }
  ASSERT_TRUE(Define(cards).ok());
  std::vector<std::string> numbers;
  for (int i = 0; i < 3; ++i) {
    v1::Customer customer = NewCustomer();
    Set(customer, "staff").set_number_value(5 + i * 5);  // 5, 10, 15: not in lexical order
    Set(customer, "contract_no").set_string_value(absl::StrCat("1", i));
    Set(customer, "cards")
        .mutable_list_value()
        ->add_values()
        ->set_string_value(i == 0 ? "gold卡" : "silver");
    auto created = CreateCustomer(customer);
    ASSERT_TRUE(created.ok()) << created.status();
    numbers.push_back(created->number());
  }
  EXPECT_THAT(*Matching("custom_fields.staff >= 10"), UnorderedElementsAre(numbers[1], numbers[2]));
  // A text that looks like a number is compared as the text it is.
  EXPECT_THAT(*Matching("custom_fields.contract_no = 11"), ElementsAre(numbers[1]));
  EXPECT_THAT(*Matching("custom_fields.cards:gold"), ElementsAre(numbers[0]));
  EXPECT_EQ(Matching("custom_fields.unheard_of = 1").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Matching("custom_fields.staff = many").status().code(),
            absl::StatusCode::kInvalidArgument);
}

// CUS-9: fill rates for the review of the form.
TEST_F(CustomFieldTest, ReportsFillRates) {
  ASSERT_TRUE(Define(Field("staff", v1::CUSTOM_FIELD_TYPE_NUMBER)).ok());
  v1::CustomField persons_only = Field("nick", v1::CUSTOM_FIELD_TYPE_TEXT);
  persons_only.add_kinds(v1::CUSTOMER_KIND_PERSON);
  ASSERT_TRUE(Define(persons_only).ok());
  for (int i = 0; i < 3; ++i) {
    v1::Customer customer = NewCustomer();
    if (i == 0) Set(customer, "staff").set_number_value(1);
    if (i < 2) customer.set_website("https://example.com/");
    ASSERT_TRUE(CreateCustomer(customer).ok());
  }
  const auto find = [](const v1::GetFillRatesResponse& report, const std::string& name) {
    for (const auto& rate : report.fields()) {
      if (rate.field() == name) return rate;
    }
    return v1::FillRate();
  };
  auto report = Call<v1::GetFillRatesResponse>(admin_, "CustomFieldService/GetFillRates",
                                               v1::GetFillRatesRequest(), "zh");
  ASSERT_TRUE(report.ok()) << report.status();
  const v1::FillRate staff = find(*report, "custom_fields.staff");
  EXPECT_EQ(staff.customers(), 3);
  EXPECT_EQ(staff.filled(), 1);
  EXPECT_EQ(staff.percent(), "33.33");
  EXPECT_EQ(staff.label(), "字段staff");
  EXPECT_EQ(find(*report, "website").percent(), "66.67");
  EXPECT_EQ(find(*report, "phone").percent(), "100.00");
  EXPECT_EQ(find(*report, "custom_fields.nick").customers(), 0);
  EXPECT_EQ(find(*report, "custom_fields.nick").percent(), "") << "no customers, no share";

  v1::GetFillRatesRequest request;
  request.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  request.set_custom_only(true);
  report = Call<v1::GetFillRatesResponse>(admin_, "CustomFieldService/GetFillRates", request);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->fields_size(), 1);
  EXPECT_EQ(report->fields(0).field(), "custom_fields.staff");
  EXPECT_EQ(
      ErrorReason(Call<v1::GetFillRatesResponse>(sales_, "CustomFieldService/GetFillRates", request)
                      .status()),
      "PERMISSION_MISSING");
}

// CUS-9: a form can ask for a hundred.
TEST_F(CustomFieldTest, AHundredFieldsAreInUseAtOnce) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Define(Field(absl::StrCat("f", i), v1::CUSTOM_FIELD_TYPE_TEXT)).ok()) << i;
  }
  EXPECT_EQ(ErrorReason(Define(Field("more", v1::CUSTOM_FIELD_TYPE_TEXT)).status()),
            "TOO_MANY_CUSTOM_FIELDS");
  ASSERT_TRUE(Retire("f0").ok());
  EXPECT_TRUE(Define(Field("more", v1::CUSTOM_FIELD_TYPE_TEXT)).ok());
}

// PLT-30, CUS-9: forms find custom fields with labels and options beside the others.
TEST_F(CustomFieldTest, DescribedWithTheResource) {
  v1::CustomField card = Field("card", v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE);
  auto& option = *card.add_options();
  option.set_code("gold");
  option.set_label_zh("金卡");
  option.set_label_en("gold card");
  ASSERT_TRUE(Define(card).ok());
  v1::DescribeResourceRequest request;
  request.set_resource("crm.customer.v1.Customer");
  auto described =
      Call<v1::DescribeResourceResponse>(sales_, "SettingsService/DescribeResource", request, "zh");
  ASSERT_TRUE(described.ok()) << described.status();
  const auto& field = described->fields(described->fields_size() - 1);
  EXPECT_EQ(field.name(), "custom_fields.card");
  EXPECT_EQ(field.type(), "choice");
  EXPECT_EQ(field.values(0).label(), "金卡");
}

// CUS-9: other replicas within 2 s.
TEST_F(CustomFieldTest, OtherReplicasFollow) {
  crm::testing::Replica& other = harness_.StartReplica();
  ASSERT_TRUE(Define(Field("staff", v1::CUSTOM_FIELD_TYPE_NUMBER)).ok());
  v1::CreateCustomerRequest request;
  *request.mutable_customer() = NewCustomer();
  Set(*request.mutable_customer(), "staff").set_number_value(5);
  EXPECT_TRUE(Eventually([&] {
    return CallOn<v1::Customer>(other, steward_, "CustomerService/CreateCustomer", request).ok();
  }));
}

}  // namespace
}  // namespace crm::customer
