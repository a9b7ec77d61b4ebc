// Who owns a customer, and how that changes, over gRPC (CUS-38, PLT-2, PLT-13, PLT-14).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crm/customer/v1/identity_service.pb.h"
#include "crm/customer/v1/staff_service.pb.h"
#include "services/customer/customer_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;

class CustomerOwnerTest : public CustomerHandlersTest {
 protected:
  void AddTeam(const std::string& id) {
    v1::CreateStaffTeamRequest request;
    request.mutable_team()->set_team_id(id);
    request.mutable_team()->set_name("团队" + id);
    const auto created = Staff<v1::StaffTeam>("CreateStaffTeam", request);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  void AddStaff(const std::string& id, const std::string& team) {
    v1::CreateStaffUserRequest request;
    request.mutable_user()->set_user_id(id);
    request.mutable_user()->set_name("员工" + id);
    request.mutable_user()->add_roles("sales_representative");
    request.mutable_user()->set_team(team);
    const auto created = Staff<v1::StaffUser>("CreateStaffUser", request);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  void Suspend(const std::string& id) {
    v1::ChangeStaffStatusRequest request;
    request.set_user(id);
    const auto suspended = Staff<v1::StaffUser>("SuspendStaffUser", request);
    ASSERT_TRUE(suspended.ok()) << suspended.status();
  }
  template <typename Response, typename Request>
  absl::StatusOr<Response> Staff(const std::string& method, const Request& request) {
    return harness_.Call<Request, Response>(admin_, "crm.customer.v1.StaffService/" + method,
                                            request);
  }

  absl::StatusOr<v1::Customer> UpdateAs(const std::string& token, v1::Customer patch,
                                        const std::vector<std::string>& paths) {
    v1::UpdateCustomerRequest request;
    *request.mutable_customer() = std::move(patch);
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call<v1::Customer>("UpdateCustomer", request, token);
  }
  absl::StatusOr<v1::Customer> Assign(const std::string& number, const std::string& owner,
                                      const std::string& reason, const std::string& token = "") {
    v1::AssignCustomerRequest request;
    request.set_customer(number);
    request.set_owner(owner);
    request.set_reason(reason);
    return Call<v1::Customer>("AssignCustomer", request, token);
  }
  absl::StatusOr<v1::ResolveIdentityResponse> Resolve(const std::string& token,
                                                      const std::string& phone,
                                                      const std::string& owner) {
    v1::ResolveIdentityRequest request;
    v1::IdentityValue& identity = *request.add_identities();
    identity.set_kind(v1::IDENTITY_KIND_PHONE);
    identity.set_value(phone);
    request.mutable_profile()->set_owner(owner);
    return harness_.Call<v1::ResolveIdentityRequest, v1::ResolveIdentityResponse>(
        token, "crm.customer.v1.IdentityService/ResolveIdentity", request);
  }

  const std::string admin_ = harness_.TokenOf("admin", {"administrator"});
  const std::string li_ = harness_.TokenOf("li", {"sales_representative"}, "south");
  const std::string manager_ = harness_.TokenOf("manager", {"service_manager"}, "service");
};

// PLT-2, PLT-13, PLT-14: nobody gives a customer away, or takes one and sees its phone, by Update.
TEST_F(CustomerOwnerTest, AnUpdateChangesNoOwner) {
  AddTeam("south");
  AddStaff("li", "south");
  AddStaff("wang", "south");
  const auto created = Create(Organization("广州甲公司", "13812345678"), "", li_);
  ASSERT_TRUE(created.ok()) << created.status();
  v1::Customer patch;
  patch.set_number(created->number());
  patch.set_owner("wang");
  EXPECT_THAT(Violations(UpdateAs(li_, patch, {"owner"}).status()),
              ElementsAre("update_mask.paths[0] FIELD_BY_VERB"));
  EXPECT_THAT(Violations(UpdateAs(li_, patch, {}).status()),
              ElementsAre("customer.owner FIELD_BY_VERB"));
  patch.set_owner("manager");
  EXPECT_THAT(Violations(UpdateAs(manager_, patch, {"website", "owner"}).status()),
              ElementsAre("update_mask.paths[1] FIELD_BY_VERB"));
  EXPECT_NE(Get(created->number(), manager_)->phone(), "13812345678");
  patch.clear_owner();
  for (const char* path : {"owner", "team"}) {
    EXPECT_THAT(Violations(UpdateAs(li_, patch, {path}).status()),
                ElementsAre("update_mask.paths[0] FIELD_BY_VERB"));
  }
  // What was read can be sent back.
  v1::Customer same = *Get(created->number(), li_);
  same.set_website("https://example.com");
  const auto updated = UpdateAs(li_, same, {"owner", "website"});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->owner(), "li");
  EXPECT_EQ(updated->team(), "south");
  EXPECT_EQ(updated->website(), "https://example.com");
}

// PLT-13: another owner from the beginning takes the right to assign, and an active user.
TEST_F(CustomerOwnerTest, AnotherOwnerTakesTheRightToAssign) {
  AddTeam("south");
  AddStaff("wang", "south");
  AddStaff("gone", "south");
  Suspend("gone");
  v1::Customer customer = Organization("广州甲公司", "13812345678");
  customer.set_owner("wang");
  customer.set_team("elsewhere");  // follows the owner
  for (const std::string& token : {li_, manager_}) {
    EXPECT_THAT(Violations(Create(customer, "", token).status()),
                ElementsAre("customer.owner OWNER_NOT_YOURS_TO_CHOOSE"));
  }
  const auto given = Create(customer);
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_EQ(given->owner(), "wang");
  EXPECT_EQ(given->team(), "south");
  customer.set_phone("13812345679");
  for (const char* owner : {"nobody", "gone"}) {
    customer.set_owner(owner);
    EXPECT_THAT(Violations(Create(customer).status()), ElementsAre("customer.owner STAFF_UNKNOWN"))
        << owner;
  }
  // A program owns nothing; it may say whose its customers are.
  customer.set_owner("wang");
  const std::string program = harness_.TokenOfService("erp", {"service_account"});
  const auto theirs = Create(customer, "", program);
  ASSERT_TRUE(theirs.ok()) << theirs.status();
  EXPECT_EQ(theirs->owner(), "wang");
}

// PLT-13, CUS-14: the same rules where a contact makes the customer; it is its maker's to complete.
TEST_F(CustomerOwnerTest, ResolvedCustomersBelongToWhoeverResolved) {
  AddTeam("south");
  AddStaff("wang", "south");
  EXPECT_THAT(Violations(Resolve(li_, "13812345678", "wang").status()),
              ElementsAre("profile.owner OWNER_NOT_YOURS_TO_CHOOSE"));
  EXPECT_THAT(Violations(Resolve(steward_, "13812345678", "nobody").status()),
              ElementsAre("profile.owner STAFF_UNKNOWN"));
  const auto own = Resolve(li_, "13812345678", "");
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->customer().owner(), "li");
  // CUS-3
  EXPECT_EQ(List("incomplete = true AND owner = li", li_)->customers_size(), 1);
  const auto given = Resolve(steward_, "13812345679", "wang");
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_EQ(given->customer().owner(), "wang");
  EXPECT_EQ(given->customer().team(), "south");
  EXPECT_EQ(List("incomplete = true AND owner = wang")->customers_size(), 1);
}

