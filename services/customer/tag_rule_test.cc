// Tag rules: when they are due, and what they do, over gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "crm/customer/v1/custom_field_service.pb.h"
#include "crm/customer/v1/tag_rule_service.pb.h"
#include "google/protobuf/empty.pb.h"
#include "services/customer/customer_changes.h"
#include "services/customer/people_test_fixture.h"
#include "services/customer/tag_rule_runner.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::TimeZone Shanghai() { return absl::FixedTimeZone(8 * 3600); }
absl::Time At(int day, int hour) {
  return absl::FromCivil(absl::CivilHour(2026, 3, day, hour), Shanghai());
}

// CUS-8: nightly, at 03:00 in the business zone.
TEST(TagRuleDue, KnowsTheLastNight) {
  EXPECT_EQ(LastNightlyRun(At(20, 10), Shanghai()), At(20, 3));
  EXPECT_EQ(LastNightlyRun(At(20, 3), Shanghai()), At(20, 3));
  EXPECT_EQ(LastNightlyRun(At(20, 2), Shanghai()), At(19, 3));
}

TEST(TagRuleDue, RunsOnceANightAndWhenAsked) {
  v1::TagRule rule;
  EXPECT_FALSE(IsDue(rule, At(20, 10), Shanghai()));  // rests
  rule.set_enabled(true);
  EXPECT_TRUE(IsDue(rule, At(20, 10), Shanghai()));
  SetTime(At(20, 3), *rule.mutable_last_run_time());
  EXPECT_FALSE(IsDue(rule, At(20, 10), Shanghai()));
  EXPECT_FALSE(IsDue(rule, At(21, 2), Shanghai()));
  EXPECT_TRUE(IsDue(rule, At(21, 3), Shanghai()));
  SetTime(At(20, 9), *rule.mutable_request_time());
  EXPECT_TRUE(IsDue(rule, At(20, 10), Shanghai()));
  SetTime(At(20, 9), *rule.mutable_last_run_time());
  EXPECT_FALSE(IsDue(rule, At(20, 10), Shanghai()));
  rule.set_enabled(false);
  rule.set_deleting(true);
  EXPECT_TRUE(IsDue(rule, At(20, 10), Shanghai()));
}

class TagRuleTest : public PeopleTest {
 protected:
  absl::StatusOr<v1::TagRule> TryCreateRule(const std::string& filter, const std::string& tag) {
    v1::CreateTagRuleRequest request;
    request.mutable_tag_rule()->set_name("规则 " + tag);
    request.mutable_tag_rule()->set_filter(filter);
    request.mutable_tag_rule()->set_tag(tag);
    request.mutable_tag_rule()->set_enabled(true);
    return Call<v1::TagRule>(steward_, "TagRuleService/CreateTagRule", request);
  }
  v1::TagRule GetRule(const std::string& number) {
    v1::GetTagRuleRequest request;
    request.set_tag_rule(number);
    auto rule = Call<v1::TagRule>(steward_, "TagRuleService/GetTagRule", request);
    EXPECT_TRUE(rule.ok()) << rule.status();
    return rule.ok() ? *rule : v1::TagRule();
  }
  bool HasRun(const std::string& number) {
    const v1::TagRule rule = GetRule(number);
    return rule.has_last_run_time() && TimeOf(rule.last_run_time()) >= TimeOf(rule.request_time());
  }

  // The jobs work on their own threads.
  static void Await(const std::function<bool()>& condition) { ASSERT_TRUE(Eventually(condition)); }
  // A rule that has looked at everybody.
  v1::TagRule CreateRule(const std::string& filter, const std::string& tag) {
    auto rule = TryCreateRule(filter, tag);
    EXPECT_TRUE(rule.ok()) << rule.status();
    if (!rule.ok()) return {};
    Await([&] { return HasRun(rule->number()); });
    return GetRule(rule->number());
  }

  void AddTags(const std::string& customer, const std::string& tag) {
    v1::ChangeCustomerTagsRequest request;
    request.set_customer(customer);
    request.add_tags(tag);
    auto changed = Call<v1::Customer>(steward_, "CustomerService/AddCustomerTags", request);
    EXPECT_TRUE(changed.ok()) << changed.status();
  }
  void SetTier(const std::string& customer, v1::Tier tier) {
    v1::UpdateCustomerRequest request;
    request.mutable_customer()->set_number(customer);
    request.mutable_customer()->set_tier(tier);
    auto updated = Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request);
    ASSERT_TRUE(updated.ok()) << updated.status();
  }
  std::vector<std::string> Tags(const std::string& customer) {
    const v1::Customer read = GetCustomer(customer);
    return {read.tags().begin(), read.tags().end()};
  }
  v1::Customer Tiered(const std::string& phone, v1::Tier tier) {
    v1::Customer customer = Person("张三丰", phone);
    customer.set_tier(tier);
    return Create(customer);
  }
};

