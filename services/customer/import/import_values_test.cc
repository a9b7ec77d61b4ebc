// What imports make of values that files write in their own way, over gRPC (CUS-27, CUS-28,
// CUS-30).
#include <string>
#include <vector>

#include "crm/customer/v1/staff_service.pb.h"
#include "services/customer/import/import_kinds_fixture.h"

namespace crm::customer::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class ImportValuesTest : public ImportKindsTest {
 protected:
  static void Map(v1::ImportSpec& spec, const std::string& header, const std::string& field) {
    v1::ColumnMapping& mapping = *spec.add_mapping();
    mapping.set_header(header);
    mapping.set_field(field);
  }
  v1::Customer Named(const std::string& name) {
    for (const v1::Customer& customer : All()) {
      if (customer.full_name() == name) return customer;
    }
    ADD_FAILURE() << "no customer " << name;
    return {};
  }
  void AddStaff(const std::string& id, const std::string& name) {
    v1::CreateStaffUserRequest request;
    request.mutable_user()->set_user_id(id);
    request.mutable_user()->set_name(name);
    request.mutable_user()->add_roles("sales_representative");
    const auto created = harness_.Call<v1::CreateStaffUserRequest, v1::StaffUser>(
        harness_.TokenOf("admin", {"administrator"}),
        "crm.customer.v1.StaffService/CreateStaffUser", request);
    ASSERT_TRUE(created.ok()) << created.status();
  }
};

// CUS-27, CUS-28, CUS-30: a list of accounts without phones: every row is accepted and flagged
// incomplete under that policy, and rejected under the other; nothing is left out but what cannot
// be known.
TEST_F(ImportValuesTest, AListOfAccountsIsTakenWhole) {
  v1::ImportSpec spec = SpecOf(v1::IMPORT_KIND_CUSTOMER);
  spec.set_missing(v1::MISSING_POLICY_ACCEPT_INCOMPLETE);
  Map(spec, "account", "full_name");
  Map(spec, "sector", "industry");
  Map(spec, "revenue", "annual_purchasing_volume");
  Map(spec, "employees", "scale");
  for (const char* header : {"year_established", "office_location", "subsidiary_of"}) {
    Map(spec, header, "-");
  }
  v1::FieldDefault& kind = *spec.add_defaults();
  kind.set_field("kind");
  kind.set_value("ORGANIZATION");
  const std::string content =
      "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
      "Alpha Works,medical,1996,1100.04,2822,United States,\n"
      "Beta Lab,retail,1999,251.41,495,United States,Alpha Works\n"
      "Gamma Tools,software,1986,3178.24,\"1,200\",Kenya,\n"
      "Delta,services,2000,0.5,500-999人,Japan,\n"
      "Epsilon,telecommunications,2001,7,1000人以上,Japan,\n";
  const v1::ImportJob job = Import(spec, content);
  EXPECT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED) << job.ShortDebugString();
  EXPECT_EQ(job.created(), 5) << job.ShortDebugString();
  EXPECT_EQ(job.report().incomplete(), 5);
  EXPECT_THAT(Rules(job), ElementsAre("6 scale NOT_IN_LIST"));
  EXPECT_THAT(Issues(job.number())[0].mend_zh(), HasSubstr("2000人以上"));
  EXPECT_EQ(Named("Alpha Works").scale(), v1::SCALE_OVER_2000);
  EXPECT_EQ(Named("Beta Lab").scale(), v1::SCALE_UNDER_500);
  EXPECT_EQ(Named("Gamma Tools").scale(), v1::SCALE_500_TO_2000);
  EXPECT_EQ(Named("Delta").scale(), v1::SCALE_500_TO_2000);
  EXPECT_EQ(Named("Epsilon").scale(), v1::SCALE_UNSPECIFIED);
  EXPECT_EQ(Named("Gamma Tools").annual_purchasing_volume(), "3178.24");
  EXPECT_TRUE(Named("Delta").incomplete());
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();

  spec.set_missing(v1::MISSING_POLICY_REJECT);
  const v1::ImportJob refused = Import(spec, content);
  EXPECT_EQ(refused.rejected(), 5) << refused.ShortDebugString();
  for (const v1::ImportIssue& issue : Issues(refused.number())) EXPECT_GT(issue.line(), 1);
}

