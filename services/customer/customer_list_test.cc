// Lists and search of CustomerService over gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/schema/message_schema.h"
#include "crm/customer/v1/contact_service.pb.h"
#include "crm/customer/v1/identity_service.pb.h"
#include "services/customer/customer_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using CustomerListTest = CustomerHandlersTest;

// CUS-24, PLT-4
TEST_F(CustomerListTest, ListsByFilterInPages) {
  for (int i = 0; i < 7; ++i) {
    v1::Customer customer =
        Organization(absl::StrCat("列表公司", i), absl::StrCat("1381234560", i));
    customer.set_tier(i % 2 == 0 ? v1::TIER_KEY : v1::TIER_NORMAL);
    ASSERT_TRUE(Create(customer).ok());
  }
  EXPECT_EQ(List("tier = KEY")->customers_size(), 4);
  EXPECT_EQ(List("tier = 重点客户 AND full_name = \"列表公司2\"")->customers_size(), 1);
  EXPECT_EQ(List("phone = \"13812345603\"")->customers_size(), 1);

  v1::ListCustomersRequest request;
  request.set_page_size(3);
  request.set_order_by("full_name");
  request.set_count_total(true);
  std::vector<std::string> names;
  do {
    const auto page = Call<v1::ListCustomersResponse>("ListCustomers", request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->total(), 7);
    for (const auto& customer : page->customers()) names.push_back(customer.full_name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("列表公司0", "列表公司1", "列表公司2", "列表公司3", "列表公司4",
                                 "列表公司5", "列表公司6"));

  const auto unknown = List("colour = red");
  EXPECT_EQ(ErrorReason(unknown.status()), "FILTER_INVALID");
}

// A value that a field can be compared with.
std::string SampleOf(const schema::FieldSchema& field) {
  using Type = google::protobuf::FieldDescriptor;
  if (field.kind == schema::FieldKind::kEnum) {
    return field.descriptor->enum_type()->value(1)->name();
  }
  using crm::options::v1::FORMAT_EMAIL;
  using crm::options::v1::FORMAT_RESIDENT_ID;
  if (field.options->format() == FORMAT_EMAIL) return "\"a@example.com\"";
  if (field.options->format() == FORMAT_RESIDENT_ID) return "\"11010519491231002X\"";
  if (field.kind == schema::FieldKind::kBool) return "true";
  if (field.options->format() == crm::options::v1::FORMAT_DATE) return "2026-01-31";
  if (field.kind == schema::FieldKind::kTimestamp) return "\"2026-01-31T08:00:00Z\"";
  if (field.options->format() == crm::options::v1::FORMAT_DECIMAL) return "5000.50";
  if (field.descriptor->cpp_type() == Type::CPPTYPE_STRING) return "\"13812345678\"";
  return "7";
}

// CUS-24: every field that a form has can be filtered by, and ordered by if it has an order.
TEST_F(CustomerListTest, ListsByEveryField) {
  // The band is what the budget's bounds are called.
  const std::set<std::string> unfiltered = {"etag", "public_facts", "budget_band"};
  // Whoever lists only customers of their own may name every field.
  const std::string seller = harness_.TokenOf("u1", {"sales_representative"}, "t1");
  int tried = 0;
  for (const schema::FieldSchema& field : schema::MessageSchema::Of<v1::Customer>().fields()) {
    if (unfiltered.count(field.name) > 0) continue;
    ASSERT_TRUE(field.options->filterable()) << field.name;
    std::vector<std::string> filters = {field.name + ":*", "NOT " + field.name + ":*"};
    const bool only_known = field.options->encrypted() &&
                            field.options->lookup() == crm::options::v1::LOOKUP_UNSPECIFIED;
    if (field.kind == schema::FieldKind::kStruct) {
      filters = {field.name + ".colour = red"};
    } else if (field.repeated) {
      filters.push_back(field.name + ":\"x\"");
    } else if (!only_known) {
      filters.push_back(absl::StrCat(field.name, " = ", SampleOf(field)));
    }
    for (const std::string& filter : filters) {
      const auto list = List(filter, seller);
      if (field.kind == schema::FieldKind::kStruct) {
        EXPECT_EQ(ErrorReason(list.status()), "FILTER_INVALID") << "no such custom field";
      } else {
        EXPECT_TRUE(list.ok()) << filter << ": " << list.status();
      }
      ++tried;
    }
    if (!field.options->sortable()) continue;
    v1::ListCustomersRequest request;
    request.set_order_by(field.name + " desc");
    EXPECT_TRUE(Call<v1::ListCustomersResponse>("ListCustomers", request, seller).ok())
        << field.name;
  }
  EXPECT_GT(tried, 150);
}

// CUS-24: value sums, dates relative to today, tags and lists together.
TEST_F(CustomerListTest, ListsByValueTimeAndTags) {
  const auto rich = Create(Organization("广州甲公司", "13812345671"));
  ASSERT_TRUE(Create(Organization("广州乙公司", "13812345672")).ok());
  v1::SetOpeningBalanceRequest balance;
  balance.set_customer(rich->number());
  balance.set_amount("60000");
  balance.set_count(6);
  balance.set_as_of("2025-06-01");
  balance.set_source("旧系统");
  ASSERT_TRUE(Call<v1::Customer>("SetOpeningBalance", balance).ok());
  v1::ChangeCustomerTagsRequest tags;
  tags.set_customer(rich->number());
  tags.add_tags("价格敏感");
  ASSERT_TRUE(Call<v1::Customer>("AddCustomerTags", tags).ok());
  for (const char* filter :
       {"average_order_value > 5000 AND order_count >= 6", "opening_as_of < months_ago(6)",
        "tags:\"价格敏感\" AND total_amount >= 60000 AND NOT tier = KEY",
        "(tags:\"价格敏感\" OR tier = STRATEGIC) AND NOT last_purchase_date:*"}) {
    const auto list = List(filter);
    ASSERT_TRUE(list.ok()) << filter << list.status();
    ASSERT_EQ(list->customers_size(), 1) << filter;
    EXPECT_EQ(list->customers(0).number(), rich->number()) << filter;
  }
}

// CUS-24, PLT-14: whoever may not see a budget cannot find it out by a filter or an order; owners
// can.
TEST_F(CustomerListTest, HiddenFieldsAreHiddenFromFiltersToo) {
  v1::Customer customer = Organization("广州甲公司", "13812345678");
  customer.set_budget_lower("100000");
  const std::string seller = harness_.TokenOf("u1", {"sales_representative"}, "t1");
  ASSERT_TRUE(Create(customer, "", seller).ok());
  EXPECT_EQ(List("budget_lower > 50000", seller)->customers_size(), 1);
  const std::string agent = harness_.TokenOf("a1", {"service_agent"}, "t1");
  EXPECT_EQ(ErrorReason(List("budget_lower > 50000", agent).status()), "FILTER_INVALID");
  v1::ListCustomersRequest request;
  request.set_order_by("budget_lower");
  EXPECT_FALSE(Call<v1::ListCustomersResponse>("ListCustomers", request, agent).ok());
}

// CUS-25
TEST_F(CustomerListTest, SearchFindsByEverythingPeopleType) {
  v1::Customer customer = Organization("深圳市云帆科技有限公司", "13812345678");
  customer.set_email("info@yunfan.example.com");
  const auto created = Create(customer);
  ASSERT_TRUE(Create(Organization("北京有限元科技", "13912345679")).ok());

  EXPECT_THAT(Search(created->number()), ElementsAre("深圳市云帆科技有限公司"));
  EXPECT_THAT(Search("crm2026000001"), ElementsAre("深圳市云帆科技有限公司"));
  EXPECT_THAT(Search("138 1234 5678"), ElementsAre("深圳市云帆科技有限公司"));
  EXPECT_THAT(Search("5678"), ElementsAre("深圳市云帆科技有限公司"));
  EXPECT_THAT(Search("info@YUNFAN.example.com"), ElementsAre("深圳市云帆科技有限公司"));
  EXPECT_THAT(Search("云帆"), ElementsAre("深圳市云帆科技有限公司"));
  EXPECT_THAT(Search("科技"), SizeIs(2));
  EXPECT_THAT(Search("没有的"), IsEmpty());
}

// CUS-25: best first: the whole name, its beginning, a part of it; Latin names in any case.
TEST_F(CustomerListTest, SearchRanksNames) {
  for (const char* name : {"广州新云帆贸易", "云帆科技", "云帆", "Acme Yunfan Ltd", "Yunfan"}) {
    static int phone = 0;
    ASSERT_TRUE(Create(Organization(name, absl::StrCat("1381234500", ++phone))).ok()) << name;
  }
  EXPECT_THAT(Search("云帆"), ElementsAre("云帆", "云帆科技", "广州新云帆贸易"));
  EXPECT_THAT(Search("YUNFAN"), ElementsAre("Yunfan", "Acme Yunfan Ltd"));
  EXPECT_THAT(Search("unfa"), UnorderedElementsAre("Yunfan", "Acme Yunfan Ltd"));
}

// CUS-25: by phone and email of contacts, and by further phones that are bound to the customer.
TEST_F(CustomerListTest, SearchFindsByContacts) {
  const auto created = Create(Organization("深圳市云帆科技有限公司", "13812345678"));
  v1::CreateContactRequest contact;
  contact.mutable_contact()->set_customer(created->number());
  contact.mutable_contact()->set_name("李小龙");
  contact.mutable_contact()->set_phone("0755-88886666");
  contact.mutable_contact()->set_email("li@yunfan.example.com");
  ASSERT_TRUE((harness_
                   .Call<v1::CreateContactRequest, v1::Contact>(
                       steward_, "crm.customer.v1.ContactService/CreateContact", contact)
                   .ok()));
  v1::AddIdentityRequest identity;
  identity.set_customer(created->number());
  identity.mutable_identity()->set_kind(v1::IDENTITY_KIND_PHONE);
  identity.mutable_identity()->set_value("13900001111");
  ASSERT_TRUE((harness_
                   .Call<v1::AddIdentityRequest, v1::CustomerIdentity>(
                       steward_, "crm.customer.v1.IdentityService/AddIdentity", identity)
                   .ok()));
  for (const char* query : {"0755-88886666", "6666", "li@yunfan.example.com", "139 0000 1111"}) {
    EXPECT_THAT(Search(query), ElementsAre("深圳市云帆科技有限公司")) << query;
  }
  const std::string stranger = harness_.TokenOf("u9", {"sales_representative"}, "t9");
  for (const char* query : {"6666", "li@yunfan.example.com", "13900001111"}) {
    EXPECT_THAT(Search(query, stranger), IsEmpty()) << query;
  }
}

// CUS-25: company phones too, whole and by their last digits.
TEST_F(CustomerListTest, SearchFindsByCompanyPhone) {
  v1::Customer customer = Organization("深圳市云帆科技有限公司", "13812345678");
  customer.set_company_phone("0755-88887777");
  ASSERT_TRUE(Create(customer).ok());
  for (const char* query : {"0755-88887777", "075588887777", "7777", "88887777"}) {
    EXPECT_THAT(Search(query), ElementsAre("深圳市云帆科技有限公司")) << query;
  }
  EXPECT_THAT(Search("98887777"), IsEmpty());
  EXPECT_THAT(Search("7777", harness_.TokenOf("u9", {"sales_representative"}, "t9")), IsEmpty());
}

// CUS-25: a change on one replica is found on the other
TEST_F(CustomerListTest, SearchOnAnotherReplicaFollows) {
  crm::testing::Replica& other = harness_.StartReplica();
  ASSERT_TRUE(Create(Organization("深圳市云帆科技有限公司", "13812345678")).ok());
  v1::SearchCustomersRequest request;
  request.set_query("云帆");
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  int hits = 0;
  while (hits == 0 && absl::Now() < give_up) {
    const auto response = harness_.CallOn<v1::SearchCustomersRequest, v1::SearchCustomersResponse>(
        other, steward_, kService + std::string("SearchCustomers"), request);
    ASSERT_TRUE(response.ok()) << response.status();
    hits = response->hits_size();
  }
  EXPECT_EQ(hits, 1);
}

// CUS-3: what lacks a required field is flagged, listed for its owner, and complete once it is
// filled in; CreateCustomer refuses it.
TEST_F(CustomerListTest, IncompleteCustomersAreListedForTheirOwner) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  v1::Customer patch;
  patch.set_number(created->number());
  EXPECT_TRUE(Update(patch, {"decision_maker"})->incomplete());
  EXPECT_EQ(List("incomplete = true AND owner = steward")->customers_size(), 1);
  EXPECT_EQ(List("incomplete = true AND owner = u1")->customers_size(), 0);
  patch.set_decision_maker("陈建国");
  EXPECT_FALSE(Update(patch, {"decision_maker"})->incomplete());
  EXPECT_EQ(List("incomplete = true")->customers_size(), 0);
}

}  // namespace
}  // namespace crm::customer
