#include "tools/crmctl/error_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"
#include "common/schema/validate.h"
#include "tools/crmctl/field_input.h"
#include "tools/crmctl/session.h"

namespace crm::cli {
namespace {

using ::testing::HasSubstr;

const Style kPlain(false);

// PLT-29, PLT-30: one field a line, in the language of the call.
TEST(ErrorText, NamesEveryFieldOnALineOfItsOwn) {
  const absl::Status status = schema::ViolationsToStatus(
      {{"customer.phone", "PHONE_FORMAT", "give 11 digits", "手机号码应为 11 位数字"},
       {"customer.full_name", "REQUIRED", "give a name", "请填写客户全称"}},
      Language::kChinese);

  const std::string text = ErrorText(status, Language::kChinese, kPlain, true);

  EXPECT_THAT(text, HasSubstr("错误: 请求有误"));
  EXPECT_THAT(text, HasSubstr("\n  customer.phone  手机号码应为 11 位数字  PHONE_FORMAT\n"));
  EXPECT_THAT(text, HasSubstr("\n  customer.full_name  请填写客户全称  REQUIRED\n"));
}

// PLT-29: what to do next.
TEST(ErrorText, WithoutATokenItSaysHowToGetOne) {
  const absl::Status status =
      Error(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING", "no token");

  EXPECT_THAT(ErrorText(status, Language::kEnglish, kPlain, false), HasSubstr("crm-local token"));
  EXPECT_THAT(ErrorText(status, Language::kEnglish, kPlain, true), HasSubstr("expired"));
}

TEST(ErrorText, ShowsFactsPreconditionsAndRetryHints) {
  const absl::Status status =
      Error(absl::StatusCode::kResourceExhausted, "OVERLOADED", "too many calls")
          .Meta("queue", "512")
          .Resource("crm.customer.v1.Customer", "CRM2026000001")
          .Precondition("CUSTOMER_LIVE", "CRM2026000001", "undelete the customer first")
          .RetryAfter(absl::Milliseconds(1500));

  const std::string text = ErrorText(status, Language::kEnglish, kPlain, true);

  EXPECT_THAT(text, HasSubstr("[RESOURCE_EXHAUSTED OVERLOADED]"));
  EXPECT_THAT(text, HasSubstr("queue  512"));
  EXPECT_THAT(text, HasSubstr("undelete the customer first"));
  EXPECT_THAT(text, HasSubstr("try again in 1.5 s"));
}

TEST(ErrorText, WrongUsageIsJustSaid) {
  EXPECT_EQ(ErrorText(UsageError("no field \"x\""), Language::kEnglish, kPlain, false),
            "usage: no field \"x\"\n");
}

// A server's text must not steer the terminal.
TEST(ErrorText, ControlCharactersAreNotPrinted) {
  const absl::Status status = Error(absl::StatusCode::kInternal, "INTERNAL", "\x1b[2Jgone");

  EXPECT_EQ(ErrorText(status, Language::kEnglish, kPlain, true).find('\x1b'), std::string::npos);
}

// PLT-29: exit codes.
TEST(ExitCode, TellsWhoCanMendIt) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), kOk);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), kCallFailed);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), kCallFailed);
  EXPECT_EQ(ExitCodeOf(UsageError("")), kUsage);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), kDenied);
  EXPECT_EQ(ExitCodeOf(absl::PermissionDeniedError("")), kDenied);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), kUnavailable);
}

}  // namespace
}  // namespace crm::cli
