// InteractionService over gRPC.
#include "crm/customer/v1/contact_service.pb.h"
#include "crm/customer/v1/settings_service.pb.h"
#include "services/customer/activity_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class InteractionHandlersTest : public ActivityTest {
 protected:
  absl::StatusOr<v1::ListInteractionsResponse> List(v1::ListInteractionsRequest request,
                                                    const std::string& token) {
    return Call<v1::ListInteractionsResponse>(
        token, absl::StrCat(kInteractions, "ListInteractions"), request);
  }

  const v1::Customer customer_ = Person("王建国", "13800138001");
};

// CUS-18
TEST_F(InteractionHandlersTest, RecordsAndUpdatesTheCustomer) {
  v1::Interaction visit = Visit(customer_.number(), Now() - absl::Hours(1));
  visit.set_channel("主动拜访");
  visit.set_result("希望报价");
  visit.set_next_action("报价");
  SetTime(Now() + absl::Hours(48), *visit.mutable_next_action_due());
  auto recorded = Record(visit);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->number(), "IA2026032000001");
  EXPECT_EQ(recorded->channel(), "own_visit");
  EXPECT_EQ(recorded->next_action(), "quote");
  EXPECT_EQ(recorded->staff(), "u1");
  EXPECT_EQ(recorded->follow_up_state(), v1::FOLLOW_UP_STATE_TO_FOLLOW);
  EXPECT_FALSE(recorded->late());

  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(TimeOf(after.last_contact_time()), Now() - absl::Hours(1));
  EXPECT_EQ(after.last_contact_by(), "u1");
  EXPECT_EQ(after.last_result(), "希望报价");
  EXPECT_EQ(after.follow_up_status(), v1::FOLLOW_UP_STATUS_FOLLOWING);
  EXPECT_EQ(after.activity_level(), v1::LEVEL_HIGH);
  EXPECT_EQ(after.first_contact_date(), "2026-03-20");

  v1::GetInteractionRequest get;
  get.set_interaction(recorded->number());
  auto read = Call<v1::Interaction>(seller_, absl::StrCat(kInteractions, "GetInteraction"), get);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), recorded->SerializeAsString());
}

// CUS-18, PLT-20: a next action with a due time is announced, once for each plan.
TEST_F(InteractionHandlersTest, AnnouncesPlannedFollowUps) {
  const auto announced = [&] { return Rows("outbox WHERE payload LIKE '%followup.planned%'"); };
  v1::Interaction visit = Visit(customer_.number(), Now());
  visit.set_next_action("quote");
  auto recorded = Record(visit);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(announced(), 0);

  v1::UpdateInteractionRequest request;
  request.mutable_interaction()->set_number(recorded->number());
  SetTime(Now() + absl::Hours(48), *request.mutable_interaction()->mutable_next_action_due());
  const std::string method = absl::StrCat(kInteractions, "UpdateInteraction");
  ASSERT_TRUE(Call<v1::Interaction>(seller_, method, request).ok());
  EXPECT_EQ(announced(), 1);
  // Another field changes no plan; a resolved one plans nothing.
  request.mutable_interaction()->clear_next_action_due();
  request.mutable_interaction()->set_result("ok");
  ASSERT_TRUE(Call<v1::Interaction>(seller_, method, request).ok());
  request.mutable_interaction()->set_follow_up_state(v1::FOLLOW_UP_STATE_RESOLVED);
  ASSERT_TRUE(Call<v1::Interaction>(seller_, method, request).ok());
  EXPECT_EQ(announced(), 1);
  EXPECT_EQ(Rows("outbox WHERE payload LIKE '%interaction.recorded%'"), 1);
}

// CUS-18, PLT-15: the content is not readable in the database, outbox and history included.
TEST_F(InteractionHandlersTest, ContentIsStoredEncrypted) {
  v1::Interaction visit = Visit(customer_.number(), Now());
  visit.set_content("unmistakable");
  ASSERT_TRUE(Record(visit).ok());
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM interaction WHERE content LIKE '%unmistakable%'"),
            0);
  EXPECT_EQ(
      harness_.database().Int("SELECT COUNT(*) FROM outbox WHERE payload LIKE '%unmistakable%'"),
      0);
  // The owner's team leader reads it plain.
  v1::ListInteractionsRequest list;
  list.set_customer(customer_.number());
  auto listed = List(list, harness_.TokenOf("boss", {"sales_director"}, "t1"));
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->interactions_size(), 1);
  EXPECT_EQ(listed->interactions(0).content(), "unmistakable");
}

