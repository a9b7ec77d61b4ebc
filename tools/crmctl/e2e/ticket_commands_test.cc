// crmctl against the ticket service: gRPC and database are real.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/replica/staff_copy.h"
#include "common/testing/expectations.h"
#include "common/testing/service_harness.h"
#include "common/text/unicode.h"
#include "services/ticket/ticket_service.h"
#include "tools/crmctl/command_line.h"
#include "tools/crmctl/session.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class TicketCommandsTest : public ::testing::Test {
 protected:
  TicketCommandsTest()
      : harness_(ticket::Info(), ticket::TicketService::Create), folder_(NewFolder()) {
    test_.environment["CRM_ADDRESS"] = absl::StrCat("127.0.0.1:", harness_.replica().port());
    test_.environment["CRM_TOKEN"] = harness_.TokenOf("u-lead", {"service_supervisor"}, "hotline");
    test_.clock.Set(harness_.clock().Now());
  }

  ~TicketCommandsTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static std::filesystem::path NewFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "crmctl-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  int Run(const std::vector<std::string>& arguments) {
    test_.TakeOut();
    test_.TakeErr();
    return RunCommandLine(arguments, test_.console);
  }
  std::string Output(const std::vector<std::string>& arguments) {
    EXPECT_EQ(Run(arguments), kOk) << test_.err.str();
    return test_.TakeOut();
  }
  // Gives the number of the new ticket.
  std::string Create(const std::string& subject, const std::string& priority) {
    const std::string out =
        Output({"ticket", "create", "-f", "channel=phone", "-f", "工单类型=故障报修", "-f",
                "优先级=" + priority, "-f", "来访电话=13800138001", "-f", "主题=" + subject, "-f",
                "问题描述=" + subject});
    std::smatch match;
    EXPECT_TRUE(std::regex_search(out, match, std::regex("SR[0-9]{9,}"))) << out;
    return match.str();
  }

  // In a folder of the test's own.
  std::string File(const std::string& name) const { return (folder_ / name).string(); }

  testing::ServiceHarness harness_;
  TestConsole test_;
  const std::filesystem::path folder_;
};

// PLT-29, TIC-13: what is due first comes first; columns line up whatever the characters.
TEST_F(TicketCommandsTest, ListsWhatIsDueFirst) {
  const std::string later = Create("打印机", "低");
  const std::string first = Create("VPN is down", "紧急");
  const std::string out = Output({"ticket", "list"});
  EXPECT_LT(out.find(first), out.find(later));
  EXPECT_THAT(out, AllOf(HasSubstr("剩余 4小时"), HasSubstr("剩余 2天"), HasSubstr("紧急")));
  // The column after the subject of each row begins at the same place of the terminal.
  std::vector<size_t> columns;
  for (absl::string_view view : absl::StrSplit(out, '\n')) {
    const std::string line(view);
    const size_t at = line.find("剩余");
    if (at != std::string::npos) columns.push_back(text::DisplayWidth(line.substr(0, at)));
  }
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[0], columns[1]);
  test_.clock.Advance(absl::Hours(5));
  EXPECT_THAT(Output({"ticket", "list", "--filter", "priority = URGENT"}),
              AllOf(HasSubstr("超时 1小时"), Not(HasSubstr(later))));
  EXPECT_THAT(Output({"--output", "csv", "ticket", "list"}), HasSubstr(first));
  EXPECT_THAT(Output({"--output", "json", "ticket", "list"}), HasSubstr("\"number\":"));
}

// PLT-29, TIC-13
TEST_F(TicketCommandsTest, WatchShowsTheList) {
  const std::string number = Create("打印机", "高");
  EXPECT_THAT(Output({"ticket", "watch", "--list-only"}), HasSubstr(number));
  EXPECT_THAT(Output({"ticket", "watch", "--list-only", "--mine"}), Not(HasSubstr(number)));
  Output({"ticket", "take", number, "我来处理"});
  EXPECT_THAT(Output({"ticket", "watch", "--list-only", "--mine"}), HasSubstr(number));
}

