// Tags of customers over gRPC.
#include "services/customer/tag_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/customer/people_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TagHandlersTest : public PeopleTest {
 protected:
  absl::StatusOr<v1::Customer> Change(const std::string& token, const std::string& method,
                                      const std::string& customer,
                                      const std::vector<std::string>& tags) {
    v1::ChangeCustomerTagsRequest request;
    request.set_customer(customer);
    for (const std::string& tag : tags) request.add_tags(tag);
    return Call<v1::Customer>(token, "CustomerService/" + method, request);
  }
  absl::StatusOr<v1::Customer> Add(const std::string& customer,
                                   const std::vector<std::string>& tags) {
    return Change(steward_, "AddCustomerTags", customer, tags);
  }
  absl::StatusOr<v1::Customer> Remove(const std::string& customer,
                                      const std::vector<std::string>& tags) {
    return Change(steward_, "RemoveCustomerTags", customer, tags);
  }
  v1::ListCustomerTagsResponse List(const std::string& customer) {
    v1::ListCustomerTagsRequest request;
    request.set_customer(customer);
    auto list =
        Call<v1::ListCustomerTagsResponse>(steward_, "CustomerService/ListCustomerTags", request);
    EXPECT_TRUE(list.ok()) << list.status();
    return list.ok() ? *list : v1::ListCustomerTagsResponse();
  }
};

// CUS-8: a managed vocabulary, in either language, plus free tags.
TEST_F(TagHandlersTest, TakesTheVocabularyAndFreeTags) {
  const std::string customer = Create(Person("张三丰", "13800000001")).number();
  auto tagged = Add(customer, {"复购3次+", "price_sensitive", "Long Decision Chain", "技术驱动"});
  ASSERT_TRUE(tagged.ok()) << tagged.status();
  EXPECT_THAT(tagged->tags(), ElementsAre("价格敏感", "决策链长", "复购3次+", "技术驱动"));
  tagged = Remove(customer, {"price-sensitive", "决策链长", "not there"});
  ASSERT_TRUE(tagged.ok()) << tagged.status();
  EXPECT_THAT(tagged->tags(), ElementsAre("复购3次+", "技术驱动"));
  EXPECT_THAT(GetCustomer(customer).tags(), ElementsAre("复购3次+", "技术驱动"));
}

// CUS-8: a tag knows who set it.
TEST_F(TagHandlersTest, KnowsWhoSetATag) {
  auto customer = TryCreate(seller_, Person("张三丰", "13800000001"));
  ASSERT_TRUE(customer.ok()) << customer.status();
  ASSERT_TRUE(Change(seller_, "AddCustomerTags", customer->number(), {"a"}).ok());
  ASSERT_TRUE(Add(customer->number(), {"a", "b"}).ok());
  const v1::ListCustomerTagsResponse list = List(customer->number());
  ASSERT_THAT(list.tags(), SizeIs(2));
  EXPECT_EQ(list.tags(0).set_by(), "seller");
  EXPECT_EQ(list.tags(1).set_by(), "steward");
  EXPECT_FALSE(list.tags(1).by_rule());
}

// CUS-8: set operations: what is there already changes nothing, not even the version.
TEST_F(TagHandlersTest, AddingTwiceChangesNothing) {
  const std::string customer = Create(Person("张三丰", "13800000001")).number();
  auto first = Add(customer, {"a", "a"});
  auto second = Add(customer, {"a"});
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(first->etag(), second->etag());
  EXPECT_THAT(second->tags(), ElementsAre("a"));
  auto removed = Remove(customer, {"b"});
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(removed->etag(), second->etag());
}

// CUS-8: they commute: nobody's tag is lost.
TEST_F(TagHandlersTest, ConcurrentChangesAllSucceed) {
  const std::string customer = Create(Person("张三丰", "13800000001")).number();
  ASSERT_TRUE(Add(customer, {"old-0", "old-1", "old-2", "old-3"}).ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      absl::StatusOr<v1::Customer> changed;
      do {  // ABORTED says: repeat the call
        changed = i < 4 ? Add(customer, {absl::StrCat("new-", i)})
                        : Remove(customer, {absl::StrCat("old-", i - 4)});
      } while (absl::IsAborted(changed.status()));
      EXPECT_TRUE(changed.ok()) << changed.status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(GetCustomer(customer).tags(), ElementsAre("new-0", "new-1", "new-2", "new-3"));
  EXPECT_THAT(List(customer).tags(), SizeIs(4));
}

// PLT-8
TEST_F(TagHandlersTest, RefusesBadTags) {
  const std::string customer = Create(Person("张三丰", "13800000001")).number();
  EXPECT_THAT(Violations(Add(customer, {std::string(33, 'x')}).status()),
              ElementsAre("tags[0] TEXT_TOO_LONG"));
  EXPECT_THAT(Violations(Add(customer, {"a\tb"}).status()),
              ElementsAre("tags[0] TEXT_CONTROL_CHARACTERS"));
  EXPECT_THAT(Violations(Add(customer, {}).status()), ElementsAre("tags REQUIRED"));
  for (int i = 0; i < kMaxTags; i += 50) {
    std::vector<std::string> tags;
    for (int k = i; k < i + 50; ++k) tags.push_back(absl::StrCat("tag-", k));
    ASSERT_TRUE(Add(customer, tags).ok());
  }
  const absl::Status status = Add(customer, {"one too many"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(status), "TOO_MANY_TAGS");
}

// PLT-13
TEST_F(TagHandlersTest, ScopeAndPermission) {
  const std::string customer = Create(Person("张三丰", "13800000001")).number();
  EXPECT_EQ(Change(seller_, "AddCustomerTags", customer, {"a"}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Change(finance_, "AddCustomerTags", customer, {"a"}).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(List(customer).tags(), IsEmpty());
}

}  // namespace
}  // namespace crm::customer