// CUS-8: over all customers; the history says which rule.
TEST_F(TagRuleTest, TagsWhoMatches) {
  const std::string key = Tiered("13800000001", v1::TIER_KEY).number();
  const std::string normal = Tiered("13800000002", v1::TIER_NORMAL).number();
  const v1::TagRule rule = CreateRule("tier = KEY", "大客户");
  EXPECT_EQ(rule.number(), "TR0001");
  EXPECT_EQ(rule.last_added(), 1);
  EXPECT_THAT(Tags(key), ElementsAre("大客户"));
  EXPECT_THAT(Tags(normal), IsEmpty());

  v1::ListCustomerTagsRequest request;
  request.set_customer(key);
  auto tags =
      Call<v1::ListCustomerTagsResponse>(steward_, "CustomerService/ListCustomerTags", request);
  ASSERT_TRUE(tags.ok()) << tags.status();
  EXPECT_EQ(tags->tags(0).set_by(), "TR0001");
  EXPECT_TRUE(tags->tags(0).by_rule());
  v1::ListCustomerHistoryRequest history;
  history.set_customer(key);
  auto entries = Call<v1::ListCustomerHistoryResponse>(
      steward_, "CustomerService/ListCustomerHistory", history);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(entries->entries(0).actor(), "TR0001");
}

// CUS-8: on events, adding and removing; only tags it set itself.
TEST_F(TagRuleTest, FollowsChangesOfCustomers) {
  CreateRule("tier = KEY", "大客户");
  const std::string by_rule = Tiered("13800000001", v1::TIER_NORMAL).number();
  const std::string by_hand = Tiered("13800000002", v1::TIER_NORMAL).number();
  AddTags(by_hand, "大客户");
  SetTier(by_rule, v1::TIER_KEY);
  SetTier(by_hand, v1::TIER_KEY);
  Await([&] { return !Tags(by_rule).empty(); });

  SetTier(by_hand, v1::TIER_NORMAL);
  SetTier(by_rule, v1::TIER_NORMAL);
  Await([&] { return Tags(by_rule).empty(); });
  EXPECT_THAT(Tags(by_hand), ElementsAre("大客户"));
}

// CUS-8: what a person asks for too is the person's.
TEST_F(TagRuleTest, APersonCanTakeATagOver) {
  const std::string customer = Tiered("13800000001", v1::TIER_KEY).number();
  const v1::TagRule rule = CreateRule("tier = KEY", "大客户");
  AddTags(customer, "大客户");
  SetTier(customer, v1::TIER_NORMAL);
  v1::RunTagRulesRequest run;
  run.set_tag_rule(rule.number());
  ASSERT_TRUE(Call<v1::RunTagRulesResponse>(steward_, "TagRuleService/RunTagRules", run).ok());
  Await([&] { return HasRun(rule.number()); });
  EXPECT_EQ(GetRule(rule.number()).last_removed(), 0);
  EXPECT_THAT(Tags(customer), ElementsAre("大客户"));
}

// CUS-8: a deleted rule takes its tags with it.
TEST_F(TagRuleTest, DeletingARuleTakesItsTags) {
  const std::string customer = Tiered("13800000001", v1::TIER_KEY).number();
  const v1::TagRule rule = CreateRule("tier = KEY", "大客户");
  ASSERT_THAT(Tags(customer), SizeIs(1));
  v1::DeleteTagRuleRequest request;
  request.set_tag_rule(rule.number());
  ASSERT_TRUE(
      Call<google::protobuf::Empty>(steward_, "TagRuleService/DeleteTagRule", request).ok());
  Await([&] { return harness_.database().Int("SELECT COUNT(*) FROM tag_rule") == 0; });
  EXPECT_THAT(Tags(customer), IsEmpty());
}

// CUS-8: a changed condition is applied to everybody; while it rests, a rule does nothing.
TEST_F(TagRuleTest, AChangedRuleRunsAtOnce) {
  const std::string key = Tiered("13800000001", v1::TIER_KEY).number();
  const std::string normal = Tiered("13800000002", v1::TIER_NORMAL).number();
  const v1::TagRule rule = CreateRule("tier = KEY", "大客户");
  v1::UpdateTagRuleRequest request;
  request.mutable_tag_rule()->set_number(rule.number());
  request.mutable_tag_rule()->set_filter("tier = NORMAL");
  request.mutable_update_mask()->add_paths("filter");
  ASSERT_TRUE(Call<v1::TagRule>(steward_, "TagRuleService/UpdateTagRule", request).ok());
  Await([&] { return HasRun(rule.number()); });
  EXPECT_THAT(Tags(key), IsEmpty());
  EXPECT_THAT(Tags(normal), ElementsAre("大客户"));
}

