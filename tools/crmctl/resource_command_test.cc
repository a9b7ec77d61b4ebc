#include "tools/crmctl/resource_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "tools/crmctl/command_line.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const CommandSpec& SpecOf(std::string_view path) {
  for (const CommandSpec& spec : CommandSpecs()) {
    if (spec.path == path) return spec;
  }
  ADD_FAILURE() << "no command " << path;
  return CommandSpecs().front();
}

class ResourceCommandTest : public ::testing::Test {
 protected:
  TestConsole test_;
  Session session_{test_.console, {.language = Language::kChinese}};
};

// PLT-2: only what was named is written.
TEST_F(ResourceCommandTest, AnUpdateNamesItsFieldsInTheMask) {
  customer::v1::UpdateCustomerRequest request;

  ASSERT_TRUE(FillRequest(SpecOf("customer update"),
                          {.positionals = {{"CRM2026000001"}},
                           .fields = {"客户等级=重点客户", "custom_fields.level=3", "etag=abc"},
                           .clear = {"website", "备注"}},
                          session_, request)
                  .ok());

  EXPECT_EQ(request.customer().number(), "CRM2026000001");
  EXPECT_EQ(request.customer().tier(), customer::v1::TIER_KEY);
  EXPECT_EQ(request.customer().etag(), "abc");
  EXPECT_THAT(request.update_mask().paths(),
              ElementsAre("custom_fields.level", "remark", "tier", "website"));
}

// PLT-9: a command can be sent again by the client library.
TEST_F(ResourceCommandTest, ChangesGetARequestId) {
  customer::v1::CreateCustomerRequest first;
  customer::v1::CreateCustomerRequest second;
  customer::v1::CreateCustomerRequest chosen;
  const CommandSpec& spec = SpecOf("customer create");

  ASSERT_TRUE(FillRequest(spec, {}, session_, first).ok());
  ASSERT_TRUE(FillRequest(spec, {}, session_, second).ok());
  ASSERT_TRUE(FillRequest(spec, {.flags = {{"request_id", {"mine"}}}}, session_, chosen).ok());

  EXPECT_FALSE(first.request_id().empty());
  EXPECT_NE(first.request_id(), second.request_id());
  EXPECT_EQ(chosen.request_id(), "mine");
}

TEST_F(ResourceCommandTest, JsonFromTheStandardInputIsTheResource) {
  test_.in.str(R"({"full_name": "华东机械", "kind": "CUSTOMER_KIND_ORGANIZATION", "number": "X"})");
  customer::v1::UpdateCustomerRequest request;

  ASSERT_TRUE(FillRequest(SpecOf("customer update"),
                          {.positionals = {{"CRM2026000001"}}, .json = "-"}, session_, request)
                  .ok());

  EXPECT_EQ(request.customer().number(), "CRM2026000001");
  // What the service sets is no part of a mask.
  EXPECT_THAT(request.update_mask().paths(), ElementsAre("full_name", "kind"));
}

TEST_F(ResourceCommandTest, ListFlagsBecomeRequestFields) {
  customer::v1::ListCustomersRequest request;

  ASSERT_TRUE(FillRequest(SpecOf("customer list"),
                          {.flags = {{"page_size", {"20"}}, {"filter", {"tier = KEY"}}},
                           .switches = {{"count_total", true}}},
                          session_, request)
                  .ok());

  EXPECT_EQ(request.page_size(), 20);
  EXPECT_EQ(request.filter(), "tier = KEY");
  EXPECT_TRUE(request.count_total());
}

TEST_F(ResourceCommandTest, TheRestOfTheArgumentsIsAList) {
  customer::v1::ChangeCustomerTagsRequest request;

  ASSERT_TRUE(FillRequest(SpecOf("customer tag add"),
                          {.positionals = {{"CRM2026000001"}, {"重要", "展会"}}}, session_, request)
                  .ok());

  EXPECT_THAT(request.tags(), ElementsAre("重要", "展会"));
}

