// CustomerService over gRPC, on a real database.
#include "services/customer/customer_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/testing/service_harness.h"
#include "google/rpc/error_details.pb.h"
#include "services/customer/customer_service.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kService[] = "crm.customer.v1.CustomerService/";

v1::Customer Organization(const std::string& name, const std::string& phone) {
  v1::Customer customer;
  customer.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  customer.set_full_name(name);
  customer.set_industry("I65");
  customer.set_tier(v1::TIER_NORMAL);
  customer.set_decision_maker("陈建国");
  customer.set_phone(phone);
  return customer;
}

v1::Customer Person(const std::string& name, const std::string& phone) {
  v1::Customer customer;
  customer.set_kind(v1::CUSTOMER_KIND_PERSON);
  customer.set_full_name(name);
  customer.set_industry("零售业");
  customer.set_tier(v1::TIER_POTENTIAL);
  customer.set_phone(phone);
  return customer;
}

// "field rule" of each violation.
std::vector<std::string> Violations(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  std::vector<std::string> found;
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      found.push_back(violation.field() + " " + violation.reason());
    }
  }
  return found;
}

std::string Metadata(const absl::Status& status, const std::string& key) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info)) return info.metadata().count(key) ? info.metadata().at(key) : "";
  }
  return "";
}

class CustomerHandlersTest : public ::testing::Test {
 protected:
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(std::string_view method, const Request& request,
                                const std::string& token = "") {
    return harness_.Call<Request, Response>(token.empty() ? steward_ : token,
                                            kService + std::string(method), request);
  }

  absl::StatusOr<v1::Customer> Create(v1::Customer customer, const std::string& request_id = "",
                                      const std::string& token = "") {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    request.set_request_id(request_id);
    return Call<v1::Customer>("CreateCustomer", request, token);
  }

  absl::StatusOr<v1::Customer> Get(const std::string& number, const std::string& token = "") {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    return Call<v1::Customer>("GetCustomer", request, token);
  }

  absl::StatusOr<v1::Customer> Update(v1::Customer customer, std::vector<std::string> paths) {
    v1::UpdateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    for (std::string& path : paths) request.mutable_update_mask()->add_paths(std::move(path));
    return Call<v1::Customer>("UpdateCustomer", request);
  }

  absl::StatusOr<v1::ListCustomersResponse> List(const std::string& filter,
                                                 const std::string& token = "") {
    v1::ListCustomersRequest request;
    request.set_filter(filter);
    return Call<v1::ListCustomersResponse>("ListCustomers", request, token);
  }

  std::vector<std::string> Search(const std::string& query, const std::string& token = "") {
    v1::SearchCustomersRequest request;
    request.set_query(query);
    auto response = Call<v1::SearchCustomersResponse>("SearchCustomers", request, token);
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> names;
    if (response.ok()) {
      for (const auto& hit : response->hits()) names.push_back(hit.customer().full_name());
    }
    return names;
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
};

// CUS-1, CUS-2, CUS-4, CUS-5
TEST_F(CustomerHandlersTest, CreatesACustomerAndReadsIt) {
  v1::Customer customer = Organization("深圳市云帆科技有限公司", "138-1234-5678");
  customer.set_industry("IT服务");
  customer.set_region("广东省深圳市");
  customer.set_source_channel("展会");
  auto created = Create(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->number(), "CRM2026000001");
  EXPECT_EQ(created->stage(), v1::STAGE_POTENTIAL);
  EXPECT_EQ(created->follow_up_status(), v1::FOLLOW_UP_STATUS_PENDING);
  EXPECT_EQ(created->industry(), "I65");
  EXPECT_EQ(created->region(), "440300");
  EXPECT_EQ(created->source_channel(), "exhibition");
  EXPECT_EQ(created->creator(), "steward");

  auto read = Get(created->number());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), created->SerializeAsString());
}

// CUS-3, PLT-7, PLT-8
TEST_F(CustomerHandlersTest, RefusesWithEveryBadFieldAtOnce) {
  v1::Customer customer;
  customer.set_kind(v1::CUSTOMER_KIND_PERSON);
  customer.set_full_name("张先生");
  customer.set_scale(v1::SCALE_UNDER_500);
  customer.set_source_channel("feng shui");
  const auto created = Create(customer);
  EXPECT_EQ(created.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Violations(created.status()),
              UnorderedElementsAre(
                  "customer.scale FIELD_NOT_FOR_KIND", "customer.full_name NAME_TITLE",
                  "customer.source_channel NOT_IN_LIST", "customer.industry REQUIRED",
                  "customer.tier REQUIRED", "customer.phone REQUIRED"));
}

