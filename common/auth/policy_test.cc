#include "common/auth/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "common/error/error.h"
#include "common/source_tree/source_tree.h"
#include "nlohmann/json.hpp"

namespace crm::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Json = nlohmann::json;

// The permissions the customer service declares.
const std::vector<std::string> kCustomerPermissions = {
    "customer.read",      "customer.create",    "customer.update",    "customer.tag",
    "customer.history",   "customer.assign",    "contact.read",       "contact.write",
    "identity.resolve",   "identity.read",      "identity.write",     "interaction.read",
    "interaction.record", "interaction.update", "purchase.read",      "purchase.record",
    "product.read",       "product.write",      "import.run",         "import.read",
    "reference.read",     "reference.write",    "customfield.read",   "customfield.write",
    "customfield.report", "reference.history",  "directory.history",  "tagrule.write",
    "settings.read",      "settings.write",     "directory.read",     "directory.write",
    "event.read",         "number.reserve",     "permission.preview", "attachment.read",
    "attachment.write"};

// The permissions the sales service declares.
const std::vector<std::string> kSalesPermissions = {
    "opportunity.read",   "opportunity.create", "opportunity.update", "opportunity.approve",
    "opportunity.assign", "opportunity.decide", "opportunity.import", "pipeline.read",
    "pipeline.write",     "salesreport.read",   "reminder.read",      "reminder.write",
    "followup.read",      "followup.write",     "followup.apply",     "delegation.read",
    "delegation.write",   "target.read",        "target.write"};

// The permissions the ticket service declares.
const std::vector<std::string> kTicketPermissions = {
    "ticket.read",   "ticket.create", "ticket.work", "ticket.assign",
    "ticket.import", "ticket.report", "sla.read",    "sla.write"};

std::vector<std::string> AllPermissions() {
  std::vector<std::string> all = kCustomerPermissions;
  all.insert(all.end(), kSalesPermissions.begin(), kSalesPermissions.end());
  all.insert(all.end(), kTicketPermissions.begin(), kTicketPermissions.end());
  return all;
}

std::shared_ptr<const Policy> Default() {
  auto policy = Policy::Load(crm::testing::SourceFile("common/auth/default_roles.json"));
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}

// `own`, `all` … or `-`.
std::string Decision(const Policy& policy, const std::vector<std::string>& roles,
                     std::string_view permission) {
  const auto grant = policy.Decide(roles, permission);
  return grant ? std::string(ScopeName(grant->scope)) : "-";
}

std::shared_ptr<const Policy> Parse(const Json& roles) {
  auto policy = Policy::Parse(Json{{"version", 1}, {"roles", roles}}.dump());
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}

// PLT-13
TEST(DefaultRoles, HasTheRolesOfTheSpecification) {
  EXPECT_THAT(
      Default()->RoleNames(),
      ElementsAre("administrator", "auditor", "data_steward", "finance", "marketer",
                  "marketing_manager", "product_manager", "sales_director", "sales_representative",
                  "service_account", "service_agent", "service_manager", "service_supervisor"));
}

// PLT-13: no permission that nobody has.
TEST(DefaultRoles, GrantEveryPermission) {
  EXPECT_TRUE(Default()->CheckGranted(AllPermissions()).ok())
      << Default()->CheckGranted(AllPermissions());
}

// PLT-13: every permission granted by name is one a service declares (nothing misspelt).
TEST(DefaultRoles, GrantNothingUnknown) {
  const std::vector<std::string> all = AllPermissions();
  std::set<std::string> known(all.begin(), all.end());
  for (const std::string& permission : all) {
    known.insert(permission.substr(0, permission.find('.')) + ".*");
  }
  const auto policy = Default();
  for (const auto& [permission, scope] : policy->Explain(policy->RoleNames()).grants) {
    EXPECT_TRUE(known.contains(permission)) << permission;
  }
}

