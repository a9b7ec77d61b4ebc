// Imports over gRPC (CUS-27 to CUS-32).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/schema/mask.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/custom_field_service.pb.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/event/v1/event.pb.h"
#include "services/customer/customer_service.h"
#include "services/customer/import/import_service.h"
#include "services/customer/import/import_test_fixture.h"
#include "tools/examples/example_files.h"

namespace crm::customer::import {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::string FileContent(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// A complete organisation under REJECT.
constexpr char kHeader[] =
    "客户全称,客户类型,所属行业,关键决策人,手机号码,邮箱,所在地区,客户等级\n";

std::string Line(std::string_view name, std::string_view phone, std::string_view email = "") {
  return absl::StrCat(std::string(name), ",企业,制造业,王建国,", std::string(phone), ",",
                      std::string(email), ",深圳,重点客户\n");
}

// CUS-27, CUS-28, CUS-30: the lists of the examples, dirt and all, with what was done to them
// known.
TEST_F(ImportTest, ImportsMessyWorkbookAndCsv) {
  auto manifest = examples::WriteExamples({.folder = folder_, .rows = 1200});
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  const auto& first = (*manifest)["customers.xlsx"];
  const auto& second = (*manifest)["customers_gb18030.csv"];
  auto dirt = [](const examples::FileFacts& facts, const char* name) {
    auto found = facts.dirt.find(name);
    return found == facts.dirt.end() ? int64_t{0} : found->second;
  };

  const v1::ImportJob xlsx =
      Import(Spec(v1::DUPLICATE_POLICY_KEEP_NEWEST, v1::MISSING_POLICY_ACCEPT_INCOMPLETE),
             FileContent(folder_ + "/customers.xlsx"));
  EXPECT_EQ(xlsx.state(), v1::IMPORT_STATE_SUCCEEDED) << xlsx.ShortDebugString();
  EXPECT_EQ(xlsx.rows_read(), first.rows);
  EXPECT_EQ(Sum(xlsx), first.rows);
  EXPECT_EQ(xlsx.merged(), dirt(first, "duplicate_in_file"));
  EXPECT_EQ(xlsx.report().duplicates_in_file(), dirt(first, "duplicate_in_file"));
  EXPECT_EQ(Cleanings(xlsx)["title"] + xlsx.rejected(), dirt(first, "titled_name"));
  EXPECT_EQ(xlsx.report().header_line(), 2);
  EXPECT_GT(Cleanings(xlsx)["industry"], 0);
  EXPECT_GT(Cleanings(xlsx)["region"], 0);
  EXPECT_GE(Cleanings(xlsx)["phone"], dirt(first, "separated_phone"));
  EXPECT_EQ(Cleanings(xlsx)["trim"], dirt(first, "spaced_name"));
  EXPECT_GT(xlsx.report().completeness_before(), 50);
  EXPECT_GE(xlsx.verification().accuracy(), 0.98);
  EXPECT_GE(xlsx.verification().rows(), 100);

  const v1::ImportJob csv =
      Import(Spec(v1::DUPLICATE_POLICY_FILL_BLANKS, v1::MISSING_POLICY_ACCEPT_INCOMPLETE),
             FileContent(folder_ + "/customers_gb18030.csv"));
  EXPECT_EQ(csv.state(), v1::IMPORT_STATE_SUCCEEDED) << csv.ShortDebugString();
  EXPECT_EQ(csv.rows_read(), second.rows);
  EXPECT_EQ(csv.report().duplicates_in_archive(), dirt(second, "duplicate_across_files"));
  std::vector<std::string> unmapped;
  for (const auto& column : csv.report().columns()) {
    if (column.origin() == v1::ImportColumn::ORIGIN_UNMAPPED) unmapped.push_back(column.header());
  }
  EXPECT_THAT(unmapped, ElementsAre("内部编码"));
  EXPECT_EQ(static_cast<int64_t>(All().size()), xlsx.created() + csv.created());

  // CUS-29: the same file again makes nobody twice.
  const v1::ImportJob again =
      Import(Spec(v1::DUPLICATE_POLICY_SKIP, v1::MISSING_POLICY_ACCEPT_INCOMPLETE),
             FileContent(folder_ + "/customers.xlsx"));
  EXPECT_EQ(again.created(), 0) << again.ShortDebugString();
  EXPECT_EQ(again.rejected(), xlsx.rejected());
  EXPECT_EQ(static_cast<int64_t>(All().size()), xlsx.created() + csv.created());
}

// CUS-3, CUS-30: what lacks something is rejected with line, field and rule; the rest is imported.
TEST_F(ImportTest, OneBadRowLosesNoOther) {
  const std::string content = absl::StrCat(
      kHeader, Line("深圳市甲乙科技有限公司", "13800000001"), Line("深圳市丙丁科技有限公司", "12"),
      "深圳市戊己科技有限公司,企业,不存在的行业,王建国,13800000003,,深圳,重点客户\n",
      ",企业,制造业,王建国,13800000004,,深圳,重点客户\n",
      Line("深圳市庚辛科技有限公司", "13800000005"));
  const v1::ImportJob job = Import(Spec(), content);
  EXPECT_EQ(job.created(), 2) << job.ShortDebugString();
  EXPECT_EQ(job.rejected(), 3);
  const std::vector<v1::ImportIssue> issues = Issues(job.number());
  ASSERT_EQ(issues.size(), 3u);
  EXPECT_EQ(issues[0].line(), 3);
  EXPECT_EQ(issues[0].field(), "phone");
  EXPECT_EQ(issues[0].header(), "手机号码");
  EXPECT_TRUE(issues[0].row_rejected());
  EXPECT_FALSE(issues[0].mend_en().empty());
  EXPECT_FALSE(issues[0].mend_zh().empty());
  EXPECT_EQ(issues[1].line(), 4);
  EXPECT_EQ(issues[1].rule(), "NOT_IN_LIST");
  EXPECT_EQ(issues[2].line(), 5);
  EXPECT_EQ(issues[2].field(), "full_name");
  EXPECT_EQ(All().size(), 2u);
}

// CUS-3: the same rows make incomplete customers by policy; what was left out is listed.
TEST_F(ImportTest, AcceptsIncompleteByPolicy) {
  const std::string content =
      absl::StrCat(kHeader, "深圳市戊己科技有限公司,企业,不存在的行业,王建国,12,,深圳,重点客户\n",
                   "王先生,个人,,,13800000004,,,\n");
  const v1::ImportJob job =
      Import(Spec(v1::DUPLICATE_POLICY_KEEP_NEWEST, v1::MISSING_POLICY_ACCEPT_INCOMPLETE), content);
  EXPECT_EQ(job.created(), 1) << job.ShortDebugString();
  EXPECT_EQ(job.rejected(), 1);  // CUS-2: no real name
  EXPECT_EQ(job.report().incomplete(), 1);
  EXPECT_EQ(job.report().values_left_out(), 2);
  const std::vector<v1::Customer> all = All();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].incomplete());
  EXPECT_EQ(all[0].entered_via(), job.number());
  EXPECT_EQ(all[0].creator(), "steward");
  EXPECT_TRUE(all[0].industry().empty());
}

