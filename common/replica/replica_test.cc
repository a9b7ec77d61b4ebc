#include "common/replica/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/event/retention.h"
#include "common/testing/expectations.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/staff_service.pb.h"
#include "crm/event/v1/event.pb.h"
#include "services/customer/customer_service.h"

namespace crm::replica {
namespace {

namespace v1 = crm::customer::v1;
using crm::event::v1::EventPosition;
using crm::event::v1::GetEventPositionRequest;
using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::IsEmpty;
using testing::ServiceHarness;

// A service that has nothing but its copy of the archive.
class Consumer : public runtime::Service {
 public:
  explicit Consumer(runtime::ServiceRuntime& runtime) : replica(runtime) {}
  Replica replica;
};

absl::StatusOr<std::unique_ptr<runtime::Service>> MakeConsumer(runtime::ServiceRuntime& runtime) {
  auto consumer = std::make_unique<Consumer>(runtime);
  if (absl::Status status = consumer->replica.Open(); !status.ok()) return status;
  return consumer;
}

class ReplicaTest : public ::testing::Test {
 protected:
  ReplicaTest()
      : archive_(
            std::make_unique<ServiceHarness>(customer::Info(), customer::CustomerService::Create)),
        steward_(archive_->TokenOf("u-steward", {"data_steward"}, "hq")),
        administrator_(archive_->TokenOf("u-admin", {"administrator"})) {}

  void StartConsumer() {
    consumer_ = std::make_unique<ServiceHarness>(
        runtime::ServiceInfo{
            .program = "crm-consumer", .summary = "Test", .migrations = WithReplica({})},
        MakeConsumer, [this](config::ServiceOptions& options) {
          const std::string token_file = options.key_file + ".token";
          std::ofstream(token_file) << archive_->TokenOfService("crm-consumer");
          options.peer_token_file = token_file;
          options.peers["customer"] = absl::StrCat("127.0.0.1:", archive_->replica().port());
        });
  }

  v1::Customer CreateCustomer(const std::string& phone, const std::string& name) {
    v1::CreateCustomerRequest request;
    request.set_request_id(phone);
    v1::Customer& customer = *request.mutable_customer();
    customer.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name(name);
    customer.set_industry("I65");
    customer.set_decision_maker("李云");
    customer.set_tier(v1::TIER_KEY);
    customer.set_phone(phone);
    return Must(archive_->Call<v1::CreateCustomerRequest, v1::Customer>(
        steward_, "crm.customer.v1.CustomerService/CreateCustomer", request));
  }
  v1::Customer Rename(const v1::Customer& before, const std::string& name) {
    v1::UpdateCustomerRequest request;
    request.mutable_customer()->set_number(before.number());
    request.mutable_customer()->set_full_name(name);
    request.mutable_update_mask()->add_paths("full_name");
    return Must(archive_->Call<v1::UpdateCustomerRequest, v1::Customer>(
        steward_, "crm.customer.v1.CustomerService/UpdateCustomer", request));
  }
  void CreateTeam(const std::string& id, const std::string& parent, const std::string& head) {
    v1::CreateStaffTeamRequest request;
    request.mutable_team()->set_team_id(id);
    request.mutable_team()->set_name(id);
    request.mutable_team()->set_parent(parent);
    request.mutable_team()->set_supervisor(head);
    Must(archive_->Call<v1::CreateStaffTeamRequest, v1::StaffTeam>(
        administrator_, "crm.customer.v1.StaffService/CreateStaffTeam", request));
  }
  void CreateUser(const std::string& id, const std::string& team, const std::string& role) {
    v1::CreateStaffUserRequest request;
    request.mutable_user()->set_user_id(id);
    request.mutable_user()->set_name(id);
    request.mutable_user()->set_team(team);
    request.mutable_user()->add_roles(role);
    Must(archive_->Call<v1::CreateStaffUserRequest, v1::StaffUser>(
        administrator_, "crm.customer.v1.StaffService/CreateStaffUser", request));
  }
  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *std::move(value) : T();
  }

