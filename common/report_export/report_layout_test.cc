#include "common/report_export/report_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/report_export/stock_test_data.h"

namespace crm::report_export {
namespace {

using schema::Language;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Headers(const std::string& sheet, Language language) {
  const ReportLayout layout = LayoutOf(*GetStockReportResponse::descriptor());
  const SheetLayout* found = layout.Find(sheet);
  if (found == nullptr) return {};
  return HeadersOf(found->columns, found->path, language, "Asia/Shanghai");
}

// PLT-4: every list is a sheet, also inside others; what has no end is left out.
TEST(ReportLayout, EveryListIsASheet) {
  const ReportLayout layout = LayoutOf(*GetStockReportResponse::descriptor());
  EXPECT_THAT(layout.SheetNames(), ElementsAre("total.lots", "lines", "lines.lots", "about"));
  EXPECT_EQ(layout.Find("lines.parts"), nullptr);
  EXPECT_EQ(layout.Find("about"), nullptr);
  EXPECT_THAT(HeadersOf(layout.about, {}, Language::kEnglish, "UTC"),
              ElementsAre("pieces", "value (CNY)"));
}

// PLT-30, PLT-4: labels in the language of the caller with their units, names where there are none.
TEST(ReportLayout, HeadersAreLabelsWithUnits) {
  EXPECT_THAT(Headers("lines", Language::kChinese),
              ElementsAre("品名", "金额 (CNY)", "售出", "形状", "keeper", "电话",
                          "盘点时间 (Asia/Shanghai)", "age (秒)", "tags", "size 宽度 (mm)",
                          "size mean days (天)", "box 宽度 (mm)", "box mean days (天)", "sold out",
                          "first day", "group", "cost"));
  EXPECT_THAT(Headers("total.lots", Language::kEnglish), ElementsAre("lot", "pieces"));
  EXPECT_THAT(Headers("lines.lots", Language::kEnglish),
              ElementsAre("name", "value (CNY)", "sold", "shape", "keeper", "phone",
                          "counted (Asia/Shanghai)", "age (seconds)", "tags", "size width (mm)",
                          "size mean days", "box width (mm)", "box mean days", "sold out",
                          "first day", "group", "cost", "lot", "pieces"));
}

TEST(ReportLayout, TheSameNameInTwoListsIsToldApart) {
  const ReportLayout layout = LayoutOf(*GetStockReportResponse::descriptor());
  SheetLayout sheet = *layout.Find("lines.lots");
  sheet.columns.push_back(sheet.columns.front());
  sheet.columns.back().level = 1;
  const std::vector<std::string> headers =
      HeadersOf(sheet.columns, sheet.path, Language::kEnglish, "UTC");
  EXPECT_EQ(headers.front(), "lines name");
  EXPECT_EQ(headers.back(), "lots name");
}

TEST(ReportLayout, RowsComeWithTheElementsAroundThem) {
  const GetStockReportResponse stock = Stock();
  const ReportLayout layout = LayoutOf(*stock.GetDescriptor());
  std::vector<std::string> seen;
  ForEachRow(stock, *layout.Find("lines.lots"), [&](const Levels& levels) {
    seen.push_back(static_cast<const testing::v1::StockLine&>(*levels[0]).name() + " " +
                   static_cast<const testing::v1::StockLot&>(*levels[1]).lot());
  });
  EXPECT_THAT(seen, ElementsAre("=1+1 L1", "=1+1 @L2"));
  seen.clear();
  ForEachRow(GetStockReportResponse(), *layout.Find("total.lots"),
             [&](const Levels&) { seen.emplace_back("row"); });
  EXPECT_THAT(seen, IsEmpty());
}

}  // namespace
}  // namespace crm::report_export
