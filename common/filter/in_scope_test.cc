#include "common/filter/in_scope.h"

#include <gtest/gtest.h>

#include <string>

#include "crm/customer/v1/customer.pb.h"

namespace crm::filter {
namespace {

using crm::customer::v1::Customer;
using crm::customer::v1::PublicFact;

Customer Of(const std::string& owner, const std::string& team) {
  Customer customer;
  customer.set_owner(owner);
  customer.set_team(team);
  return customer;
}

// PLT-13
TEST(InScopeTest, IsTheSameAsTheCondition) {
  const Scope own{Scope::Kind::kOwn, "u1", {"t1"}};
  EXPECT_TRUE(InScope(Of("u1", "t9"), own));
  EXPECT_FALSE(InScope(Of("u2", "t1"), own));
  const Scope teams{Scope::Kind::kTeams, "u1", {"t1", "t2"}};
  EXPECT_TRUE(InScope(Of("u1", "t9"), teams));
  EXPECT_TRUE(InScope(Of("u2", "t2"), teams));
  EXPECT_FALSE(InScope(Of("u2", "t9"), teams));
  EXPECT_TRUE(InScope(Of("u2", "t9"), {Scope::Kind::kAll, "", {}}));
}

// PLT-13
TEST(InScopeTest, FailsClosed) {
  EXPECT_FALSE(InScope(Of("", ""), {Scope::Kind::kOwn, "", {}}));
  EXPECT_FALSE(InScope(Of("", ""), {Scope::Kind::kTeams, "", {""}}));
  EXPECT_FALSE(InScope(Of("u2", "t1"), {Scope::Kind::kTeams, "u1", {}}));
  // A message that is not stored has no owner.
  EXPECT_FALSE(InScope(PublicFact(), {Scope::Kind::kTeams, "u1", {"t1"}}));
}

}  // namespace
}  // namespace crm::filter
