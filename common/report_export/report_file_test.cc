#include "common/report_export/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/error/error.h"
#include "common/report_export/stock_test_data.h"

namespace crm::report_export {
namespace {

using schema::Language;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

FileContext Context(Language language = Language::kEnglish) {
  FileContext context;
  context.title = "Stock";
  context.language = language;
  EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &context.zone));
  return context;
}

ReportFile Csv(const GetStockReportResponse& answer, const std::string& sheet,
               const FileContext& context = Context()) {
  const ReportLayout layout = LayoutOf(*answer.GetDescriptor());
  auto file = MakeCsv(answer, layout, layout.Find(sheet), context);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : ReportFile();
}

ReportFile Workbook(const GetStockReportResponse& answer, const FileContext& context = Context()) {
  auto file = MakeWorkbook(answer, LayoutOf(*answer.GetDescriptor()), context);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : ReportFile();
}

// PLT-4, CUS-26: opens in Excel; amounts as they are, percentages, ISO times, labels of enums,
// lists in one cell; what a spreadsheet would run is guarded, numbers are not.
TEST(ReportFile, CsvOfOneList) {
  const ReportFile file = Csv(Stock(), "lines");
  EXPECT_EQ(file.rows, 2);
  EXPECT_THAT(file.bytes, StartsWith("\xEF\xBB\xBF"));
  const Table rows = ReadBack(file.bytes);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[1], ElementsAre("'=1+1", "-1280.50", "12.5%", "round", "li", "13800138000",
                                   "2026-03-20T18:00:00+08:00", "90.5", "新; a,\"b\"", "40", "2.5",
                                   "", "", "no", "2026-03-01", "square"));
  EXPECT_THAT(rows[2], ElementsAre("+8613800138000", "", "", "", "", "", "", "", "", "", "", "", "",
                                   "yes", "", "NO_SUCH_VALUE"));
}

TEST(ReportFile, CsvOfAListInsideAnother) {
  const Table rows = ReadBack(Csv(Stock(), "lines.lots", Context(Language::kChinese)).bytes);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].front(), "'=1+1");
  EXPECT_EQ(rows[1][13], "否");
  EXPECT_EQ(rows[2][16], "'@L2");
  EXPECT_EQ(rows[2][17], "0");
}

// PLT-4: numbers are numbers, times are times, and all of it is there.
TEST(ReportFile, WorkbookHasASheetForEachList) {
  FileContext context = Context(Language::kChinese);
  testing::v1::GetStockReportRequest request;
  request.set_month("2026-03");
  request.set_page_size(1000);
  request.set_shape(testing::v1::SHAPE_ROUND);
  context.request = &request;
  context.notes = {{"用途", "月会"}};
  const ReportFile file = Workbook(Stock(), context);
  EXPECT_EQ(file.rows, 5);
  EXPECT_THAT(ReadBack(file.bytes),
              ElementsAre(ElementsAre("项目", "内容"), ElementsAre("用途", "月会"),
                          ElementsAre("月份", "2026-03"), ElementsAre("shape", "圆形"),
                          ElementsAre("件数", "12"), ElementsAre("金额 (CNY)", "180000.5")));
  const Table lines = ReadBack(file.bytes, "lines");
  EXPECT_THAT(lines[1], ElementsAre("=1+1", "-1280.5", "0.125", "圆形", "li", "13800138000",
                                    "2026-03-20 18:00:00", "90.5", "新、a,\"b\"", "40", "2.5", "",
                                    "", "否", "2026-03-01", "方形"));
  EXPECT_EQ(ReadBack(file.bytes, "lines lots").size(), 3u);
  EXPECT_EQ(ReadBack(file.bytes, "total lots")[1], (std::vector<std::string>{"L0", "7"}));
}

TEST(ReportFile, AnEmptyReportHasItsHeaders) {
  EXPECT_EQ(ReadBack(Csv({}, "lines").bytes).size(), 1u);
  EXPECT_EQ(ReadBack(Csv({}, "about").bytes).size(), 1u);
  EXPECT_EQ(ReadBack(Workbook({}).bytes, "lines").size(), 1u);
}

// QUA-8: what no spreadsheet shows as a number is nothing, or text.
TEST(ReportFile, AwkwardNumbers) {
  GetStockReportResponse stock;
  for (const double share : {std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN(), -0.0, 1.0 / 3, -2.0}) {
    stock.add_lines()->set_sold(share);
  }
  stock.mutable_lines(0)->set_value("99999999999999999.99");
  const Table csv = ReadBack(Csv(stock, "lines").bytes);
  std::vector<std::string> shares;
  for (const auto& row : csv) shares.push_back(row[2]);
  EXPECT_THAT(shares, ElementsAre("sold", "", "", "0%", "33.33%", "-200%"));
  EXPECT_EQ(ReadBack(Workbook(stock).bytes, "lines")[1][1], "99999999999999999.99");
}

// PLT-9: a report that is too large for a file is refused, whichever way it is too large.
TEST(ReportFile, LimitsHold) {
  const GetStockReportResponse stock = Stock();
  const ReportLayout layout = LayoutOf(*stock.GetDescriptor());
  FileContext context = Context();
  context.limits = {.max_rows = 1, .max_bytes = 1 << 20};
  const absl::Status rows = MakeCsv(stock, layout, layout.Find("lines"), context).status();
  EXPECT_EQ(ErrorReason(rows), "REPORT_TOO_LARGE");
  EXPECT_EQ(rows.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(MakeWorkbook(stock, layout, context).status()), "REPORT_TOO_LARGE");
  // A workbook takes more room.
  context.limits = {.max_rows = 100, .max_bytes = 1000};
  EXPECT_EQ(ErrorReason(MakeWorkbook(stock, layout, context).status()), "REPORT_TOO_LARGE");
  EXPECT_TRUE(MakeCsv(stock, layout, layout.Find("lines"), context).ok());
  context.limits = {.max_rows = 100, .max_bytes = 100};
  EXPECT_EQ(ErrorReason(MakeCsv(stock, layout, layout.Find("lines"), context).status()),
            "REPORT_TOO_LARGE");
  context.limits = {.max_rows = 2, .max_bytes = 1 << 20};
  EXPECT_TRUE(MakeCsv(stock, layout, layout.Find("lines"), context).ok());
}

}  // namespace
}  // namespace crm::report_export
