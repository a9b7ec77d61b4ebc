#include "common/schema/mask.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "crm/testing/v1/specimen.pb.h"

namespace crm::schema {
namespace {

using crm::testing::v1::Colour;
using crm::testing::v1::ListSpecimensResponse;
using crm::testing::v1::Loan;
using crm::testing::v1::Specimen;

Specimen MakeSpecimen() {
  Specimen specimen;
  specimen.set_title("标题");
  specimen.set_phone("13812345678");
  specimen.set_budget("500.00");
  specimen.set_account("6222020200012345678");
  specimen.set_owner("li");
  return specimen;
}

// PLT-14
TEST(MaskSensitive, HidesFromStrangersAtAnyDepth) {
  ListSpecimensResponse response;
  *response.add_specimens() = MakeSpecimen();
  MaskSensitive(response, {.user_id = "wang"});
  const Specimen& masked = response.specimens(0);
  EXPECT_EQ(masked.phone(), "138****5678");
  EXPECT_EQ(masked.budget(), "");
  EXPECT_EQ(masked.title(), "标题");
  EXPECT_FALSE(absl::StrContains(masked.account(), "0200012345"));
}

TEST(MaskSensitive, TheOwnerSeesAllButTheHighlySensitive) {
  Specimen specimen = MakeSpecimen();
  MaskSensitive(specimen, {.user_id = "li"});
  EXPECT_EQ(specimen.phone(), "13812345678");
  EXPECT_EQ(specimen.budget(), "500.00");
  EXPECT_NE(specimen.account(), "6222020200012345678");
}

// PLT-14: an owner by the state of the resource only; what is not declared is no such state.
TEST(MaskSensitive, TheOwnerSeesItInItsStateOnly) {
  Loan loan;
  loan.set_owner("li");
  const auto seen = [&](Colour colour) {
    loan.set_phone("13812345678");
    loan.set_colour(colour);
    MaskSensitive(loan, {.user_id = "li"});
    return loan.phone();
  };
  EXPECT_EQ(seen(crm::testing::v1::COLOUR_RED), "13812345678");
  EXPECT_EQ(seen(crm::testing::v1::COLOUR_DARK_BLUE), "138****5678");
  EXPECT_EQ(seen(crm::testing::v1::COLOUR_UNSPECIFIED), "138****5678");
  EXPECT_EQ(seen(static_cast<Colour>(77)), "138****5678");
}

// Wang is involved with loan L1.
class WangWithL1 : public InvolvedStaff {
 public:
  bool IsInvolved(std::string_view user_id, std::string_view subject) const override {
    ++asked;
    return user_id == "wang" && subject == "L1";
  }
  mutable int asked = 0;
};

Loan MakeLoan(const std::string& number) {
  Loan loan;
  loan.set_number(number);
  loan.set_owner("li");
  loan.set_phone("13812345678");
  loan.set_remark("急用");
  loan.set_account("6222020200012345678");
  return loan;
}

// PLT-14: the declared kinds of what they are involved with, but for the highly sensitive ones.
TEST(MaskSensitive, WhoIsInvolvedSeesTheDeclaredKinds) {
  const WangWithL1 staff;
  const auto seen = [&](const std::string& number, const std::string& user) {
    Loan loan = MakeLoan(number);
    MaskSensitive(loan, {.user_id = user, .involved = &staff});
    return loan;
  };
  EXPECT_EQ(seen("L1", "wang").phone(), "13812345678");
  EXPECT_EQ(seen("L1", "wang").remark(), "***");
  EXPECT_NE(seen("L1", "wang").account(), "6222020200012345678");
  EXPECT_EQ(seen("L2", "wang").phone(), "138****5678");
  EXPECT_EQ(seen("L1", "zhao").phone(), "138****5678");
  Loan loan = MakeLoan("L1");
  MaskSensitive(loan, {.user_id = "wang"});
  EXPECT_EQ(loan.phone(), "138****5678");
}

// PLT-14: reading costs those nothing who see it plain anyway.
TEST(MaskSensitive, WhoSeesItPlainIsNotLookedFor) {
  const WangWithL1 staff;
  Loan own = MakeLoan("L1");
  own.set_colour(crm::testing::v1::COLOUR_RED);
  MaskSensitive(own, {.user_id = "li", .involved = &staff});
  Loan other = MakeLoan("L1");
  MaskSensitive(other, {.user_id = "wang", .plain_kinds = ~0u, .involved = &staff});
  EXPECT_EQ(own.phone(), "13812345678");
  EXPECT_EQ(staff.asked, 0);
}

TEST(MaskSensitive, NobodyOwnsWhatHasNoOwner) {
  Specimen specimen = MakeSpecimen();
  specimen.clear_owner();
  MaskSensitive(specimen, {.user_id = ""});
  EXPECT_EQ(specimen.phone(), "138****5678");
}

TEST(MaskSensitive, ARoleMaySeeAKind) {
  Specimen specimen = MakeSpecimen();
  MaskSensitive(specimen, {.user_id = "wang",
                           .plain_kinds = 1u << crm::options::v1::SENSITIVITY_PHONE |
                                          1u << crm::options::v1::SENSITIVITY_BANK_ACCOUNT});
  EXPECT_EQ(specimen.phone(), "13812345678");
  EXPECT_EQ(specimen.budget(), "");
  EXPECT_NE(specimen.account(), "6222020200012345678");
}

// PLT-20: events carry no sensitive field; PLT-7: nor do logs
TEST(ClearSensitive, LeavesNothing) {
  ListSpecimensResponse response;
  *response.add_specimens() = MakeSpecimen();
  const std::string logged = RedactedDebugString(response);
  EXPECT_FALSE(absl::StrContains(logged, "138"));
  EXPECT_TRUE(absl::StrContains(logged, "li"));
  ClearSensitive(response);
  EXPECT_EQ(response.specimens(0).phone(), "");
  EXPECT_EQ(response.specimens(0).account(), "");
}

}  // namespace
}  // namespace crm::schema