// CUS-30: values in reports are masked.
TEST_F(ImportTest, IssuesShowNoPersonalValue) {
  const std::string content =
      absl::StrCat(kHeader, Line("深圳市甲乙科技有限公司", "138000000017777"));
  const v1::ImportJob job = Import(Spec(), content);
  const std::vector<v1::ImportIssue> issues = Issues(job.number());
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_THAT(issues[0].value(), Not(HasSubstr("00000001")));
}

// CUS-27: a list of another shape, in English, without phones: an explicit mapping makes customers
// that can be found afterwards.
TEST_F(ImportTest, MapsForeignColumns) {
  const std::string content =
      "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
      "Zephyr Holding,widgets,1996,1100.04,2822,Atlantis,\n"
      "Quill,medical,1999,251.41,495,Atlantis,Zephyr Holding\n";
  for (const char* key : {"sector", "year_established", "office"}) DefineField(key);
  v1::ImportSpec spec = Spec(v1::DUPLICATE_POLICY_SKIP, v1::MISSING_POLICY_ACCEPT_INCOMPLETE);
  const auto map = [&](const char* header, const char* field) {
    v1::ColumnMapping& mapping = *spec.add_mapping();
    mapping.set_header(header);
    mapping.set_field(field);
  };
  map("sector", "custom_fields.sector");
  map("year_established", "custom_fields.year_established");
  map("office_location", "custom_fields.office");
  map("subsidiary_of", "-");
  v1::FieldDefault& kind = *spec.add_defaults();
  kind.set_field("kind");
  kind.set_value("企业");
  const v1::ImportJob job = Import(spec, content);
  EXPECT_EQ(job.created(), 2) << job.ShortDebugString();
  EXPECT_EQ(job.report().incomplete(), 2);
  std::map<std::string, v1::ImportColumn::Origin> origins;
  for (const auto& column : job.report().columns()) origins[column.header()] = column.origin();
  EXPECT_EQ(origins["account"], v1::ImportColumn::ORIGIN_RECOGNIZED);
  EXPECT_EQ(origins["sector"], v1::ImportColumn::ORIGIN_MAPPED);
  EXPECT_EQ(origins["revenue"], v1::ImportColumn::ORIGIN_UNMAPPED);
  EXPECT_EQ(origins["subsidiary_of"], v1::ImportColumn::ORIGIN_IGNORED);

  v1::SearchCustomersRequest search;
  search.set_query("zephyr");
  auto hits = harness_.Call<v1::SearchCustomersRequest, v1::SearchCustomersResponse>(
      steward_, std::string(kCustomers) + "SearchCustomers", search);
  ASSERT_TRUE(hits.ok()) << hits.status();
  ASSERT_EQ(hits->hits_size(), 1);
  const v1::Customer& found = hits->hits(0).customer();
  EXPECT_EQ(found.kind(), v1::CUSTOMER_KIND_ORGANIZATION);
  EXPECT_EQ(found.custom_fields().fields().at("sector").string_value(), "widgets");

  // CUS-29: without any identity a company is recognised by its name.
  const v1::ImportJob again = Import(spec, content);
  EXPECT_EQ(again.created(), 0);
  EXPECT_EQ(again.skipped(), 2);

  // CUS-3: under REJECT each row is refused with its line and rule.
  spec.set_missing(v1::MISSING_POLICY_REJECT);
  const v1::ImportJob refused = Import(spec, content);
  EXPECT_EQ(refused.rejected(), 2);
  std::set<int64_t> lines;
  for (const v1::ImportIssue& issue : Issues(refused.number())) lines.insert(issue.line());
  EXPECT_THAT(lines, ElementsAre(2, 3));
}