// CUS-27, PLT-31: people by id or name; two of one name are told apart by nobody.
TEST_F(ImportValuesTest, StaffAreFoundByName) {
  AddStaff("u1001", "张晓明");
  AddStaff("u1002", "李红");
  AddStaff("u1003", "李红");
  AddStaff("amy.wu@example.com", "Amy Wu");
  const v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_CUSTOMER),
                                   "姓名,客户类型,所属行业,手机号码,客户等级,客户负责人\n"
                                   "王建国,个人,制造业,13800138001,重点客户,张晓明\n"
                                   "王建军,个人,制造业,13800138002,重点客户,U1002\n"
                                   "王建民,个人,制造业,13800138003,重点客户,AMY WU\n"
                                   "王建明,个人,制造业,13800138004,重点客户,Amy.Wu@Example.com\n"
                                   "王建成,个人,制造业,13800138005,重点客户,someone\n"
                                   "王建业,个人,制造业,13800138006,重点客户,李红\n"
                                   "王建文,个人,制造业,13800138007,重点客户,赵不在\n");
  EXPECT_EQ(job.created(), 4) << job.ShortDebugString();
  EXPECT_THAT(Rules(job), ElementsAre("6 owner STAFF_UNKNOWN", "7 owner STAFF_AMBIGUOUS",
                                      "8 owner STAFF_UNKNOWN"));
  EXPECT_THAT(Issues(job.number())[1].mend_en(), HasSubstr("2 users"));
  EXPECT_THAT(Issues(job.number())[1].mend_zh(), HasSubstr("2 名"));
  EXPECT_EQ(Named("王建国").owner(), "u1001");
  EXPECT_EQ(Named("王建军").owner(), "u1002");
  EXPECT_EQ(Named("王建民").owner(), "amy.wu@example.com");
  EXPECT_EQ(Named("王建明").owner(), "amy.wu@example.com");

  const v1::ImportJob visits = Import(SpecOf(v1::IMPORT_KIND_INTERACTION),
                                      "手机号码,时间,内容,跟进人\n"
                                      "13800138001,2024-03-01,初次拜访,张晓明\n"
                                      "13800138001,2024-03-02,再次拜访,李红\n");
  EXPECT_EQ(visits.created(), 1) << visits.ShortDebugString();
  EXPECT_THAT(Rules(visits), ElementsAre("3 staff STAFF_AMBIGUOUS"));
  EXPECT_EQ(Interactions(Named("王建国").number()).at(0).staff(), "u1001");
}

// CUS-19: importing does not make an interaction late; having been written down late does.
TEST_F(ImportValuesTest, LatenessIsThatOfTheRecordNotOfTheImport) {
  const v1::Customer customer = Person("王建国", "13800138001");
  const v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_INTERACTION),
                                   "手机号码,时间,内容,录入时间\n"
                                   "13800138001,2024-03-01 10:00,甲,\n"
                                   "13800138001,2024-03-02 10:00,乙,2024-03-03 10:00\n"
                                   "13800138001,2024-03-03 10:00,丙,2024-03-04 10:01\n"
                                   "13800138001,2024-03-04 10:00,丁,2999-01-01\n");
  EXPECT_EQ(job.created(), 3) << job.ShortDebugString();
  EXPECT_THAT(Rules(job), ElementsAre("5 recorded_time TIME_IN_FUTURE"));
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
  std::vector<std::string> late;
  for (const v1::Interaction& interaction : Interactions(customer.number())) {
    if (interaction.late()) late.push_back(interaction.content());
    EXPECT_EQ(interaction.entered_via(), job.number());
    if (interaction.content() != "甲") continue;
    EXPECT_EQ(TimeOf(interaction.create_time()), harness_.clock().Now());
  }
  EXPECT_THAT(late, UnorderedElementsAre("丙"));
  // 10:01 of the business zone, which is UTC+8.
  EXPECT_EQ(
      Count("interaction WHERE create_time = 1000000 * UNIX_TIMESTAMP('2024-03-04 02:01:00')"), 1);
}

// CUS-31: what the database refuses again and again ends the job after three runs, with its error.
TEST_F(ImportValuesTest, AnErrorThatStaysEndsTheJob) {
  harness_.database().Run("ALTER TABLE product ADD COLUMN not_known INT NOT NULL");
  const v1::ImportJob job =
      Import(SpecOf(v1::IMPORT_KIND_PRODUCT), "产品编码,产品名称\nP001,智能控制器\n");
  EXPECT_EQ(job.state(), v1::IMPORT_STATE_FAILED) << job.ShortDebugString();
  EXPECT_EQ(job.error_reason(), "DB_ERROR");
  EXPECT_THAT(job.error_message(), HasSubstr("1364"));  // a column without default
  EXPECT_EQ(job.rows_read(), 0);
  EXPECT_EQ(harness_.database().Int("SELECT attempts FROM import_job"), 3);

  // Other jobs go on.
  harness_.database().Run("ALTER TABLE product DROP COLUMN not_known");
  EXPECT_EQ(
      Import(SpecOf(v1::IMPORT_KIND_PRODUCT), "产品编码,产品名称\nP001,智能控制器\n").created(), 1);
}

}  // namespace
}  // namespace crm::customer::import
