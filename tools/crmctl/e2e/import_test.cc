// crmctl import against the customer service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
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

constexpr char kHeader[] = "客户名称,客户类型,行业,客户等级,决策人,手机号,展会批次\n";

class ImportCommandTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    harness_ = new testing::ServiceHarness(customer::Info(), customer::CustomerService::Create);
  }
  static void TearDownTestSuite() {
    delete harness_;
    harness_ = nullptr;
  }

  ImportCommandTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "crmctl-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    test_.environment["CRM_ADDRESS"] = absl::StrCat("127.0.0.1:", harness_->replica().port());
    test_.environment["CRM_TOKEN"] = harness_->TokenOf("wang.fang", {"data_steward"});
  }
  ~ImportCommandTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string File(const std::string& rows) {
    const std::string path = folder_ + "/客户.csv";
    std::ofstream(path) << kHeader << rows;
    return path;
  }
  int Run(const std::vector<std::string>& arguments) {
    test_.TakeOut();
    test_.TakeErr();
    return RunCommandLine(arguments, test_.console);
  }

  static testing::ServiceHarness* harness_;
  TestConsole test_;
  std::string folder_;
};

testing::ServiceHarness* ImportCommandTest::harness_ = nullptr;

// PLT-29, CUS-31: progress, then the report; all rows in is code 0.
TEST_F(ImportCommandTest, ImportsAFileAndReports) {
  const std::string file = File(
      "华东机械有限公司,企业,制造业,普通客户,陈建国,138 0013 9001,A1\n"
      "珠江食品有限公司,企业,制造业,重点客户,刘洋,13800139002,A1\n");

  EXPECT_EQ(Run({"import", file, "--map", "展会批次=-"}), kOk) << test_.err.str();

  EXPECT_THAT(test_.TakeErr(), AllOf(HasSubstr("上传: "), HasSubstr("导入: 2/2 行")));
  const std::string report = test_.TakeOut();
  EXPECT_THAT(report, AllOf(HasSubstr("已完成"), HasSubstr("客户.csv"), HasSubstr("新建"),
                            HasSubstr("客户全称"), HasSubstr("忽略"), HasSubstr("抽样核对")));
}

// CUS-29: rejected rows are shown, and saved in the file's own layout.
TEST_F(ImportCommandTest, RejectedRowsAreShownAndSaved) {
  const std::string file = File(
      "泰山重工有限公司,企业,制造业,普通客户,赵敏,13800139003,A1\n"
      "黄河建材有限公司,企业,制造业,普通客户,孙丽,12,A1\n");
  const std::string rejected = folder_ + "/rejected.csv";

  EXPECT_EQ(Run({"import", file, "--rejected", rejected}), kPartial) << test_.err.str();

  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("被拒绝的行"), HasSubstr("--map 表头=字段")));
  std::ifstream saved(rejected);
  const std::string rows(std::istreambuf_iterator<char>(saved), {});
  EXPECT_THAT(rows, AllOf(HasSubstr("黄河建材有限公司"), Not(HasSubstr("泰山重工有限公司"))));
}

TEST_F(ImportCommandTest, ADryRunWritesNothing) {
  const std::string file = File("昆仑能源有限公司,企业,制造业,普通客户,周杰,13800139004,A1\n");

  EXPECT_EQ(Run({"import", file, "--dry-run"}), kOk) << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), HasSubstr("试导入，未写入"));

  EXPECT_EQ(Run({"customer", "list", "--filter", "full_name = \"昆仑能源有限公司\""}), kOk);
  EXPECT_THAT(test_.TakeOut(), Not(HasSubstr("昆仑能源有限公司")));
}

// CUS-30: sent again with the same id it is imported once; the report can be read again.
TEST_F(ImportCommandTest, TheSameRequestIsOneImport) {
  const std::string file = File("祁连牧业有限公司,企业,制造业,普通客户,吴刚,13800139005,A1\n");
  const std::vector<std::string> command = {"import", file, "--request-id", "spring-fair"};
  const std::regex number("IMP[0-9]+");
  std::smatch first;
  std::smatch second;

  ASSERT_EQ(Run(command), kOk) << test_.err.str();
  const std::string one = test_.TakeOut();
  ASSERT_EQ(Run(command), kOk) << test_.err.str();
  const std::string two = test_.TakeOut();

  ASSERT_TRUE(std::regex_search(one, first, number));
  ASSERT_TRUE(std::regex_search(two, second, number));
  EXPECT_EQ(first.str(), second.str());
  EXPECT_EQ(Run({"imports", "get", first.str()}), kOk);
  EXPECT_THAT(test_.TakeOut(), HasSubstr(first.str()));
  EXPECT_EQ(Run({"imports", "list"}), kOk);
  EXPECT_THAT(test_.TakeOut(), HasSubstr(first.str()));
}

TEST_F(ImportCommandTest, WhatCannotBeImported) {
  EXPECT_EQ(Run({"import", "/nowhere.csv"}), kUsage);
  EXPECT_EQ(Run({"import", File(""), "--policy", "whatever"}), kUsage);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("保留最新"));

  std::ofstream(folder_ + "/客户.csv", std::ios::trunc) << "";
  EXPECT_EQ(Run({"import", folder_ + "/客户.csv"}), kCallFailed);
}

}  // namespace
}  // namespace crm::cli