// CUS-29: each policy, inside the file and against the archive.
TEST_F(ImportTest, DuplicatePolicies) {
  const std::string before = absl::StrCat(kHeader, Line("深圳市甲乙科技有限公司", "13800000001"));
  const std::string content =
      absl::StrCat(kHeader, Line("深圳市甲乙科技股份有限公司", "138-0000-0001", "a@example.com"),
                   Line("广州市丙丁科技有限公司", "13800000002"),
                   Line("广州市丙丁科技集团有限公司", "13800000002", "b@example.com"));
  ASSERT_EQ(Import(Spec(), before).created(), 1);

  const v1::ImportJob reject = Import(Spec(v1::DUPLICATE_POLICY_REJECT), content);
  EXPECT_EQ(reject.created(), 1) << reject.ShortDebugString();
  EXPECT_EQ(reject.rejected(), 2);
  EXPECT_EQ(reject.report().duplicates_in_archive(), 1);
  EXPECT_EQ(reject.report().duplicates_in_file(), 1);
  EXPECT_EQ(Issues(reject.number())[0].rule(), "DUPLICATE");

  const v1::ImportJob skip = Import(Spec(v1::DUPLICATE_POLICY_SKIP), content);
  EXPECT_EQ(skip.skipped(), 3);

  const v1::ImportJob fill = Import(Spec(v1::DUPLICATE_POLICY_FILL_BLANKS), content);
  EXPECT_EQ(fill.updated(), 2) << fill.ShortDebugString();
  EXPECT_EQ(fill.skipped(), 1);
  for (const v1::Customer& customer : All()) {
    EXPECT_FALSE(customer.email().empty());
    EXPECT_THAT(customer.full_name(), Not(HasSubstr("股份")));
  }

  const v1::ImportJob newest = Import(Spec(), content);
  EXPECT_EQ(newest.updated(), 2) << newest.ShortDebugString();
  std::vector<std::string> names;
  for (const v1::Customer& customer : All()) names.push_back(customer.full_name());
  EXPECT_THAT(names,
              UnorderedElementsAre("深圳市甲乙科技股份有限公司", "广州市丙丁科技集团有限公司"));
  for (const v1::ImportJob& job : {reject, skip, fill, newest}) {
    EXPECT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED) << job.ShortDebugString();
  }
}