// PLT-29, TIC-13: one's queue, once.
TEST_F(TicketCommandsTest, QueueShowsTheWorkList) {
  const std::string number = Create("打印机", "高");
  EXPECT_THAT(Output({"ticket", "queue"}), HasSubstr(number));
  EXPECT_THAT(Output({"ticket", "queue", "--mine"}), Not(HasSubstr(number)));
  EXPECT_THAT(Output({"ticket", "queue", "--unassigned"}), HasSubstr(number));
  Output({"ticket", "take", number, "我来处理"});
  EXPECT_THAT(Output({"-o", "json", "ticket", "queue", "--mine"}), HasSubstr(number));
}

// PLT-29, TIC-4
TEST_F(TicketCommandsTest, SaysHowMuchAnAgentTakes) {
  customer::v1::StaffUser agent;
  agent.set_user_id("u-agent");
  agent.add_roles("service_agent");
  db::WriteSet writes;
  replica::StaffCopy::Keep(agent, 1, writes);
  replica::StaffCopy::MarkChanged(writes);
  ASSERT_TRUE(harness_.replica()
                  .runtime()
                  .committer()
                  .Commit(std::move(writes), absl::Now() + absl::Seconds(10))
                  .ok());
  ASSERT_TRUE(testing::Eventually([&] {
    return Run({"ticket", "capacity", "u-agent", "37"}) == kOk;
  })) << test_.err.str();
  EXPECT_THAT(Output({"-o", "csv", "ticket", "agents"}), HasSubstr("u-agent"));
  EXPECT_THAT(Output({"ticket", "agents"}), HasSubstr("37"));
  EXPECT_EQ(Run({"ticket", "capacity", "u-agent", "1001"}), kCallFailed);
  EXPECT_EQ(Run({"ticket", "capacity", "nobody", "5"}), kCallFailed);
}

// PLT-29, TIC-5: the configuration is read, changed and sent back; its versions stay readable.
TEST_F(TicketCommandsTest, ChangesServiceLevels) {
  test_.environment["CRM_TOKEN"] = harness_.TokenOf("u-manager", {"service_manager"});
  const std::string before = Output({"-o", "json", "sla", "get"});
  const std::string file = File("sla.json");
  std::ofstream(file) << before;
  Output({"sla", "update", "年度评审", "--json", file, "-f", "投诉回访天数=37"});
  EXPECT_THAT(Output({"sla", "versions"}), AllOf(HasSubstr("年度评审"), HasSubstr("u-manager")));
  EXPECT_THAT(Output({"-o", "json", "sla", "get"}), HasSubstr("37"));
  EXPECT_THAT(Output({"-o", "json", "sla", "get", "1"}), Not(HasSubstr("37")));
  // Sent back twice: somebody has changed it since.
  EXPECT_EQ(Run({"sla", "update", "再来一次", "--json", file}), kCallFailed);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("ETAG_STALE"));
  EXPECT_EQ(Run({"sla", "get", "99"}), kCallFailed);
  const std::string number = Create("打印机", "高");
  Output({"ticket", "reevaluate-sla", number, "改用新版"});
  EXPECT_EQ(Run({"ticket", "reevaluate-sla", number}), kUsage);
}

// PLT-29: files go up and come down as they were.
TEST_F(TicketCommandsTest, FilesOfATicket) {
  const std::string number = Create("打印机", "高");
  const std::string content(700'000, 'x');  // several messages
  const std::string file = File("记录.txt");
  std::ofstream(file) << content;
  const std::string uploaded = Output({"ticket", "upload", number, file});
  std::smatch match;
  ASSERT_TRUE(std::regex_search(uploaded, match, std::regex("TA[0-9]{9,}"))) << uploaded;
  EXPECT_THAT(Output({"ticket", "attachments", number}), HasSubstr("记录.txt"));
  const std::string copy = File("copy.txt");
  Output({"ticket", "download", match.str(), copy});
  std::ifstream read(copy);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(read), {}), content);
  EXPECT_EQ(Run({"ticket", "download", "TA209901010000001", File("none.txt")}), kCallFailed);
  EXPECT_FALSE(std::filesystem::exists(File("none.txt")));
  EXPECT_EQ(Run({"ticket", "upload", number, File("no-such-file")}), kUsage);
  EXPECT_EQ(Run({"ticket", "upload", "SR209900000", file}), kCallFailed);
}

