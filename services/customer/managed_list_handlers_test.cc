// ManagedListService over gRPC, on a real database (CUS-5, PLT-30).
#include "services/customer/managed_list_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crm/customer/v1/managed_list_service.pb.h"
#include "services/customer/settings_test_support.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

class ManagedListTest : public AdministrationTest {
 protected:
  absl::StatusOr<v1::ManagedList> Get(const std::string& list, const std::string& language = "",
                                      bool live_only = false) {
    v1::GetManagedListRequest request;
    request.set_list(list);
    request.set_live_only(live_only);
    return Call<v1::ManagedList>(sales_, "ManagedListService/GetManagedList", request, language);
  }
  absl::StatusOr<v1::ManagedList> Update(const v1::ManagedList& list, bool validate_only = false) {
    v1::UpdateManagedListRequest request;
    *request.mutable_managed_list() = list;
    request.set_validate_only(validate_only);
    return Call<v1::ManagedList>(admin_, "ManagedListService/UpdateManagedList", request);
  }
  static std::vector<std::string> Codes(const v1::ManagedList& list) {
    std::vector<std::string> codes;
    for (const auto& entry : list.entries()) codes.push_back(entry.code());
    return codes;
  }
  static void AddEntry(const std::string& code, const std::string& zh, const std::string& en,
                       v1::ManagedList& list) {
    v1::ManagedListEntry& entry = *list.add_entries();
    entry.set_code(code);
    entry.set_label_zh(zh);
    entry.set_label_en(en);
  }
  absl::Status CreateWithNeed(const std::string& need, const std::string& phone) {
    v1::Customer customer = Organization("上海远山贸易有限公司", phone);
    customer.add_need_types(need);
    return CreateCustomer(customer).status();
  }
};

// CUS-5: code, labels, order, retired; in force with the next call.
TEST_F(ManagedListTest, EntriesAreAddedRelabelledReorderedAndRetired) {
  auto list = Get("need_type", "zh-CN");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_THAT(Codes(*list),
              ElementsAre("product_enquiry", "technical_support", "cooperation", "after_sales"));
  EXPECT_EQ(list->entries(3).label(), "售后服务");
  EXPECT_EQ(Get("need_type", "en")->entries(3).label(), "after-sales");

  v1::ManagedList changed = *list;
  AddEntry("training", "培训", "training", changed);
  changed.mutable_entries(0)->set_label_zh("产品问询");
  changed.mutable_entries(2)->set_retired(true);
  changed.mutable_entries()->SwapElements(0, 4);
  ASSERT_TRUE(Update(changed, /*validate_only=*/true).ok());
  EXPECT_EQ(Get("need_type")->entries_size(), 4) << "only checked";
  auto updated = Update(changed);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(Codes(*Get("need_type")), ElementsAre("training", "technical_support", "cooperation",
                                                    "after_sales", "product_enquiry"));
  EXPECT_THAT(Codes(*Get("need_type", "", true)),
              ElementsAre("training", "technical_support", "after_sales", "product_enquiry"));

  EXPECT_TRUE(CreateWithNeed("培训", "13912345678").ok());
  EXPECT_TRUE(CreateWithNeed("产品问询", "13912345679").ok());
  EXPECT_THAT(Violations(CreateWithNeed("cooperation", "13912345670")),
              ElementsAre("customer.need_types[0] NOT_IN_LIST"));
}