// PLT-8
TEST_F(CustomerHandlersTest, RefusesMalformedFieldsByTheirDeclarations) {
  v1::Customer customer = Organization("甲\x01乙", "12345");
  customer.set_email("nobody@");
  customer.set_credit_code("91440300MA5EXAMPLE");
  const auto created = Create(customer);
  EXPECT_THAT(Violations(created.status()), SizeIs(4));
}

// CUS-14, CUS-16
TEST_F(CustomerHandlersTest, ATakenPhoneNamesTheCustomerThatHasIt) {
  const auto first = Create(Organization("广州甲公司", "13812345678"));
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Create(Organization("广州乙公司", "+86 138 1234 5678"));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(second.status()), "IDENTITY_TAKEN");
  EXPECT_EQ(Metadata(second.status(), "customer"), first->number());
  EXPECT_EQ(Metadata(second.status(), "field"), "phone");
}

// CUS-14: a landline is no identity
TEST_F(CustomerHandlersTest, TwoOrganizationsMayShareALandline) {
  ASSERT_TRUE(Create(Organization("广州甲公司", "020-88886666")).ok());
  EXPECT_TRUE(Create(Organization("广州乙公司", "020 8888 6666")).ok());
}

// PLT-5
TEST_F(CustomerHandlersTest, ARepeatedRequestGivesTheFirstAnswerOnEveryReplica) {
  crm::testing::Replica& other = harness_.StartReplica();
  v1::CreateCustomerRequest request;
  *request.mutable_customer() = Organization("广州甲公司", "13812345678");
  request.set_request_id("r-1");
  const auto first = Call<v1::Customer>("CreateCustomer", request);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = harness_.CallOn<v1::CreateCustomerRequest, v1::Customer>(
      other, steward_, kService + std::string("CreateCustomer"), request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());

  request.mutable_customer()->set_full_name("广州丙公司");
  const auto reused = Call<v1::Customer>("CreateCustomer", request);
  EXPECT_EQ(ErrorReason(reused.status()), "REQUEST_ID_REUSED");
}

// PLT-2: validate_only
TEST_F(CustomerHandlersTest, ValidateOnlyWritesNothing) {
  v1::CreateCustomerRequest request;
  *request.mutable_customer() = Organization("广州甲公司", "13812345678");
  request.set_validate_only(true);
  EXPECT_TRUE(Call<v1::Customer>("CreateCustomer", request).ok());
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM customer"), 0);
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM customer_identity"), 0);
}

// CUS-10, PLT-6
TEST_F(CustomerHandlersTest, AStaleEtagIsAConflictOnlyOnTheFieldsThatChanged) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  ASSERT_TRUE(created.ok());
  v1::Customer patch;
  patch.set_number(created->number());
  patch.set_website("https://example.com");
  ASSERT_TRUE(Update(patch, {"website"}).ok());

  patch.set_etag(created->etag());
  patch.set_website("https://example.org");
  const auto stale = Update(patch, {"website"});
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Metadata(stale.status(), "changed_fields"), "website");

  patch.set_decision_maker("李文华");
  const auto merged = Update(patch, {"decision_maker"});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->website(), "https://example.com");
}

// PLT-2: what the service sets cannot be written
TEST_F(CustomerHandlersTest, AnUpdateCannotTouchOutputOnlyOrImmutableFields) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  v1::Customer patch;
  patch.set_number(created->number());
  patch.set_kind(v1::CUSTOMER_KIND_PERSON);
  const auto refused = Update(patch, {"kind", "stage", "nonsense"});
  EXPECT_THAT(Violations(refused.status()),
              ElementsAre("update_mask.paths[0] FIELD_IMMUTABLE",
                          "update_mask.paths[1] FIELD_OUTPUT_ONLY",
                          "update_mask.paths[2] FIELD_UNKNOWN"));
}

// CUS-11
TEST_F(CustomerHandlersTest, HistoryTellsWhoChangedWhatAndHidesSensitiveValues) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  v1::Customer patch;
  patch.set_number(created->number());
  patch.set_phone("13900000001");
  patch.set_website("https://example.com");
  ASSERT_TRUE(Update(patch, {}).ok());

  v1::ListCustomerHistoryRequest request;
  request.set_customer(created->number());
  const auto history = Call<v1::ListCustomerHistoryResponse>("ListCustomerHistory", request);
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->entries_size(), 2);
  const auto& change = history->entries(0);
  EXPECT_EQ(change.actor(), "steward");
  ASSERT_EQ(change.changes_size(), 2);
  EXPECT_EQ(change.changes(0).field(), "website");
  EXPECT_EQ(change.changes(0).new_value(), "https://example.com");
  EXPECT_EQ(change.changes(1).field(), "phone");
  EXPECT_EQ(change.changes(1).old_value(), "***");
  EXPECT_EQ(change.changes(1).new_value(), "***");
  EXPECT_EQ(history->entries(1).version(), 1);
}

