// StaffService over gRPC, on a real database (PLT-31, PLT-13).
#include "services/customer/staff_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crm/customer/v1/staff_service.pb.h"
#include "crm/event/v1/event.pb.h"
#include "services/customer/settings_test_support.h"

namespace crm::customer {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Outcome = v1::StaffImportOutcome;

v1::StaffUser User(const std::string& id, const std::string& role, const std::string& team = "",
                   const std::string& supervisor = "") {
  v1::StaffUser user;
  user.set_user_id(id);
  user.set_name("员工" + id);
  user.add_roles(role);
  user.set_team(team);
  user.set_supervisor(supervisor);
  return user;
}

class StaffHandlersTest : public AdministrationTest {
 protected:
  absl::StatusOr<v1::StaffUser> Create(v1::StaffUser user, const std::string& request_id = "") {
    v1::CreateStaffUserRequest request;
    *request.mutable_user() = std::move(user);
    request.set_request_id(request_id);
    return Call<v1::StaffUser>(admin_, "StaffService/CreateStaffUser", request);
  }
  absl::StatusOr<v1::StaffTeam> CreateTeam(const std::string& id, const std::string& parent = "") {
    v1::CreateStaffTeamRequest request;
    request.mutable_team()->set_team_id(id);
    request.mutable_team()->set_name("团队" + id);
    request.mutable_team()->set_parent(parent);
    return Call<v1::StaffTeam>(admin_, "StaffService/CreateStaffTeam", request);
  }
  absl::StatusOr<v1::StaffUser> Update(v1::StaffUser user, std::vector<std::string> paths,
                                       const std::string& token = "") {
    v1::UpdateStaffUserRequest request;
    *request.mutable_user() = std::move(user);
    for (std::string& path : paths) request.mutable_update_mask()->add_paths(std::move(path));
    return Call<v1::StaffUser>(token.empty() ? admin_ : token, "StaffService/UpdateStaffUser",
                               request);
  }
  absl::StatusOr<v1::StaffUser> SetStatus(const std::string& method, const std::string& user) {
    v1::ChangeStaffStatusRequest request;
    request.set_user(user);
    return Call<v1::StaffUser>(admin_, "StaffService/" + method, request);
  }
  absl::Status DeleteTeam(const std::string& team) {
    v1::DeleteStaffTeamRequest request;
    request.set_team(team);
    return Call<v1::DeleteStaffTeamResponse>(admin_, "StaffService/DeleteStaffTeam", request)
        .status();
  }
  absl::Status ReadCustomer(const std::string& token, const std::string& number) {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    return Call<v1::Customer>(token, "CustomerService/GetCustomer", request).status();
  }
  absl::StatusOr<v1::PreviewPermissionsResponse> Preview(
      const std::string& token, const v1::PreviewPermissionsRequest& request) {
    return Call<v1::PreviewPermissionsResponse>(token, "StaffService/PreviewPermissions", request);
  }
  static std::vector<std::string> Grants(const v1::PreviewPermissionsResponse& preview) {
    std::vector<std::string> grants;
    for (const auto& grant : preview.grants()) {
      grants.push_back(grant.permission() + " " + grant.scope());
    }
    return grants;
  }
};

// PLT-31, PLT-4
TEST_F(StaffHandlersTest, ReadsTeamsWithTheirHistory) {
  ASSERT_TRUE(CreateTeam("china").ok());
  ASSERT_TRUE(CreateTeam("east", "china").ok());
  ASSERT_TRUE(CreateTeam("west", "china").ok());
  v1::GetStaffTeamRequest get;
  get.set_team("east");
  auto team = Call<v1::StaffTeam>(sales_, "StaffService/GetStaffTeam", get);
  ASSERT_TRUE(team.ok()) << team.status();
  EXPECT_EQ(team->parent(), "china");
  get.set_team("north");
  EXPECT_EQ(Call<v1::StaffTeam>(sales_, "StaffService/GetStaffTeam", get).status().code(),
            absl::StatusCode::kNotFound);

  v1::ListStaffTeamsRequest list;
  list.set_filter("parent = \"china\"");
  list.set_order_by("team_id");
  list.set_page_size(1);
  std::vector<std::string> ids;
  do {
    auto page = Call<v1::ListStaffTeamsResponse>(sales_, "StaffService/ListStaffTeams", list);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::StaffTeam& each : page->teams()) ids.push_back(each.team_id());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("east", "west"));