// CUS-18: what staff must say, and channels need not.
TEST_F(InteractionHandlersTest, AsksStaffForMoreThanChannels) {
  v1::Interaction bare;
  bare.set_customer(customer_.number());
  SetTime(Now(), *bare.mutable_time());
  bare.set_content("chat");
  auto by_staff = Record(bare);
  EXPECT_THAT(
      Violations(by_staff.status()),
      UnorderedElementsAre("interaction.method REQUIRED", "interaction.next_action REQUIRED"));
  auto by_channel = Record(bare, erp_);
  ASSERT_TRUE(by_channel.ok()) << by_channel.status();
  EXPECT_EQ(by_channel->staff(), "");

  v1::Interaction empty;
  empty.set_customer(customer_.number());
  EXPECT_THAT(Violations(Record(empty, erp_).status()),
              UnorderedElementsAre("interaction.time REQUIRED", "interaction.content REQUIRED"));
}

// CUS-18, CUS-19: edges of time.
TEST_F(InteractionHandlersTest, BoundsTheTime) {
  EXPECT_TRUE(Record(Visit(customer_.number(), Now() + absl::Minutes(5))).ok());
  EXPECT_THAT(
      Violations(Record(Visit(customer_.number(), Now() + absl::Minutes(5) + absl::Microseconds(1)))
                     .status()),
      ElementsAre("interaction.time TIME_IN_FUTURE"));
  EXPECT_THAT(Violations(Record(Visit(customer_.number(), absl::FromUnixSeconds(-1))).status()),
              ElementsAre("interaction.time TIME_TOO_EARLY"));
  EXPECT_FALSE(Record(Visit(customer_.number(), Now() - absl::Hours(24)))->late());
  EXPECT_TRUE(
      Record(Visit(customer_.number(), Now() - absl::Hours(24) - absl::Microseconds(1)))->late());
}

// CUS-18
TEST_F(InteractionHandlersTest, RefusesWhatDoesNotFit) {
  v1::Interaction visit = Visit(customer_.number(), Now());
  visit.set_method("telepathy");
  visit.add_attachments("AT1");
  SetTime(Now() + absl::Hours(1), *visit.mutable_next_action_due());
  EXPECT_THAT(Violations(Record(visit).status()),
              UnorderedElementsAre("interaction.method NOT_IN_LIST",
                                   "interaction.next_action_due DUE_WITHOUT_ACTION"));
  visit = Visit(customer_.number(), Now());
  visit.add_attachments("AT1");
  EXPECT_THAT(Violations(Record(visit).status()),
              ElementsAre("interaction.attachments[0] ATTACHMENT_UNKNOWN"));
  visit = Visit("", Now());
  EXPECT_THAT(Violations(Record(visit).status()), ElementsAre("interaction.customer REQUIRED"));
}

// CUS-18: the contact is one of the customer's.
TEST_F(InteractionHandlersTest, NamesAContactOfTheCustomer) {
  v1::CreateCustomerRequest request;
  v1::Customer& organization = *request.mutable_customer();
  organization.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  organization.set_full_name("深圳市云帆科技有限公司");
  organization.set_industry("I65");
  organization.set_tier(v1::TIER_NORMAL);
  organization.set_decision_maker("陈建国");
  organization.set_phone("13800138011");
  const auto customer =
      Call<v1::Customer>(seller_, absl::StrCat(kCustomers, "CreateCustomer"), request);
  ASSERT_TRUE(customer.ok()) << customer.status();
  v1::CreateContactRequest adding;
  adding.mutable_contact()->set_customer(customer->number());
  adding.mutable_contact()->set_name("李小龙");
  const auto contact =
      Call<v1::Contact>(seller_, "crm.customer.v1.ContactService/CreateContact", adding);
  ASSERT_TRUE(contact.ok()) << contact.status();
  v1::Interaction visit = Visit(customer->number(), Now());
  visit.set_contact(contact->number());
  const auto recorded = Record(visit);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->contact(), contact->number());

  visit = Visit(Person("王建国", "13800138012").number(), Now());
  visit.set_contact(contact->number());
  EXPECT_THAT(Violations(Record(visit).status()),
              ElementsAre("interaction.contact CONTACT_UNKNOWN"));
  visit.set_contact("CON2026999999");
  EXPECT_THAT(Violations(Record(visit).status()),
              ElementsAre("interaction.contact CONTACT_UNKNOWN"));
}

