// Lists of customers as files: CUS-26.
#include <map>
#include <set>

#include "common/testing/report_export.h"
#include "services/customer/customer_test_fixture.h"

namespace crm::customer {
namespace {

using crm::report::v1::ExportReportRequest;
using crm::testing::Exported;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr char kList[] = "crm.customer.v1.CustomerService/ListCustomers";

class CustomerExportTest : public CustomerHandlersTest {
 protected:
  static ExportReportRequest Request(const std::string& filter = "") {
    v1::ListCustomersRequest list;
    list.set_filter(filter);
    list.set_order_by("full_name");
    ExportReportRequest request = crm::testing::ExportRequest(kList, list);
    request.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
    request.set_purpose("春季回访");
    return request;
  }
  absl::StatusOr<Exported> Export(const ExportReportRequest& request, const std::string& token = "",
                                  const std::string& language = "zh-CN") {
    return crm::testing::ExportReport(harness_.replica(), token.empty() ? manager_ : token, request,
                                      language);
  }
  // Cells of a row by their headers.
  static std::map<std::string, std::string> Row(const std::vector<std::vector<std::string>>& rows,
                                                size_t i) {
    std::map<std::string, std::string> cells;
    for (size_t k = 0; i < rows.size() && k < rows[0].size(); ++k) cells[rows[0][k]] = rows[i][k];
    return cells;
  }
  static std::vector<std::string> Names(const Exported& file, const std::string& header) {
    std::vector<std::string> names;
    for (size_t i = 1; i < file.rows.size(); ++i) names.push_back(Row(file.rows, i)[header]);
    return names;
  }