  v1::UpdateStaffTeamRequest update;
  update.mutable_team()->set_team_id("east");
  update.mutable_team()->set_name("华东");
  update.mutable_update_mask()->add_paths("name");
  ASSERT_TRUE(Call<v1::StaffTeam>(admin_, "StaffService/UpdateStaffTeam", update).ok());
  v1::ListStaffHistoryRequest history;
  history.set_name("east");
  auto entries =
      Call<v1::ListStaffHistoryResponse>(admin_, "StaffService/ListStaffTeamHistory", history);
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->entries_size(), 2);
  EXPECT_EQ(entries->entries(0).changes(0).new_value(), "华东");
  EXPECT_EQ(entries->entries(1).version(), 1);
  EXPECT_EQ(Call<v1::ListStaffHistoryResponse>(sales_, "StaffService/ListStaffTeamHistory", history)
                .status()
                .code(),
            absl::StatusCode::kPermissionDenied);
}

// PLT-31
TEST_F(StaffHandlersTest, KeepsUsersWithHistory) {
  ASSERT_TRUE(CreateTeam("east").ok());
  auto created = Create(User("u1", "sales_representative", "east"));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->status(), v1::STAFF_STATUS_ACTIVE);
  EXPECT_EQ(created->creator(), "admin");

  v1::StaffUser patch;
  patch.set_user_id("u1");
  patch.set_etag(created->etag());
  patch.add_skills("安装");
  auto updated = Update(patch, {"skills"});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(updated->skills(), ElementsAre("安装"));
  EXPECT_EQ(updated->team(), "east");

  // PLT-6: the same field with the old etag.
  patch.set_skills(0, "维修");
  auto stale = Update(patch, {"skills"});
  EXPECT_EQ(ErrorReason(stale.status()), "ETAG_STALE");
  EXPECT_EQ(Metadata(stale.status(), "changed_fields"), "skills");

  v1::ListStaffHistoryRequest history;
  history.set_name("u1");
  auto entries =
      Call<v1::ListStaffHistoryResponse>(admin_, "StaffService/ListStaffUserHistory", history);
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->entries_size(), 2);
  EXPECT_EQ(entries->entries(0).changes(0).field(), "skills");
  EXPECT_EQ(entries->entries(0).actor(), "admin");
  EXPECT_EQ(entries->entries(1).version(), 1);
}

// PLT-7: everything that is wrong at once; PLT-31
TEST_F(StaffHandlersTest, RefusesWhatDoesNotFitTheDirectory) {
  auto refused = Create(User("u1", "emperor", "nowhere", "nobody"));
  EXPECT_THAT(Violations(refused.status()),
              ElementsAre("user.roles[0] ROLE_UNKNOWN", "user.team TEAM_UNKNOWN",
                          "user.supervisor SUPERVISOR_UNKNOWN"));
  ASSERT_TRUE(Create(User("u1", "finance")).ok());
  EXPECT_EQ(ErrorReason(Create(User("u1", "finance")).status()), "USER_EXISTS");
  EXPECT_EQ(Create(User("u 2", "finance")).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(Update(User("u9", "finance"), {"name"}).status()), "RESOURCE_NOT_FOUND");
}

// PLT-5
TEST_F(StaffHandlersTest, ARepeatedCreationGivesTheFirstAnswer) {
  auto first = Create(User("u1", "finance"), "req-1");
  auto again = Create(User("u1", "finance"), "req-1");
  ASSERT_TRUE(first.ok() && again.ok()) << again.status();
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
}

