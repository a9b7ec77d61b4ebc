// The reports of the archive as files: PLT-4, CUS-26.
#include "common/testing/report_export.h"

#include "services/customer/import/import_test_fixture.h"

namespace crm::customer::import {
namespace {

using crm::report::v1::ExportReportRequest;
using crm::testing::ExportRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReportExportTest : public ImportTest {
 protected:
  absl::StatusOr<crm::testing::Exported> Export(const ExportReportRequest& request,
                                                const std::string& token) {
    return crm::testing::ExportReport(harness_.replica(), token, request);
  }
};

// PLT-4, CUS-30: one row for each broken rule, as the list of issues has them.
TEST_F(ReportExportTest, EveryReportCanBeExported) {
  const v1::ImportJob job = Import(Spec(),
                                   "客户全称,客户类型,手机号码\n"
                                   "深圳市甲乙科技有限公司,企业,12\n"
                                   ",企业,13800000004\n");
  ASSERT_GT(job.rejected(), 0) << job.ShortDebugString();
  EXPECT_THAT(crm::testing::UndeclaredReportsOf("crm.customer.v1"), IsEmpty());
  const std::vector<std::string> reports = crm::testing::ReportsOf("crm.customer.v1");
  EXPECT_THAT(reports, ElementsAre("crm.customer.v1.CustomFieldService/GetFillRates",
                                   "crm.customer.v1.CustomerService/ListCustomers",
                                   "crm.customer.v1.ImportService/GetImport",
                                   "crm.customer.v1.ImportService/ListImportIssues"));
  for (const std::string& report : reports) {
    ExportReportRequest request = ExportRequest(report, {{"import", job.number()}});
    const auto workbook = Export(request, steward_);
    ASSERT_TRUE(workbook.ok()) << report << ": " << workbook.status();
    request.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
    for (const std::string& sheet : workbook->file.sheets()) {
      request.set_sheet(sheet);
      const auto csv = Export(request, steward_);
      ASSERT_TRUE(csv.ok()) << report << ", " << sheet << ": " << csv.status();
      if (sheet != "about") {
        EXPECT_EQ(csv->file.rows(), static_cast<int64_t>(csv->rows.size()) - 1) << report;
      }
    }
  }
  ExportReportRequest issues = ExportRequest(reports[3], {{"import", job.number()}});
  issues.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
  const auto file = Export(issues, steward_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->rows.size(), Issues(job.number()).size() + 1);

  // An auditor reads reports of imports, but carries none away.
  EXPECT_EQ(ErrorReason(Export(issues, harness_.TokenOf("aud", {"auditor"})).status()),
            "RIGHT_MISSING");
  // Somebody else's import is not there.
  EXPECT_EQ(Export(ExportRequest(reports[2], {{"import", "IMP0"}}), steward_).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crm::customer::import
