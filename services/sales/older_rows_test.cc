// Opportunities from before migrations 0060, 0061 and 0070, on a real database: SAL-12, SAL-15.
#include <fstream>

#include "common/source_tree/source_tree.h"
#include "services/sales/report_posting.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

class OlderRowsTest : public SalesTest {
 protected:
  OlderRowsTest() {
    harness_.replica().runtime().jobs().Stop();  // the test posts
    Must(Create(Draft()));
    MakeWon(Add({"甲公司", "乙公司"}, "2026-03-20T09:00:00+08:00"), "95000");
    Must(Lose(Add({"乙公司"}, "2026-03-01T00:30:00+08:00"), v1::LOSS_REASON_PRICE, "丙公司"));
    Must(Lose(Add({}, "2026-02-28T23:30:00+08:00"), v1::LOSS_REASON_NO_DECISION, ""));
  }

  std::string Add(const std::vector<std::string>& competitors, const std::string& lead) {
    v1::Opportunity draft = Draft();
    record::SetTime(At(lead), *draft.mutable_lead_time());
    for (const std::string& each : competitors) {
      draft.add_competitors()->set_name(each);
      draft.mutable_competitors(draft.competitors_size() - 1)->set_advantage("本地服务");
    }
    return Must(Create(draft)).number();
  }
  void Post() { ASSERT_TRUE(ReportPosting(harness_.replica().runtime()).PostAll().ok()); }
  void Execute(const std::string& sql) {
    auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
    ASSERT_TRUE(db.ok());
    const auto done = (*db)->Execute({"test_execute", sql}, {});
    ASSERT_TRUE(done.ok()) << done.status() << sql;
  }
  // The statements of a migration that change rows.
  void MigrateRows(const std::string& name, int expected) {
    std::ifstream file(crm::testing::SourceFile("services/sales/migrations/" + name));
    ASSERT_TRUE(file.good());
    std::string statement;
    int executed = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("--") || line.empty()) continue;
      statement += line + "\n";
      if (!line.ends_with(";")) continue;
      if (!statement.starts_with("ALTER") && !statement.starts_with("CREATE")) {
        Execute(statement);
        ++executed;
      }
      statement.clear();
    }
    ASSERT_EQ(executed, expected);
  }
  std::string LeadFollowUp() {
    v1::GetLeadFollowUpRequest request;
    request.set_from_month("2026-01");
    request.set_to_month("2026-12");
    request.set_group(v1::LEAD_GROUP_MONTH);
    return Must(Call<v1::GetLeadFollowUpResponse>("SalesReportService/GetLeadFollowUp", request,
                                                  Steward()))
        .DebugString();
  }
  std::string WinLoss(const std::string& from, v1::WinLossGroup group, const std::string& token) {
    v1::GetWinLossRequest request;
    request.set_from_date(from);
    request.set_to_date("2026-12-31");
    request.set_group(group);
    return Must(Call<v1::GetWinLossResponse>("SalesReportService/GetWinLoss", request, token))
        .DebugString();
  }
  // Of days that are not a whole month.
  std::string ByCompetitor() {
    return WinLoss("2026-03-02", v1::WIN_LOSS_GROUP_COMPETITOR, Steward());
  }
  // Of whole months, in every way, of everybody, a team and an owner.
  std::string ByEverything() {
    std::string all;
    for (int group = 0; group < v1::WinLossGroup_ARRAYSIZE; ++group) {
      for (const std::string& token : {Steward(), Director(), Rep()}) {
        all += WinLoss("2026-01-01", static_cast<v1::WinLossGroup>(group), token) + "--\n";
      }
    }
    return all;
  }
};

// Half of them are in cells, half wait in a journal that knows nothing of follow-ups.
TEST_F(OlderRowsTest, LeadsCountOnce) {  // SAL-15
  const std::string now = LeadFollowUp();
  EXPECT_NE(now.find("2026-02"), std::string::npos) << now;
  EXPECT_NE(now.find("2026-03"), std::string::npos) << now;
  Execute("UPDATE report_journal SET leads = 0, followed_up = 0, follow_up_seconds = 0");
  MigrateRows("0060_report_sums.sql", 4);
  EXPECT_EQ(LeadFollowUp(), now);
  Post();
  EXPECT_EQ(LeadFollowUp(), now);
}

TEST_F(OlderRowsTest, CellsKnowTheKindsOfTheirStages) {  // SAL-12, SAL-19
  Post();
  const std::string kinds =
      "SELECT GROUP_CONCAT(stage, ' ', stage_kind ORDER BY stage) FROM funnel_cell"
      " WHERE breadth = 0 AND opportunities <> 0";
  const std::string now = harness_.database().String(kinds);
  EXPECT_EQ(now, "lead_confirmed 1,lost 3,lost 3,won 2");
  Execute("UPDATE funnel_cell SET stage_kind = 1");
  Execute("DELETE FROM follow_up_cell");
  MigrateRows("0060_report_sums.sql", 4);
  EXPECT_EQ(harness_.database().String(kinds), now);
}

TEST_F(OlderRowsTest, CompetitorsOfClosedOnesAreKnown) {  // SAL-15
  const std::string now = ByCompetitor();
  for (const char* name : {"甲公司", "乙公司", "丙公司"}) {
    EXPECT_EQ(harness_.database().Int(
                  "SELECT COUNT(*) > 0 FROM closed_competitor WHERE competitor = ?", {name}),
              1);
  }
  Execute("DELETE FROM closed_competitor");
  EXPECT_NE(ByCompetitor(), now);
  MigrateRows("0061_closed_competitor.sql", 3);
  EXPECT_EQ(ByCompetitor(), now);
}

TEST_F(OlderRowsTest, ClosedOnesCountOnce) {  // SAL-15, SAL-16
  Post();
  const std::string now = ByEverything();
  const std::string stages =
      "SELECT GROUP_CONCAT(value, ' ', closed ORDER BY value, stage_kind) FROM closed_cell"
      " WHERE breadth = 0 AND part = 7";
  const std::string of_stages = harness_.database().String(stages);
  EXPECT_EQ(of_stages, "default/lead_confirmed 2,default/won 1");
  Execute("DELETE FROM closed_cell");
  EXPECT_NE(ByEverything(), now);
  MigrateRows("0070_closed_sums.sql", 4);
  EXPECT_EQ(ByEverything(), now);
  EXPECT_EQ(harness_.database().String(stages), of_stages);
}

}  // namespace
}  // namespace crm::sales