// CUS-15: a row whose identities belong to two customers is nobody's.
TEST_F(ImportTest, RejectsRowsThatPointAtTwoCustomers) {
  ASSERT_EQ(
      Import(Spec(),
             absl::StrCat(kHeader, Line("深圳市甲乙科技有限公司", "13800000001", "a@example.com"),
                          Line("深圳市丙丁科技有限公司", "13800000002")))
          .created(),
      2);
  const v1::ImportJob job =
      Import(Spec(),
             absl::StrCat(kHeader, Line("深圳市甲乙科技有限公司", "13800000002", "a@example.com")));
  EXPECT_EQ(job.rejected(), 1);
  EXPECT_EQ(Issues(job.number())[0].rule(), "IDENTITY_CONFLICT");
}

// CUS-7, CUS-6, CUS-2: units of headers, bands, guessed kinds, columns of both kinds.
TEST_F(ImportTest, UnderstandsUnitsBandsAndKinds) {
  const std::string content =
      "姓名/公司名称,电话,职务,累计消费金额（万元）,购买次数,预算,行业,等级,联系人,性别\n"
      "深圳市甲乙科技有限公司,１３８ 0000 0001,采购经理,12.5,5,10万-50万,IT服务,普通,王建国,\n"
      "李小红,+86 13800000002,工程师,,,<1万,教育,潜在,,女\n";
  const v1::ImportJob job = Import(Spec(), content);
  ASSERT_EQ(job.created(), 2) << job.ShortDebugString() << Rejected(job.number());
  v1::ListCustomersRequest list;
  std::map<std::string, v1::Customer> by_name;
  for (const v1::Customer& customer : All()) by_name[customer.full_name()] = customer;
  const v1::Customer& company = by_name["深圳市甲乙科技有限公司"];
  EXPECT_EQ(company.kind(), v1::CUSTOMER_KIND_ORGANIZATION);
  EXPECT_EQ(company.decision_maker_title(), "采购经理");
  EXPECT_EQ(company.opening_amount(), "125000.00");
  EXPECT_EQ(company.opening_count(), 5);
  EXPECT_EQ(company.total_amount(), "125000.00");
  EXPECT_EQ(company.average_order_value(), "25000.00");
  EXPECT_EQ(company.opening_source(), "客户.csv");
  EXPECT_EQ(company.industry(), "I65");
  const v1::Customer& person = by_name["李小红"];
  EXPECT_EQ(person.kind(), v1::CUSTOMER_KIND_PERSON);
  EXPECT_EQ(person.position(), "工程师");
  EXPECT_EQ(person.gender(), v1::GENDER_FEMALE);
  EXPECT_EQ(Cleanings(job)["kind_guessed"], 2);
  EXPECT_EQ(Cleanings(job)["unit"], 1);
}

