// Whoever has an open opportunity of a customer sees the customer's phone and email in the archive
// plain: PLT-14. Two services in one process.
#include <fstream>
#include <memory>

#include "crm/customer/v1/customer_service.pb.h"
#include "services/customer/customer_service.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

namespace archive = crm::customer::v1;
using crm::testing::Eventually;
using crm::testing::ServiceHarness;

constexpr char kPhone[] = "13800138009";
constexpr char kMaskedPhone[] = "138****8009";

class InvolvementTest : public SalesTest {
 protected:
  InvolvementTest()
      : archive_(customer::Info(), customer::CustomerService::Create,
                 [this](config::ServiceOptions& options) {
                   const std::string token_file = options.key_file + ".sales-token";
                   std::ofstream(token_file) << harness_.TokenOfService("crm-customer");
                   options.peer_token_file = token_file;
                   options.peers["sales"] = absl::StrCat("127.0.0.1:", harness_.replica().port());
                 }) {
    archive_.clock().Set(harness_.clock().Now());
    archive::CreateCustomerRequest request;
    archive::Customer& customer = *request.mutable_customer();
    customer.set_kind(archive::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name("杭州青禾医疗器械有限公司");
    customer.set_industry("I65");
    customer.set_decision_maker("李云");
    customer.set_tier(archive::TIER_KEY);
    customer.set_phone(kPhone);
    customer.set_budget_lower("100000");
    buyer_ = Must(archive_.Call<archive::CreateCustomerRequest, archive::Customer>(
        archive_.TokenOf("u-steward", {"data_steward"}, "hq"),
        "crm.customer.v1.CustomerService/CreateCustomer", request));
    db::WriteSet writes;
    archive::Customer known = buyer_;
    known.set_owner("");
    known.set_team("");
    replica::KeepCustomer(known, writes);
    Commit(std::move(writes));
  }

  absl::StatusOr<archive::Customer> TryRead(const std::string& user, const std::string& role) {
    archive::GetCustomerRequest request;
    request.set_customer(buyer_.number());
    return archive_.Call<archive::GetCustomerRequest, archive::Customer>(
        archive_.TokenOf(user, {role}, "east"), "crm.customer.v1.CustomerService/GetCustomer",
        request);
  }
  // Marketers read all customers and own none.
  archive::Customer Seen(const std::string& user) { return Must(TryRead(user, "marketer")); }
  bool ComesToSee(const std::string& user, const std::string& phone) {
    return Eventually([&] { return Seen(user).phone() == phone; });
  }
  std::string OpenOne() {
    v1::Opportunity draft = Draft();
    draft.set_customer(buyer_.number());
    return Must(Create(draft)).number();
  }

  ServiceHarness archive_;
  archive::Customer buyer_;
};

// PLT-14: phone and email only.
TEST_F(InvolvementTest, TheOwnerOfAnOpenOpportunitySeesThePhonePlain) {
  EXPECT_EQ(Seen("rep").phone(), kMaskedPhone);
  OpenOne();
  ASSERT_TRUE(ComesToSee("rep", kPhone));
  EXPECT_EQ(Seen("rep").budget_lower(), "");
  EXPECT_EQ(Seen("rep").decision_maker(), "李**");
  EXPECT_EQ(Seen("other").phone(), kMaskedPhone);
}

// PLT-14, PLT-13: whom they may not read they may not read.
TEST_F(InvolvementTest, TheScopeStays) {
  OpenOne();
  ASSERT_TRUE(ComesToSee("rep", kPhone));
  EXPECT_EQ(TryRead("rep", "sales_representative").status().code(), absl::StatusCode::kNotFound);
}

// PLT-14
TEST_F(InvolvementTest, UntilItIsWonOrLost) {
  const std::string lost = OpenOne();
  ASSERT_TRUE(ComesToSee("rep", kPhone));
  Must(Lose(lost));
  ASSERT_TRUE(ComesToSee("rep", kMaskedPhone));
  v1::ReopenOpportunityRequest reopen;
  reopen.set_opportunity(lost);
  reopen.set_reason("客户重新启动项目");
  Must(Call<v1::Opportunity>("ReopenOpportunity", reopen));
  ASSERT_TRUE(ComesToSee("rep", kPhone));
  MakeWon(lost, "90000");
  EXPECT_TRUE(ComesToSee("rep", kMaskedPhone));
}

// PLT-14, SAL-11
TEST_F(InvolvementTest, GoesWithTheOpportunityToAnotherOwner) {
  const std::string number = OpenOne();
  ASSERT_TRUE(ComesToSee("rep", kPhone));
  db::WriteSet writes;
  archive::StaffUser heir;
  heir.set_user_id("heir");
  heir.set_team("east");
  heir.add_roles("sales_representative");
  heir.set_status(archive::STAFF_STATUS_ACTIVE);
  replica::StaffCopy::Keep(heir, 1, writes);
  replica::StaffCopy::MarkChanged(writes);
  Commit(std::move(writes));
  v1::TransferOpportunitiesRequest transfer;
  transfer.set_opportunity(number);
  transfer.set_to_owner("heir");
  ASSERT_TRUE(Eventually([&] {
    return Call<v1::TransferOpportunitiesResponse>("TransferOpportunities", transfer, Steward())
        .ok();
  }));
  ASSERT_TRUE(ComesToSee("heir", kPhone));
  EXPECT_EQ(Seen("rep").phone(), kMaskedPhone);
}

// PLT-14, PLT-20: what was open before the archive began to follow is there from its list.
TEST_F(InvolvementTest, BeginsWithWhatIsOpen) {
  archive_.replica().Stop();
  OpenOne();
  archive_.database().Run("UPDATE event_cursor SET position = 0");
  archive_.clock().Advance(absl::Minutes(5));
  crm::testing::Replica& next = archive_.StartReplica();
  archive::GetCustomerRequest request;
  request.set_customer(buyer_.number());
  EXPECT_TRUE(Eventually([&] {
    return Must(ServiceHarness::CallOn<archive::GetCustomerRequest, archive::Customer>(
                    next, archive_.TokenOf("rep", {"marketer"}, "east"),
                    "crm.customer.v1.CustomerService/GetCustomer", request))
               .phone() == kPhone;
  }));
}

}  // namespace
}  // namespace crm::sales
