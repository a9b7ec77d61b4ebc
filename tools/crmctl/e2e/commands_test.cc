// crmctl against the customer service: gRPC, database, permission and masking are real.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "absl/strings/str_cat.h"
#include "common/testing/service_harness.h"
#include "services/customer/customer_service.h"
#include "tools/crmctl/command_line.h"
#include "tools/crmctl/session.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CommandsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    harness_ = new testing::ServiceHarness(customer::Info(), customer::CustomerService::Create);
  }
  static void TearDownTestSuite() {
    delete harness_;
    harness_ = nullptr;
  }

  CommandsTest() {
    test_.environment["CRM_ADDRESS"] = absl::StrCat("127.0.0.1:", harness_->replica().port());
    test_.environment["CRM_TOKEN"] = harness_->TokenOf("wang.fang", {"data_steward"});
  }

  int Run(const std::vector<std::string>& arguments) {
    test_.TakeOut();
    test_.TakeErr();
    return RunCommandLine(arguments, test_.console);
  }

  // Creates an organisation, gives its number.
  std::string Create(const std::string& name, const std::string& phone) {
    EXPECT_EQ(Run({"customer", "create", "-f", "客户类型=企业", "-f", "客户全称=" + name, "-f",
                   "industry=I65", "-f", "客户等级=普通客户", "-f", "关键决策人=陈建国", "-f",
                   "手机号码=" + phone}),
              kOk)
        << test_.err.str();
    const std::string out = test_.TakeOut();
    std::smatch match;
    EXPECT_TRUE(std::regex_search(out, match, std::regex("CRM[0-9]{10}"))) << out;
    return match.str();
  }

  static testing::ServiceHarness* harness_;
  TestConsole test_;
};

testing::ServiceHarness* CommandsTest::harness_ = nullptr;

// PLT-29
TEST_F(CommandsTest, CreatesShowsAndListsCustomersInChinese) {
  const std::string number = Create("华东机械有限公司", "13800138001");

  EXPECT_EQ(Run({"customer", "get", number}), kOk);
  EXPECT_THAT(test_.TakeOut(),
              AllOf(HasSubstr(number), HasSubstr("华东机械有限公司"), HasSubstr("普通客户")));

  EXPECT_EQ(Run({"customer", "list", "--all", "--page-size", "1"}), kOk);
  const std::string table = test_.TakeOut();
  EXPECT_THAT(table, HasSubstr("客户编号"));
  EXPECT_THAT(table, HasSubstr(number));
}

// CUS-26
TEST_F(CommandsTest, AListIsExported) {
  const std::string number = Create("钱塘贸易有限公司", "13800138019");
  const std::string file = ::testing::TempDir() + "/customers.csv";
  EXPECT_EQ(Run({"customer", "list", "--filter", absl::StrCat("number = \"", number, "\""),
                 "--export", file, "--purpose", "回访"}),
            kOk)
      << test_.err.str();
  EXPECT_THAT(test_.TakeErr(), HasSubstr("customers.csv: 1 行"));
  std::ifstream stream(file, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(stream), {});
  EXPECT_THAT(content, AllOf(StartsWith("\xEF\xBB\xBF客户编号,客户类型,客户全称"),
                             HasSubstr(number), HasSubstr("钱塘贸易有限公司"), HasSubstr("未知")));
  std::remove(file.c_str());
  EXPECT_EQ(Run({"customer", "list", "--export", file}), kUsage);
}

// PLT-14: masked values come masked.
TEST_F(CommandsTest, WhatIsMaskedStaysMasked) {
  const std::string number = Create("西湖茶业有限公司", "13800138002");
  test_.environment["CRM_TOKEN"] = harness_->TokenOf("marketer", {"marketer"});

  EXPECT_EQ(Run({"customer", "get", number}), kOk);

  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("138****8002"), Not(HasSubstr("13800138002"))));
}

// PLT-2, CUS-4: only the named field changes, and the history says it by its label.
TEST_F(CommandsTest, AnUpdateShowsInTheHistory) {
  const std::string number = Create("长江物流有限公司", "13800138003");

  EXPECT_EQ(Run({"customer", "update", number, "-f", "客户等级=重点客户"}), kOk) << test_.err.str();
  EXPECT_EQ(Run({"customer", "history", number}), kOk);

  EXPECT_THAT(test_.TakeOut(),
              AllOf(HasSubstr("客户等级: 普通客户 → 重点客户"), HasSubstr("wang.fang")));
}

TEST_F(CommandsTest, TagsAreAddedAndRemoved) {
  const std::string number = Create("珠江食品有限公司", "13800138004");

  EXPECT_EQ(Run({"customer", "tag", "add", number, "展会", "重要"}), kOk) << test_.err.str();
  EXPECT_EQ(Run({"customer", "tag", "remove", number, "重要"}), kOk) << test_.err.str();
  EXPECT_EQ(Run({"customer", "tag", "list", number}), kOk);

  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("展会"), Not(HasSubstr("重要"))));
}

// PLT-29: files go up and come down as they were.
TEST_F(CommandsTest, FilesGoUpAndComeDown) {
  std::string pattern = (std::filesystem::temp_directory_path() / "crmctl-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  std::ofstream(folder / "报价.txt") << "报价单";
  EXPECT_EQ(Run({"attachment", "upload", (folder / "报价.txt").string()}), kOk) << test_.err.str();
  const std::string out = test_.TakeOut();
  std::smatch match;
  ASSERT_TRUE(std::regex_search(out, match, std::regex("[A-Z]{2,4}[0-9]{9,}"))) << out;
  EXPECT_EQ(Run({"attachment", "get", match.str()}), kOk);
  EXPECT_THAT(test_.TakeOut(), HasSubstr("报价.txt"));
  EXPECT_EQ(Run({"attachment", "download", match.str(), (folder / "copy").string()}), kOk);
  std::ifstream copy(folder / "copy");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(copy), {}), "报价单");
  std::filesystem::remove_all(folder);
}