// PLT-29, TIC-3: the way of a ticket.
TEST_F(TicketCommandsTest, ATicketFromIntakeToClosing) {
  const std::string number = Create("打印机", "高");
  EXPECT_THAT(Output({"ticket", "take", number, "我来处理"}), HasSubstr("处理中"));
  Output({"ticket", "reply", number, "工程师已出发"});
  EXPECT_THAT(Output({"ticket", "wait", number, "等客户寄回"}), HasSubstr("等待客户"));
  Output({"ticket", "resume", number, "已收到"});
  Output({"ticket", "propose", number, "更换网卡", "新网卡"});
  EXPECT_THAT(Output({"ticket", "complete", number, "客户确认"}), HasSubstr("已解决"));
  Output({"ticket", "reopen", number, "又断线"});
  Output({"ticket", "propose", number, "更换主板"});
  Output({"ticket", "complete", number, "客户确认"});
  EXPECT_THAT(Output({"ticket", "close", number, "完结"}), HasSubstr("已关闭"));
  EXPECT_EQ(Run({"ticket", "wait", number, "再等等"}), kCallFailed);
  const std::string events = Output({"ticket", "events", number});
  EXPECT_THAT(events, AllOf(HasSubstr("客服回复"), HasSubstr("工程师已出发")));
}

// PLT-29, TIC-15
TEST_F(TicketCommandsTest, SlaShowsWhatAddsUp) {
  const std::string number = Create("打印机", "高");
  const std::string out = Output({"ticket", "sla", number});
  EXPECT_THAT(out, AllOf(HasSubstr("计时中"), HasSubstr("8小时"), HasSubstr("剩余 8小时"),
                         HasSubstr("工作时间"), HasSubstr("预计")));
  EXPECT_THAT(Output({"--language", "en", "ticket", "sla", number, "--clock", "resolution"}),
              AllOf(HasSubstr("1 d"), HasSubstr("working")));
  EXPECT_EQ(Run({"ticket", "sla", "SR202600000"}), kCallFailed);
}

// PLT-29, TIC-11, TIC-12
TEST_F(TicketCommandsTest, Reports) {
  const std::string number = Create("打印机", "高");
  Output({"ticket", "take", number, "我来处理"});
  const std::string day = absl::FormatTime("%Y-%m-%d", harness_.clock().Now(), test_.console.zone);
  const std::string report =
      Output({"ticket", "report", day, day, "--by", "priority", "--monthly"});
  EXPECT_THAT(report, AllOf(HasSubstr("新建"), HasSubstr("积压"), HasSubstr("高"),
                            HasSubstr(day.substr(0, 7))));
  EXPECT_THAT(Output({"ticket", "problems", day.substr(0, 7)}), HasSubstr(day.substr(0, 7)));
  const std::string file =
      (std::filesystem::temp_directory_path() / absl::StrCat("crm-report-", getpid(), ".xlsx"))
          .string();
  EXPECT_EQ(Run({"ticket", "report", day, day, "--export", file, "--purpose", "例会"}), kOk)
      << test_.err.str();
  EXPECT_EQ(Run({"ticket", "problems", "2026-03", "--export", file, "--purpose", "例会"}), kOk);
  EXPECT_TRUE(std::filesystem::remove(file));
  EXPECT_EQ(Run({"ticket", "report", day, "2020-01-01"}), kCallFailed);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("PERIOD_BACKWARDS"));
}

}  // namespace
}  // namespace crm::cli
