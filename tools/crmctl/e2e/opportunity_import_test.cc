// crmctl against the sales service: an older system's opportunities, and the reports on them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/testing/service_harness.h"
#include "services/sales/sales_service.h"
#include "tools/crmctl/command_line.h"
#include "tools/crmctl/session.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kHeader[] =
    "opportunity_id,product,deal_stage,engage_date,close_date,close_value,region\n";
constexpr char kRows[] =
    "A-1,数据平台,won,10/25/2025,2/1/2026,4514,west\n"
    "A-2,数据平台,lost,11/5/2025,2/3/2026,0,west\n"
    "A-3,云盘,needs analysis,12/1/2025,,,west\n";

class OpportunityImportTest : public ::testing::Test {
 protected:
  OpportunityImportTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "crmctl-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    test_.environment["CRM_ADDRESS"] = absl::StrCat("127.0.0.1:", harness_.replica().port());
    test_.environment["CRM_TOKEN"] = harness_.TokenOf("wang.fang", {"data_steward"});
  }
  ~OpportunityImportTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string File(const std::string& rows) {
    const std::string path = folder_ + "/商机.csv";
    std::ofstream(path) << kHeader << rows;
    return path;
  }
  int Run(const std::vector<std::string>& arguments) {
    test_.TakeOut();
    test_.TakeErr();
    return RunCommandLine(arguments, test_.console);
  }
  int Import(const std::string& file, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"opportunity",
                                          "import",
                                          file,
                                          "--default",
                                          "来源系统=old",
                                          "--map",
                                          "engage_date=lead_time",
                                          "--map",
                                          "engage_date=entered.lead_confirmed",
                                          "--missing",
                                          "accept"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
  testing::ServiceHarness harness_{sales::Info(), sales::SalesService::Create};
  TestConsole test_;
  std::string folder_;
};

// PLT-29, SAL-1
TEST_F(OpportunityImportTest, TakesAFileOverOnce) {
  const std::string file = File(kRows);
  EXPECT_EQ(Import(file, {"--dry-run"}), kOk) << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), HasSubstr("可导入         3"));
  EXPECT_EQ(Import(file), kOk) << test_.err.str();
  EXPECT_THAT(test_.TakeErr(), HasSubstr("忽略的列：region"));
  EXPECT_THAT(test_.TakeOut(), HasSubstr("已导入         3"));
  EXPECT_EQ(Import(file), kOk);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("已导入         0"), HasSubstr("之前已导入     3")));

  EXPECT_EQ(Run({"opportunity", "list", "--filter", "external_number = \"A-1\""}), kOk);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("4514.00"), HasSubstr("2026-02-01")));
}

// PLT-7: line and field of what is wrong; the others are taken.
TEST_F(OpportunityImportTest, NamesLineAndField) {
  const std::string file = File(absl::StrCat(kRows,
                                             "A-4,云盘,nowhere,12/1/2025,,,west\n"
                                             "A-5,云盘,won,12/1/2025,someday,1,west\n"));
  EXPECT_EQ(Import(file), kPartial);
  const std::string out = test_.TakeOut();
  EXPECT_THAT(out, AllOf(HasSubstr("已导入         3"), HasSubstr("被拒绝         2")));
  EXPECT_THAT(out, AllOf(HasSubstr("\n 5  stage       STAGE_UNKNOWN"),
                         HasSubstr("\n 6  close_time  CELL_UNREADABLE")));
  EXPECT_EQ(Import(File("A-6,云盘,won,,,1,\n"), {"--map", "no_such=stage"}), kUsage);
}

// SAL-12, SAL-15: reports are tables that line up with Chinese text.
TEST_F(OpportunityImportTest, ReportsAreTables) {
  ASSERT_EQ(Import(File(kRows)), kOk);
  EXPECT_EQ(Run({"report", "funnel"}), kOk);
  const std::string funnel = test_.TakeOut();
  EXPECT_THAT(funnel, AllOf(HasSubstr("阶段"), HasSubstr("加权金额"), HasSubstr("赢单")));
  EXPECT_THAT(funnel, HasSubstr("\n线索确认       0     0.00      0.00       3"));
  EXPECT_THAT(funnel, HasSubstr("\n赢单           1  4514.00   4514.00       1"));
  EXPECT_EQ(Run({"report", "win-loss", "2026-01-01", "2026-12-31", "--group", "产品"}), kOk);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("数据平台"), HasSubstr("50.0%")));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"report", "forecast", "2026-01", "2026-12"},
        {"report", "bottlenecks", "2025-01", "2026-12"},
        {"report", "dwell-trend", "2025-01", "2026-12"},
        {"report", "calibration", "2025-01-01", "2026-12-31"},
        {"opportunity", "priorities"},
        {"pipeline", "stages", "default"},
        {"target", "list"},
        {"target", "attainment", "2026-03"}}) {
    EXPECT_EQ(Run(command), kOk) << command[1] << test_.err.str();
  }
}

// PLT-4, CUS-26: the report as a file; one that does not come whole leaves what was there before.
TEST_F(OpportunityImportTest, ReportsAreExported) {
  ASSERT_EQ(Import(File(kRows)), kOk);
  const std::string csv = folder_ + "/漏斗.csv";
  const auto content = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(Run({"report", "funnel", "--export", csv, "--purpose", "月会"}), kOk)
      << test_.err.str();
  EXPECT_THAT(test_.TakeErr(), HasSubstr("漏斗.csv: 7 行"));
  EXPECT_THAT(content(csv), AllOf(::testing::StartsWith("\xEF\xBB\xBF阶段代码,阶段,商机数"),
                                  HasSubstr("won,赢单,1,4514.00,4514.00,1,")));
  const std::string trend = folder_ + "/trend.csv";
  EXPECT_EQ(
      Run({"report", "dwell-trend", "2025-01", "2026-12", "--export", trend, "--purpose", "月会"}),
      kOk);
  EXPECT_THAT(content(trend), HasSubstr("月份,阶段代码"));
  EXPECT_EQ(Run({"report", "funnel", "--export", folder_ + "/a.XLSX", "--purpose", "月会"}), kOk);
  EXPECT_THAT(content(folder_ + "/a.XLSX"), ::testing::StartsWith("PK"));

  const std::string before = content(csv);
  EXPECT_EQ(Run({"report", "funnel", "nothing", "--export", csv, "--purpose", "月会"}),
            kCallFailed);
  EXPECT_EQ(Run({"report", "funnel", "--export", csv}), kUsage);
  EXPECT_EQ(Run({"report", "funnel", "--export", folder_ + "/a.pdf", "--purpose", "月会"}), kUsage);
  EXPECT_EQ(Run({"report", "funnel", "--purpose", "月会"}), kUsage);
  EXPECT_EQ(Run({"report", "funnel", "--export", folder_ + "/no/a.csv", "--purpose", "月会"}),
            kCallFailed);
  test_.environment["CRM_TOKEN"] = harness_.TokenOf("rep", {"sales_representative"}, "east");
  EXPECT_EQ(Run({"report", "funnel", "--export", csv, "--purpose", "月会"}), kDenied);
  EXPECT_EQ(content(csv), before);
  EXPECT_FALSE(std::filesystem::exists(csv + ".part"));
}

}  // namespace
}  // namespace crm::cli
