// The reports of the sales service as files: PLT-4, CUS-26.
#include "common/testing/report_export.h"

#include "crm/sales/v1/insight.pb.h"
#include "crm/sales/v1/target.pb.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using crm::report::v1::ExportReportRequest;
using crm::testing::Exported;
using crm::testing::ExportRequest;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kFunnel[] = "crm.sales.v1.SalesReportService/GetFunnel";

class ReportExportTest : public SalesTest {
 protected:
  absl::StatusOr<Exported> Export(const ExportReportRequest& request, const std::string& token = "",
                                  const std::string& language = "") {
    return crm::testing::ExportReport(harness_.replica(), token.empty() ? Director() : token,
                                      request, language);
  }
};

// PLT-4
TEST_F(ReportExportTest, EveryReportCanBeExported) {
  Must(Create(Draft()));
  EXPECT_THAT(crm::testing::UndeclaredReportsOf("crm.sales.v1"), IsEmpty());
  const std::vector<std::string> reports = crm::testing::ReportsOf("crm.sales.v1");
  EXPECT_THAT(reports, Contains(kFunnel));
  for (const std::string& report : reports) {
    ExportReportRequest request = ExportRequest(report);
    const auto workbook = Export(request);
    ASSERT_TRUE(workbook.ok()) << report << ": " << workbook.status();
    EXPECT_EQ(workbook->SheetNames().front(), "About") << report;
    EXPECT_EQ(workbook->rows[2][1], report);
    request.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
    for (const std::string& sheet : workbook->file.sheets()) {
      request.set_sheet(sheet);
      const auto csv = Export(request);
      ASSERT_TRUE(csv.ok()) << report << ", " << sheet << ": " << csv.status();
      if (sheet != "about") {
        EXPECT_EQ(csv->file.rows(), static_cast<int64_t>(csv->rows.size()) - 1) << report;
      }
    }
  }
}

// PLT-4, PLT-13: the rows of the report itself, in the caller's reach.
TEST_F(ReportExportTest, AFunnelIsThatOfTheCaller) {
  Must(Create(Draft("=cmd", "180000.50")));
  v1::GetFunnelRequest funnel;
  funnel.set_by_lead_month(true);
  ExportReportRequest request = ExportRequest(kFunnel, funnel);
  request.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
  const auto stages = Export(request, "", "zh-CN");
  ASSERT_TRUE(stages.ok()) << stages.status();
  const auto answer =
      Must(Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel", funnel, Director()));
  ASSERT_EQ(stages->rows.size(), static_cast<size_t>(answer.funnel().stages_size()) + 1);
  EXPECT_THAT(stages->rows[0], ElementsAre("阶段代码", "阶段", "商机数", "金额 (CNY)",
                                           "加权金额 (CNY)", "到达数", "进入下一阶段", "最终赢单"));
  EXPECT_THAT(stages->rows[1],
              ElementsAre("lead_confirmed", "线索确认", "1", "180000.50",
                          answer.funnel().stages(0).weighted_amount(), "1", "0%", "0%"));

  request.set_sheet("cohorts.stages");
  const auto cohorts = Export(request);
  ASSERT_TRUE(cohorts.ok()) << cohorts.status();
  EXPECT_EQ(cohorts->rows[1][0], "2026-03");
  EXPECT_EQ(cohorts->rows[1][2], "lead_confirmed");

  request.set_sheet("funnel.stages");
  const auto west = Export(request, Director("west"));
  ASSERT_TRUE(west.ok()) << west.status();
  EXPECT_EQ(west->rows[1][2], "0");
}

// PLT-13: making a report is one thing, carrying it away another.
TEST_F(ReportExportTest, TakesTheRightToExport) {
  EXPECT_EQ(ErrorReason(Export(ExportRequest(kFunnel), Rep()).status()), "RIGHT_MISSING");
  EXPECT_EQ(
      ErrorReason(
          Export(ExportRequest(kFunnel), harness_.TokenOf("sv", {"service_supervisor"})).status()),
      "PERMISSION_MISSING");
}

// PLT-7: what the report refuses, the export refuses, with the field.
TEST_F(ReportExportTest, ErrorsOfTheReportNameTheirField) {
  v1::GetForecastRequest forecast;
  forecast.set_from_month("2026-05");
  forecast.set_to_month("2026-03");
  const absl::Status status =
      Export(ExportRequest("crm.sales.v1.SalesReportService/GetForecast", forecast)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Violations(status), Contains(::testing::StartsWith("request.to_month ")));
}

}  // namespace
}  // namespace crm::sales
