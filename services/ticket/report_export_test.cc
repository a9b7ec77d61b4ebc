// The reports of the ticket service as files: PLT-4, CUS-26.
#include "common/testing/report_export.h"

#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using crm::report::v1::ExportReportRequest;
using crm::testing::ExportRequest;
using ::testing::Contains;
using ::testing::IsEmpty;

constexpr char kReport[] = "crm.ticket.v1.TicketReportService/GetTicketReport";

class ReportExportTest : public TicketTest {
 protected:
  absl::StatusOr<crm::testing::Exported> Export(const ExportReportRequest& request,
                                                const std::string& token) {
    return crm::testing::ExportReport(harness_->replica(), token, request, "zh-CN");
  }
};

// PLT-4
TEST_F(ReportExportTest, EveryReportCanBeExported) {
  Open();
  EXPECT_THAT(crm::testing::UndeclaredReportsOf("crm.ticket.v1"), IsEmpty());
  const std::vector<std::string> reports = crm::testing::ReportsOf("crm.ticket.v1");
  EXPECT_THAT(reports, Contains(kReport));
  for (const std::string& report : reports) {
    ExportReportRequest request = ExportRequest(report);
    const auto workbook = Export(request, supervisor_);
    ASSERT_TRUE(workbook.ok()) << report << ": " << workbook.status();
    EXPECT_EQ(workbook->SheetNames().front(), "说明") << report;
    request.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
    for (const std::string& sheet : workbook->file.sheets()) {
      request.set_sheet(sheet);
      const auto csv = Export(request, supervisor_);
      ASSERT_TRUE(csv.ok()) << report << ", " << sheet << ": " << csv.status();
      if (sheet != "about") {
        EXPECT_EQ(csv->file.rows(), static_cast<int64_t>(csv->rows.size()) - 1) << report;
      }
    }
  }
}

// PLT-4, PLT-30: figures by group; a group that is a code has its name.
TEST_F(ReportExportTest, GroupsHaveTheirNames) {
  const v1::Ticket ticket = Open();
  v1::GetTicketReportRequest report;
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  const std::string today = absl::FormatTime("%Y-%m-%d", Now(), zone);
  report.set_from_date(today);
  report.set_to_date(today);
  report.set_group_by(v1::TICKET_REPORT_GROUP_TYPE);
  ExportReportRequest request = ExportRequest(kReport, report);
  request.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
  request.set_sheet("groups");
  const auto groups = Export(request, supervisor_);
  ASSERT_TRUE(groups.ok()) << groups.status();
  ASSERT_EQ(groups->rows.size(), 2u);
  EXPECT_EQ(groups->rows[0][0], "分组");
  EXPECT_EQ(groups->rows[1][0], "故障报修");
  EXPECT_EQ(groups->rows[1][1], "1");
  EXPECT_EQ(ErrorReason(Export(request, agent_).status()), "RIGHT_MISSING");
}

}  // namespace
}  // namespace crm::ticket
