// What the statements of reports read: of many rows and cells only those that they are about.
#include <map>

#include "common/testdb/test_server.h"
#include "services/sales/closed_sums.h"
#include "services/sales/insight_store.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

constexpr int kCopies = 4000;

class ReportReadsTest : public SalesTest {
 protected:
  struct Access {
    std::string key;
    int64_t rows = 0;  // estimated
    std::string extra;
  };

  ReportReadsTest() {
    harness_.replica().runtime().jobs().Stop();
    Must(Lose(Must(Create(Draft())).number()));
    // Each closed a day before the next.
    const std::string earlier = "close_time - seq * 86400000000";
    CopyRows("opportunity",
             {{"id", "id + seq"}, {"number", "CONCAT(number, seq)"}, {"close_time", earlier}});
    CopyRows("closed_competitor", {{"opportunity_id", "opportunity_id + seq"},
                                   {"competitor", "CONCAT(competitor, seq)"},
                                   {"close_time", earlier}});
    database().Run(R"sql(
      INSERT INTO closed_cell (breadth, part, owner, team, close_month, value, source_channel,
                               stage_kind, closed, amount, cycles, cycle_seconds)
      SELECT seq % 3, 1 + seq DIV 3 % 7, IF(seq % 3 = 2, CONCAT('u', seq % 41), ''),
             IF(seq % 3 = 0, '', CONCAT('t', seq % 11)), 202001 + seq % 5 * 100 + seq % 12,
             CONCAT('v', seq), 'website', 2, 1, 1, 1, 1
      FROM seq_1_to_30000)sql");
    for (const char* table : {"opportunity", "closed_competitor", "closed_cell"}) {
      database().Run(absl::StrCat("ANALYZE TABLE ", table));
    }
    EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone_));
  }

  crm::testing::TestDatabase& database() { return harness_.database(); }

  // As if there were many: copies of the rows, in which some columns have values made of `seq`.
  void CopyRows(const std::string& table, const std::map<std::string, std::string>& changed) {
    auto db = database().pool().Acquire(database().Deadline());
    auto rows = (*db)->Select({"columns", R"sql(
        SELECT column_name
        FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = ? AND extra NOT LIKE '%GENERATED%')sql"},
                              {table});
    ASSERT_TRUE(rows.ok()) << rows.status();
    std::string columns;
    std::string values;
    while (rows->Next()) {
      const std::string column = rows->String(0);
      const auto other = changed.find(column);
      absl::StrAppend(&columns, columns.empty() ? "" : ", ", column);
      absl::StrAppend(&values, values.empty() ? "" : ", ",
                      other == changed.end() ? column : other->second);
    }
    database().Run(absl::StrCat("INSERT INTO ", table, " (", columns, ") SELECT ", values, " FROM ",
                                table, ", seq_1_to_", kCopies));
  }

  std::map<std::string, Access> Explain(ClosedPart part, const About& about, absl::CivilDay from,
                                        absl::CivilDay to) {
    const ClosedPeriod period{from, to, absl::CivilDay(2026, 3, 20), zone_};
    const filter::Fragment select =
        SelectClosed({.part = part, .by = {{"value", "value"}}, .about = about, .period = period});
    auto db = database().pool().Acquire(database().Deadline());
    auto rows = (*db)->Select({"explain", "EXPLAIN " + select.sql}, select.values);
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::map<std::string, Access> accesses;
    while (rows.ok() && rows->Next()) {
      accesses[rows->String(2)] = {rows->String(5), rows->Int(8), rows->String(9)};
    }
    return accesses;
  }

  const auth::RowScope everybody_{auth::RowScope::Kind::kAll, {}, {}};
  absl::TimeZone zone_;
};

TEST_F(ReportReadsTest, ReadsTheCellsOfItsMonths) {  // SAL-15
  if (!crm::testing::TestServer::Get().owned()) GTEST_SKIP() << "reads the EXPLAIN of MariaDB";
  const absl::CivilDay from(2023, 3, 1);
  const absl::CivilDay to(2023, 5, 31);
  const std::string nobody, owner = "u2", team = "t1";
  const About kinds[] = {
      {nobody, nobody, everybody_}, {nobody, team, everybody_}, {owner, nobody, everybody_}};
  for (const About& about : kinds) {
    const auto accesses = Explain(ClosedPart::kReason, about, from, to);
    const Access cells = accesses.at("closed_cell");
    EXPECT_EQ(cells.key, "PRIMARY") << about.owner << about.team;
    EXPECT_LT(cells.rows, 300) << about.owner << about.team;
    EXPECT_FALSE(accesses.contains("opportunity"));
  }
}

