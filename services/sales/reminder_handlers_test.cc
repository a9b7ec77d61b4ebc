// Reminders over gRPC: making, reading, changing, snoozing, completing.
#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ReminderHandlersTest : public ReminderTest {
 protected:
  absl::StatusOr<v1::Reminder> Update(const v1::Reminder& patch,
                                      const std::vector<std::string>& paths,
                                      const std::string& token = "") {
    v1::UpdateReminderRequest request;
    *request.mutable_reminder() = patch;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call<v1::Reminder>("ReminderService/UpdateReminder", request, token);
  }

  const std::string opportunity_ = Must(Create(Draft())).number();
};

TEST_F(ReminderHandlersTest, IsForTheCallerUnlessItSaysOtherwise) {  // SAL-10
  const v1::Reminder made = Must(Remind(About(opportunity_, Now() + kDay)));
  EXPECT_EQ(made.number(), "RM202603000001");
  EXPECT_EQ(made.assignee(), "rep");
  EXPECT_EQ(made.team(), "east");
  EXPECT_EQ(made.state(), v1::REMINDER_STATE_OPEN);
  EXPECT_EQ(made.source(), v1::REMINDER_SOURCE_MANUAL);
  EXPECT_FALSE(made.has_fire_time());
  EXPECT_FALSE(made.overdue());
  EXPECT_EQ(Must(Read(made.number())).SerializeAsString(), made.SerializeAsString());
}

TEST_F(ReminderHandlersTest, BelongsToACustomerAnOpportunityOrATicket) {  // SAL-10
  v1::Reminder of_customer = About("", Now());
  of_customer.set_customer(kCustomer);
  EXPECT_EQ(Must(Remind(of_customer)).customer(), kCustomer);
  v1::Reminder of_ticket = About("", Now());
  of_ticket.set_ticket("SR202603001");
  EXPECT_EQ(Must(Remind(of_ticket)).ticket(), "SR202603001");

  EXPECT_THAT(Violations(Remind(About("", Now())).status()),
              ElementsAre("reminder.opportunity SUBJECT_REQUIRED"));
  of_ticket.set_opportunity(opportunity_);
  EXPECT_THAT(Violations(Remind(of_ticket).status()),
              ElementsAre("reminder.opportunity SUBJECT_NOT_ONE"));
  EXPECT_EQ(Remind(About("SO209901001", Now())).status().code(), absl::StatusCode::kNotFound);
  of_customer.set_customer("CRM2099000001");
  EXPECT_NE(Remind(of_customer).status().code(), absl::StatusCode::kOk);
}

TEST_F(ReminderHandlersTest, RefusesWhatCannotBe) {  // SAL-10
  v1::Reminder wrong = About(opportunity_, Now() - absl::Minutes(2));
  wrong.set_assignee("u-nobody");
  wrong.set_assignee_role("wizard");
  EXPECT_THAT(
      Violations(Remind(wrong).status()),
      ElementsAre("reminder.due_time TIME_IN_PAST", "reminder.assignee ASSIGNEE_NOT_ONE",
                  "reminder.assignee ASSIGNEE_UNKNOWN", "reminder.assignee_role ROLE_UNKNOWN"));
  AddStaff("gone", "east", "sales_representative", crm::customer::v1::STAFF_STATUS_SUSPENDED);
  v1::Reminder inactive = About(opportunity_, Now());
  inactive.set_assignee("gone");
  EXPECT_THAT(Violations(Remind(inactive).status()),
              ElementsAre("reminder.assignee ASSIGNEE_INACTIVE"));
  EXPECT_THAT(Violations(Remind(v1::Reminder()).status()),
              UnorderedElementsAre("reminder.due_time REQUIRED", "reminder.text REQUIRED"));
}