// PLT-31: nobody gives roles to, or suspends, themselves.
TEST_F(StaffHandlersTest, SomebodyElseHasToChangeOnesOwnRoles) {
  ASSERT_TRUE(Create(User("chief", "administrator")).ok());
  const std::string chief = harness_.TokenOf("chief", {});
  v1::StaffUser patch = User("chief", "data_steward");
  EXPECT_THAT(Violations(Update(patch, {"roles"}, chief).status()),
              ElementsAre("user.roles OWN_ROLES"));
  EXPECT_TRUE(Update(patch, {"name"}, chief).ok());
  EXPECT_EQ(ErrorReason(SetStatus("SuspendStaffUser", "admin").status()), "OWN_ACCOUNT");
}

// PLT-13, PLT-31: the directory's roles and status count from the next call on, not the token's.
TEST_F(StaffHandlersTest, TheDirectoryDecidesWhoMayCall) {
  ASSERT_TRUE(Create(User("u1", "finance")).ok());
  const std::string token = harness_.TokenOf("u1", {"administrator"});
  v1::ListStaffUsersRequest request;
  EXPECT_TRUE(Call<v1::ListStaffUsersResponse>(token, "StaffService/ListStaffUsers", request).ok());
  v1::CreateStaffUserRequest create;
  *create.mutable_user() = User("u2", "finance");
  EXPECT_EQ(
      ErrorReason(Call<v1::StaffUser>(token, "StaffService/CreateStaffUser", create).status()),
      "PERMISSION_MISSING");

  ASSERT_TRUE(SetStatus("SuspendStaffUser", "u1").ok());
  EXPECT_EQ(
      ErrorReason(
          Call<v1::ListStaffUsersResponse>(token, "StaffService/ListStaffUsers", request).status()),
      "USER_INACTIVE");
  ASSERT_TRUE(SetStatus("ActivateStaffUser", "u1").ok());
  EXPECT_TRUE(Call<v1::ListStaffUsersResponse>(token, "StaffService/ListStaffUsers", request).ok());
}

// PLT-13: team and below reaches the teams below, a moved team at once.
TEST_F(StaffHandlersTest, TheTeamTreeDecidesWhatADirectorReaches) {
  ASSERT_TRUE(CreateTeam("china").ok());
  ASSERT_TRUE(CreateTeam("east", "china").ok());
  ASSERT_TRUE(CreateTeam("shanghai", "east").ok());
  ASSERT_TRUE(Create(User("director", "sales_director", "east")).ok());
  ASSERT_TRUE(Create(User("rep", "sales_representative", "shanghai")).ok());
  ASSERT_TRUE(Create(User("lone", "sales_director")).ok());
  auto customer = CreateCustomerAs(harness_.TokenOf("rep", {}),
                                   Organization("深圳市云帆科技有限公司", "13812345678"));
  ASSERT_TRUE(customer.ok()) << customer.status();
  EXPECT_EQ(customer->team(), "shanghai");

  const std::string director = harness_.TokenOf("director", {});
  EXPECT_TRUE(ReadCustomer(director, customer->number()).ok());
  // A user without a team only has what is their own.
  EXPECT_EQ(ReadCustomer(harness_.TokenOf("lone", {}), customer->number()).code(),
            absl::StatusCode::kNotFound);

  v1::UpdateStaffTeamRequest move;
  move.mutable_team()->set_team_id("shanghai");
  move.mutable_team()->set_parent("china");
  ASSERT_TRUE(Call<v1::StaffTeam>(admin_, "StaffService/UpdateStaffTeam", move).ok());
  EXPECT_EQ(ReadCustomer(director, customer->number()).code(), absl::StatusCode::kNotFound);
}