TEST_F(ReportReadsTest, ReadsTheRowsOfOtherDaysFromAnIndexAlone) {  // SAL-15, SAL-16
  if (!crm::testing::TestServer::Get().owned()) GTEST_SKIP() << "reads the EXPLAIN of MariaDB";
  const std::string nobody;
  for (const ClosedPart part :
       {ClosedPart::kReason, ClosedPart::kProduct, ClosedPart::kAmountBand, ClosedPart::kOwner,
        ClosedPart::kTeam, ClosedPart::kFurthestStage}) {
    const auto accesses = Explain(part, {nobody, nobody, everybody_}, absl::CivilDay(2023, 1, 20),
                                  absl::CivilDay(2023, 12, 9));
    const Access rows = accesses.at("opportunity");
    EXPECT_EQ(rows.key, "opportunity_closed") << static_cast<int>(part);
    EXPECT_LT(rows.rows, 100) << static_cast<int>(part);
    EXPECT_NE(rows.extra.find("Using index"), std::string::npos) << rows.extra;
  }
  const auto accesses = Explain(ClosedPart::kCompetitor, {nobody, nobody, everybody_},
                                absl::CivilDay(2023, 1, 20), absl::CivilDay(2023, 12, 9));
  const Access rows = accesses.at("closed_competitor");
  EXPECT_EQ(rows.key, "closed_competitor_time");
  EXPECT_LT(rows.rows, 100);
  EXPECT_NE(rows.extra.find("Using index"), std::string::npos) << rows.extra;
}

// A month that has come to the present day is whole.
TEST_F(ReportReadsTest, ReadsNoRowsUpToThePresentDay) {  // SAL-15
  if (!crm::testing::TestServer::Get().owned()) GTEST_SKIP() << "reads the EXPLAIN of MariaDB";
  const std::string nobody;
  const About all{nobody, nobody, everybody_};
  const absl::CivilDay from(2026, 1, 1);
  const absl::CivilDay today(2026, 3, 20);
  EXPECT_FALSE(Explain(ClosedPart::kTeam, all, from, today).contains("opportunity"));
  EXPECT_TRUE(Explain(ClosedPart::kTeam, all, from, today - 1).contains("opportunity"));
}

// The next candidates are found where the last ones ended.
TEST_F(ReportReadsTest, EntersTheIndexOfCandidatesAtTheMark) {  // SAL-17
  if (!crm::testing::TestServer::Get().owned()) GTEST_SKIP() << "counts what MariaDB reads";
  database().Run(
      "UPDATE opportunity SET stage_kind = 1, probability = 50, base_amount = 1000 + id % 5000");
  database().Run("ANALYZE TABLE opportunity");
  auto db = database().pool().Acquire(database().Deadline());
  const auto rows_read = [&] {
    auto status = (*db)->Select({"status", R"sql(
        SELECT SUM(CAST(VARIABLE_VALUE AS SIGNED))
        FROM information_schema.SESSION_STATUS
        WHERE VARIABLE_NAME IN
          ('HANDLER_READ_NEXT', 'HANDLER_READ_PREV', 'HANDLER_READ_RND_NEXT'))sql"},
                                {});
    EXPECT_TRUE(status.ok() && status->Next()) << status.status();
    return status->Int(0);
  };
  const int64_t once = rows_read();
  const int64_t reading_costs = rows_read() - once;
  const CandidateMark mark{.weighted = 50 * 2000 * 100, .id = 1};
  const int64_t before = rows_read();
  const auto found = ReadCandidates(**db, {}, &mark, 20, everybody_);
  const int64_t read = rows_read() - before - reading_costs;
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 20u);
  EXPECT_LE(found->front().weighted, mark.weighted);
  EXPECT_LT(read, 100);
}

}  // namespace
}  // namespace crm::sales
