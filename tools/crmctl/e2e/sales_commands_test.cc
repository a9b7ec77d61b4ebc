// crmctl against the sales service: gRPC and database are real.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/replica/customer_copy.h"
#include "common/replica/staff_copy.h"
#include "common/testing/expectations.h"
#include "common/testing/service_harness.h"
#include "services/sales/sales_service.h"
#include "tools/crmctl/command_line.h"
#include "tools/crmctl/session.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kCustomer[] = "CRM2026000001";

class SalesCommandsTest : public ::testing::Test {
 protected:
  SalesCommandsTest() {
    absl::Time now;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, "2026-03-20T10:00:00+08:00", &now, &error));
    harness_.clock().Set(now);
    test_.clock.Set(now);
    test_.environment["CRM_ADDRESS"] = absl::StrCat("127.0.0.1:", harness_.replica().port());
    customer::v1::Customer customer;
    customer.set_number(kCustomer);
    customer.set_etag("v1");
    customer.set_kind(customer::v1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name("上海云帆科技有限公司");
    customer::v1::StaffUser successor;
    successor.set_user_id("li");
    successor.set_team("east");
    successor.add_roles("sales_representative");
    db::WriteSet writes;
    replica::KeepCustomer(customer, writes);
    replica::StaffCopy::Keep(successor, 1, writes);
    replica::StaffCopy::MarkChanged(writes);
    const absl::Status status = harness_.replica().runtime().committer().Commit(
        std::move(writes), absl::Now() + absl::Seconds(10));
    EXPECT_TRUE(status.ok()) << status;
  }

  int Run(const std::vector<std::string>& arguments) {
    test_.TakeOut();
    test_.TakeErr();
    return RunCommandLine(arguments, test_.console);
  }
  void BeRepresentative() {
    test_.environment["CRM_TOKEN"] = harness_.TokenOf("rep", {"sales_representative"}, "east");
  }
  void BeDirector() {
    test_.environment["CRM_TOKEN"] = harness_.TokenOf("director", {"sales_director"}, "east");
  }
  void Create(const std::string& name) {
    BeRepresentative();
    EXPECT_EQ(Run({"opportunity", "create", "-f", absl::StrCat("customer=", kCustomer), "-f",
                   "name=" + name, "-f", "amount=100000", "-f", "expected_close_date=2026-06-30",
                   "-f", "source_channel=website", "-f", "lead_time=2026-03-20T08:00:00+08:00"}),
              kOk)
        << test_.err.str();
  }

  testing::ServiceHarness harness_{sales::Info(), sales::SalesService::Create};
  TestConsole test_;
};

// PLT-29: the funnel also where one looks for it, with all it has as a report.
TEST_F(SalesCommandsTest, ThePipelineHasAFunnel) {
  Create("数据平台");
  ASSERT_EQ(Run({"pipeline", "funnel"}), kOk) << test_.err.str();
  const std::string funnel = test_.TakeOut();
  EXPECT_THAT(funnel, AllOf(HasSubstr("线索确认"), HasSubstr("100000.00")));
  ASSERT_EQ(Run({"report", "funnel"}), kOk);
  EXPECT_EQ(test_.TakeOut(), funnel);
  EXPECT_EQ(Run({"pipeline", "funnel", "default", "--by-lead-month", "-o", "json"}), kOk);
  EXPECT_EQ(Run({"pipeline", "funnel", "nowhere"}), kCallFailed);
  EXPECT_EQ(Run({"pipeline", "funnel", "--help"}), kOk);
  EXPECT_THAT(test_.TakeOut(), HasSubstr("--export"));
}

// PLT-29, SAL-15
TEST_F(SalesCommandsTest, LeadsThatNobodyFollowedUp) {
  Create("数据平台");
  Create("数据中台");
  ASSERT_EQ(Run({"report", "lead-follow-up", "2026-03", "2026-03", "-o", "csv"}), kOk)
      << test_.err.str();
  EXPECT_THAT(test_.TakeOut(), HasSubstr(",2,0,2,"));
  EXPECT_EQ(Run({"report", "lead-follow-up", "2026-03", "2026-03", "--group", "负责人"}), kOk);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("rep"), HasSubstr("0.0%")));
}

// PLT-29, SAL-11: all of a person's opportunities.
TEST_F(SalesCommandsTest, AllOfAPersonsOpportunitiesAreHandedOver) {
  Create("数据平台");
  Create("数据中台");
  BeDirector();
  EXPECT_EQ(Run({"opportunity", "transfer-all", "rep", "nobody"}), kCallFailed);
  EXPECT_THAT(test_.TakeErr(), HasSubstr("OWNER_UNKNOWN"));
  ASSERT_TRUE(testing::Eventually([&] {
    return Run({"opportunity", "transfer-all", "rep", "li"}) == kOk;
  })) << test_.err.str();
  EXPECT_EQ(test_.TakeOut(), "SO202603001\nSO202603002\n");
  EXPECT_EQ(Run({"opportunity", "list", "--filter", "owner = \"li\"", "-o", "csv"}), kOk);
  EXPECT_THAT(test_.TakeOut(), AllOf(HasSubstr("SO202603001"), HasSubstr("SO202603002")));
  EXPECT_EQ(Run({"-o", "json", "opportunity", "transfer-all", "rep", "li"}), kOk);
  EXPECT_EQ(Run({"opportunity", "transfer-all", "rep"}), kUsage);
}

}  // namespace
}  // namespace crm::cli
