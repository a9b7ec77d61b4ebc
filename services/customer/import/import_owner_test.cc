// Whose the customers of an import are, what else a row may bring along, and who gets its cells
// back (CUS-1, CUS-3, CUS-7, CUS-8, PLT-14), over gRPC.
#include "crm/customer/v1/staff_service.pb.h"
#include "services/customer/import/import_test_fixture.h"

namespace crm::customer::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class ImportOwnerTest : public ImportTest {
 protected:
  template <typename Response, typename Request>
  absl::StatusOr<Response> Staff(const std::string& method, const Request& request) {
    return harness_.Call<Request, Response>(harness_.TokenOf("admin", {"administrator"}),
                                            "crm.customer.v1.StaffService/" + method, request);
  }
  void AddStaff(const std::string& id, const std::string& name) {
    v1::CreateStaffUserRequest request;
    request.mutable_user()->set_user_id(id);
    request.mutable_user()->set_name(name);
    request.mutable_user()->add_roles("sales_representative");
    const auto created = Staff<v1::StaffUser>("CreateStaffUser", request);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  std::vector<std::string> Rules(const v1::ImportJob& job) {
    std::vector<std::string> rules;
    for (const v1::ImportIssue& issue : Issues(job.number())) {
      rules.push_back(absl::StrCat(issue.line(), " ", issue.field(), " ", issue.rule()));
    }
    return rules;
  }
  std::string RejectedTo(const std::string& token, const std::string& number) {
    v1::DownloadRejectedRequest request;
    request.set_import(number);
    client::CallOptions options;
    options.token = token;
    auto stream = harness_.replica().channel().ServerStream(
        absl::StrCat("/", kService, "DownloadRejected"), request, options);
    std::string content;
    v1::FileChunk chunk;
    while (stream.Next(chunk)) content += chunk.data();
    const absl::Status status = stream.Finish();
    EXPECT_TRUE(status.ok()) << status;
    return content;
  }
  v1::Customer Named(const std::string& name) {
    for (const v1::Customer& customer : All()) {
      if (customer.full_name() == name) return customer;
    }
    ADD_FAILURE() << "no customer " << name;
    return {};
  }
};

// CUS-3, CUS-38: a row's owner is the one it names, else the default, else whoever imports; what is
// incomplete is listed for him, and he sees its phone.
TEST_F(ImportOwnerTest, EveryImportedCustomerHasAnOwner) {
  AddStaff("u1", "张晓明");
  AddStaff("u2", "李红");
  AddStaff("gone", "赵离职");
  v1::ChangeStaffStatusRequest suspend;
  suspend.set_user("gone");
  ASSERT_TRUE(Staff<v1::StaffUser>("SuspendStaffUser", suspend).ok());
  v1::ImportSpec spec =
      Spec(v1::DUPLICATE_POLICY_KEEP_NEWEST, v1::MISSING_POLICY_ACCEPT_INCOMPLETE);
  const v1::ImportJob job = Import(spec,
                                   "姓名,客户类型,手机号码,负责人\n"
                                   "王建国,个人,13800138001,张晓明\n"
                                   "王建军,个人,13800138002,\n"
                                   "王建民,个人,13800138003,赵离职\n");
  EXPECT_EQ(job.created(), 3) << job.ShortDebugString();
  EXPECT_THAT(Rules(job), ElementsAre("4 owner STAFF_UNKNOWN"));
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
  EXPECT_THAT(All("incomplete = true AND owner = u1"), SizeIs(1));
  EXPECT_THAT(All("incomplete = true AND owner = steward"), SizeIs(2));
  EXPECT_EQ(Named("王建军").phone(), "13800138002");
  EXPECT_NE(Named("王建国").phone(), "13800138001") << "not the steward's";

  v1::FieldDefault& owner = *spec.add_defaults();
  owner.set_field("owner");
  owner.set_value("李红");
  const v1::ImportJob given = Import(spec,
                                     "姓名,客户类型,手机号码,负责人\n"
                                     "王建业,个人,13800138004,\n"
                                     "王建国,个人,13800138001,李红\n");
  EXPECT_EQ(given.created(), 1) << given.ShortDebugString();
  EXPECT_EQ(Named("王建业").owner(), "u2");
  EXPECT_EQ(Named("王建国").owner(), "u1") << "an import gives no customer to another owner";
}

// CUS-1: numbers of paper forms come with their rows; only reserved ones, each once.
TEST_F(ImportOwnerTest, RowsBringReservedNumbers) {
  v1::ReserveCustomerNumbersRequest reserve;
  reserve.set_count(2);
  const auto reserved =
      harness_.Call<v1::ReserveCustomerNumbersRequest, v1::ReserveCustomerNumbersResponse>(
          steward_, std::string(kCustomers) + "ReserveCustomerNumbers", reserve);
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  const std::string& first = reserved->numbers(0);
  const std::string& second = reserved->numbers(1);
  const v1::ImportJob job =
      Import(Spec(v1::DUPLICATE_POLICY_KEEP_NEWEST, v1::MISSING_POLICY_ACCEPT_INCOMPLETE),
             absl::StrCat("姓名,客户类型,手机号码,客户编号\n", "王建国,个人,13800138001,", first,
                          "\n", "王建军,个人,13800138002,", first, "\n",
                          "王建民,个人,13800138003,CRM2026999999\n", "王建业,个人,13800138004,\n",
                          "王建国,个人,13800138001,", second, "\n", "王建文,个人,13800138005,",
                          second, "\n"));
  EXPECT_EQ(job.created(), 3) << job.ShortDebugString();
  EXPECT_THAT(Rules(job), ElementsAre("3 number NUMBER_NOT_RESERVED",
                                      "4 number NUMBER_NOT_RESERVED", "6 number NUMBER_CONFLICT"));
  EXPECT_EQ(Named("王建国").number(), first);
  EXPECT_EQ(Named("王建文").number(), second);
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM reserved_number"), 0);
}

// CUS-7, CUS-8, CUS-5: what was known of a customer where it was kept before.
TEST_F(ImportOwnerTest, ScoresStageAndTagsComeAlong) {
  const v1::ImportSpec spec =
      Spec(v1::DUPLICATE_POLICY_KEEP_NEWEST, v1::MISSING_POLICY_ACCEPT_INCOMPLETE);
  const v1::ImportJob job =
      Import(spec,
             "姓名,客户类型,手机号码,满意度,NPS,合作阶段,客户标签\n"
             "王建国,个人,13800138001,非常满意,9,合作中,\"复购强、价格敏感\"\n"
             "王建军,个人,13800138002,非常不满意,0,流失,\n"
             "王建民,个人,13800138003,6,11,外星,VIP\n");
  EXPECT_EQ(job.created(), 3) << job.ShortDebugString();
  EXPECT_THAT(Rules(job), ElementsAre("4 satisfaction NUMBER_OUT_OF_RANGE",
                                      "4 nps NUMBER_OUT_OF_RANGE", "4 stage NOT_IN_LIST"));
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
  const v1::Customer happy = Named("王建国");
  EXPECT_EQ(happy.satisfaction(), 5);
  EXPECT_EQ(happy.nps(), 9);
  EXPECT_EQ(happy.stage(), v1::STAGE_ACTIVE);
  EXPECT_EQ(happy.follow_up_status(), v1::FOLLOW_UP_STATUS_WON);
  EXPECT_THAT(happy.tags(), ElementsAre("价格敏感", "复购强"));
  const v1::Customer lost = Named("王建军");
  EXPECT_EQ(lost.satisfaction(), 1);
  EXPECT_TRUE(lost.has_nps());
  EXPECT_EQ(lost.nps(), 0);
  EXPECT_EQ(lost.stage(), v1::STAGE_LOST);
  // Tags are added, by whoever imported.
  const v1::ImportJob again = Import(spec,
                                     "姓名,客户类型,手机号码,满意度,标签\n"
                                     "王建国,个人,13800138001,满意,价格敏感;VIP\n");
  EXPECT_EQ(again.updated(), 1) << again.ShortDebugString();
  EXPECT_EQ(Named("王建国").satisfaction(), 4);
  EXPECT_THAT(Named("王建国").tags(), ElementsAre("VIP", "价格敏感", "复购强"));
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM customer_tag WHERE set_by = 'steward' AND by_rule = 0"),
            4);
}

