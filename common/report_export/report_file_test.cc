#include "common/report_export/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/report_export/stock_test_data.h"

namespace crm::report_export {
namespace {

using schema::Language;
using ::testing::AnyOf;
using ::testing::Each;
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

struct Written {
  std::string bytes;
  int64_t rows = 0;
};

absl::StatusOr<Written> Write(absl::StatusOr<std::unique_ptr<ReportWriter>> writer,
                              const std::vector<GetStockReportResponse>& pages) {
  CRM_RETURN_IF_ERROR(writer.status());
  for (const GetStockReportResponse& page : pages) CRM_RETURN_IF_ERROR((*writer)->Add(page));
  CRM_ASSIGN_OR_RETURN(const ReportFile file, (*writer)->Finish());
  CRM_ASSIGN_OR_RETURN(std::string bytes,
                       file.bytes->Read(0, static_cast<size_t>(file.bytes->size())));
  return Written{std::move(bytes), file.rows};
}

const ReportLayout& Layout() {
  static const ReportLayout& layout =
      *new ReportLayout(LayoutOf(*GetStockReportResponse::descriptor()));
  return layout;
}

absl::StatusOr<Written> TryCsv(const std::vector<GetStockReportResponse>& pages,
                               const std::string& sheet, const FileContext& context) {
  return Write(NewCsvReport(Layout(), Layout().Find(sheet), context), pages);
}

absl::StatusOr<Written> TryWorkbook(const std::vector<GetStockReportResponse>& pages,
                                    const FileContext& context) {
  return Write(NewWorkbookReport(Layout(), context), pages);
}

Written Csv(const GetStockReportResponse& answer, const std::string& sheet,
            const FileContext& context = Context()) {
  auto file = TryCsv({answer}, sheet, context);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : Written();
}

Written Workbook(const GetStockReportResponse& answer, const FileContext& context = Context()) {
  auto file = TryWorkbook({answer}, context);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : Written();
}

// PLT-4, CUS-26: opens in Excel; amounts as they are, percentages, ISO times, labels of enums,
// lists in one cell; what a spreadsheet would run is guarded, numbers are not.
TEST(ReportFile, CsvOfOneList) {
  const Written file = Csv(Stock(), "lines");
  EXPECT_EQ(file.rows, 2);
  EXPECT_THAT(file.bytes, StartsWith("\xEF\xBB\xBF"));
  const Table rows = ReadBack(file.bytes);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[1], ElementsAre("'=1+1", "-1280.50", "12.5%", "round", "li", "13800138000",
                                   "2026-03-20T18:00:00+08:00", "90.5", "新; a,\"b\"", "40", "2.5",
                                   "unknown", "unknown", "no", "2026-03-01", "square", "***"));
  EXPECT_EQ(rows[2][0], "+8613800138000");
  EXPECT_EQ(rows[2][13], "yes");
  EXPECT_EQ(rows[2][15], "NO_SUCH_VALUE");
}

// CUS-3: what is not known of a resource is said to be so, in no column is nothing; a figure that
// there is not is nothing.
TEST(ReportFile, WhatAResourceLacksIsUnknown) {
  GetStockReportResponse stock;
  stock.add_lines()->add_lots();
  const Table csv = ReadBack(Csv(stock, "lines").bytes);
  EXPECT_THAT(csv[1], Each(AnyOf("unknown", "no", "***")));
  const Table chinese = ReadBack(Workbook(stock, Context(Language::kChinese)).bytes, "lines");
  EXPECT_THAT(chinese[1], Each(AnyOf("未知", "否", "***")));
  const Table lots = ReadBack(Csv(stock, "lines.lots").bytes);
  EXPECT_EQ(lots[1][0], "unknown");
  EXPECT_EQ(lots[1][17], "");
}

// CUS-26, PLT-14: hidden and unknown are two things.
TEST(ReportFile, WhatIsHiddenIsNotUnknown) {
  GetStockReportResponse stock;
  stock.add_lines()->set_name("a");
  FileContext context = Context();
  EXPECT_EQ(ReadBack(Csv(stock, "lines", context).bytes)[1][16], "***");
  context.plain_kinds = 1U << options::v1::SENSITIVITY_HIDDEN;
  EXPECT_EQ(ReadBack(Csv(stock, "lines", context).bytes)[1][16], "unknown");
}

// CUS-26: pages make one file, all of their lists, and say once what stands alone.
TEST(ReportFile, PagesMakeOneFile) {
  GetStockReportResponse second;
  second.mutable_total()->set_pieces(99);
  second.add_lines()->set_name("last");
  second.mutable_lines(0)->add_lots()->set_lot("L9");
  const auto csv = TryCsv({Stock(), second}, "lines", Context());
  ASSERT_TRUE(csv.ok()) << csv.status();
  const Table rows = ReadBack(csv->bytes);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[3][0], "last");
  EXPECT_EQ(csv->rows, 3);
  const auto workbook = TryWorkbook({Stock(), second}, Context());
  ASSERT_TRUE(workbook.ok()) << workbook.status();
  EXPECT_EQ(ReadBack(workbook->bytes, "lines").size(), 4u);
  EXPECT_EQ(ReadBack(workbook->bytes, "lines lots").size(), 4u);
  EXPECT_EQ(ReadBack(workbook->bytes)[1], (std::vector<std::string>{"pieces", "12"}));
  EXPECT_FALSE((*NewCsvReport(Layout(), nullptr, Context()))->takes_all_pages());
}

