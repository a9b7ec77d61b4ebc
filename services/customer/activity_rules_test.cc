#include "services/customer/activity_rules.h"

#include <gtest/gtest.h>

#include "services/customer/customer_changes.h"

namespace crm::customer {
namespace {

absl::TimeZone Shanghai() {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  return zone;
}

absl::Time At(int year, int month, int day, int hour = 12, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(year, month, day, hour, minute), Shanghai());
}

v1::Customer Fresh() {
  v1::Customer customer;
  customer.set_stage(v1::STAGE_POTENTIAL);
  customer.set_follow_up_status(v1::FOLLOW_UP_STATUS_PENDING);
  customer.set_activity_level(v1::LEVEL_LOW);
  return customer;
}

class ActivityRulesTest : public ::testing::Test {
 protected:
  const ActivityRules rules_{ActivityPolicy(), Shanghai()};
  const absl::Time now_ = At(2026, 5, 31);
};

// CUS-5
TEST_F(ActivityRulesTest, LevelsEndWithTheBusinessDay) {
  EXPECT_EQ(rules_.LevelOf({At(2026, 5, 1, 0, 0)}, now_), v1::LEVEL_HIGH);
  EXPECT_EQ(rules_.LevelOf({At(2026, 4, 30, 23, 59)}, now_), v1::LEVEL_MEDIUM);
  // There is no 31 February: the last day of the month counts.
  EXPECT_EQ(rules_.LevelOf({At(2026, 2, 28, 0, 0)}, now_), v1::LEVEL_MEDIUM);
  EXPECT_EQ(rules_.LevelOf({At(2026, 2, 27, 23, 59)}, now_), v1::LEVEL_LOW);
  EXPECT_EQ(rules_.LevelOf({At(2024, 2, 29, 0, 0)}, At(2024, 5, 31)), v1::LEVEL_MEDIUM);
  EXPECT_EQ(rules_.LevelOf({now_ + absl::Minutes(4)}, now_), v1::LEVEL_HIGH);
}

// CUS-5
TEST_F(ActivityRulesTest, WindowsAreConfiguration) {
  const ActivityRules strict({.high_days = 7, .medium_months = 1}, Shanghai());
  EXPECT_EQ(strict.LevelOf({At(2026, 5, 24)}, now_), v1::LEVEL_HIGH);
  EXPECT_EQ(strict.LevelOf({At(2026, 5, 23)}, now_), v1::LEVEL_MEDIUM);
  EXPECT_EQ(strict.LevelOf({At(2026, 4, 29)}, now_), v1::LEVEL_LOW);
  // A window of days longer than that of months makes no hole.
  const ActivityRules wide({.high_days = 100, .medium_months = 1}, Shanghai());
  EXPECT_EQ(wide.LevelOf({At(2026, 3, 1)}, now_), v1::LEVEL_HIGH);
}

// CUS-5: so many contacts in a window.
TEST_F(ActivityRulesTest, CountsAreConfiguration) {
  const ActivityRules counting({.high_count = 3, .medium_count = 2}, Shanghai());
  const absl::Time may = At(2026, 5, 20);
  const absl::Time april = At(2026, 4, 20);
  EXPECT_EQ(counting.LevelOf({may, may, may}, now_), v1::LEVEL_HIGH);
  EXPECT_EQ(counting.LevelOf({may, may, april}, now_), v1::LEVEL_MEDIUM);
  EXPECT_EQ(counting.LevelOf({may, april}, now_), v1::LEVEL_MEDIUM);
  EXPECT_EQ(counting.LevelOf({may}, now_), v1::LEVEL_LOW);
  EXPECT_EQ(counting.LevelOf({}, now_), v1::LEVEL_LOW);
  EXPECT_EQ(rules_.LevelOf({}, now_), v1::LEVEL_LOW);
}

// CUS-18, CUS-5
TEST_F(ActivityRulesTest, FirstInteractionStartsFollowingUp) {
  v1::Customer customer = Fresh();
  rules_.NoteInteraction({now_, "u1", "wants a quote"}, now_, customer);
  EXPECT_EQ(customer.follow_up_status(), v1::FOLLOW_UP_STATUS_FOLLOWING);
  EXPECT_EQ(customer.stage(), v1::STAGE_POTENTIAL);
  EXPECT_EQ(customer.activity_level(), v1::LEVEL_HIGH);
  EXPECT_EQ(customer.first_contact_date(), "2026-05-31");
  EXPECT_EQ(customer.last_contact_by(), "u1");
  EXPECT_EQ(customer.last_result(), "wants a quote");
}

// CUS-18: a backdated record never moves anything backwards.
TEST_F(ActivityRulesTest, BackdatedInteractionMovesOnlyTheFirstContact) {
  v1::Customer customer = Fresh();
  rules_.NoteInteraction({now_, "u1", "agreed"}, now_, customer);
  v1::Customer expected = customer;
  rules_.NoteInteraction({At(2025, 1, 2), "u2", "was new"}, now_, customer);
  expected.set_first_contact_date("2025-01-02");
  EXPECT_EQ(customer.SerializeAsString(), expected.SerializeAsString());
}

// CUS-18: at the same time the record that comes last counts.
TEST_F(ActivityRulesTest, OfTwoAtOnceTheLaterRecordCounts) {
  v1::Customer customer = Fresh();
  rules_.NoteInteraction({now_, "u1", "first"}, now_, customer);
  rules_.NoteInteraction({now_, "u2", ""}, now_, customer);
  EXPECT_EQ(customer.last_contact_by(), "u2");
  EXPECT_EQ(customer.last_result(), "");
}

// CUS-5
TEST_F(ActivityRulesTest, InteractionWakesADormantCustomer) {
  v1::Customer never_bought = Fresh();
  never_bought.set_stage(v1::STAGE_DORMANT);
  never_bought.set_follow_up_status(v1::FOLLOW_UP_STATUS_DORMANT);
  SetTime(At(2023, 1, 1), *never_bought.mutable_last_contact_time());
  v1::Customer bought = never_bought;
  bought.set_order_count(2);
  v1::Customer asleep = bought;

  rules_.NoteInteraction({now_, "u1", ""}, now_, never_bought);
  EXPECT_EQ(never_bought.stage(), v1::STAGE_POTENTIAL);
  EXPECT_EQ(never_bought.follow_up_status(), v1::FOLLOW_UP_STATUS_FOLLOWING);
  rules_.NoteInteraction({now_, "u1", ""}, now_, bought);
  EXPECT_EQ(bought.stage(), v1::STAGE_ACTIVE);
  EXPECT_EQ(bought.follow_up_status(), v1::FOLLOW_UP_STATUS_WON);
  rules_.NoteInteraction({At(2022, 1, 1), "u1", ""}, now_, asleep);
  EXPECT_EQ(asleep.stage(), v1::STAGE_DORMANT);
}

// CUS-20, CUS-7, CUS-5
TEST_F(ActivityRulesTest, PurchaseAddsUpAndWins) {
  v1::Customer customer = Fresh();
  rules_.NotePurchase(At(2026, 5, 20), 10'050, now_, customer);
  rules_.NotePurchase(At(2026, 5, 2), 5, now_, customer);
  EXPECT_EQ(customer.total_amount(), "100.55");
  EXPECT_EQ(customer.order_count(), 2);
  EXPECT_EQ(customer.average_order_value(), "50.28");
  EXPECT_EQ(customer.first_purchase_date(), "2026-05-02");
  EXPECT_EQ(customer.last_purchase_date(), "2026-05-20");
  EXPECT_EQ(customer.first_contact_date(), "2026-05-02");
  EXPECT_EQ(customer.stage(), v1::STAGE_ACTIVE);
  EXPECT_EQ(customer.follow_up_status(), v1::FOLLOW_UP_STATUS_WON);
  EXPECT_EQ(TimeOf(customer.last_contact_time()), At(2026, 5, 20));
}

// CUS-5: a purchase returns any to active, unless it is older than what is known.
TEST_F(ActivityRulesTest, OnlyANewPurchaseReturnsALostCustomer) {
  for (const v1::Stage stage : {v1::STAGE_LOST, v1::STAGE_DORMANT}) {
    v1::Customer customer = Fresh();
    customer.set_stage(stage);
    customer.set_follow_up_status(v1::FOLLOW_UP_STATUS_DORMANT);
    SetTime(At(2026, 1, 1), *customer.mutable_last_contact_time());
    rules_.NotePurchase(At(2025, 12, 31), 100, now_, customer);
    EXPECT_EQ(customer.stage(), stage);
    EXPECT_EQ(customer.follow_up_status(), v1::FOLLOW_UP_STATUS_DORMANT);
    rules_.NotePurchase(At(2026, 1, 2), 100, now_, customer);
    EXPECT_EQ(customer.stage(), v1::STAGE_ACTIVE);
    EXPECT_EQ(customer.follow_up_status(), v1::FOLLOW_UP_STATUS_WON);
  }
}

// CUS-20
TEST_F(ActivityRulesTest, CancellingTheOnlyPurchaseLeavesNoSums) {
  v1::Customer customer = Fresh();
  rules_.NotePurchase(At(2026, 5, 20), 10'000, now_, customer);
  rules_.NoteRefund(2'500, customer);
  EXPECT_EQ(customer.total_amount(), "75.00");
  EXPECT_EQ(customer.order_count(), 1);
  rules_.NoteCancellation(7'500, std::nullopt, customer);
  EXPECT_EQ(customer.total_amount(), "0.00");
  EXPECT_EQ(customer.order_count(), 0);
  EXPECT_EQ(customer.average_order_value(), "");
  EXPECT_EQ(customer.first_purchase_date(), "");
  EXPECT_EQ(customer.last_purchase_date(), "");
}

}  // namespace
}  // namespace crm::customer
