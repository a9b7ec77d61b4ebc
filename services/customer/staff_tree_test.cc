#include "services/customer/staff_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/customer/staff_cache.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

StoredUser User(const std::string& id, const std::string& team, const std::string& supervisor) {
  StoredUser user;
  user.message.set_user_id(id);
  user.message.set_name(id);
  user.message.set_team(team);
  user.message.set_supervisor(supervisor);
  user.message.set_status(v1::STAFF_STATUS_ACTIVE);
  return user;
}

StoredTeam Team(const std::string& id, const std::string& parent) {
  StoredTeam team;
  team.message.set_team_id(id);
  team.message.set_name(id);
  team.message.set_parent(parent);
  return team;
}

std::vector<std::string> Rules(const std::vector<schema::Violation>& violations) {
  std::vector<std::string> rules;
  for (const auto& violation : violations) rules.push_back(violation.field + " " + violation.rule);
  return rules;
}

StaffTree China() {
  StaffTree tree;
  tree.Put(Team("china", ""));
  tree.Put(Team("east", "china"));
  tree.Put(Team("shanghai", "east"));
  tree.Put(Team("south", "china"));
  tree.Put(User("boss", "china", ""));
  tree.Put(User("lead", "east", "boss"));
  tree.Put(User("rep", "shanghai", "lead"));
  return tree;
}

// PLT-13: team and below.
TEST(StaffTree, TeamsBelowIncludeTheTeamItself) {
  const TeamChildren children = ChildrenOf(China());
  EXPECT_THAT(TeamsBelow(children, "china"),
              UnorderedElementsAre("china", "east", "shanghai", "south"));
  EXPECT_THAT(TeamsBelow(children, "shanghai"), ElementsAre("shanghai"));
  EXPECT_THAT(TeamsBelow(children, ""), IsEmpty());
}

// A cycle in the data must not hang a permission check.
TEST(StaffTree, TeamsBelowEndInACycle) {
  StaffTree tree = China();
  tree.Put(Team("china", "shanghai"));
  EXPECT_THAT(TeamsBelow(ChildrenOf(tree), "east"),
              UnorderedElementsAre("east", "shanghai", "china", "south"));
}

// PLT-31
TEST(StaffTree, AUserNeedsKnownRolesAnExistingTeamAndSupervisor) {
  v1::StaffUser user = User("new", "west", "nobody").message;
  user.add_roles("sales_representative");
  user.add_roles("emperor");
  EXPECT_THAT(
      Rules(CheckUser(China(), user, {"sales_representative"})),
      ElementsAre("roles[1] ROLE_UNKNOWN", "team TEAM_UNKNOWN", "supervisor SUPERVISOR_UNKNOWN"));
}

// PLT-31
TEST(StaffTree, NobodyIsTheirOwnSupervisorAtAnyDistance) {
  const StaffTree tree = China();
  EXPECT_THAT(Rules(CheckUser(tree, User("boss", "", "boss").message, {})),
              ElementsAre("supervisor SUPERVISOR_CYCLE"));
  EXPECT_THAT(Rules(CheckUser(tree, User("boss", "", "rep").message, {})),
              ElementsAre("supervisor SUPERVISOR_CYCLE"));
  EXPECT_THAT(CheckUser(tree, User("rep", "", "boss").message, {}), IsEmpty());
}

// PLT-31
TEST(StaffTree, ATeamCannotLieBelowItself) {
  const StaffTree tree = China();
  EXPECT_THAT(Rules(CheckTeam(tree, Team("china", "china").message)),
              ElementsAre("parent TEAM_CYCLE"));
  EXPECT_THAT(Rules(CheckTeam(tree, Team("china", "shanghai").message)),
              ElementsAre("parent TEAM_CYCLE"));
  EXPECT_THAT(Rules(CheckTeam(tree, Team("west", "mars").message)),
              ElementsAre("parent PARENT_UNKNOWN"));
}

// The whole depth counts: what is moved brings its own levels along.
TEST(StaffTree, ATreeHasAtMostTwentyLevels) {
  StaffTree tree;
  std::string above;
  for (int i = 1; i <= kMaxTeamLevels; ++i) {
    const StoredTeam team = Team("t" + std::to_string(i), above);
    EXPECT_THAT(CheckTeam(tree, team.message), IsEmpty()) << i;
    tree.Put(team);
    above = team.message.team_id();
  }
  EXPECT_THAT(Rules(CheckTeam(tree, Team("t21", above).message)),
              ElementsAre("parent TREE_TOO_DEEP"));
  tree.Put(Team("root", ""));
  EXPECT_THAT(Rules(CheckTeam(tree, Team("t1", "root").message)),
              ElementsAre("parent TREE_TOO_DEEP"));
}

TEST(StaffTree, FindsEveryoneInACycleAndNobodyBesides) {
  StaffTree tree = China();
  tree.Put(User("a", "", "b"));
  tree.Put(User("b", "", "c"));
  tree.Put(User("c", "", "a"));
  tree.Put(User("below", "", "a"));
  tree.Put(User("self", "", "self"));
  EXPECT_THAT(UsersInCycles(tree), UnorderedElementsAre("a", "b", "c", "self"));
}

// PLT-31: a user without a team has only what is their own.
TEST(StaffCache, KnowsRolesStatusAndTeamsBelow) {
  StaffTree tree = China();
  StoredUser gone = User("gone", "", "");
  gone.message.set_status(v1::STAFF_STATUS_SUSPENDED);
  tree.Put(gone);
  StaffNames names;
  StaffCache cache(names);
  EXPECT_EQ(cache.Find("lead"), nullptr);
  cache.Set(tree);
  const auto lead = cache.Find("lead");
  ASSERT_NE(lead, nullptr);
  EXPECT_TRUE(lead->active);
  EXPECT_EQ(lead->team, "east");
  EXPECT_THAT(lead->teams_below, UnorderedElementsAre("east", "shanghai"));
  const auto no_team = cache.Find("gone");
  ASSERT_NE(no_team, nullptr);
  EXPECT_FALSE(no_team->active);
  EXPECT_THAT(no_team->teams_below, IsEmpty());
}

}  // namespace
}  // namespace crm::customer