TEST(ReportFile, CsvOfAListInsideAnother) {
  const Table rows = ReadBack(Csv(Stock(), "lines.lots", Context(Language::kChinese)).bytes);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].front(), "'=1+1");
  EXPECT_EQ(rows[1][13], "否");
  EXPECT_EQ(rows[2][17], "'@L2");
  EXPECT_EQ(rows[2][18], "0");
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
  const Written file = Workbook(Stock(), context);
  EXPECT_EQ(file.rows, 5);
  EXPECT_THAT(ReadBack(file.bytes),
              ElementsAre(ElementsAre("项目", "内容"), ElementsAre("用途", "月会"),
                          ElementsAre("月份", "2026-03"), ElementsAre("shape", "圆形"),
                          ElementsAre("件数", "12"), ElementsAre("金额 (CNY)", "180000.5")));
  const Table lines = ReadBack(file.bytes, "lines");
  EXPECT_THAT(lines[1], ElementsAre("=1+1", "-1280.5", "0.125", "圆形", "li", "13800138000",
                                    "2026-03-20 18:00:00", "90.5", "新、a,\"b\"", "40", "2.5",
                                    "未知", "未知", "否", "2026-03-01", "方形", "***"));
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
  EXPECT_THAT(shares, ElementsAre("sold", "unknown", "unknown", "0%", "33.33%", "-200%"));
  EXPECT_EQ(ReadBack(Workbook(stock).bytes, "lines")[1][1], "99999999999999999.99");
}

// PLT-9: a report that is too large for a file is refused, whichever way it is too large.
TEST(ReportFile, LimitsHold) {
  FileContext context = Context();
  context.limits = {.max_rows = 1, .max_bytes = 1 << 20};
  const absl::Status rows = TryCsv({Stock()}, "lines", context).status();
  EXPECT_EQ(ErrorReason(rows), "REPORT_TOO_LARGE");
  EXPECT_EQ(rows.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(TryWorkbook({Stock()}, context).status()), "REPORT_TOO_LARGE");
  // A workbook takes more room.
  context.limits = {.max_rows = 100, .max_bytes = 1000};
  EXPECT_EQ(ErrorReason(TryWorkbook({Stock()}, context).status()), "REPORT_TOO_LARGE");
  EXPECT_TRUE(TryCsv({Stock()}, "lines", context).ok());
  context.limits = {.max_rows = 100, .max_bytes = 100};
  EXPECT_EQ(ErrorReason(TryCsv({Stock()}, "lines", context).status()), "REPORT_TOO_LARGE");
  context.limits = {.max_rows = 2, .max_bytes = 1 << 20};
  EXPECT_TRUE(TryCsv({Stock()}, "lines", context).ok());
  // All pages together.
  EXPECT_EQ(ErrorReason(TryCsv({Stock(), Stock()}, "lines", context).status()), "REPORT_TOO_LARGE");
}

}  // namespace
}  // namespace crm::report_export
