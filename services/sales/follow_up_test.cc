// Follow-up rules over gRPC: kept as configuration, applied to lists and to new opportunities.
#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class FollowUpTest : public ReminderTest {
 protected:
  static v1::FollowUpRule Rule(const std::string& code = "big",
                               const std::string& filter = "base_amount >= 50000") {
    v1::FollowUpRule rule;
    rule.set_code(code);
    rule.set_name("大单跟进");
    rule.set_filter(filter);
    AddStep(1, "首次回访", rule);
    AddStep(3, "确认需求", rule);
    return rule;
  }
  static void AddStep(int days, const std::string& text, v1::FollowUpRule& rule) {
    v1::FollowUpStep& step = *rule.add_steps();
    step.set_after_days(days);
    step.set_text(text);
  }
  absl::StatusOr<v1::FollowUpRule> Keep(const v1::FollowUpRule& rule,
                                        const std::string& token = "") {
    v1::CreateFollowUpRuleRequest request;
    *request.mutable_rule() = rule;
    return Call<v1::FollowUpRule>("FollowUpService/CreateFollowUpRule", request,
                                  token.empty() ? Steward() : token);
  }
  absl::StatusOr<v1::FollowUpRule> Change(const v1::FollowUpRule& patch,
                                          const std::vector<std::string>& paths) {
    v1::UpdateFollowUpRuleRequest request;
    *request.mutable_rule() = patch;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call<v1::FollowUpRule>("FollowUpService/UpdateFollowUpRule", request, Steward());
  }
  absl::StatusOr<v1::ApplyFollowUpRuleResponse> Apply(v1::ApplyFollowUpRuleRequest request,
                                                      const std::string& token = "") {
    if (request.rule().empty()) request.set_rule("big");
    return Call<v1::ApplyFollowUpRuleResponse>("FollowUpService/ApplyFollowUpRule", request,
                                               token.empty() ? Steward() : token);
  }
};

TEST_F(FollowUpTest, IsConfiguration) {  // SAL-10, PLT-25
  const v1::FollowUpRule kept = Must(Keep(Rule()));
  EXPECT_EQ(kept.last_editor(), "steward");
  EXPECT_EQ(ErrorReason(Keep(Rule()).status()), "RULE_EXISTS");
  EXPECT_EQ(Keep(Rule("other"), Rep()).status().code(), absl::StatusCode::kPermissionDenied);
  v1::FollowUpRule patch;
  patch.set_code("big");
  patch.set_name("重点商机");
  EXPECT_EQ(Must(Change(patch, {"name"})).name(), "重点商机");
  patch.set_name("又改");
  patch.set_etag(kept.etag());
  EXPECT_EQ(ErrorReason(Change(patch, {"name"}).status()), "ETAG_STALE");
  v1::GetFollowUpRuleRequest get;
  get.set_rule("big");
  EXPECT_EQ(Must(Call<v1::FollowUpRule>("FollowUpService/GetFollowUpRule", get)).name(),
            "重点商机");
  get.set_rule("none");
  EXPECT_EQ(Call<v1::FollowUpRule>("FollowUpService/GetFollowUpRule", get).status().code(),
            absl::StatusCode::kNotFound);
  Must(Keep(Rule("all", "")));
  v1::ListFollowUpRulesRequest list;
  list.set_page_size(1);
  auto page = Must(Call<v1::ListFollowUpRulesResponse>("FollowUpService/ListFollowUpRules", list));
  EXPECT_EQ(page.rules(0).code(), "all");
  list.set_page_token(page.next_page_token());
  page = Must(Call<v1::ListFollowUpRulesResponse>("FollowUpService/ListFollowUpRules", list));
  EXPECT_EQ(page.rules(0).code(), "big");
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(FollowUpTest, RefusesRulesThatCannotBe) {  // SAL-10
  v1::FollowUpRule twice = Rule();
  AddStep(3, "再次确认", twice);
  twice.set_assignee_role("wizard");
  EXPECT_THAT(
      Violations(Keep(twice).status()),
      ElementsAre("rule.steps[2].after_days STEP_DUPLICATE", "rule.assignee_role ROLE_UNKNOWN"));
  EXPECT_THAT(Violations(Keep(Rule("bad", "colour = red")).status()),
              ElementsAre("rule.filter FILTER_UNKNOWN_FIELD"));
  v1::FollowUpRule empty;
  empty.set_code("empty");
  EXPECT_THAT(Violations(Keep(empty).status()),
              UnorderedElementsAre("rule.name REQUIRED", "rule.steps REQUIRED"));
}

TEST_F(FollowUpTest, AppliesToAList) {  // SAL-10
  Must(Keep(Rule()));
  const std::string big = Must(Create(Draft("大单", "100000"))).number();
  Must(Create(Draft("小单", "100")));
  const std::string lost = Must(Create(Draft("输单", "100000"))).number();
  Must(Lose(lost));
  v1::ApplyFollowUpRuleRequest only_look;
  only_look.set_validate_only(true);
  EXPECT_THAT(Must(Apply(only_look)).opportunities(), ElementsAre(big));
  EXPECT_THAT(List("", Rep()), IsEmpty());

  const auto applied = Must(Apply({}));
  EXPECT_THAT(applied.opportunities(), ElementsAre(big));
  EXPECT_EQ(applied.reminders(), 2);
  const std::vector<v1::Reminder> made = List("", Rep());
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].text(), "首次回访");
  EXPECT_EQ(made[0].assignee(), "rep");
  EXPECT_EQ(made[0].rule(), "big");
  EXPECT_EQ(made[0].source(), v1::REMINDER_SOURCE_FOLLOW_UP_RULE);
  EXPECT_EQ(record::TimeOf(made[0].due_time()), Now() + kDay);
  EXPECT_EQ(record::TimeOf(made[1].due_time()), Now() + 3 * kDay);
}

