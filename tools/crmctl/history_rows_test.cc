#include "tools/crmctl/history_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/error/error.h"
#include "crm/sales/v1/history.pb.h"
#include "crm/ticket/v1/import_service.pb.h"
#include "tools/crmctl/history_kinds.h"

namespace crm::cli {
namespace {

using sales::v1::HistoricOpportunity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const InputRules kRules{schema::Language::kChinese, absl::FixedTimeZone(8 * 3600)};

std::vector<std::string> Cells(const std::string& line) { return absl::StrSplit(line, ','); }

class HistoryRowsTest : public ::testing::Test {
 protected:
  absl::StatusOr<HistoricOpportunity> Read(const std::string& header, const std::string& line,
                                           HistoryFileSpec spec = {}) {
    return ReadAs<HistoricOpportunity>("opportunity import", header, line, std::move(spec));
  }
  template <typename Message>
  absl::StatusOr<Message> ReadAs(std::string_view command, const std::string& header,
                                 const std::string& line, HistoryFileSpec spec = {}) {
    cells_ = Cells(line);
    absl::StatusOr<HistoryRows> rows =
        HistoryRows::Create(KindOf(command).rows, Cells(header), std::move(spec), kRules);
    if (!rows.ok()) return rows.status();
    ignored_ = rows->ignored();
    tabular::Row row;
    row.Reset(7);
    for (const std::string& cell : cells_) row.Add(cell);
    Message message;
    const absl::Status read = rows->Read(row, message);
    if (!read.ok()) return read;
    return message;
  }

  std::vector<std::string> cells_;
  std::vector<std::string> ignored_;
};

// SAL-1: headers as other systems have them, dates in any usual form.
TEST_F(HistoryRowsTest, KnowsUsualHeadersAndDates) {
  const auto row = Read(
      "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value,"
      "region",
      "A-1,李雷,GTXPro, Isdom ,Won,10/25/2016,2017年3月1日,4514,west",
      {.mapping = {},
       .values = {{{"product", "GTXPro"}, "GTX Pro"}},
       .defaults = {{"source_system", "old"}, {"currency", "CNY"}}});
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->line(), 7);
  EXPECT_EQ(row->source_system(), "old");
  EXPECT_EQ(row->external_number(), "A-1");
  EXPECT_EQ(row->owner(), "李雷");
  EXPECT_EQ(row->customer_name(), "Isdom");
  EXPECT_EQ(row->stage(), "Won");
  EXPECT_EQ(row->amount(), "4514");
  ASSERT_EQ(row->products_size(), 1);
  EXPECT_EQ(row->products(0).product_name(), "GTX Pro");
  // Midnight of the zone.
  EXPECT_EQ(row->lead_time().seconds(), 1'477'324'800);
  EXPECT_EQ(row->close_time().seconds(), 1'488'297'600);
  EXPECT_THAT(ignored_, ElementsAre("region"));
}

// SAL-3: a column for each stage, in whatever order; one column can be two things.
TEST_F(HistoryRowsTest, StaysComeFromColumns) {
  const HistoryFileSpec spec{.mapping = {{"demo", "entered.solution_demo"},
                                         {"start", "lead_time"},
                                         {"start", "entered.needs_analysis"},
                                         {"note", "-"}},
                             .values = {},
                             .defaults = {}};
  const auto row = Read("demo,start,note", "2026-02-01,2026-01-05 09:30,x", spec);
  ASSERT_TRUE(row.ok()) << row.status();
  ASSERT_EQ(row->stays_size(), 2);
  EXPECT_EQ(row->stays(0).stage(), "needs_analysis");
  EXPECT_EQ(row->stays(0).enter_time().seconds(), row->lead_time().seconds());
  EXPECT_EQ(row->stays(1).stage(), "solution_demo");
  EXPECT_THAT(ignored_, IsEmpty());
  // An empty cell is no stay.
  EXPECT_EQ(Read("demo,start,note", ",2026-01-05,x", spec)->stays_size(), 1);
}

// TIC-14: whatever the records are.
TEST_F(HistoryRowsTest, ReadsTicketsToo) {
  const auto row = ReadAs<ticket::v1::HistoricTicket>(
      "ticket import", "原工单编号,创建时间,备注,entered.x", "A-1,2025年3月20日,x,2025-01-01");
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->line(), 7);
  EXPECT_EQ(row->external_reference(), "A-1");
  EXPECT_EQ(row->open_time().seconds(), 1'742'400'000);
  EXPECT_THAT(ignored_, ElementsAre("备注", "entered.x"));
}

TEST_F(HistoryRowsTest, DefaultsAreForEmptyCells) {  // PLT-29
  const HistoryFileSpec spec{.mapping = {}, .values = {}, .defaults = {{"来源渠道", "website"}}};
  EXPECT_EQ(Read("source_channel", "", spec)->source_channel(), "website");
  EXPECT_EQ(Read("source_channel", "referral", spec)->source_channel(), "referral");
}

TEST_F(HistoryRowsTest, NamesWhatIsWrong) {  // PLT-7
  const auto bad = Read("lead_time", "someday");
  EXPECT_EQ(ErrorReason(bad.status()), "CELL_UNREADABLE");
  EXPECT_EQ(
      ErrorReason(
          Read("a", "1", {.mapping = {{"b", "name"}}, .values = {}, .defaults = {}}).status()),
      kUsageReason);
  const auto unknown = Read("a", "1", {.mapping = {{"a", "amonut"}}, .values = {}, .defaults = {}});
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("amount"));
  EXPECT_FALSE(Read("a", "1", {.mapping = {}, .values = {}, .defaults = {{"nothing", "1"}}}).ok());
}

}  // namespace
}  // namespace crm::cli