// CUS-30: a dry run gives the same report and writes nothing.
TEST_F(ImportTest, DryRunReportsTheSameAndWritesNothing) {
  ASSERT_TRUE(examples::WriteExamples({.folder = folder_, .rows = 900}).ok());
  const std::string content = FileContent(folder_ + "/customers_gb18030.csv");
  v1::ImportSpec spec =
      Spec(v1::DUPLICATE_POLICY_KEEP_NEWEST, v1::MISSING_POLICY_ACCEPT_INCOMPLETE);
  spec.set_dry_run(true);
  const v1::ImportJob dry = Import(spec, content);
  EXPECT_EQ(dry.state(), v1::IMPORT_STATE_SUCCEEDED) << dry.ShortDebugString();
  EXPECT_TRUE(All().empty());
  spec.set_dry_run(false);
  const v1::ImportJob real = Import(spec, content);
  EXPECT_EQ(dry.created(), real.created());
  EXPECT_EQ(dry.merged(), real.merged());
  EXPECT_EQ(dry.rejected(), real.rejected());
  EXPECT_EQ(dry.report().DebugString(), real.report().DebugString());
  EXPECT_FALSE(dry.has_verification());
}

// CUS-31, PLT-5: the same file under the same request id changes nothing; another file is refused.
TEST_F(ImportTest, RequestIdMakesSendingAgainSafe) {
  const std::string content = absl::StrCat(kHeader, Line("深圳市甲乙科技有限公司", "13800000001"));
  auto first = Send(Spec(), content, "again-1");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(Wait(first->number()).created(), 1);
  // Sent in other pieces.
  auto second = Send(Spec(), content, "again-1", 7);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->number(), first->number());
  EXPECT_EQ(second->state(), v1::IMPORT_STATE_SUCCEEDED);
  EXPECT_EQ(All().size(), 1u);

  auto other = Send(Spec(), content + Line("广州市丙丁科技有限公司", "13800000002"), "again-1");
  EXPECT_EQ(ErrorReason(other.status()), "REQUEST_ID_REUSED");
  EXPECT_EQ(other.status().code(), absl::StatusCode::kInvalidArgument);
}

// CUS-31: progress can be watched.
TEST_F(ImportTest, ProgressIsAStream) {
  std::string content = kHeader;
  for (int i = 0; i < 3000; ++i) {
    content += Line(absl::StrCat("深圳市第", i, "号科技有限公司"), absl::StrCat(13900000000 + i));
  }
  auto job = Send(Spec(), content);
  ASSERT_TRUE(job.ok()) << job.status();
  const std::vector<v1::ImportJob> seen = Watch(job->number());
  ASSERT_GE(seen.size(), 2u);
  for (size_t i = 1; i < seen.size(); ++i) {
    EXPECT_GE(seen[i].rows_read(), seen[i - 1].rows_read());
  }
  const v1::ImportProgress& last = seen.back().progress();
  EXPECT_EQ(last.fraction(), 1.0);
  EXPECT_EQ(last.rows_total(), 3000);
  EXPECT_EQ(last.seconds_left(), 0);
  EXPECT_GT(last.rows_per_second(), 0);
  EXPECT_EQ(seen.back().created(), 3000);
}