// CUS-5, PLT-25: windows and counts of the settings in force decide, and levels follow a change.
TEST_F(InteractionHandlersTest, LevelsFollowTheSettings) {
  const std::string admin = harness_.TokenOf("admin", {"administrator"});
  const auto set = [&](int high_days, int high_count) {
    v1::UpdateSettingsRequest request;
    v1::ActivityWindows& windows = *request.mutable_settings()->mutable_activity();
    windows.set_high_days(high_days);
    windows.set_medium_months(3);
    windows.set_high_count(high_count);
    request.set_reason("季度调整");
    auto updated = Call<v1::CustomerSettings>(
        admin, "crm.customer.v1.SettingsService/UpdateSettings", request);
    ASSERT_TRUE(updated.ok()) << updated.status();
  };
  const std::string number = Person("王建国", "13800138013").number();
  const auto level = [&] { return GetCustomer(number).activity_level(); };
  set(5, 2);
  ASSERT_TRUE(Record(Visit(number, Now())).ok());
  EXPECT_EQ(level(), v1::LEVEL_MEDIUM) << "one of two";
  ASSERT_TRUE(Record(Order(number, "A-1", Now() - absl::Hours(1), "1")).ok());
  EXPECT_EQ(level(), v1::LEVEL_HIGH);
  ASSERT_TRUE(Record(Visit(number, Now())).ok());
  EXPECT_EQ(level(), v1::LEVEL_HIGH);
  set(5, 4);
  EXPECT_TRUE(Eventually([&] { return level() == v1::LEVEL_MEDIUM; }));
}

// CUS-18, PLT-13: out of scope is not found; reading roles may not record.
TEST_F(InteractionHandlersTest, KeepsToScopeAndPermission) {
  EXPECT_EQ(Record(Visit(customer_.number(), Now()), other_seller_).status().code(),
            absl::StatusCode::kNotFound);
  auto recorded = Record(Visit(customer_.number(), Now()));
  ASSERT_TRUE(recorded.ok());
  v1::GetInteractionRequest get;
  get.set_interaction(recorded->number());
  EXPECT_EQ(Call<v1::Interaction>(other_seller_, absl::StrCat(kInteractions, "GetInteraction"), get)
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  auto listed = List({}, other_seller_);
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->interactions_size(), 0);
  EXPECT_EQ(
      Record(Visit(customer_.number(), Now()), harness_.TokenOf("f", {"finance"})).status().code(),
      absl::StatusCode::kPermissionDenied);
}

// CUS-18: a backdated record moves nothing backwards.
TEST_F(InteractionHandlersTest, BackdatedRecordChangesFirstContactOnly) {
  ASSERT_TRUE(Record(Visit(customer_.number(), Now())).ok());
  const v1::Customer before = GetCustomer(customer_.number());
  v1::Interaction old = Visit(customer_.number(), Now() - absl::Hours(24 * 40));
  old.set_result("old");
  auto recorded = Record(old);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_TRUE(recorded->late());
  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.first_contact_date(), "2026-02-08");
  EXPECT_EQ(TimeOf(after.last_contact_time()), TimeOf(before.last_contact_time()));
  EXPECT_EQ(after.last_result(), "");
  EXPECT_EQ(after.activity_level(), v1::LEVEL_HIGH);
}

// PLT-5
TEST_F(InteractionHandlersTest, RepeatGivesTheFirstAnswer) {
  const v1::Interaction visit = Visit(customer_.number(), Now());
  auto first = Record(visit, seller_, "r-1");
  auto again = Record(visit, seller_, "r-1");
  ASSERT_TRUE(first.ok() && again.ok()) << again.status();
  EXPECT_EQ(first->number(), again->number());
  EXPECT_EQ(Rows("interaction"), 1);
}

// CUS-18: found by phone.
TEST_F(InteractionHandlersTest, FindsTheCustomerByIdentity) {
  v1::RecordInteractionRequest request;
  *request.mutable_interaction() = Visit("", Now());
  request.mutable_lookup()->set_kind(v1::IDENTITY_KIND_PHONE);
  request.mutable_lookup()->set_value("+86 138-0013-8001");
  const std::string method = absl::StrCat(kInteractions, "RecordInteraction");
  auto recorded = Call<v1::Interaction>(erp_, method, request);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->customer(), customer_.number());
  request.mutable_lookup()->set_value("13900000000");
  auto unknown = Call<v1::Interaction>(erp_, method, request);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ToRpcStatus(unknown.status()).DebugString(),
              ::testing::Not(::testing::HasSubstr("13900000000")));
}

