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