// QUA-10: the matrix of the main permissions.
TEST(DefaultRoles, Matrix) {
  struct Row {
    const char* role;
    const char* read;
    const char* update;
    const char* assign;
    const char* import;
    const char* settings;
  };
  const Row kRows[] = {
      {"sales_representative", "own", "own", "-", "-", "-"},
      {"sales_director", "team_and_below", "team_and_below", "team_and_below", "-", "-"},
      {"service_agent", "all", "-", "-", "-", "-"},
      {"service_supervisor", "all", "-", "-", "-", "-"},
      {"marketer", "all", "-", "-", "-", "-"},
      {"marketing_manager", "all", "-", "-", "-", "-"},
      {"product_manager", "all", "-", "-", "-", "-"},
      {"service_manager", "all", "all", "-", "-", "-"},
      {"data_steward", "all", "all", "all", "all", "-"},
      {"finance", "all", "-", "-", "-", "-"},
      {"administrator", "-", "-", "-", "-", "all"},
      {"auditor", "-", "-", "-", "-", "-"},
      {"service_account", "all", "all", "-", "-", "-"},
  };
  const auto policy = Default();
  for (const Row& row : kRows) {
    const std::vector<std::string> roles = {row.role};
    EXPECT_EQ(Decision(*policy, roles, "customer.read"), row.read) << row.role;
    EXPECT_EQ(Decision(*policy, roles, "customer.update"), row.update) << row.role;
    EXPECT_EQ(Decision(*policy, roles, "customer.assign"), row.assign) << row.role;
    EXPECT_EQ(Decision(*policy, roles, "import.run"), row.import) << row.role;
    EXPECT_EQ(Decision(*policy, roles, "settings.write"), row.settings) << row.role;
  }
  EXPECT_EQ(std::size(kRows), policy->RoleNames().size());
}

// PLT-13
TEST(DefaultRoles, EveryoneMayReadReferenceData) {
  const auto policy = Default();
  for (const std::string& role : policy->RoleNames()) {
    for (const char* permission : {"reference.read", "directory.read", "product.read"}) {
      EXPECT_EQ(Decision(*policy, {role}, permission), "all") << role << permission;
    }
    EXPECT_NE(Decision(*policy, {role}, "permission.preview"), "-") << role;
  }
  EXPECT_EQ(Decision(*policy, {"finance"}, "permission.preview"), "own");
  EXPECT_EQ(Decision(*policy, {"administrator"}, "permission.preview"), "all");
}

// PLT-13: the administrator configures and sees no customer data.
TEST(DefaultRoles, AdministratorAndAuditorSeeNoCustomerData) {
  const auto policy = Default();
  for (const std::string& permission : AllPermissions()) {
    const std::string noun = permission.substr(0, permission.find('.'));
    if (noun != "customer" && noun != "contact" && noun != "identity" && noun != "interaction" &&
        noun != "purchase" && noun != "attachment" && noun != "event" && noun != "opportunity" &&
        noun != "salesreport" && noun != "target" && noun != "ticket") {
      continue;
    }
    EXPECT_EQ(Decision(*policy, {"administrator"}, permission), "-") << permission;
    EXPECT_EQ(Decision(*policy, {"auditor"}, permission), "-") << permission;
  }
}

// PLT-13: separate rights.
TEST(DefaultRoles, Rights) {
  const auto policy = Default();
  const auto holders = [&](Right right) {
    std::vector<std::string> names;
    for (const std::string& role : policy->RoleNames()) {
      if (policy->HasRight({role}, right)) names.push_back(role);
    }
    return names;
  };
  EXPECT_THAT(holders(Right::kAudit), ElementsAre("auditor"));
  EXPECT_THAT(holders(Right::kErase), ElementsAre("data_steward"));
  EXPECT_THAT(holders(Right::kReveal), ElementsAre("data_steward", "finance"));
  EXPECT_THAT(holders(Right::kBulkChange), ElementsAre("data_steward", "marketing_manager",
                                                       "sales_director", "service_manager"));
  EXPECT_THAT(holders(Right::kExport),
              ElementsAre("data_steward", "finance", "marketing_manager", "sales_director",
                          "service_manager", "service_supervisor"));
}

// PLT-14: masked unless somebody decides otherwise.
TEST(DefaultRoles, NoRoleSeesSensitiveFieldsPlain) {
  const auto policy = Default();
  EXPECT_THAT(policy->Explain(policy->RoleNames()).plain, ElementsAre());
}

// PLT-13
TEST(Policy, TheWidestScopeOfAllRolesCounts) {
  const auto policy = Parse(
      {{"rep", {{"grants", {{{"scope", "own"}, {"permissions", {"customer.*"}}}}}}},
       {"lead", {{"grants", {{{"scope", "team"}, {"permissions", {"customer.read"}}}}}}},
       {"head", {{"grants", {{{"scope", "team_and_below"}, {"permissions", {"customer.tag"}}}}}}}});
  EXPECT_EQ(Decision(*policy, {"rep"}, "customer.read"), "own");
  EXPECT_EQ(Decision(*policy, {"rep", "lead"}, "customer.read"), "team");
  EXPECT_EQ(Decision(*policy, {"lead", "rep"}, "customer.read"), "team");
  EXPECT_EQ(Decision(*policy, {"head", "lead", "rep"}, "customer.tag"), "team_and_below");
  EXPECT_EQ(Decision(*policy, {"head", "lead", "rep"}, "customer.update"), "own");
}