// CUS-14: a landline is no decision maker's mobile: it goes where landlines are.
TEST_F(ImportOwnerTest, LandlinesOfOrganizationsAreCompanyPhones) {
  const std::string content =
      "公司名称,客户类型,电话\n"
      "广州甲公司,企业,020-88886666\n";
  const v1::ImportJob refused = Import(Spec(), content);
  EXPECT_EQ(refused.created(), 0);
  EXPECT_THAT(Rules(refused), ::testing::Contains("2 phone REQUIRED"));
  const v1::ImportJob job =
      Import(Spec(v1::DUPLICATE_POLICY_KEEP_NEWEST, v1::MISSING_POLICY_ACCEPT_INCOMPLETE), content);
  EXPECT_EQ(job.created(), 1) << job.ShortDebugString();
  EXPECT_EQ(job.verification().accuracy(), 1.0);
  const v1::Customer customer = Named("广州甲公司");
  EXPECT_EQ(customer.company_phone(), "020-88886666");
  EXPECT_EQ(customer.phone(), "");
  EXPECT_TRUE(customer.incomplete());
}

// PLT-14: rejected rows go back as they came to whoever sent them, or may reveal; others get them
// masked.
TEST_F(ImportOwnerTest, RejectedRowsOfOthersAreMasked) {
  const v1::ImportJob job = Import(Spec(),
                                   "姓名,客户类型,手机号码,备用号码\n"
                                   "王建国,个人,13800138001,13900139001\n");
  EXPECT_EQ(job.rejected(), 1) << job.ShortDebugString();
  EXPECT_THAT(Rejected(job.number()), HasSubstr("13800138001,13900139001"));

  const auto policy = auth::Policy::Parse(R"json({
    "version": 1,
    "roles": {
      "importer": {
        "label": {"zh": "导入员", "en": "Importer"},
        "grants": [{"scope": "all", "permissions": ["import.*"]}]
      },
      "revealer": {
        "label": {"zh": "查看员", "en": "Revealer"},
        "grants": [{"scope": "all", "permissions": ["import.*"]}],
        "rights": ["reveal"]
      }
    }
  })json");
  ASSERT_TRUE(policy.ok()) << policy.status();
  harness_.replica().runtime().policy().Set(*policy);
  const std::string masked = RejectedTo(harness_.TokenOf("other", {"importer"}), job.number());
  EXPECT_THAT(masked, HasSubstr("138****8001"));
  EXPECT_THAT(masked, Not(HasSubstr("13800138001")));
  EXPECT_THAT(masked, Not(HasSubstr("13900139001")));
  EXPECT_THAT(masked, Not(HasSubstr("王建国")));
  EXPECT_THAT(masked, HasSubstr("REQUIRED"));
  EXPECT_THAT(RejectedTo(harness_.TokenOf("chief", {"revealer"}), job.number()),
              HasSubstr("13800138001"));
}

}  // namespace
}  // namespace crm::customer::import