// PLT-31
TEST_F(StaffHandlersTest, RefusesCyclesAndTheDeletionOfTeamsInUse) {
  ASSERT_TRUE(CreateTeam("a").ok());
  ASSERT_TRUE(CreateTeam("b", "a").ok());
  v1::UpdateStaffTeamRequest move;
  move.mutable_team()->set_team_id("a");
  move.mutable_team()->set_parent("b");
  EXPECT_THAT(
      Violations(Call<v1::StaffTeam>(admin_, "StaffService/UpdateStaffTeam", move).status()),
      ElementsAre("team.parent TEAM_CYCLE"));

  ASSERT_TRUE(Create(User("u1", "sales_representative", "b")).ok());
  EXPECT_EQ(ErrorReason(DeleteTeam("a")), "TEAM_NOT_EMPTY");
  EXPECT_EQ(ErrorReason(DeleteTeam("b")), "TEAM_NOT_EMPTY");
  ASSERT_TRUE(CreateCustomerAs(harness_.TokenOf("u1", {}),
                               Organization("上海远山贸易有限公司", "13912345678"))
                  .ok());
  v1::StaffUser leave = User("u1", "sales_representative");
  ASSERT_TRUE(Update(leave, {"team"}).ok());
  EXPECT_EQ(ErrorReason(DeleteTeam("b")), "TEAM_NOT_EMPTY") << "it owns a customer";
  ASSERT_TRUE(CreateTeam("c", "a").ok());
  EXPECT_TRUE(DeleteTeam("c").ok());
  EXPECT_EQ(DeleteTeam("c").code(), absl::StatusCode::kNotFound);
}

// PLT-31: two changes that are each fine and a cycle together.
TEST_F(StaffHandlersTest, ConcurrentChangesCannotMakeACycle) {
  ASSERT_TRUE(Create(User("a", "finance")).ok());
  ASSERT_TRUE(Create(User("b", "finance")).ok());
  std::atomic<int> accepted{0};
  const auto put_under = [&](const std::string& user, const std::string& supervisor) {
    if (Update(User(user, "finance", "", supervisor), {"supervisor"}).ok()) ++accepted;
  };
  std::thread first(put_under, "a", "b");
  std::thread second(put_under, "b", "a");
  first.join();
  second.join();
  EXPECT_EQ(accepted, 1);
}

// PLT-31, PLT-4
TEST_F(StaffHandlersTest, ListsUsersByFilterAndPage) {
  ASSERT_TRUE(CreateTeam("east").ok());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(
        Create(User(absl::StrCat("u", i), i < 3 ? "finance" : "marketer", i == 0 ? "" : "east"))
            .ok());
  }
  v1::ListStaffUsersRequest request;
  request.set_filter("team = \"east\" AND roles:finance");
  request.set_order_by("user_id");
  request.set_page_size(1);
  auto first = Call<v1::ListStaffUsersResponse>(sales_, "StaffService/ListStaffUsers", request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->users_size(), 1);
  EXPECT_EQ(first->users(0).user_id(), "u1");
  request.set_page_token(first->next_page_token());
  auto last = Call<v1::ListStaffUsersResponse>(sales_, "StaffService/ListStaffUsers", request);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->users(0).user_id(), "u2");
  EXPECT_THAT(last->next_page_token(), IsEmpty());
}

