#include "common/filter/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::filter {
namespace {

using crm::customer::v1::Customer;
using crm::customer::v1::PublicFact;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const schema::MessageSchema& Schema() { return schema::MessageSchema::Of<Customer>(); }

// PLT-13
TEST(ScopeTest, IsACondition) {
  EXPECT_TRUE(ScopeCondition(Schema(), {Scope::Kind::kAll, "u1", {"t1"}}).empty());

  const Fragment own = ScopeCondition(Schema(), {Scope::Kind::kOwn, "u1", {"t1"}}, "c");
  EXPECT_EQ(own.sql, "c.owner = ?");
  EXPECT_THAT(own.values, ElementsAre(db::Value("u1")));

  const Fragment teams = ScopeCondition(Schema(), {Scope::Kind::kTeams, "u1", {"t1", "t2", "t3"}});
  EXPECT_EQ(teams.sql, "(owner = ? OR team IN (?, ?, ?, ?))");
  EXPECT_THAT(teams.values, ElementsAre(db::Value("u1"), db::Value("t1"), db::Value("t2"),
                                        db::Value("t3"), db::Value("t3")));
}

// PLT-13
TEST(ScopeTest, FailsClosed) {
  EXPECT_EQ(ScopeCondition(Schema(), {Scope::Kind::kOwn, "", {"t1"}}).sql, "FALSE");
  EXPECT_EQ(ScopeCondition(Schema(), {Scope::Kind::kTeams, "", {}}).sql, "FALSE");
  EXPECT_EQ(ScopeCondition(Schema(), {Scope::Kind::kTeams, "", {"t1"}}).sql, "(team IN (?))");
  EXPECT_EQ(ScopeCondition(Schema(), {Scope::Kind::kTeams, "u1", {}}).sql, "owner = ?");
  // A message that is not stored has no owner.
  const auto& bare = schema::MessageSchema::Of<PublicFact>();
  EXPECT_EQ(ScopeCondition(bare, {Scope::Kind::kTeams, "u1", {"t1"}}).sql, "FALSE");
}

// PLT-13
TEST(ScopeTest, TakesManyTeams) {
  Scope scope{Scope::Kind::kTeams, "u1", {}};
  for (int i = 0; i < 600; ++i) scope.teams.push_back(absl::StrCat("t", i));
  const Fragment condition = ScopeCondition(Schema(), scope);
  EXPECT_THAT(condition.sql, HasSubstr("?) OR team IN (?, "));
  EXPECT_EQ(condition.values.size(), 1u + 512 + 128);
}

}  // namespace
}  // namespace crm::filter