  // Exports, but reveals nothing.
  const std::string manager_ = harness_.TokenOf("manager", {"service_manager"});
};

// CUS-26, CUS-24: any filter, all of its pages, in its order.
TEST_F(CustomerExportTest, IsTheListOfAFilter) {
  for (int i = 0; i < 5; ++i) {
    v1::Customer customer =
        Organization(absl::StrCat("导出公司", i), absl::StrCat("1381234560", i));
    customer.set_tier(i % 2 == 0 ? v1::TIER_KEY : v1::TIER_NORMAL);
    ASSERT_TRUE(Create(customer).ok());
  }
  const auto file = Export(Request("tier = KEY"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(Names(*file, "客户全称"), ElementsAre("导出公司0", "导出公司2", "导出公司4"));
  EXPECT_EQ(file->bytes.substr(0, 3), "\xEF\xBB\xBF");
  EXPECT_EQ(file->file.name().substr(0, 10), "customers-");
  EXPECT_EQ(Row(file->rows, 1)["客户等级"], "重点客户");

  ExportReportRequest workbook = Request();
  workbook.set_format(crm::report::v1::EXPORT_FORMAT_XLSX);
  const auto all = Export(workbook);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->file.rows(), 5);
  EXPECT_THAT(all->SheetNames(), Contains("客户"));
  EXPECT_EQ(all->Sheet("客户").size(), 6u);

  const auto wrong = Export(Request("colour = red"));
  EXPECT_EQ(ErrorReason(wrong.status()), "FILTER_INVALID");
}

// CUS-26, PLT-4: more than the list gives on a page.
TEST_F(CustomerExportTest, FollowsThePages) {
  constexpr int kCustomers = 1003;
  for (int i = 0; i < kCustomers; ++i) {
    ASSERT_TRUE(
        Create(Organization(absl::StrCat("公司", i), absl::StrCat("138", 10'000'000 + i))).ok());
  }
  const auto file = Export(Request());
  ASSERT_TRUE(file.ok()) << file.status();
  const std::vector<std::string> names = Names(*file, "客户全称");
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), size_t{kCustomers});
  EXPECT_EQ(file->file.rows(), kCustomers);
}

// CUS-3: never an empty cell; CUS-26: what may only be hidden is not said to be unknown.
TEST_F(CustomerExportTest, WhatIsNotKnownIsUnknown) {
  ASSERT_TRUE(Create(Organization("导出公司", "13812345678")).ok());
  const auto chinese = Export(Request());
  ASSERT_TRUE(chinese.ok()) << chinese.status();
  EXPECT_THAT(chinese->rows[1], Each(Not(IsEmpty())));
  std::map<std::string, std::string> row = Row(chinese->rows, 1);
  EXPECT_EQ(row["网址"], "未知");
  EXPECT_EQ(row["标签"], "未知");
  EXPECT_EQ(row["预算下限 (CNY)"], "***");
  const auto english = Export(Request(), steward_, "en");
  ASSERT_TRUE(english.ok()) << english.status();
  EXPECT_EQ(Row(english->rows, 1)["website"], "unknown");
}

// CUS-26, PLT-14: masked, own customers too, but for whoever has the right to reveal.
TEST_F(CustomerExportTest, IsMaskedAccordingToTheCaller) {
  v1::Customer customer = Organization("导出公司", "13812345678");
  customer.set_email("li@example.com");
  customer.set_bank_account("6222020200112233445");
  customer.set_budget_lower("100000.00");
  ASSERT_TRUE(Create(customer, "", harness_.TokenOf("manager", {"data_steward"})).ok());
  const auto masked = Export(Request());
  ASSERT_TRUE(masked.ok()) << masked.status();
  std::map<std::string, std::string> row = Row(masked->rows, 1);
  EXPECT_EQ(row["手机号码"], "138****5678");
  EXPECT_EQ(row["电子邮箱"], "l***@example.com");
  EXPECT_EQ(row["预算下限 (CNY)"], "***");
  EXPECT_EQ(masked->bytes.find("13812345678"), std::string::npos);

  // As the list shows it: of own customers.
  customer.set_full_name("甲公司");
  customer.set_phone("13812345679");
  customer.set_email("wang@example.com");
  ASSERT_TRUE(Create(customer).ok());
  const auto plain = Export(Request("full_name = \"甲公司\""), steward_);
  ASSERT_TRUE(plain.ok()) << plain.status();
  row = Row(plain->rows, 1);
  EXPECT_EQ(row["手机号码"], "13812345679");
  EXPECT_EQ(row["预算下限 (CNY)"], "100000.00");
  EXPECT_EQ(plain->bytes.find("6222020200112233445"), std::string::npos) << "highly sensitive";
}

// CUS-26, PLT-13: the right to export, and the reach of the list.
TEST_F(CustomerExportTest, TakesTheRightAndKeepsToTheScope) {
  const auto create = [&](const std::string& name, const std::string& phone,
                          const std::string& team) {
    const std::string token = harness_.TokenOf(team + "-steward", {"data_steward"}, team);
    ASSERT_TRUE(Create(Organization(name, phone), "", token).ok());
  };
  create("东部公司", "13812345671", "east");
  create("西部公司", "13812345672", "west");
  const auto seller = Export(Request(), harness_.TokenOf("u1", {"sales_representative"}, "east"));
  EXPECT_EQ(ErrorReason(seller.status()), "RIGHT_MISSING");
  const auto director = Export(Request(), harness_.TokenOf("d1", {"sales_director"}, "east"));
  ASSERT_TRUE(director.ok()) << director.status();
  EXPECT_THAT(Names(*director, "客户全称"), UnorderedElementsAre("东部公司"));
  // Whoever may not see a budget may not look for it either.
  EXPECT_EQ(ErrorReason(Export(Request("budget_lower > 50000")).status()), "FILTER_INVALID");
}

// CUS-26, PLT-17: how many rows, what for, and of which filter.
TEST_F(CustomerExportTest, IsRecorded) {
  ASSERT_TRUE(Create(Organization("导出公司", "13812345678")).ok());
  ASSERT_TRUE(Export(Request("full_name = \"导出公司\"")).ok());
  const auto events = crm::testing::ExportEvents(harness_);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].actor(), "manager");
  crm::report::v1::ReportExport record;
  ASSERT_TRUE(events[0].payload().UnpackTo(&record));
  EXPECT_EQ(record.method(), kList);
  EXPECT_EQ(record.rows(), 1);
  EXPECT_EQ(record.purpose(), "春季回访");
  v1::ListCustomersRequest list;
  ASSERT_TRUE(record.request().UnpackTo(&list));
  EXPECT_EQ(list.filter(), "full_name = \"导出公司\"");
}

}  // namespace
}  // namespace crm::customer
