// CustomerService over gRPC, on a real database.
#include "services/customer/customer_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "services/customer/customer_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

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
  EXPECT_THAT(
      Violations(created.status()),
      UnorderedElementsAre("customer.scale FIELD_NOT_FOR_KIND", "customer.full_name NAME_TITLE",
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
  EXPECT_THAT(Violations(refused.status()), ElementsAre("update_mask.paths[0] FIELD_IMMUTABLE",
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
      {"website", "https://example.com"},  {"decision_maker", "李文华"},
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

// CUS-10, PLT-6: of eight writers of one field who have read the same customer one wins; the others
// are told that it has changed.
TEST_F(CustomerHandlersTest, ConcurrentWritersOfOneFieldHaveOneWinner) {
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  ASSERT_TRUE(created.ok()) << created.status();
  for (int round = 0; round < 5; ++round) {
    const std::string etag = Get(created->number())->etag();
    std::vector<absl::Status> answers(8);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < answers.size(); ++i) {
      threads.emplace_back([&, i] {
        v1::Customer patch;
        patch.set_number(created->number());
        patch.set_etag(etag);
        patch.set_website(absl::StrCat("https://example.com/", round, "/", i));
        answers[i] = Update(patch, {"website"}).status();
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<std::string> winners;
    for (size_t i = 0; i < answers.size(); ++i) {
      if (answers[i].ok()) {
        winners.push_back(absl::StrCat("https://example.com/", round, "/", i));
      } else {
        EXPECT_EQ(answers[i].code(), absl::StatusCode::kAborted) << answers[i];
        EXPECT_EQ(ErrorReason(answers[i]), "ETAG_STALE") << answers[i];
      }
    }
    EXPECT_THAT(winners, ElementsAre(Get(created->number())->website()));
  }
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
    EXPECT_EQ(
        harness_.database().Int(absl::StrCat(
            "SELECT COUNT(*) FROM customer WHERE INSTR(", column, ", '13812345678') OR INSTR(",
            column, ", '110101199003077571') OR INSTR(", column, ", '花生')")),
        0);
  }
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM idempotency WHERE INSTR(response, '13812345678')"),
            0);
  EXPECT_EQ(
      harness_.database().Int("SELECT COUNT(*) FROM outbox WHERE INSTR(payload, '13812345678')"),
      0);
}

// PLT-8: what the server does not know is not kept.
TEST_F(CustomerHandlersTest, UnknownFieldsOfARequestAreDropped) {
  v1::Customer customer = Organization("杭州云杉科技有限公司", "13812345678");
  customer.GetReflection()->MutableUnknownFields(&customer)->AddLengthDelimited(15'000, "secret");
  const auto created = Create(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  const auto read = Get(created->number());
  EXPECT_TRUE(read->GetReflection()->GetUnknownFields(*read).empty());
}

// docs/adr/0012: SQL that changes a row raises its version, and its columns are read.
TEST_F(CustomerHandlersTest, APackedCopyCountsOnlyForItsVersion) {
  const auto created = Create(Organization("杭州云杉科技有限公司", "13812345678"));
  ASSERT_TRUE(created.ok()) << created.status();
  const auto packed = Get(created->number());
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(packed->decision_maker(), created->decision_maker());

  const auto sql = [&](const char* change) {
    auto lease = harness_.database().pool().Acquire(absl::InfiniteFuture());
    ASSERT_TRUE(lease.ok());
    ASSERT_TRUE((*lease)->Execute({"change", change}, {created->number()}).ok());
  };
  sql("UPDATE customer SET website = 'https://a.cn' WHERE number = ?");  // breaks the rule: unseen
  EXPECT_EQ(Get(created->number())->website(), "");
  sql("UPDATE customer SET version = version + 1 WHERE number = ?");
  const auto columns = Get(created->number());
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_EQ(columns->website(), "https://a.cn");
  EXPECT_NE(columns->etag(), created->etag());
  EXPECT_EQ(List("website = \"https://a.cn\"")->customers(0).phone(), columns->phone());

  sql("UPDATE customer SET packed = 'damaged' WHERE number = ?");
  EXPECT_EQ(Get(created->number())->website(), "https://a.cn");

  v1::Customer change;
  change.set_number(created->number());
  change.set_need_description("要发票");
  ASSERT_TRUE(Update(change, {"need_description"}).ok());
  sql("UPDATE customer SET website = NULL WHERE number = ?");
  EXPECT_EQ(Get(created->number())->website(), "https://a.cn");  // packed again
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