// PLT-31: bulk import with an outcome for each row.
TEST_F(StaffHandlersTest, ImportsGoodRowsAndExplainsTheOthers) {
  ASSERT_TRUE(CreateTeam("east").ok());
  ASSERT_TRUE(Create(User("old", "finance", "east")).ok());
  v1::BulkImportStaffRequest request;
  const auto add = [&](const std::string& id, const std::string& name, const std::string& role,
                       const std::string& supervisor) {
    v1::StaffImportRow& row = *request.add_rows();
    row.set_user_id(id);
    row.set_name(name);
    row.add_roles(role);
    row.set_team("east");
    row.set_supervisor(supervisor);
  };
  add("n1", "张伟", "sales_representative", "n2");  // the supervisor comes later
  add("n2", "李娜", "sales_director", "");
  add("old", "员工old", "finance", "");  // as it is
  add("n3", "", "sales_representative", "");
  add("n4", "王芳", "emperor", "");
  add("n5", "赵敏", "finance", "n4");  // falls with its supervisor
  add("n6", "钱进", "finance", "n7");
  add("n7", "孙丽", "finance", "n6");
  add("n1", "重复", "finance", "");
  add("bad id", "周杰", "finance", "");

  request.set_validate_only(true);
  auto dry = Call<v1::BulkImportStaffResponse>(admin_, "StaffService/BulkImportStaff", request);
  ASSERT_TRUE(dry.ok()) << dry.status();
  request.set_validate_only(false);
  auto done = Call<v1::BulkImportStaffResponse>(admin_, "StaffService/BulkImportStaff", request);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(dry->SerializeAsString(), done->SerializeAsString());
  std::vector<std::string> outcomes;
  for (const auto& outcome : done->outcomes()) {
    outcomes.push_back(Outcome::Result_Name(outcome.result()) +
                       (outcome.problems().empty() ? "" : " " + outcome.problems(0).rule()));
  }
  EXPECT_THAT(
      outcomes,
      ElementsAre("RESULT_CREATED", "RESULT_CREATED", "RESULT_UNCHANGED", "RESULT_REFUSED REQUIRED",
                  "RESULT_REFUSED ROLE_UNKNOWN", "RESULT_REFUSED SUPERVISOR_UNKNOWN",
                  "RESULT_REFUSED SUPERVISOR_CYCLE", "RESULT_REFUSED SUPERVISOR_CYCLE",
                  "RESULT_REFUSED ROW_REPEATED", "RESULT_REFUSED CODE_CHARACTERS"));
  EXPECT_EQ(done->accepted(), 3);
  EXPECT_EQ(done->refused(), 7);
  v1::GetStaffUserRequest get;
  get.set_user("n1");
  auto user = Call<v1::StaffUser>(admin_, "StaffService/GetStaffUser", get);
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->supervisor(), "n2");
}