// PLT-13
TEST(Policy, WildcardsCoverOneNoun) {
  const auto policy = Parse({{"rep",
                              {{"grants",
                                {{{"scope", "team"}, {"permissions", {"customer.*"}}},
                                 {{"scope", "all"}, {"permissions", {"customer.read"}}}}}}}});
  EXPECT_EQ(Decision(*policy, {"rep"}, "customer.read"), "all");
  EXPECT_EQ(Decision(*policy, {"rep"}, "customer.anything_new"), "team");
  for (const char* permission : {"customers.read", "custom.read", "contact.read", "customer_x.read",
                                 "", ".", "*", "*.*", ".read"}) {
    EXPECT_EQ(Decision(*policy, {"rep"}, permission), "-") << permission;
  }
}

// PLT-13: deny by default.
TEST(Policy, UnknownRolesGiveNothing) {
  const auto policy = Default();
  EXPECT_EQ(Decision(*policy, {}, "reference.read"), "-");
  EXPECT_EQ(Decision(*policy, {"root", "Administrator", ""}, "reference.read"), "-");
  EXPECT_FALSE(policy->HasRight(std::vector<std::string>{"root"}, Right::kAudit));
  EXPECT_EQ(Decision(*policy, {"root", "finance"}, "purchase.read"), "all");
}

// PLT-14
TEST(Policy, PlainFieldsByRole) {
  const auto policy = Parse({{"agent",
                              {{"grants", {{{"scope", "all"}, {"permissions", {"customer.read"}}}}},
                               {"plain", {"phone", "name"}}}},
                             {"other", {{"rights", {"export"}}}}});
  const std::vector<std::string> both = {"other", "agent"}, other = {"other"};
  EXPECT_TRUE(policy->SeesPlain(both, options::v1::SENSITIVITY_PHONE));
  EXPECT_FALSE(policy->SeesPlain(other, options::v1::SENSITIVITY_PHONE));
  EXPECT_FALSE(policy->SeesPlain(both, options::v1::SENSITIVITY_EMAIL));
  EXPECT_FALSE(policy->SeesPlain(both, options::v1::SENSITIVITY_RESIDENT_ID));
  EXPECT_TRUE(policy->SeesPlain({}, options::v1::SENSITIVITY_UNSPECIFIED));
}

// PLT-13: what PreviewPermissions shows.
TEST(Policy, ExplainsASetOfRoles) {
  const auto policy = Parse(
      {{"rep",
        {{"grants", {{{"scope", "own"}, {"permissions", {"customer.read"}}}}},
         {"rights", {"export"}},
         {"plain", {"email"}}}},
       {"lead",
        {{"grants", {{{"scope", "team"}, {"permissions", {"customer.read", "contact.*"}}}}}}}});
  const std::vector<std::string> roles = {"rep", "ghost", "lead"};
  const Explanation all = policy->Explain(roles);
  EXPECT_THAT(all.grants,
              ElementsAre(Pair("contact.*", Scope::kTeam), Pair("customer.read", Scope::kTeam)));
  EXPECT_THAT(all.rights, ElementsAre(Right::kExport));
  EXPECT_THAT(all.plain, ElementsAre(options::v1::SENSITIVITY_EMAIL));
  EXPECT_THAT(all.unknown_roles, ElementsAre("ghost"));
}

std::string WhyRefused(const std::string& text) {
  const auto policy = Policy::Parse(text);
  return policy.ok() ? "accepted" : std::string(policy.status().message());
}

std::string WhyRoleRefused(const std::string& role) {
  return WhyRefused(R"({"version": 1, "roles": {"rep": )" + role + "}}");
}