// CUS-8: a rule that cannot be evaluated any more says so, keeps its tags and holds up no other.
TEST_F(TagRuleTest, ARuleThatFailsTellsWhy) {
  const std::string customer = Tiered("13800000001", v1::TIER_KEY).number();
  const v1::TagRule rule = CreateRule("tier = KEY", "大客户");
  EXPECT_EQ(rule.last_error(), "");
  harness_.database().Run("UPDATE tag_rule SET filter = 'colour = red'");
  v1::RunTagRulesRequest run;
  run.set_tag_rule(rule.number());
  ASSERT_TRUE(Call<v1::RunTagRulesResponse>(steward_, "TagRuleService/RunTagRules", run).ok());
  Await([&] { return HasRun(rule.number()); });
  const v1::TagRule failed = GetRule(rule.number());
  EXPECT_EQ(failed.last_error().substr(0, 13), "character 1: ") << failed.last_error();
  EXPECT_EQ(failed.error_count(), 1);
  EXPECT_TRUE(failed.has_last_error_time());
  EXPECT_EQ(failed.last_added(), 0);
  EXPECT_THAT(Tags(customer), ElementsAre("大客户"));
  v1::ListTagRulesRequest list;
  list.set_filter("error_count > 0");
  EXPECT_THAT(
      Call<v1::ListTagRulesResponse>(steward_, "TagRuleService/ListTagRules", list)->tag_rules(),
      SizeIs(1));

  v1::UpdateTagRuleRequest mend;
  mend.mutable_tag_rule()->set_number(rule.number());
  mend.mutable_tag_rule()->set_filter("tier = NORMAL");
  ASSERT_TRUE(Call<v1::TagRule>(steward_, "TagRuleService/UpdateTagRule", mend).ok());
  Await([&] { return HasRun(rule.number()); });
  EXPECT_EQ(GetRule(rule.number()).last_error(), "");
  EXPECT_EQ(GetRule(rule.number()).error_count(), 0);
  EXPECT_THAT(Tags(customer), IsEmpty());
}

// CUS-8: a failure that shows with a customer's change is told too, once.
TEST_F(TagRuleTest, EventsTellOfAFailureOnce) {
  const v1::TagRule rule = CreateRule("tier = KEY", "大客户");
  harness_.database().Run("UPDATE tag_rule SET filter = 'colour = red'");
  const std::string customer = Tiered("13800000001", v1::TIER_KEY).number();
  Await([&] { return GetRule(rule.number()).error_count() == 1; });
  const v1::TagRule other = CreateRule("tier = NORMAL", "普通");
  SetTier(customer, v1::TIER_NORMAL);
  Await([&] { return !Tags(customer).empty(); });
  EXPECT_THAT(Tags(customer), ElementsAre("普通"));
  EXPECT_EQ(GetRule(rule.number()).error_count(), 1);
}

// CUS-8, CUS-9, CUS-24: a rule's condition can name custom fields; unknown ones are refused.
TEST_F(TagRuleTest, FollowsCustomFields) {
  const absl::Status unknown = TryCreateRule("custom_fields.floors > 3", "高楼").status();
  EXPECT_EQ(ErrorReason(unknown), "FILTER_INVALID");
  v1::CreateCustomFieldRequest field;
  field.mutable_custom_field()->set_field_key("floors");
  field.mutable_custom_field()->set_label_zh("楼层");
  field.mutable_custom_field()->set_label_en("floors");
  field.mutable_custom_field()->set_type(v1::CUSTOM_FIELD_TYPE_NUMBER);
  ASSERT_TRUE(Call<v1::CustomField>(harness_.TokenOf("admin", {"administrator"}),
                                    "CustomFieldService/CreateCustomField", field)
                  .ok());
  v1::Customer tall = Person("张三丰", "13800000001");
  (*tall.mutable_custom_fields()->mutable_fields())["floors"].set_number_value(5);
  tall = Create(tall);
  const v1::TagRule rule = CreateRule("custom_fields.floors > 3", "高楼");
  EXPECT_EQ(rule.last_added(), 1);
  EXPECT_THAT(Tags(tall.number()), ElementsAre("高楼"));
}

// PLT-4, PLT-7
TEST_F(TagRuleTest, RefusesBadRules) {
  const absl::Status bad = TryCreateRule("tier = KEY AND", "x").status();
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(bad), "FILTER_INVALID");
  ASSERT_TRUE(TryCreateRule("tier = KEY", "大客户").ok());
  const absl::Status second = TryCreateRule("tier = STRATEGIC", "大客户").status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Metadata(second, "tag_rule"), "TR0001");

  v1::CreateTagRuleRequest request;
  request.mutable_tag_rule()->set_name("规则");
  request.mutable_tag_rule()->set_filter("tier = KEY");
  request.mutable_tag_rule()->set_tag("y");
  EXPECT_EQ(Call<v1::TagRule>(seller_, "TagRuleService/CreateTagRule", request).status().code(),
            absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace crm::customer