// PLT-29: json and csv for programs.
TEST_F(CommandsTest, OtherOutputs) {
  const std::string number = Create("黄河建材有限公司", "13800138005");

  EXPECT_EQ(Run({"customer", "list", "--filter", absl::StrCat("number = \"", number, "\""), "-o",
                 "json"}),
            kOk)
      << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), HasSubstr("\"full_name\":\"黄河建材有限公司\""));

  EXPECT_EQ(Run({"customer", "list", "--filter", absl::StrCat("number = \"", number, "\""), "-o",
                 "csv", "--fields", "number,客户全称"}),
            kOk);
  EXPECT_EQ(test_.TakeOut(),
            absl::StrCat("客户编号,客户全称\r\n", number, ",黄河建材有限公司\r\n"));
}

// PLT-29, PLT-30: field violations one a line, in Chinese.
TEST_F(CommandsTest, EveryWrongFieldIsNamed) {
  EXPECT_EQ(
      Run({"customer", "create", "-f", "客户类型=企业", "-f", "客户全称=华", "-f", "手机号码=123"}),
      kCallFailed);
  EXPECT_THAT(test_.TakeErr(),
              AllOf(HasSubstr("\n  customer.full_name  "), HasSubstr("\n  customer.phone  ")));
}

// PLT-29: exit codes tell who can mend it.
TEST_F(CommandsTest, DenialsHaveACodeOfTheirOwn) {
  test_.environment.erase("CRM_TOKEN");
  EXPECT_EQ(Run({"customer", "list"}), kDenied);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("crm-local token"));

  EXPECT_EQ(Run({"customer", "list", "--token-file", "/nowhere/token"}), kCallFailed);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("/nowhere/token"));

  test_.environment["CRM_TOKEN"] = harness_->TokenOf("nobody", {"auditor"});
  EXPECT_EQ(Run({"customer", "create", "-f", "full_name=李雷"}), kDenied);
}

TEST_F(CommandsTest, NotFoundSaysWhatToDo) {
  EXPECT_EQ(Run({"customer", "get", "CRM2026999999"}), kCallFailed);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("核对编号"));
}

// PLT-29: any RPC through reflection.
TEST_F(CommandsTest, CallsAnyMethodByReflection) {
  const std::string number = Create("泰山重工有限公司", "13800138006");

  EXPECT_EQ(Run({"call", "CustomerService/GetCustomer",
                 absl::StrCat(R"({"customer": ")", number, R"("})")}),
            kOk)
      << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), HasSubstr("\"full_name\": \"泰山重工有限公司\""));

  test_.in.str(R"({"customers": ["nothing"]})");
  EXPECT_EQ(Run({"call", "crm.customer.v1.CustomerService/BatchGetCustomers", "-"}), kOk)
      << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), HasSubstr("\"missing\""));
}

// PLT-29
TEST_F(CommandsTest, ListsAndDescribesMethods) {
  EXPECT_EQ(Run({"call", "--list"}), kOk) << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("crm.customer.v1.CustomerService/GetCustomer"),
                                     HasSubstr("customer.read"), HasSubstr("应答流")));

  EXPECT_EQ(Run({"call", "--describe", "CustomerService/CreateCustomer"}), kOk);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("客户全称"), HasSubstr("重点客户")));
}

TEST_F(CommandsTest, CallsThatCannotBeMade) {
  EXPECT_EQ(Run({"call"}), kUsage);
  EXPECT_EQ(Run({"call", "CustomerService/NoSuch"}), kCallFailed);
  EXPECT_THAT(test_.TakeErr(), AllOf(HasSubstr("NoSuch"), HasSubstr("crmctl call --list")));
  EXPECT_EQ(Run({"call", "no.such.Service/Get"}), kCallFailed);
  EXPECT_EQ(Run({"call", "CustomerService/GetCustomer", "{"}), kUsage);
  EXPECT_EQ(Run({"call", "CustomerService/GetCustomer", "@/nowhere.json"}), kUsage);
}

// PLT-20: what has happened, as lines.
TEST_F(CommandsTest, ShowsEvents) {
  const std::string number = Create("昆仑能源有限公司", "13800138007");
  test_.environment["CRM_TOKEN"] = harness_->TokenOf("crm-sales", {"service_account"});

  std::string lines;
  // The sequencer gives positions a moment after the change.
  const absl::Time limit = absl::Now() + absl::Minutes(1);
  while (lines.find(number) == std::string::npos && absl::Now() < limit) {
    ASSERT_EQ(Run({"events", "-o", "json"}), kOk) << test_.err.str();
    lines = test_.TakeOut();
  }
  EXPECT_THAT(lines, AllOf(HasSubstr(number), HasSubstr("customer.created"),
                           HasSubstr("type.googleapis.com/crm.customer.v1.Customer")));

  EXPECT_EQ(Run({"events", "--types", "customer.*"}), kOk);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("对象"), HasSubstr(number)));

  // The types that an Any holds come from the server too.
  EXPECT_EQ(Run({"call", "EventService/StreamEvents", R"({"stop_at_end": true})"}), kOk)
      << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), HasSubstr("昆仑能源有限公司"));
}

}  // namespace
}  // namespace crm::cli