// CUS-5: whoever has a retired code keeps it.
TEST_F(ManagedListTest, ARetiredCodeStaysWhereItIs) {
  v1::Customer customer = Organization("上海远山贸易有限公司", "13912345678");
  customer.add_need_types("cooperation");
  auto created = CreateCustomer(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  v1::ManagedList list = *Get("need_type");
  list.mutable_entries(2)->set_retired(true);
  ASSERT_TRUE(Update(list).ok());
  v1::UpdateCustomerRequest request;
  request.mutable_customer()->set_number(created->number());
  request.mutable_customer()->set_website("https://example.com/");
  auto updated = Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(updated->need_types(), ElementsAre("cooperation"));
}

// CUS-5: codes are never removed; each text stands for one entry.
TEST_F(ManagedListTest, RefusesListsThatLoseOrConfuseCodes) {
  v1::ManagedList list = *Get("need_type");
  list.mutable_entries()->RemoveLast();
  AddEntry("technical_support", "支持", "support", list);
  AddEntry("other", "技术支持", "other", list);
  EXPECT_THAT(Violations(Update(list).status()),
              UnorderedElementsAre("managed_list.entries CODE_MISSING",
                                   "managed_list.entries[3].code CODE_REPEATED",
                                   "managed_list.entries[4] LABEL_REPEATED"));
  list = *Get("need_type");
  AddEntry("", "空", "none", list);
  EXPECT_THAT(Violations(Update(list).status()),
              ElementsAre("managed_list.entries[4].code REQUIRED"));
  list.set_list("planets");
  list.mutable_entries()->RemoveLast();
  EXPECT_EQ(Update(list).status().code(), absl::StatusCode::kNotFound);
}

// PLT-6, PLT-25
TEST_F(ManagedListTest, ChangesHaveAnEtagAndAHistory) {
  v1::ManagedList list = *Get("need_type");
  list.mutable_entries(0)->set_label_zh("产品问询");
  auto first = Update(list);
  ASSERT_TRUE(first.ok()) << first.status();
  list.mutable_entries(0)->set_label_zh("问产品");
  EXPECT_EQ(ErrorReason(Update(list).status()), "ETAG_STALE");
  list.set_etag(first->etag());
  ASSERT_TRUE(Update(list).ok());

  v1::ListManagedListHistoryRequest request;
  request.set_list("need_type");
  auto history = Call<v1::ListManagedListHistoryResponse>(
      admin_, "ManagedListService/ListManagedListHistory", request);
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->entries_size(), 2);
  EXPECT_EQ(history->entries(0).version(), 3);
  EXPECT_EQ(history->entries(1).version(), 2);
  EXPECT_EQ(history->entries(1).actor(), "admin");
  EXPECT_EQ(history->entries(1).changes(0).field(), "entries");
}

// CUS-5: industries and regions are served with labels, and belong to the standards.
TEST_F(ManagedListTest, ServesIndustriesAndRegions) {
  auto industries = Get("industry", "zh-CN");
  ASSERT_TRUE(industries.ok()) << industries.status();
  EXPECT_TRUE(industries->read_only());
  EXPECT_THAT(Codes(*industries), IsSupersetOf({"A", "C", "C34", "I65", "T"}));
  for (const auto& entry : industries->entries()) {
    EXPECT_FALSE(entry.label().empty()) << entry.code();
    if (entry.code() == "C34") {
      EXPECT_EQ(entry.parent(), "C");
    }
  }
  auto regions = Get("region", "en");
  ASSERT_TRUE(regions.ok()) << regions.status();
  for (const auto& entry : regions->entries()) {
    if (entry.code() != "440300") continue;
    EXPECT_EQ(entry.label(), "Shenzhen");
    EXPECT_EQ(entry.label_zh(), "深圳市");
    EXPECT_EQ(entry.parent(), "440000");
  }
  v1::ManagedList change = *Get("need_type");
  change.set_list("region");
  change.clear_etag();
  EXPECT_EQ(ErrorReason(Update(change).status()), "LIST_READ_ONLY");

  auto all = Call<v1::ListManagedListsResponse>(sales_, "ManagedListService/ListManagedLists",
                                                v1::ListManagedListsRequest());
  ASSERT_TRUE(all.ok()) << all.status();
  std::vector<std::string> names;
  for (const auto& list : all->lists()) names.push_back(list.list());
  EXPECT_THAT(names, IsSupersetOf({"industry", "region", "source_channel", "next_action",
                                   "no_purchase_reason", "service_type"}));
}

// PLT-13
TEST_F(ManagedListTest, OnlyWhoMayWritesLists) {
  v1::UpdateManagedListRequest request;
  *request.mutable_managed_list() = *Get("need_type");
  EXPECT_EQ(
      ErrorReason(
          Call<v1::ManagedList>(sales_, "ManagedListService/UpdateManagedList", request).status()),
      "PERMISSION_MISSING");
}

// CUS-5: other replicas within 2 s.
TEST_F(ManagedListTest, OtherReplicasFollow) {
  crm::testing::Replica& other = harness_.StartReplica();
  v1::ManagedList list = *Get("need_type");
  AddEntry("training", "培训", "training", list);
  ASSERT_TRUE(Update(list).ok());
  v1::CreateCustomerRequest request;
  *request.mutable_customer() = Organization("上海远山贸易有限公司", "13912345678");
  request.mutable_customer()->add_need_types("training");
  EXPECT_TRUE(Eventually([&] {
    return CallOn<v1::Customer>(other, steward_, "CustomerService/CreateCustomer", request).ok();
  }));
}

}  // namespace
}  // namespace crm::customer