// CUS-38, CUS-11: assigning takes its right, moves owner and team, and the history says why.
TEST_F(CustomerOwnerTest, AssigningMovesTheCustomerAndTellsWhy) {
  AddTeam("south");
  AddTeam("north");
  AddStaff("li", "south");
  AddStaff("wang", "north");
  AddStaff("gone", "north");
  Suspend("gone");
  const auto created = Create(Organization("广州甲公司", "13812345678"), "", li_);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(Assign(created->number(), "wang", "", li_).status().code(),
            absl::StatusCode::kPermissionDenied);
  for (const char* owner : {"nobody", "gone"}) {
    EXPECT_THAT(Violations(Assign(created->number(), owner, "").status()),
                ElementsAre("owner STAFF_UNKNOWN"))
        << owner;
  }
  EXPECT_EQ(Assign("CRM2026999999", "wang", "").status().code(), absl::StatusCode::kNotFound);
  const auto assigned = Assign(created->number(), "wang", "片区调整");
  ASSERT_TRUE(assigned.ok()) << assigned.status();
  EXPECT_EQ(assigned->owner(), "wang");
  EXPECT_EQ(assigned->team(), "north");
  const std::string wang = harness_.TokenOf("wang", {"sales_representative"}, "north");
  EXPECT_EQ(Get(created->number(), wang)->phone(), "13812345678");
  EXPECT_EQ(Get(created->number(), li_).status().code(), absl::StatusCode::kNotFound);

  v1::ListCustomerHistoryRequest request;
  request.set_customer(created->number());
  const auto history = Call<v1::ListCustomerHistoryResponse>("ListCustomerHistory", request);
  ASSERT_TRUE(history.ok()) << history.status();
  std::vector<std::string> changes;
  for (const auto& change : history->entries(0).changes()) {
    changes.push_back(change.field() + " " + change.new_value());
  }
  EXPECT_THAT(changes, ElementsAre("owner wang", "team north", "assign_reason 片区调整"));
  // Giving it to its owner changes nothing.
  EXPECT_EQ(Assign(created->number(), "wang", "再来一次")->etag(), assigned->etag());
}

}  // namespace
}  // namespace crm::customer