// CUS-10: eight writers, each on a field of its own, lose nothing
TEST_F(CustomerHandlersTest, ConcurrentWritersOfDifferentFieldsAllSucceed) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  const std::vector<std::pair<std::string, std::string>> writes = {
      {"website", "https://example.com"}, {"decision_maker", "李文华"},
      {"decision_maker_title", "总监"},    {"address", "天河路1号"},
      {"need_description", "数据平台"},    {"remark", "注意付款"},
      {"annual_purchasing_volume", "100"}, {"budget_lower", "10000"}};
  std::atomic<int> ok{0};
  std::vector<std::thread> threads;
  for (const auto& [field, value] : writes) {
    threads.emplace_back([&, field = field, value = value] {
      v1::Customer patch;
      patch.set_number(created->number());
      patch.set_etag(created->etag());
      const auto* descriptor = v1::Customer::descriptor()->FindFieldByName(field);
      patch.GetReflection()->SetString(&patch, descriptor, value);
      const auto updated = Update(patch, {field});
      if (updated.ok()) ++ok;
      EXPECT_TRUE(updated.ok()) << field << ": " << updated.status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ok, 8);
  EXPECT_EQ(Get(created->number())->etag(), "v9");
}

// PLT-13: own scope in the SQL, and a customer outside it does not exist
TEST_F(CustomerHandlersTest, ARepresentativeSeesOwnCustomersOnly) {
  const std::string li = harness_.TokenOf("li", {"sales_representative"}, "south");
  const std::string wang = harness_.TokenOf("wang", {"sales_representative"}, "south");
  const auto created = Create(Organization("广州甲公司", "13812345678"), "", li);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->owner(), "li");
  EXPECT_EQ(created->team(), "south");

  EXPECT_TRUE(Get(created->number(), li).ok());
  EXPECT_EQ(Get(created->number(), wang).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(List("", wang)->customers_size(), 0);
  EXPECT_THAT(Search("甲公司", wang), IsEmpty());
  EXPECT_THAT(Search("甲公司", li), ElementsAre("广州甲公司"));
}

// PLT-13: permission is checked before existence and before the fields
TEST_F(CustomerHandlersTest, PermissionComesFirst) {
  const std::string auditor = harness_.TokenOf("shen", {"auditor"});
  const auto refused = Create(v1::Customer(), "", auditor);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Get("CRM2026999999", auditor).status().code(), absl::StatusCode::kPermissionDenied);
}

// PLT-14
TEST_F(CustomerHandlersTest, TheOwnerSeesThePhoneOthersSeeItMasked) {
  const std::string li = harness_.TokenOf("li", {"sales_representative"}, "south");
  v1::Customer customer = Organization("广州甲公司", "13812345678");
  customer.set_email("zhang@example.com");
  customer.set_bank_account("6222020200012345678");
  const auto created = Create(customer, "", li);
  ASSERT_TRUE(created.ok()) << created.status();

  const auto own = Get(created->number(), li);
  EXPECT_EQ(own->phone(), "13812345678");
  EXPECT_NE(own->bank_account(), "6222020200012345678");

  const auto masked = Get(created->number());
  EXPECT_EQ(masked->phone(), "138****5678");
  EXPECT_EQ(masked->email(), "z***@example.com");
  EXPECT_EQ(masked->decision_maker(), "陈**");
}

// PLT-15: neither the value nor anything it can be read from is in the database
TEST_F(CustomerHandlersTest, SensitiveValuesAreEncryptedAtRest) {
  v1::Customer customer = Person("王小波", "13812345678");
  customer.set_resident_id("110101199003077571");
  customer.set_remark("对花生过敏");
  const auto created = Create(customer, "r-1");
  ASSERT_TRUE(created.ok()) << created.status();
  for (const char* column : {"phone", "resident_id", "remark"}) {
    EXPECT_EQ(harness_.database().Int(absl::StrCat(
                  "SELECT COUNT(*) FROM customer WHERE INSTR(", column,
                  ", '13812345678') OR INSTR(", column, ", '110101199003077571') OR INSTR(",
                  column, ", '花生')")),
              0);
  }
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM idempotency WHERE INSTR(response, '13812345678')"),
            0);
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM outbox WHERE INSTR(payload, '13812345678')"),
            0);
}