// PLT-31: up to 1000 rows a call, PLT-9: not more.
TEST_F(StaffHandlersTest, ImportsAThousandRowsAtOnce) {
  v1::BulkImportStaffRequest request;
  for (int i = 0; i < 1000; ++i) {
    v1::StaffImportRow& row = *request.add_rows();
    row.set_user_id(absl::StrCat("u", i));
    row.set_name("员工");
    row.add_roles("finance");
    if (i > 0) row.set_supervisor(absl::StrCat("u", (i - 1) / 2));
  }
  auto created = Call<v1::BulkImportStaffResponse>(admin_, "StaffService/BulkImportStaff", request);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->accepted(), 1000);
  for (auto& row : *request.mutable_rows()) row.add_skills("安装");
  auto updated = Call<v1::BulkImportStaffResponse>(admin_, "StaffService/BulkImportStaff", request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->outcomes(999).result(), Outcome::RESULT_UPDATED);
  *request.add_rows() = request.rows(0);
  EXPECT_EQ(Call<v1::BulkImportStaffResponse>(admin_, "StaffService/BulkImportStaff", request)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

// PLT-31: other replicas follow within 2 s.
TEST_F(StaffHandlersTest, AnotherReplicaFollows) {
  crm::testing::Replica& other = harness_.StartReplica();
  const std::string token = harness_.TokenOf("u1", {"administrator"});
  ASSERT_TRUE(Create(User("u1", "finance")).ok());
  ASSERT_TRUE(SetStatus("SuspendStaffUser", "u1").ok());
  EXPECT_TRUE(Eventually([&] {
    v1::GetStaffUserRequest get;
    get.set_user("u1");
    return ErrorReason(
               CallOn<v1::StaffUser>(other, token, "StaffService/GetStaffUser", get).status()) ==
           "USER_INACTIVE";
  }));
}

// PLT-31: read by all services through events.
TEST_F(StaffHandlersTest, EveryChangeIsAnEvent) {
  ASSERT_TRUE(CreateTeam("east").ok());
  ASSERT_TRUE(Create(User("u1", "finance", "east")).ok());
  ASSERT_TRUE(SetStatus("SuspendStaffUser", "u1").ok());
  using crm::event::v1::StreamEventsRequest;
  using crm::event::v1::StreamEventsResponse;
  const std::string token = harness_.TokenOf("erp", {"service_account"});
  std::vector<std::string> types;
  EXPECT_TRUE(Eventually([&] {
    StreamEventsRequest request;
    request.add_types("staff.*");
    request.add_types("team.*");
    request.set_stop_at_end(true);
    types.clear();
    auto stream = harness_.replica().channel().ServerStream(
        "/crm.event.v1.EventService/StreamEvents", request, {.token = token});
    StreamEventsResponse response;
    while (stream.Next(response)) {
      for (const auto& event : response.events()) types.push_back(event.type());
    }
    return types.size() >= 3;
  }));
  EXPECT_THAT(types, UnorderedElementsAre("team.created", "staff.created", "staff.updated"));
}

// PLT-13
TEST_F(StaffHandlersTest, PreviewsWhatRolesUsersAndTokensMayDo) {
  ASSERT_TRUE(CreateTeam("east").ok());
  ASSERT_TRUE(CreateTeam("shanghai", "east").ok());
  ASSERT_TRUE(Create(User("director", "sales_director", "east")).ok());

  v1::PreviewPermissionsRequest roles;
  roles.add_roles("sales_representative");
  roles.add_roles("emperor");
  auto preview = Preview(admin_, roles);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_THAT(Grants(*preview), IsSupersetOf({"customer.read own", "contact.* own"}));
  EXPECT_THAT(Grants(*preview), Not(Contains("customer.assign own")));
  EXPECT_THAT(preview->unknown_roles(), ElementsAre("emperor"));

  v1::PreviewPermissionsRequest user;
  user.set_user("director");
  preview = Preview(admin_, user);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_THAT(Grants(*preview), Contains("customer.* team_and_below"));
  EXPECT_THAT(preview->rights(), ElementsAre("export", "bulk_change"));
  EXPECT_THAT(preview->teams_below(), UnorderedElementsAre("east", "shanghai"));

  v1::PreviewPermissionsRequest token;
  token.set_token(harness_.TokenOf("guest", {"finance"}));
  preview = Preview(admin_, token);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->user(), "guest");
  EXPECT_THAT(Grants(*preview), Contains("purchase.* all"));
  EXPECT_THAT(preview->rights(), ElementsAre("export", "reveal"));

  ASSERT_TRUE(SetStatus("SuspendStaffUser", "director").ok());
  preview = Preview(admin_, user);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_FALSE(preview->active());
  EXPECT_THAT(preview->grants(), IsEmpty());
}

// PLT-13: everybody previews their own permissions, few those of others.
TEST_F(StaffHandlersTest, OthersPermissionsTakeTheRightToSeeThem) {
  auto own = Preview(sales_, {});
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->user(), "s1");
  EXPECT_THAT(Grants(*own), Contains("customer.read own"));
  v1::PreviewPermissionsRequest request;
  request.set_token(sales_);
  EXPECT_TRUE(Preview(sales_, request).ok());
  request.set_token(admin_);
  EXPECT_EQ(Preview(sales_, request).status().code(), absl::StatusCode::kPermissionDenied);
  request.clear_token();
  request.set_user("nobody");
  EXPECT_EQ(Preview(sales_, request).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Preview(admin_, request).status().code(), absl::StatusCode::kNotFound);
  request.add_roles("finance");
  EXPECT_EQ(ErrorReason(Preview(admin_, request).status()), "FIELD_INVALID");
  request.Clear();
  request.set_token("not.a.token");
  EXPECT_EQ(Preview(admin_, request).status().code(), absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace crm::customer