// PLT-25: every mistake is named with its place.
TEST(Policy, MistakesInTheFileAreNamed) {
  EXPECT_THAT(WhyRefused("{"), HasSubstr("line 1"));
  EXPECT_THAT(WhyRefused("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(WhyRefused("{}"), HasSubstr("version"));
  EXPECT_THAT(WhyRefused(R"({"version": 1})"), HasSubstr("roles:"));
  EXPECT_THAT(WhyRefused(R"({"version": 1, "roles": {}})"), HasSubstr("at least one role"));
  EXPECT_THAT(WhyRefused(R"({"version": 1, "roles": {"Big Boss": {}}})"),
              HasSubstr("roles.Big Boss"));
  EXPECT_THAT(WhyRefused(R"({"version": 1, "roles": {"a": {}, "a": {}}})"),
              HasSubstr("\"a\" is given twice"));
  EXPECT_THAT(WhyRefused(R"({"version": 1, "role": {}})"), HasSubstr("role: unknown member"));
  EXPECT_THAT(WhyRefused(R"({"version": 1, "everyone": [{"scope": "none"}], "roles": {}})"),
              HasSubstr("everyone[0].scope"));
}

TEST(Policy, MistakesInARoleAreNamed) {
  EXPECT_THAT(WhyRoleRefused("{}"), HasSubstr("roles.rep: grants nothing"));
  EXPECT_THAT(WhyRoleRefused("5"), HasSubstr("roles.rep: must be an object"));
  EXPECT_THAT(WhyRoleRefused(R"({"grant": []})"), HasSubstr("roles.rep.grant: unknown member"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["fly"]})"),
              HasSubstr("roles.rep.rights[0]: unknown right; must be one of export"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["export", "export"]})"), HasSubstr("rights[1]"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": [1]})"), HasSubstr("must be a text"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["export"], "plain": ["colour"]})"),
              HasSubstr("plain[0]: unknown kind"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["export"], "plain": ["unspecified"]})"),
              HasSubstr("plain[0]: unknown kind"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["export"], "plain": ["phone", "phone"]})"),
              HasSubstr("plain[1]: is given twice"));
  // PLT-16
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["export"], "plain": ["resident_id"]})"),
              HasSubstr("approved reveal only"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["export"], "plain": ["bank_account"]})"),
              HasSubstr("approved reveal only"));
  EXPECT_THAT(WhyRoleRefused(R"({"rights": ["export"], "label": {"zh": 1}})"),
              HasSubstr("roles.rep.label.zh"));
}

TEST(Policy, MistakesInAGrantAreNamed) {
  const auto why = [](const std::string& grants) {
    return WhyRoleRefused("{\"grants\": " + grants + "}");
  };
  EXPECT_THAT(why("{}"), HasSubstr("roles.rep.grants: must be a list"));
  EXPECT_THAT(why("[5]"), HasSubstr("roles.rep.grants[0]: must be an object"));
  EXPECT_THAT(why(R"([{"scope": "mine", "permissions": ["a.b"]}])"),
              HasSubstr("grants[0].scope: unknown scope; must be one of own team"));
  EXPECT_THAT(why(R"([{"permissions": ["a.b"]}])"), HasSubstr("grants[0].scope: must be a text"));
  EXPECT_THAT(why(R"([{"scope": "own", "permissions": []}])"), HasSubstr("grants[0].permissions"));
  EXPECT_THAT(why(R"([{"scope": "own"}])"), HasSubstr("grants[0].permissions"));
  for (const char* permission : {"customer", "*", "*.read", "Customer.read", "customer.", ".read",
                                 "customer.read.all", "customer.r*", "客户.read", ""}) {
    EXPECT_THAT(
        why(R"([{"scope": "own", "permissions": ["a.b", ")" + std::string(permission) + R"("]}])"),
        HasSubstr("permissions[1]: must look like"))
        << permission;
  }
  EXPECT_THAT(why(R"([{"scope": "own", "permissions": ["a.b"]},
                      {"scope": "all", "permissions": ["a.b"]}])"),
              HasSubstr("grants[1].permissions[0]: is granted twice"));
  EXPECT_THAT(why(R"([{"scope": "team", "permissions": ["a.*"]},
                      {"scope": "own", "permissions": ["a.b"]}])"),
              HasSubstr("a.b has no effect beside the wider a.*"));
}

// PLT-13: a server refuses to start on a permission nobody has.
TEST(Policy, NamesPermissionsNobodyHas) {
  const std::vector<std::string> declared = {"customer.read", "custmer.read"};
  const absl::Status status = Default()->CheckGranted(declared);
  EXPECT_EQ(ErrorReason(status), "PERMISSION_UNGRANTED");
  EXPECT_THAT(std::string(status.message()), HasSubstr(": custmer.read"));
}

// PLT-25: a changed file comes into force in one step, a broken one never.
TEST(CurrentPolicy, Reloads) {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("crm_policy_test_" + std::to_string(::getpid()) + ".json");
  CurrentPolicy current(Default());
  const auto before = current.Get();
  std::ofstream(path) << R"({"version": 1, "roles": {"finance": {"rights": ["audit"]}}})";
  ASSERT_TRUE(current.Reload(path).ok());
  const std::vector<std::string> finance = {"finance"};
  EXPECT_TRUE(current.Get()->HasRight(finance, Right::kAudit));
  EXPECT_FALSE(before->HasRight(finance, Right::kAudit));
  std::ofstream(path, std::ios::trunc) << "{";
  const absl::Status broken = current.Reload(path);
  EXPECT_EQ(ErrorReason(broken), "ROLES_INVALID");
  EXPECT_THAT(std::string(broken.message()), HasSubstr(path));
  EXPECT_TRUE(current.Get()->HasRight(finance, Right::kAudit));
  std::filesystem::remove(path);
  EXPECT_EQ(current.Reload(path).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crm::auth