// docs/adr/0012: SQL that changes a row raises its version, and its columns are read.
TEST_F(CustomerHandlersTest, APackedCopyCountsOnlyForItsVersion) {
  const auto created = Create(Organization("杭州云杉科技有限公司", "13812345678"));
  ASSERT_TRUE(created.ok()) << created.status();
  const auto packed = Get(created->number());
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(packed->decision_maker(), created->decision_maker());

  const auto sql = [&](const char* change) {
    auto lease = Must(harness_.database().pool().Acquire(absl::InfiniteFuture()));
    ASSERT_TRUE(lease->Execute({"change", change}, {created->number()}).ok());
  };
  sql("UPDATE customer SET website = 'https://a.cn' WHERE number = ?");  // breaks the rule: unseen
  EXPECT_EQ(Get(created->number())->website(), "");
  sql("UPDATE customer SET version = version + 1 WHERE number = ?");
  const auto columns = Get(created->number());
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_EQ(columns->website(), "https://a.cn");
  EXPECT_NE(columns->etag(), created->etag());
  EXPECT_EQ(List("website = \"https://a.cn\"")->customers(0).phone(), columns->phone());

  v1::Customer change;
  change.set_number(created->number());
  change.set_need_description("要发票");
  ASSERT_TRUE(Update(change, {"need_description"}).ok());
  sql("UPDATE customer SET website = NULL WHERE number = ?");
  EXPECT_EQ(Get(created->number())->website(), "https://a.cn");  // packed again
}

// CUS-24, PLT-4
TEST_F(CustomerHandlersTest, ListsByFilterInPages) {
  for (int i = 0; i < 7; ++i) {
    v1::Customer customer = Organization(absl::StrCat("列表公司", i), absl::StrCat("1381234560", i));
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

// CUS-25
TEST_F(CustomerHandlersTest, SearchFindsByEverythingPeopleType) {
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

// CUS-25: a change on one replica is found on the other
TEST_F(CustomerHandlersTest, SearchOnAnotherReplicaFollows) {
  crm::testing::Replica& other = harness_.StartReplica();
  ASSERT_TRUE(Create(Organization("深圳市云帆科技有限公司", "13812345678")).ok());
  v1::SearchCustomersRequest request;
  request.set_query("云帆");
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  int hits = 0;
  while (hits == 0 && absl::Now() < give_up) {
    const auto response =
        harness_.CallOn<v1::SearchCustomersRequest, v1::SearchCustomersResponse>(
            other, steward_, kService + std::string("SearchCustomers"), request);
    ASSERT_TRUE(response.ok()) << response.status();
    hits = response->hits_size();
  }
  EXPECT_EQ(hits, 1);
}

// CUS-1: numbers of paper forms are never given to anybody else
TEST_F(CustomerHandlersTest, ReservedNumbersAreTaken) {
  v1::ReserveCustomerNumbersRequest request;
  request.set_count(3);
  const auto reserved =
      Call<v1::ReserveCustomerNumbersResponse>("ReserveCustomerNumbers", request);
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  EXPECT_EQ(reserved->numbers_size(), 3);
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  std::set<std::string> all(reserved->numbers().begin(), reserved->numbers().end());
  EXPECT_TRUE(all.insert(created->number()).second);
}

// CUS-7
TEST_F(CustomerHandlersTest, AnOpeningBalanceCountsInTheSumsAndCanBeCorrected) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  v1::SetOpeningBalanceRequest request;
  request.set_customer(created->number());
  request.set_amount("100");
  request.set_count(3);
  request.set_as_of("2025-12-31");
  request.set_source("旧系统");
  auto balanced = Call<v1::Customer>("SetOpeningBalance", request);
  ASSERT_TRUE(balanced.ok()) << balanced.status();
  EXPECT_EQ(balanced->total_amount(), "100.00");
  EXPECT_EQ(balanced->average_order_value(), "33.33");
  request.set_amount("200.00");
  request.set_count(4);
  balanced = Call<v1::Customer>("SetOpeningBalance", request);
  EXPECT_EQ(balanced->total_amount(), "200.00");
  EXPECT_EQ(balanced->average_order_value(), "50.00");

  request.set_as_of("2027-01-01");
  EXPECT_THAT(Violations(Call<v1::Customer>("SetOpeningBalance", request).status()),
              ElementsAre("as_of DATE_IN_FUTURE"));
}

// CUS-8
TEST_F(CustomerHandlersTest, TagsAreSets) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  v1::ChangeCustomerTagsRequest request;
  request.set_customer(created->number());
  request.add_tags("价格敏感");
  request.add_tags("技术驱动");
  ASSERT_TRUE(Call<v1::Customer>("AddCustomerTags", request).ok());
  ASSERT_TRUE(Call<v1::Customer>("AddCustomerTags", request).ok());
  EXPECT_EQ(List("tags:\"价格敏感\"")->customers_size(), 1);
  request.clear_tags();
  request.add_tags("价格敏感");
  const auto removed = Call<v1::Customer>("RemoveCustomerTags", request);
  EXPECT_THAT(removed->tags(), ElementsAre("技术驱动"));
}

}  // namespace
}  // namespace crm::customer
