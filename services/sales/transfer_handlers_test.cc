// Handing opportunities over, and customers that only the archive knows: with staff in the copy,
// and with the archive beside it.
#include <fstream>
#include <memory>

#include "crm/customer/v1/customer_service.pb.h"
#include "crm/sales/v1/reminder_service.pb.h"
#include "services/customer/customer_service.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TransferTest : public SalesTest {
 protected:
  TransferTest() {
    db::WriteSet writes;
    AddUser("rep", "east", "sales_representative", writes);
    AddUser("heir", "west", "sales_representative", writes);
    AddUser("chief", "", "data_steward", writes);
    AddUser("gone", "west", "sales_representative", writes,
            crm::customer::v1::STAFF_STATUS_SUSPENDED);
    replica::StaffCopy::MarkChanged(writes);
    Commit(std::move(writes));
    // What was there when it started is known from the start.
    replica_ = &harness_.StartReplica();
  }
  static void AddUser(
      const std::string& id, const std::string& team, const std::string& role, db::WriteSet& writes,
      crm::customer::v1::StaffStatus status = crm::customer::v1::STAFF_STATUS_ACTIVE) {
    crm::customer::v1::StaffUser user;
    user.set_user_id(id);
    user.set_team(team);
    user.add_roles(role);
    user.set_status(status);
    replica::StaffCopy::Keep(user, 1, writes);
  }
  absl::StatusOr<v1::TransferOpportunitiesResponse> Transfer(
      const v1::TransferOpportunitiesRequest& request, const std::string& token) {
    return harness_.CallOn<v1::TransferOpportunitiesRequest, v1::TransferOpportunitiesResponse>(
        *replica_, token, "crm.sales.v1.OpportunityService/TransferOpportunities", request);
  }

  crm::testing::Replica* replica_ = nullptr;
};

TEST_F(TransferTest, HandsOverOneOrAllOpenOnes) {  // SAL-11
  const std::string first = Must(Create(Draft("甲"))).number();
  const std::string second = Must(Create(Draft("乙"))).number();
  const std::string lost = Must(Create(Draft("丙"))).number();
  Must(Lose(lost));
  const std::string chief = harness_.TokenOf("chief", {"data_steward"});

  v1::TransferOpportunitiesRequest request;
  request.set_opportunity(first);
  request.set_to_owner("heir");
  EXPECT_EQ(Transfer(request, Rep()).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Must(Transfer(request, chief)).transferred(), ElementsAre(first));
  const v1::Opportunity moved = Must(Get(first, chief));
  EXPECT_EQ(moved.owner(), "heir");
  EXPECT_EQ(moved.team(), "west");
  EXPECT_EQ(Get(first).status().code(), absl::StatusCode::kNotFound);

  request.clear_opportunity();
  request.set_from_owner("rep");
  const auto all = Must(Transfer(request, chief));
  EXPECT_THAT(all.transferred(), ElementsAre(second));
  EXPECT_FALSE(all.more());
  EXPECT_EQ(Must(Get(lost)).owner(), "rep");
  v1::ListOpportunityHistoryRequest history;
  history.set_opportunity(second);
  const auto entries =
      Must(Call<v1::ListOpportunityHistoryResponse>("ListOpportunityHistory", history, chief));
  EXPECT_EQ(entries.entries(0).changes(0).field(), "owner");
  EXPECT_EQ(entries.entries(0).actor(), "chief");
}

TEST_F(TransferTest, NeedsToKnowWhatAndToWhom) {  // SAL-11
  const std::string chief = harness_.TokenOf("chief", {"data_steward"});
  v1::TransferOpportunitiesRequest request;
  request.set_to_owner("heir");
  EXPECT_THAT(Violations(Transfer(request, chief).status()),
              ElementsAre("opportunity TRANSFER_OF_WHAT"));
  request.set_from_owner("rep");
  request.set_to_owner("u-nobody");
  EXPECT_THAT(Violations(Transfer(request, chief).status()), ElementsAre("to_owner OWNER_UNKNOWN"));
  request.set_to_owner("gone");
  EXPECT_THAT(Violations(Transfer(request, chief).status()),
              ElementsAre("to_owner OWNER_INACTIVE"));
  request.set_to_owner("heir");
  EXPECT_THAT(Must(Transfer(request, chief)).transferred(), IsEmpty());
}

