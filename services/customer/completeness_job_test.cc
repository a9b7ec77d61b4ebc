#include "services/customer/completeness_job.h"

#include <gtest/gtest.h>

#include "crm/customer/v1/settings_service.pb.h"
#include "services/customer/archive_test_fixture.h"

namespace crm::customer {
namespace {

class CompletenessJobTest : public ArchiveTest {
 protected:
  // Requires an e-mail address of persons, and not more than before of organizations.
  void RequireEmail() {
    CustomerPolicy policy;
    policy.required_for_person = {"full_name", "phone", "email"};
    archive_.SetPolicy(policy);
  }
  void RunToTheEnd() {
    const int64_t mark = archive_.rules()->RequiredMark();
    for (int i = 0; i < 100; ++i) {
      const auto progress = job_.RunPart(mark, i == 0);
      ASSERT_TRUE(progress.ok()) << progress.status();
      if (*progress == job::Progress::kDone) return;
    }
    FAIL() << "does not end";
  }

  CompletenessJob job_{archive_, runtime().pool(), runtime().committer()};
};

// CUS-3: other required fields make customers incomplete, and complete again.
TEST_F(CompletenessJobTest, FollowsWhatIsRequired) {
  v1::Customer with_email = Person("张三丰", "13800000001");
  with_email.set_email("zhang@example.com");
  with_email = Create(with_email);
  const v1::Customer without = Create(Person("李秀英", "13800000002"));
  const v1::Customer company = Create(Organization("杭州云杉科技有限公司", "13800000003"));
  RunToTheEnd();
  EXPECT_EQ(job_.changed(), 0);

  RequireEmail();
  RunToTheEnd();
  EXPECT_EQ(job_.changed(), 1);
  EXPECT_FALSE(GetCustomer(with_email.number()).incomplete());
  EXPECT_TRUE(GetCustomer(without.number()).incomplete());
  EXPECT_EQ(Cell(without, "incomplete"), 1);
  EXPECT_FALSE(GetCustomer(company.number()).incomplete());

  archive_.SetPolicy({});
  RunToTheEnd();
  EXPECT_EQ(job_.changed(), 2);
  EXPECT_FALSE(GetCustomer(without.number()).incomplete());
}

// CUS-3, CUS-9: a required custom field counts, for its kind of customer.
TEST_F(CompletenessJobTest, FollowsRequiredCustomFields) {
  const v1::Customer person = Create(Person("李秀英", "13800000002"));
  const v1::Customer company = Create(Organization("杭州云杉科技有限公司", "13800000003"));
  const int64_t before = archive_.rules()->RequiredMark();
  v1::CustomField field;
  field.set_field_key("hobby");
  field.set_type(v1::CUSTOM_FIELD_TYPE_TEXT);
  field.set_label_zh("爱好");
  field.add_kinds(v1::CUSTOMER_KIND_PERSON);
  archive_.SetCustomFields(std::make_shared<const CustomFieldRules>(std::vector{field}));
  EXPECT_EQ(archive_.rules()->RequiredMark(), before) << "it is not required";
  field.set_required(true);
  archive_.SetCustomFields(std::make_shared<const CustomFieldRules>(std::vector{field}));
  EXPECT_NE(archive_.rules()->RequiredMark(), before);
  RunToTheEnd();
  EXPECT_EQ(Cell(person, "incomplete"), 1);
  EXPECT_EQ(Cell(company, "incomplete"), 0);
}

// CUS-3, CUS-10: derived, so nobody's edit: no history, no event; but a new version.
TEST_F(CompletenessJobTest, LeavesNoHistory) {
  const v1::Customer customer = Create(Person("李秀英", "13800000002"));
  const int64_t events = Count("outbox");
  RequireEmail();
  RunToTheEnd();
  const v1::Customer after = GetCustomer(customer.number());
  EXPECT_TRUE(after.incomplete());
  EXPECT_NE(after.etag(), customer.etag());
  EXPECT_EQ(after.update_time().seconds(), customer.update_time().seconds());
  EXPECT_EQ(after.last_editor(), customer.last_editor());
  EXPECT_EQ(Count("history"), 0);
  EXPECT_EQ(Count("outbox"), events);
}

// PLT-22: one replica does it, once for each set of required fields.
TEST_F(CompletenessJobTest, RunsOnceOverAllReplicas) {
  Create(Person("李秀英", "13800000002"));
  RequireEmail();
  harness_.clock().Advance(absl::Hours(1));  // the service looked at its start
  const auto run = [&](const std::string& replica) {
    const job::JobBody body = job_.Body(replica);
    for (int i = 0; i < 100; ++i) {
      const auto due = body({});
      EXPECT_TRUE(due.ok()) << due.status();
      if (!due.ok() || *due == absl::InfiniteFuture()) return;
    }
    FAIL() << "does not end";
  };
  run("a");
  EXPECT_EQ(job_.changed(), 1);
  harness_.database().Run("UPDATE customer SET incomplete = 0, version = version + 1");
  harness_.clock().Advance(absl::Hours(1));
  run("b");
  EXPECT_EQ(job_.changed(), 1) << "done for these rules";
}

// CUS-3, PLT-25: end to end: an administrator's change is felt by customers that are there.
TEST_F(CompletenessJobTest, AChangeOfTheSettingsStartsIt) {
  const v1::Customer customer = Create(Person("李秀英", "13800000002"));
  const std::string admin = harness_.TokenOf("admin", {"administrator"});
  v1::UpdateSettingsRequest request;
  request.mutable_settings()->add_required_for_person("full_name");
  request.mutable_settings()->add_required_for_person("email");
  request.mutable_update_mask()->add_paths("required_for_person");
  request.set_reason("客户资料整改");
  const auto updated = Call<v1::CustomerSettings>(admin, "SettingsService/UpdateSettings", request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_TRUE(Eventually([&] { return GetCustomer(customer.number()).incomplete(); }));
}

}  // namespace
}  // namespace crm::customer
