// crmctl takes over the tickets of an older system: TIC-14.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/testing/service_harness.h"
#include "services/ticket/ticket_service.h"
#include "tools/crmctl/command_line.h"
#include "tools/crmctl/session.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class TicketImportTest : public ::testing::Test {
 protected:
  TicketImportTest() {
    test_.environment["CRM_ADDRESS"] = absl::StrCat("127.0.0.1:", harness_.replica().port());
    test_.environment["CRM_TOKEN"] = harness_.TokenOf("steward", {"data_steward"});
  }
  ~TicketImportTest() override { std::filesystem::remove(path_); }

  void Write(const std::string& content) { std::ofstream(path_) << content; }
  int Import(std::vector<std::string> options = {}) {
    std::vector<std::string> arguments = {"ticket", "import", path_.string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return RunCommandLine(arguments, test_.console);
  }

  testing::ServiceHarness harness_{ticket::Info(), ticket::TicketService::Create};
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / absl::StrCat("crm-tickets-", getpid(), ".csv");
  TestConsole test_;
};

constexpr char kFile[] =
    "渠道,原工单编号,电话,类型,优先级,描述,创建时间,首次响应时间,解决时间,备注\n"
    "phone,A-1,13800138001,故障报修,高,打印机坏了,2025-03-20 09:00,2025-03-20 10:00,2025-03-20 "
    "18:00,x\n"
    "phone,A-2,13800138002,投诉,紧急,太慢,2025-03-21 09:00,2025-03-21 08:00,,x\n"
    "phone,A-3,13800138003,故障,低,不会用,很久以前,,,x\n";

// TIC-14, PLT-29: each bad row with its line and field; again, nothing is there twice.
TEST_F(TicketImportTest, TakesATableOver) {
  Write(kFile);
  EXPECT_EQ(Import({"--dry-run"}), kPartial);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("忽略的列：备注"));
  EXPECT_THAT(test_.TakeOut(), HasSubstr("可导入         1"));
  EXPECT_EQ(Import({"--map", "备注=-"}), kPartial) << test_.TakeErr();
  EXPECT_THAT(test_.TakeErr(), Not(HasSubstr("备注")));
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("\n 3  first_response_time  TIME_BEFORE_OPENING"),
                                     HasSubstr("\n 4  open_time            CELL_UNREADABLE"),
                                     HasSubstr("已导入         1"), HasSubstr("被拒绝         2")));
  EXPECT_EQ(Import({"--map", "备注=-", "-o", "json"}), kPartial);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("EXISTS"), Not(HasSubstr("IMPORTED"))));
}

// TIC-14
TEST_F(TicketImportTest, TellsOfAFileItCannotRead) {
  EXPECT_NE(Import(), kOk);
  Write("");
  EXPECT_NE(Import(), kOk);
}

}  // namespace
}  // namespace crm::cli