TEST_F(TransferTest, HandsOverTheReminders) {  // SAL-10, SAL-11
  const std::string number = Must(Create(Draft())).number();
  v1::CreateReminderRequest create;
  create.mutable_reminder()->set_opportunity(number);
  create.mutable_reminder()->set_text("回访客户");
  record::SetTime(harness_.clock().Now() + absl::Hours(1),
                  *create.mutable_reminder()->mutable_due_time());
  const auto made = Must(Call<v1::Reminder>("ReminderService/CreateReminder", create));
  v1::TransferOpportunitiesRequest request;
  request.set_opportunity(number);
  request.set_to_owner("heir");
  const std::string chief = harness_.TokenOf("chief", {"data_steward"});
  Must(Transfer(request, chief));
  v1::GetReminderRequest get;
  get.set_reminder(made.number());
  const auto given = Must(Call<v1::Reminder>("ReminderService/GetReminder", get, chief));
  EXPECT_EQ(given.assignee(), "heir");
  EXPECT_EQ(given.team(), "west");
}

TEST(SalesBesideTheArchive, AsksForCustomersItHasNotSeen) {  // SAL-1, PLT-21
  auto archive = std::make_unique<crm::testing::ServiceHarness>(customer::Info(),
                                                                customer::CustomerService::Create);
  crm::testing::ServiceHarness sales(
      Info(), SalesService::Create, [&](config::ServiceOptions& options) {
        options.peer_token_file = options.key_file + ".token";
        std::ofstream(options.peer_token_file) << archive->TokenOfService("crm-sales");
        options.peers["customer"] = absl::StrCat("127.0.0.1:", archive->replica().port());
      });
  crm::customer::v1::CreateCustomerRequest customer;
  customer.mutable_customer()->set_kind(crm::customer::v1::CUSTOMER_KIND_ORGANIZATION);
  customer.mutable_customer()->set_full_name("杭州青禾医疗器械有限公司");
  customer.mutable_customer()->set_industry("I65");
  customer.mutable_customer()->set_tier(crm::customer::v1::TIER_NORMAL);
  customer.mutable_customer()->set_decision_maker("陈建国");
  customer.mutable_customer()->set_phone("13800138001");
  const auto known =
      archive->Call<crm::customer::v1::CreateCustomerRequest, crm::customer::v1::Customer>(
          archive->TokenOf("rep", {"sales_representative"}, "east"),
          "crm.customer.v1.CustomerService/CreateCustomer", customer);
  ASSERT_TRUE(known.ok()) << known.status();

  v1::CreateOpportunityRequest request;
  v1::Opportunity& draft = *request.mutable_opportunity();
  draft.set_name("影像平台");
  draft.set_amount("50000");
  draft.set_expected_close_date("2026-06-30");
  draft.set_source_channel("referral");
  record::SetTime(sales.clock().Now(), *draft.mutable_lead_time());
  const auto create = [&](const std::string& number, const std::string& user = "rep") {
    draft.set_customer(number);
    return sales
        .Call<v1::CreateOpportunityRequest, v1::Opportunity>(
            sales.TokenOf(user, {"sales_representative"}, "east"),
            "crm.sales.v1.OpportunityService/CreateOpportunity", request)
        .status();
  };
  EXPECT_EQ(create("CRM2026999999").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(create(known->number(), "other").code(), absl::StatusCode::kNotFound);  // PLT-13
  EXPECT_TRUE(create(known->number()).ok()) << create(known->number());
  // It goes on with the customers it has seen while the archive is away.
  archive.reset();
  EXPECT_TRUE(create(known->number()).ok()) << create(known->number());
  EXPECT_EQ(ErrorReason(create("CRM2026999998")), "CUSTOMER_UNVERIFIED");
}

}  // namespace
}  // namespace crm::sales
