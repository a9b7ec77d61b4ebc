#include "tools/crmctl/opportunity_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/error/error.h"

namespace crm::cli {
namespace {

using sales::v1::HistoricOpportunity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const InputRules kRules{schema::Language::kChinese, absl::FixedTimeZone(8 * 3600)};

std::vector<std::string> Cells(const std::string& line) { return absl::StrSplit(line, ','); }

class OpportunityRowsTest : public ::testing::Test {
 protected:
  absl::StatusOr<HistoricOpportunity> Read(const std::string& header, const std::string& line,
                                           OpportunityFileSpec spec = {}) {
    cells_ = Cells(line);
    absl::StatusOr<OpportunityRows> rows = OpportunityRows::Create(Cells(header), spec, kRules);
    if (!rows.ok()) return rows.status();
    ignored_ = rows->ignored();
    tabular::Row row;
    row.Reset(7);
    for (const std::string& cell : cells_) row.Add(cell);
    return rows->Read(row);
  }

  std::vector<std::string> cells_;
  std::vector<std::string> ignored_;
};

// SAL-1: headers as other systems have them, dates in any usual form.
TEST_F(OpportunityRowsTest, KnowsUsualHeadersAndDates) {
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
TEST_F(OpportunityRowsTest, StaysComeFromColumns) {
  const OpportunityFileSpec spec{.mapping = {{"demo", "entered.solution_demo"},
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

TEST_F(OpportunityRowsTest, DefaultsAreForEmptyCells) {  // PLT-29
  const OpportunityFileSpec spec{
      .mapping = {}, .values = {}, .defaults = {{"来源渠道", "website"}}};
  EXPECT_EQ(Read("source_channel", "", spec)->source_channel(), "website");
  EXPECT_EQ(Read("source_channel", "referral", spec)->source_channel(), "referral");
}

TEST_F(OpportunityRowsTest, NamesWhatIsWrong) {  // PLT-7
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