// CUS-32: max(100, 1 %) rows; below 98 % the job fails the verification; a steward has a say.
TEST_F(ImportTest, SampleCheckCanFail) {
  std::string content = kHeader;
  for (int i = 0; i < 250; ++i) {
    content += Line(absl::StrCat("深圳市第", i, "号科技有限公司"), absl::StrCat(13900000000 + i));
  }
  const v1::ImportJob job = Import(Spec(), content);
  ASSERT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED) << job.ShortDebugString();
  EXPECT_EQ(job.verification().rows(), 100);
  EXPECT_EQ(job.verification().fields(), 700);
  EXPECT_EQ(job.verification().equal_fields(), 700);

  v1::GetImportSampleRequest get;
  get.set_import(job.number());
  get.set_page_size(40);
  std::vector<v1::ImportSampleRow> rows;
  do {
    auto page = Call<v1::GetImportSampleResponse>("GetImportSample", get);
    ASSERT_TRUE(page.ok()) << page.status();
    rows.insert(rows.end(), page->rows().begin(), page->rows().end());
    get.set_page_token(page->next_page_token());
  } while (!get.page_token().empty());
  ASSERT_EQ(rows.size(), 100u);

  // 14 of 700 fields are 2 %: still enough; one more is not.
  const auto mark = [&](const v1::ImportSampleRow& row, int fields) {
    v1::MarkImportSampleRequest request;
    request.set_import(job.number());
    request.set_line(row.line());
    for (int i = 0; i < fields; ++i) request.add_wrong_fields(row.fields(i).field());
    auto marked = Call<v1::ImportJob>("MarkImportSample", request);
    EXPECT_TRUE(marked.ok()) << marked.status();
    return marked.ok() ? *marked : v1::ImportJob();
  };
  mark(rows[0], 7);
  EXPECT_EQ(mark(rows[1], 7).state(), v1::IMPORT_STATE_SUCCEEDED);
  const v1::ImportJob failed = mark(rows[2], 1);
  EXPECT_EQ(failed.state(), v1::IMPORT_STATE_FAILED_VERIFICATION);
  EXPECT_EQ(failed.verification().marked_wrong(), 15);
  EXPECT_EQ(failed.verification().equal_fields(), 685);
  EXPECT_EQ(mark(rows[2], 0).state(), v1::IMPORT_STATE_SUCCEEDED);

  v1::MarkImportSampleRequest wrong;
  wrong.set_import(job.number());
  wrong.set_line(rows[0].line());
  wrong.add_wrong_fields("no_such_field");
  EXPECT_EQ(Call<v1::ImportJob>("MarkImportSample", wrong).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// CUS-30: the rejected rows come back in their own layout and can be mended and imported.
TEST_F(ImportTest, RejectedRowsCanBeMendedAndImported) {
  const std::string content = absl::StrCat(kHeader, Line("深圳市甲乙科技有限公司", "12"),
                                           "\"=深圳,市\",企业,制造业,王建国,34,,深圳,重点客户\n",
                                           Line("深圳市丙丁科技有限公司", "13800000003"));
  const v1::ImportJob job = Import(Spec(), content);
  ASSERT_EQ(job.rejected(), 2);
  std::string file = Rejected(job.number());
  EXPECT_THAT(file, HasSubstr("客户全称,客户类型"));
  EXPECT_THAT(file, HasSubstr("PHONE_"));
  const size_t at = file.find(",12,");
  ASSERT_NE(at, std::string::npos);
  file.replace(at, 4, ",13800000001,");
  const v1::ImportJob mended = Import(Spec(), file);
  EXPECT_EQ(mended.created(), 1) << mended.ShortDebugString();
  EXPECT_EQ(mended.rejected(), 1);
  // The guard against formulas is not kept.
  EXPECT_THAT(Rejected(mended.number()), Not(HasSubstr("''=")));
}

// PLT-20, PLT-14: every customer has its event, the same as one of the API, without sensitive
// fields.
TEST_F(ImportTest, EventsTellOfEveryCustomer) {
  const v1::ImportJob job = Import(
      Spec(), absl::StrCat(kHeader, Line("深圳市甲乙科技有限公司", "13800000001", "a@b.cn")));
  ASSERT_EQ(job.created(), 1);
  const std::string connector = harness_.TokenOf("erp", {"service_account"});
  crm::event::v1::StreamEventsRequest request;
  auto stream =
      harness_.replica().channel().ServerStream("/crm.event.v1.EventService/StreamEvents", request,
                                                {.timeout = absl::Seconds(30), .token = connector});
  crm::event::v1::StreamEventsResponse response;
  crm::event::v1::Event created;
  while (created.type().empty() && stream.Next(response)) {
    for (const auto& event : response.events()) {
      if (event.type() == "customer.created") created = event;
    }
  }
  stream.Cancel();
  const std::vector<v1::Customer> all = All();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(created.subject(), all[0].number());
  EXPECT_EQ(created.version(), 1);
  EXPECT_EQ(created.actor(), "steward");
  v1::Customer payload;
  ASSERT_TRUE(created.payload().UnpackTo(&payload));
  EXPECT_TRUE(payload.phone().empty());
  v1::Customer expected = all[0];
  schema::ClearSensitive(expected);
  EXPECT_EQ(payload.DebugString(), expected.DebugString());
}

// CUS-27, QUA-8: files that are no tables, or have no rows.
TEST_F(ImportTest, RefusesWhatIsNoTable) {
  EXPECT_EQ(ErrorReason(Send(Spec(), "").status()), "FILE_EMPTY");

  const v1::ImportJob binary = Import(Spec(), std::string("\x7F"
                                                          "ELF\0\0\0\0",
                                                          8));
  EXPECT_EQ(binary.state(), v1::IMPORT_STATE_FAILED);
  EXPECT_EQ(binary.error_reason(), "TABLE_FORMAT_UNSUPPORTED");

  const v1::ImportJob archive = Import(Spec(), "PK\x03\x04 this is no workbook");
  EXPECT_EQ(archive.state(), v1::IMPORT_STATE_FAILED);
  EXPECT_FALSE(archive.error_reason().empty());

  const v1::ImportJob prose = Import(Spec(), "just some words\nand more of them\n");
  EXPECT_EQ(prose.state(), v1::IMPORT_STATE_FAILED);
  EXPECT_EQ(prose.error_reason(), "HEADER_NOT_RECOGNIZED");

  const v1::ImportJob header = Import(Spec(), kHeader);
  EXPECT_EQ(header.state(), v1::IMPORT_STATE_SUCCEEDED) << header.ShortDebugString();
  EXPECT_EQ(header.rows_read(), 0);

  const v1::ImportJob nameless = Import(Spec(), "手机号码,邮箱\n13800000001,a@example.com\n");
  EXPECT_EQ(nameless.error_reason(), "NAME_COLUMN_MISSING");
}

// QUA-8: a huge cell costs its row only.
TEST_F(ImportTest, HugeCellLosesItsRowOnly) {
  const std::string content = absl::StrCat(kHeader, Line(std::string(300'000, 'x'), "13800000001"),
                                           Line("深圳市丙丁科技有限公司", "13800000003"),
                                           Line(std::string(3000, 'y'), "13800000004"));
  const v1::ImportJob job = Import(Spec(), content);
  EXPECT_EQ(job.created(), 1) << job.ShortDebugString();
  EXPECT_EQ(job.rejected(), 2);
  EXPECT_EQ(Issues(job.number())[0].rule(), "TABLE_CELL_TOO_LONG");
}

// PLT-7, PLT-13
TEST_F(ImportTest, SpecIsCheckedAtOnce) {
  v1::ImportSpec spec = Spec();
  v1::ColumnMapping& mapping = *spec.add_mapping();
  mapping.set_header("x");
  mapping.set_field("no_such_field");
  EXPECT_EQ(Send(spec, kHeader).status().code(), absl::StatusCode::kInvalidArgument);

  spec = Spec();
  v1::FieldDefault& value = *spec.add_defaults();
  value.set_field("kind");
  value.set_value("外星人");
  EXPECT_EQ(Send(spec, kHeader).status().code(), absl::StatusCode::kInvalidArgument);

  spec = Spec();
  spec.set_kind(static_cast<v1::ImportKind>(99));
  EXPECT_EQ(Send(spec, kHeader).status().code(), absl::StatusCode::kInvalidArgument);

  v1::GetImportRequest get;
  get.set_import("IMP404");
  EXPECT_EQ(Call<v1::ImportJob>("GetImport", get).status().code(), absl::StatusCode::kNotFound);
  const std::string rep = harness_.TokenOf("u1", {"sales_representative"});
  EXPECT_EQ(Call<v1::ImportJob>("GetImport", get, rep).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// PLT-4
TEST_F(ImportTest, ListsAndFiltersImports) {
  const v1::ImportJob failed = Import(Spec(), "words\nwords\n");
  const v1::ImportJob done = Import(Spec(), kHeader);
  v1::ListImportsRequest request;
  request.set_filter("state = SUCCEEDED");
  auto list = Call<v1::ListImportsResponse>("ListImports", request);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->imports_size(), 1);
  EXPECT_EQ(list->imports(0).number(), done.number());

  v1::CancelImportRequest cancel;
  cancel.set_import(failed.number());
  EXPECT_EQ(ErrorReason(Call<v1::ImportJob>("CancelImport", cancel).status()), "IMPORT_ENDED");
}

}  // namespace
}  // namespace crm::customer::import