  const Replica& replica() {
    return static_cast<Consumer&>(consumer_->replica().service()).replica;
  }
  std::string NameInCopy(const std::string& number) {
    const auto db = consumer_->database().pool().Acquire(consumer_->database().Deadline());
    const auto found = FindCustomer(**db, number);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() && found->has_value() ? (*found)->full_name() : "";
  }
  bool AllSequenced() {
    const auto db = archive_->database().pool().Acquire(archive_->database().Deadline());
    const auto rows =
        (*db)->Select({"unsequenced", "SELECT 1 FROM outbox WHERE position IS NULL"}, {});
    return rows.ok() && rows->size() == 0;
  }
  std::unique_ptr<ServiceHarness> archive_;
  const std::string steward_;
  const std::string administrator_;
  std::unique_ptr<ServiceHarness> consumer_;
};

TEST_F(ReplicaTest, FollowsCustomers) {  // PLT-20, PLT-21
  const v1::Customer before = CreateCustomer("13800138001", "上海云帆科技有限公司");
  StartConsumer();
  EXPECT_TRUE(Eventually([&] { return NameInCopy(before.number()) == before.full_name(); }));
  Rename(before, "上海云帆信息技术有限公司");
  EXPECT_TRUE(
      Eventually([&] { return NameInCopy(before.number()) == "上海云帆信息技术有限公司"; }));
}

TEST_F(ReplicaTest, FollowsTheStaffDirectoryAndItsTree) {  // PLT-31
  CreateUser("u-head", "", "sales_director");
  CreateTeam("china", "", "u-head");
  CreateTeam("east", "china", "");
  CreateUser("u-rep", "east", "sales_representative");
  StartConsumer();
  ASSERT_TRUE(Eventually([&] { return replica().staff().Get()->User("u-rep") != nullptr; }));
  const auto staff = replica().staff().Get();
  EXPECT_EQ(staff->SupervisorOf("u-rep"), "u-head");
  EXPECT_EQ(staff->HeadOf("east"), "u-head");
  EXPECT_EQ(staff->SupervisorOf("u-nobody"), "");
  EXPECT_THAT(staff->TeamsBelow("china"), ElementsAre("china", "east"));
  ASSERT_EQ(staff->WithRole("sales_representative").size(), 1u);
  EXPECT_EQ(staff->InTeam("east").front()->user_id(), "u-rep");

  v1::ChangeStaffStatusRequest suspend;
  suspend.set_user("u-rep");
  Must(archive_->Call<v1::ChangeStaffStatusRequest, v1::StaffUser>(
      administrator_, "crm.customer.v1.StaffService/SuspendStaffUser", suspend));
  // The consumer's own server refuses the user from then on.
  const std::string token = consumer_->TokenOf("u-rep", {"service_account"});
  EXPECT_TRUE(Eventually([&] {
    return ErrorReason(consumer_
                           ->Call<GetEventPositionRequest, EventPosition>(
                               token, "crm.event.v1.EventService/GetEventPosition", {})
                           .status()) == "USER_INACTIVE";
  }));
  EXPECT_THAT(replica().staff().Get()->WithRole("sales_representative"), IsEmpty());
}

TEST_F(ReplicaTest, AsksForACustomerItHasNotSeen) {  // PLT-21
  StartConsumer();
  const v1::Customer created = CreateCustomer("13800138002", "杭州青禾医疗器械有限公司");
  auto db = consumer_->database().pool().Acquire(consumer_->database().Deadline());
  db::WriteSet writes;
  const auto found = replica().customers().Get(**db, created.number(), writes);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->full_name(), created.full_name());
  EXPECT_EQ(found->tier(), v1::TIER_KEY);
  EXPECT_EQ(replica().customers().Get(**db, "CRM2026999999", writes).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ReplicaTest, KnowsWhatItHasSeenWhileTheArchiveIsAway) {  // PLT-21
  const v1::Customer seen = CreateCustomer("13800138003", "苏州恒远机械有限公司");
  StartConsumer();
  ASSERT_TRUE(Eventually([&] { return NameInCopy(seen.number()) == seen.full_name(); }));
  archive_.reset();
  auto db = consumer_->database().pool().Acquire(consumer_->database().Deadline());
  db::WriteSet writes;
  EXPECT_TRUE(replica().customers().Get(**db, seen.number(), writes).ok());
  EXPECT_EQ(ErrorReason(replica().customers().Get(**db, "CRM2026000999", writes).status()),
            "CUSTOMER_UNVERIFIED");
}

TEST_F(ReplicaTest, IsMadeAnewWhenTheEventsAreNoLongerKept) {  // PLT-20
  CreateTeam("east", "", "");
  CreateTeam("gone", "", "");
  const v1::Customer before = CreateCustomer("13800138004", "南京新视界光学有限公司");
  StartConsumer();
  ASSERT_TRUE(Eventually([&] { return NameInCopy(before.number()) == before.full_name(); }));
  ASSERT_TRUE(Eventually([&] { return replica().staff().Get()->Team("gone") != nullptr; }));
  consumer_->replica().Stop();

  Rename(before, "南京新视界精密光学有限公司");
  v1::DeleteStaffTeamRequest remove;
  remove.set_team("gone");
  Must(archive_->Call<v1::DeleteStaffTeamRequest, v1::DeleteStaffTeamResponse>(
      administrator_, "crm.customer.v1.StaffService/DeleteStaffTeam", remove));
  CreateUser("u-rep", "east", "sales_representative");
  ASSERT_TRUE(Eventually([&] { return AllSequenced(); }));
  archive_->clock().Advance(absl::Hours(24 * 30));
  ASSERT_TRUE(Eventually([&] {
    const auto purged =
        event::PurgeOutbox(archive_->database().pool(), archive_->clock().Now() - absl::Hours(1));
    return purged.ok() && *purged == 0;
  }));

  // A token of today, and time for the lease of the replica that stopped to pass.
  std::ofstream(consumer_->options().peer_token_file) << archive_->TokenOfService("crm-consumer");
  consumer_->clock().Advance(absl::Hours(24 * 30));
  const Replica& second = static_cast<Consumer&>(consumer_->StartReplica().service()).replica;
  EXPECT_TRUE(
      Eventually([&] { return NameInCopy(before.number()) == "南京新视界精密光学有限公司"; }));
  EXPECT_TRUE(Eventually([&] { return second.staff().Get()->User("u-rep") != nullptr; }));
  EXPECT_NE(second.staff().Get()->Team("east"), nullptr);
  EXPECT_EQ(second.staff().Get()->Team("gone"), nullptr);
}

TEST_F(ReplicaTest, BeginsWithWhatThereIsNotWithWhatIsKept) {  // PLT-20
  const v1::Customer before = CreateCustomer("13800138005", "宁波海曙电子有限公司");
  ASSERT_TRUE(Eventually([&] { return AllSequenced(); }));
  archive_->clock().Advance(absl::Hours(24 * 30));
  ASSERT_TRUE(event::PurgeOutbox(archive_->database().pool(), archive_->clock().Now()).ok());
  StartConsumer();
  EXPECT_TRUE(Eventually([&] { return NameInCopy(before.number()) == before.full_name(); }));
}

}  // namespace
}  // namespace crm::replica