// What one call takes is not how many there are.
TEST_F(FollowUpTest, TellsHowManyAltogether) {  // SAL-10
  constexpr int kOpportunities = 203;
  Must(Keep(Rule()));
  for (int i = 0; i < kOpportunities; ++i) Must(Create(Draft()));
  v1::ApplyFollowUpRuleRequest only_look;
  only_look.set_validate_only(true);
  auto response = Must(Apply(only_look));
  EXPECT_EQ(response.opportunities_size(), 200);
  EXPECT_EQ(response.total(), kOpportunities);
  EXPECT_TRUE(response.more());
  response = Must(Apply({}));
  EXPECT_EQ(response.reminders(), 2 * 200);
  EXPECT_EQ(response.total(), 0);
  response = Must(Apply(only_look));
  EXPECT_EQ(response.opportunities_size(), 3);
  EXPECT_EQ(response.total(), 3);
  EXPECT_FALSE(response.more());
}

TEST_F(FollowUpTest, RemindsOfEachStepOnce) {  // SAL-10
  Must(Keep(Rule()));
  const std::string number = Must(Create(Draft())).number();
  EXPECT_EQ(Must(Apply({})).reminders(), 2);
  EXPECT_EQ(Must(Apply({})).reminders(), 0);
  v1::FollowUpRule patch = Rule();
  AddStep(7, "报价跟进", patch);
  Must(Change(patch, {"steps"}));
  const auto again = Must(Apply({}));
  EXPECT_THAT(again.opportunities(), ElementsAre(number));
  EXPECT_EQ(again.reminders(), 1);
  EXPECT_THAT(Texts("", Rep()), ElementsAre("首次回访", "确认需求", "报价跟进"));
  // As many steps as there have been, but another one.
  patch.mutable_steps(2)->set_after_days(14);
  Must(Change(patch, {"steps"}));
  EXPECT_EQ(Must(Apply({})).reminders(), 1);
  EXPECT_EQ(Must(Apply({})).reminders(), 0);
}

TEST_F(FollowUpTest, TakesTheListAsItIsNamed) {  // SAL-10, PLT-13
  Must(Keep(Rule()));
  const std::string first = Must(Create(Draft("甲"))).number();
  const std::string second = Must(Create(Draft("乙"))).number();
  Must(Create(Draft("丙"), Rep("other", "west")));
  v1::ApplyFollowUpRuleRequest named;
  named.add_opportunities(second);
  named.add_opportunities("SO209901001");
  EXPECT_THAT(Must(Apply(named)).opportunities(), ElementsAre(second));
  v1::ApplyFollowUpRuleRequest filtered;
  filtered.set_filter("name = 甲");
  EXPECT_THAT(Must(Apply(filtered)).opportunities(), ElementsAre(first));
  EXPECT_THAT(Must(Apply({}, Director("east"))).opportunities(), IsEmpty());
  EXPECT_EQ(Must(Apply({}, Director("west"))).opportunities_size(), 1);
  EXPECT_EQ(Apply({}, Rep()).status().code(), absl::StatusCode::kPermissionDenied);
  filtered.set_filter("name ==== 甲");
  EXPECT_EQ(Apply(filtered).status().code(), absl::StatusCode::kInvalidArgument);
  v1::ApplyFollowUpRuleRequest unknown;
  unknown.set_rule("none");
  EXPECT_EQ(Apply(unknown).status().code(), absl::StatusCode::kNotFound);
  v1::FollowUpRule patch;
  patch.set_code("big");
  patch.set_retired(true);
  Must(Change(patch, {"retired"}));
  EXPECT_EQ(ErrorReason(Apply({}).status()), "RULE_RETIRED");
}

TEST_F(FollowUpTest, FollowsUpNewOpportunities) {  // SAL-10
  v1::FollowUpRule rule = Rule();
  rule.set_apply_to_new(true);
  rule.set_assignee_role("sales_director");
  Must(Keep(rule));
  harness_.StartReplica();
  const std::string big = Must(Create(Draft("大单", "100000"))).number();
  Must(Create(Draft("小单", "100")));
  ASSERT_TRUE(IsIdle());
  const std::vector<v1::Reminder> made = List("", Director("east"), true);
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].opportunity(), big);
  EXPECT_EQ(made[0].assignee_role(), "sales_director");
  EXPECT_EQ(record::TimeOf(made[0].due_time()), Now() + kDay);
  EXPECT_EQ(Must(Apply({})).reminders(), 0);  // has had them
}

// Nobody needs to follow up what is closed.
TEST_F(FollowUpTest, EndsWithTheOpportunity) {  // SAL-10
  Must(Keep(Rule()));
  const std::string number = Must(Create(Draft())).number();
  Must(Apply({}));
  Advance(2 * kDay);
  ASSERT_TRUE(IsIdle());
  Must(Lose(number));
  Advance(2 * kDay);
  ASSERT_TRUE(IsIdle());
  const std::vector<v1::Reminder> made = List("", Rep());
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].state(), v1::REMINDER_STATE_OPEN);
  EXPECT_EQ(made[1].state(), v1::REMINDER_STATE_CANCELLED);
  EXPECT_FALSE(made[1].has_fire_time());
}

}  // namespace
}  // namespace crm::sales