// CUS-18: one bad row of many is refused alone.
TEST_F(InteractionHandlersTest, BulkRowsHaveOutcomesOfTheirOwn) {
  v1::RecordInteractionsRequest request;
  *request.add_rows()->mutable_interaction() = Visit(customer_.number(), Now() - absl::Hours(3));
  *request.add_rows()->mutable_interaction() = Visit("CRM0", Now());
  *request.add_rows()->mutable_interaction() = Visit(customer_.number(), Now());
  request.mutable_rows(2)->mutable_interaction()->set_content(std::string(4001, 'x'));
  *request.add_rows()->mutable_interaction() = Visit(customer_.number(), Now() - absl::Hours(2));
  request.mutable_rows(3)->mutable_interaction()->set_result("newest");
  auto response = Call<v1::RecordInteractionsResponse>(
      erp_, absl::StrCat(kInteractions, "RecordInteractions"), request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->outcomes_size(), 4);
  EXPECT_EQ(response->outcomes(0).state(), v1::RowOutcome::STATE_RECORDED);
  EXPECT_EQ(response->outcomes(1).state(), v1::RowOutcome::STATE_REFUSED);
  EXPECT_EQ(response->outcomes(1).error().code(), static_cast<int>(absl::StatusCode::kNotFound));
  EXPECT_THAT(Violations(FromRpcStatus(response->outcomes(2).error())),
              ElementsAre("interaction.content TEXT_TOO_LONG"));
  EXPECT_EQ(response->outcomes(3).state(), v1::RowOutcome::STATE_RECORDED);
  EXPECT_EQ(Rows("interaction"), 2);
  // Both in one change of the customer.
  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.etag(), "v2");
  EXPECT_EQ(after.last_result(), "newest");
}

// PLT-9
TEST_F(InteractionHandlersTest, BulkIsBounded) {
  v1::RecordInteractionsRequest request;
  for (int i = 0; i < 501; ++i) request.add_rows();
  auto response = Call<v1::RecordInteractionsResponse>(
      erp_, absl::StrCat(kInteractions, "RecordInteractions"), request);
  EXPECT_THAT(Violations(response.status()), ElementsAre("rows TOO_MANY_ITEMS"));
}

// CUS-18, PLT-6
TEST_F(InteractionHandlersTest, UpdateChangesOnlyWhatComesNext) {
  auto recorded = Record(Visit(customer_.number(), Now()));
  ASSERT_TRUE(recorded.ok());
  const std::string method = absl::StrCat(kInteractions, "UpdateInteraction");
  v1::UpdateInteractionRequest request;
  request.mutable_interaction()->set_number(recorded->number());
  request.mutable_interaction()->set_etag(recorded->etag());
  request.mutable_interaction()->set_result("已报价");
  request.mutable_interaction()->set_follow_up_state(v1::FOLLOW_UP_STATE_RESOLVED);
  auto updated = Call<v1::Interaction>(seller_, method, request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->result(), "已报价");
  EXPECT_EQ(updated->etag(), "v2");
  EXPECT_EQ(GetCustomer(customer_.number()).last_result(), "已报价");

  request.mutable_interaction()->set_result("stale");
  EXPECT_EQ(ErrorReason(Call<v1::Interaction>(seller_, method, request).status()), "ETAG_STALE");
  v1::UpdateInteractionRequest content;
  content.mutable_interaction()->set_number(recorded->number());
  content.mutable_interaction()->set_content("something else");
  EXPECT_THAT(Violations(Call<v1::Interaction>(seller_, method, content).status()),
              ElementsAre("content FIELD_IMMUTABLE"));
}

// CUS-20, PLT-4: newest first by the time it happened, in pages.
TEST_F(InteractionHandlersTest, ListsNewestFirst) {
  for (const int hours : {2, 9, 1, 5}) {
    v1::Interaction visit = Visit(customer_.number(), Now() - absl::Hours(hours));
    visit.set_result(absl::StrCat(hours));
    ASSERT_TRUE(Record(visit).ok());
  }
  v1::ListInteractionsRequest request;
  request.set_customer(customer_.number());
  request.set_page_size(3);
  request.set_count_total(true);
  auto page = List(request, seller_);
  ASSERT_TRUE(page.ok()) << page.status();
  std::vector<std::string> results;
  for (const auto& interaction : page->interactions()) results.push_back(interaction.result());
  EXPECT_EQ(page->total(), 4);
  request.set_page_token(page->next_page_token());
  page = List(request, seller_);
  ASSERT_TRUE(page.ok()) << page.status();
  for (const auto& interaction : page->interactions()) results.push_back(interaction.result());
  EXPECT_THAT(results, ElementsAre("1", "2", "5", "9"));
  EXPECT_EQ(page->next_page_token(), "");

  v1::ListInteractionsRequest filtered;
  filtered.set_filter("result = \"5\"");
  page = List(filtered, seller_);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->interactions_size(), 1);
}

// PLT-2
TEST_F(InteractionHandlersTest, ValidateOnlyWritesNothing) {
  v1::RecordInteractionRequest request;
  *request.mutable_interaction() = Visit(customer_.number(), Now());
  request.set_validate_only(true);
  auto checked =
      Call<v1::Interaction>(seller_, absl::StrCat(kInteractions, "RecordInteraction"), request);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->number(), "");
  EXPECT_EQ(Rows("interaction"), 0);
}

}  // namespace
}  // namespace crm::customer