// Every line of the table must fit the protos: a typing mistake is not silently left out.
TEST(CommandSpecs, ExistInTheProtos) {
  for (const CommandSpec& spec : CommandSpecs()) {
    const auto* method = MethodOf(spec);
    ASSERT_NE(method, nullptr) << spec.path << " " << spec.method;
    const auto* rows = RowsOf(spec, *method->output_type());
    EXPECT_EQ(rows == nullptr, spec.rows.empty()) << spec.path;
    const auto* body = method->input_type()->FindFieldByName(std::string(spec.body));
    EXPECT_EQ(body == nullptr, spec.body.empty()) << spec.path;
    for (const std::string_view column : spec.columns) {
      ASSERT_NE(rows, nullptr) << spec.path;
      EXPECT_NE(FindAt(schema::MessageSchema::Of(rows->message_type()), column), nullptr)
          << spec.path << " " << column;
    }
  }
}

TEST(CommandSpecs, PositionalsAreFieldsOfTheRequest) {
  for (const CommandSpec& spec : CommandSpecs()) {
    for (std::string_view path : spec.positionals) {
      while (!path.empty() && path.back() == '.') path.remove_suffix(1);
      if (path.front() == '?') path.remove_prefix(1);
      const std::string_view first = path.substr(0, path.find('.'));
      EXPECT_NE(MethodOf(spec)->input_type()->FindFieldByName(std::string(first)), nullptr)
          << spec.path << " " << first;
    }
  }
}

class CommandLineTest : public ::testing::Test {
 protected:
  int Run(const std::vector<std::string>& arguments) {
    return RunCommandLine(arguments, test_.console);
  }
  TestConsole test_;
};

// PLT-29, PLT-30: Chinese and English help.
TEST_F(CommandLineTest, HelpIsInTheLanguageOfTheEnvironment) {
  EXPECT_EQ(Run({"--help"}), kOk);
  EXPECT_THAT(test_.TakeOut(), HasSubstr("退出码：0 成功"));

  EXPECT_EQ(Run({"customer", "list", "--help", "--language", "en"}), kOk);
  EXPECT_THAT(test_.TakeOut(), HasSubstr("list customers"));
}

TEST_F(CommandLineTest, WrongUsageIsCodeTwo) {
  EXPECT_EQ(Run({}), kUsage);
  EXPECT_EQ(Run({"customer", "fly"}), kUsage);
  EXPECT_EQ(Run({"customer", "get"}), kUsage);
  EXPECT_EQ(Run({"customer", "list", "--output", "xml"}), kUsage);
  EXPECT_EQ(Run({"completion", "fish"}), kUsage);
  test_.TakeErr();

  EXPECT_EQ(Run({"customer", "create", "-f", "tier=黄金"}), kUsage);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("重点客户"));
}

// PLT-29: no service at the address.
TEST_F(CommandLineTest, AServiceThatIsNotThereIsCodeFive) {
  EXPECT_EQ(Run({"customer", "get", "CRM1", "--address", "unix:/nowhere", "--timeout", "5"}),
            kUnavailable);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("--address"));
}

TEST_F(CommandLineTest, FieldsNeedNoService) {
  EXPECT_EQ(Run({"fields", "客户"}), kOk);
  EXPECT_THAT(test_.TakeOut(), HasSubstr("full_name"));
  EXPECT_EQ(Run({"fields", "nothing"}), kUsage);
}

TEST_F(CommandLineTest, CompletionKnowsCommandsAndOptions) {
  EXPECT_EQ(Run({"completion", "zsh"}), kOk);
  const std::string script = test_.TakeOut();

  EXPECT_THAT(script, HasSubstr("bashcompinit"));
  EXPECT_THAT(script, HasSubstr("\"customer tag\") echo \"add remove list"));
  EXPECT_THAT(script, HasSubstr("--order-by"));
}

}  // namespace
}  // namespace crm::cli