TEST_F(ReminderHandlersTest, AreSeenByThoseWhomTheyConcern) {  // SAL-10, PLT-13
  v1::Reminder for_role = About(opportunity_, Now() + kDay, "准备方案");
  for_role.set_assignee_role("product_manager");
  const std::string number = Must(Remind(for_role)).number();
  EXPECT_TRUE(Read(number).ok());  // whoever made it
  EXPECT_TRUE(Read(number, ProductManager()).ok());
  EXPECT_TRUE(Read(number, Director("east")).ok());
  for (const std::string& stranger : {Rep("other", "west"), Director("west")}) {
    EXPECT_EQ(Read(number, stranger).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(Complete(number, stranger).status().code(), absl::StatusCode::kNotFound);
  }
  // Somebody else's opportunity is no subject.
  EXPECT_EQ(Remind(About(opportunity_, Now()), Rep("other", "west")).status().code(),
            absl::StatusCode::kNotFound);
}

// Directors of other teams are of another mind.
TEST_F(ReminderHandlersTest, OfARoleAreForThatRoleOfTheTeam) {  // SAL-10, PLT-13
  v1::Reminder for_role = About(opportunity_, Now() + kDay);
  for_role.set_assignee_role("sales_director");
  Must(Remind(for_role));
  EXPECT_EQ(List("", Director("east"), true).size(), 1u);
  EXPECT_THAT(List("", Director("west"), true), IsEmpty());
  EXPECT_THAT(List("", Rep(), true), IsEmpty());
  EXPECT_EQ(List("", Rep()).size(), 1u);
}

// Of those who see only their own opportunities, the owner.
TEST_F(ReminderHandlersTest, OfARoleReachWhoeverMayReadTheOpportunity) {  // SAL-10, PLT-13
  v1::Reminder for_role = About(opportunity_, Now() + kDay);
  for_role.set_assignee_role("sales_representative");
  const std::string number = Must(Remind(for_role, Steward())).number();
  EXPECT_EQ(List("", Rep(), true).size(), 1u);
  EXPECT_THAT(List("", Rep("other", "east"), true), IsEmpty());
  EXPECT_EQ(Read(number, Rep("other", "east")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Complete(number, Rep("other", "east")).status().code(), absl::StatusCode::kNotFound);
  // A role that reads no opportunities is meant as it is.
  for_role.set_assignee_role("service_agent");
  Must(Remind(for_role, Steward()));
  EXPECT_EQ(List("", harness_.TokenOf("agent", {"service_agent"}, "service"), true).size(), 1u);
  // Nobody's scope covers a ticket here: all of the role.
  v1::Reminder of_ticket = for_role;
  of_ticket.clear_opportunity();
  of_ticket.set_ticket("SR202603001");
  of_ticket.set_assignee_role("sales_representative");
  Must(Remind(of_ticket, Steward()));
  EXPECT_EQ(List("", Rep("other", "east"), true).size(), 1u);
}

TEST_F(ReminderHandlersTest, AreListedByDueTime) {  // SAL-10, PLT-4
  Must(Remind(About(opportunity_, Now() + 2 * kDay, "后天")));
  Must(Remind(About(opportunity_, Now() + kDay, "明天")));
  Must(Remind(About(opportunity_, Now() + 3 * kDay, "大后天")));
  EXPECT_THAT(Texts("", Rep()), ElementsAre("明天", "后天", "大后天"));
  EXPECT_THAT(Texts("due_time > 2026-03-22", Rep()), ElementsAre("大后天"));
  v1::ListRemindersRequest request;
  request.set_page_size(2);
  request.set_order_by("due_time desc");
  request.set_count_total(true);
  auto page = Must(Call<v1::ListRemindersResponse>("ReminderService/ListReminders", request));
  EXPECT_EQ(page.total(), 3);
  ASSERT_EQ(page.reminders_size(), 2);
  EXPECT_EQ(page.reminders(0).text(), "大后天");
  request.set_page_token(page.next_page_token());
  page = Must(Call<v1::ListRemindersResponse>("ReminderService/ListReminders", request));
  ASSERT_EQ(page.reminders_size(), 1);
  EXPECT_EQ(page.next_page_token(), "");
  request.set_filter("closer > 5");
  EXPECT_EQ(
      Call<v1::ListRemindersResponse>("ReminderService/ListReminders", request).status().code(),
      absl::StatusCode::kInvalidArgument);
}

TEST_F(ReminderHandlersTest, AreOverdueWhenTheTimeHasPassed) {  // SAL-10
  const std::string number = Must(Remind(About(opportunity_, Now() + kDay))).number();
  Advance(kDay);
  EXPECT_FALSE(Must(Read(number)).overdue());
  Advance(absl::Seconds(1));
  EXPECT_TRUE(Must(Read(number)).overdue());
  EXPECT_TRUE(List("", Rep()).front().overdue());
  Must(Complete(number));
  EXPECT_FALSE(Must(Read(number)).overdue());
}

TEST_F(ReminderHandlersTest, CanBePutOff) {  // SAL-10
  const std::string number = Must(Remind(About(opportunity_, Now()))).number();
  ASSERT_TRUE(Fires(number));
  const v1::Reminder snoozed = Must(Snooze(number, Now() + kDay));
  EXPECT_EQ(snoozed.state(), v1::REMINDER_STATE_OPEN);
  EXPECT_FALSE(snoozed.has_fire_time());
  EXPECT_EQ(snoozed.snoozes(), 1);
  EXPECT_THAT(Violations(Snooze(number, Now()).status()), ElementsAre("due_time TIME_IN_PAST"));
  Advance(kDay);
  EXPECT_TRUE(Fires(number));
}

TEST_F(ReminderHandlersTest, EndsOnce) {  // SAL-10
  const std::string number = Must(Remind(About(opportunity_, Now() + kDay))).number();
  const v1::Reminder done = Must(Complete(number));
  EXPECT_EQ(done.state(), v1::REMINDER_STATE_DONE);
  EXPECT_EQ(done.closer(), "rep");
  EXPECT_EQ(done.close_note(), "已电话沟通");
  EXPECT_EQ(record::TimeOf(done.close_time()), Now());
  EXPECT_EQ(ErrorReason(Complete(number).status()), "REMINDER_CLOSED");
  EXPECT_EQ(ErrorReason(Snooze(number, Now() + kDay).status()), "REMINDER_CLOSED");
  EXPECT_EQ(ErrorReason(Update(done, {"text"}).status()), "REMINDER_CLOSED");
  Advance(2 * kDay);
  ASSERT_TRUE(IsIdle());
  EXPECT_FALSE(Must(Read(number)).has_fire_time());

  v1::CloseReminderRequest cancel;
  cancel.set_reminder(Must(Remind(About(opportunity_, Now() + kDay))).number());
  EXPECT_EQ(Must(Call<v1::Reminder>("ReminderService/CancelReminder", cancel)).state(),
            v1::REMINDER_STATE_CANCELLED);
}

TEST_F(ReminderHandlersTest, GoesToSomebodyElse) {  // SAL-10
  AddStaff("heir", "west", "sales_representative");
  const v1::Reminder made = Must(Remind(About(opportunity_, Now())));
  ASSERT_TRUE(Fires(made.number()));
  v1::Reminder patch;
  patch.set_number(made.number());
  patch.set_assignee("heir");
  const v1::Reminder given = Must(Update(patch, {"assignee"}));
  EXPECT_EQ(given.assignee(), "heir");
  EXPECT_EQ(given.team(), "west");
  EXPECT_FALSE(given.has_fire_time());  // the heir has not been told
  EXPECT_TRUE(Fires(made.number()));

  v1::Reminder to_role;
  to_role.set_number(made.number());
  to_role.set_assignee_role("product_manager");
  const v1::Reminder of_role = Must(Update(to_role, {"assignee_role"}));
  EXPECT_EQ(of_role.assignee(), "");
  EXPECT_EQ(of_role.assignee_role(), "product_manager");
}

TEST_F(ReminderHandlersTest, RefusesWritesThatMeetOthersChanges) {  // PLT-6
  const v1::Reminder made = Must(Remind(About(opportunity_, Now())));
  ASSERT_TRUE(Fires(made.number()));
  v1::Reminder patch = made;
  patch.set_text("回访客户并报价");
  EXPECT_TRUE(Update(patch, {"text"}).ok());  // that it became due is no conflict
  patch.set_text("只回访");
  EXPECT_EQ(ErrorReason(Update(patch, {"text"}).status()), "ETAG_STALE");
  patch.clear_etag();
  patch.set_opportunity("SO202603009");
  EXPECT_THAT(Violations(Update(patch, {"opportunity"}).status()),
              ElementsAre("update_mask.paths[0] FIELD_IMMUTABLE"));
}

TEST_F(ReminderHandlersTest, IsMadeOnceForARepeatedRequest) {  // PLT-5
  const v1::Reminder first = Must(Remind(About(opportunity_, Now() + kDay), "", "r-1"));
  EXPECT_EQ(Must(Remind(About(opportunity_, Now() + kDay), "", "r-1")).number(), first.number());
  EXPECT_EQ(List("", Rep()).size(), 1u);
}

}  // namespace
}  // namespace crm::sales
