#include "services/customer/rederive_job.h"

#include <gtest/gtest.h>

#include "services/customer/archive_test_fixture.h"

namespace crm::customer {
namespace {

class RederiveJobTest : public ArchiveTest {
 protected:
  void RunToTheEnd(RederiveJob& job) {
    for (int i = 0; i < 100; ++i) {
      const auto progress = job.RunPart(i == 0);
      ASSERT_TRUE(progress.ok()) << progress.status();
      if (*progress == job::Progress::kDone) return;
    }
    FAIL() << "does not end";
  }
  // Whether the row is read from its copy: the columns are told to say something else.
  bool IsPacked(const v1::Customer& customer) {
    const auto set = [&](const char* website) {
      harness_.database().Run(absl::StrCat("UPDATE customer SET website = ", website,
                                           " WHERE number = '", customer.number(), "'"));
    };
    set("'https://columns.cn'");
    const bool packed = GetCustomer(customer.number()).website().empty();
    set("NULL");
    return packed;
  }

  RederiveJob job_{archive_, runtime().pool(), runtime().committer()};
};

// CUS-2, docs/adr/0012: copies and hashes of another release, damaged ones and missing ones are
// made anew; nothing else about the rows changes.
TEST_F(RederiveJobTest, DerivesWhatIsStale) {
  v1::Customer born = Person("张三丰", "13800000001");
  born.set_birthday("1990-03-22");
  born = Create(born);
  const v1::Customer missing = Create(Organization("杭州云杉科技有限公司", "13800000002"));
  const v1::Customer damaged = Create(Organization("广州红棉贸易有限公司", "13800000003"));
  const v1::Customer whole = Create(Organization("成都青羊机械有限公司", "13800000004"));
  harness_.database().Run(absl::StrCat(
      "UPDATE customer SET packed = NULL, birthday_hash = NULL, birthday_tail_hash = NULL, "
      "phone_hash = NULL WHERE number IN ('",
      born.number(), "', '", missing.number(), "')"));
  harness_.database().Run(absl::StrCat("UPDATE customer SET packed = 'damaged' WHERE number = '",
                                       damaged.number(), "'"));
  for (const v1::Customer& stale : {born, missing, damaged}) EXPECT_FALSE(IsPacked(stale));
  const int64_t events = Count("outbox");

  RunToTheEnd(job_);
  EXPECT_EQ(job_.derived(), 4);
  for (const v1::Customer& customer : {born, missing, damaged, whole}) {
    EXPECT_TRUE(IsPacked(customer));
    EXPECT_EQ(GetCustomer(customer.number()).etag(), customer.etag());
  }
  EXPECT_EQ(Cell(born, "birthday_tail_hash IS NOT NULL AND phone_hash IS NOT NULL"), 1);
  EXPECT_EQ(Cell(missing, "birthday_tail_hash IS NULL AND phone_hash IS NOT NULL"), 1);
  EXPECT_EQ(Count("outbox"), events);
  EXPECT_EQ(Count("history"), 0);
}

// CUS-2: a row that the new release has touched before the job came has a current copy, but not the
// hashes that the old one did not know.
TEST_F(RederiveJobTest, DerivesHashesBesideACurrentCopy) {
  v1::Customer born = Person("张三丰", "13800000001");
  born.set_birthday("1990-03-22");
  born = Create(born);
  harness_.database().Run("UPDATE customer SET birthday_hash = NULL, birthday_tail_hash = NULL");
  v1::UpdateCustomerRequest request;
  request.mutable_customer()->set_number(born.number());
  request.mutable_customer()->set_need_description("要发票");
  ASSERT_TRUE(Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request).ok());
  ASSERT_TRUE(IsPacked(born));
  ASSERT_EQ(Cell(born, "birthday_tail_hash IS NULL"), 1);

  RunToTheEnd(job_);
  EXPECT_EQ(Cell(born, "birthday_tail_hash IS NOT NULL AND birthday_hash IS NOT NULL"), 1);
}

// CUS-10: whoever changes a row at the same time has derived everything; the job does not undo it.
TEST_F(RederiveJobTest, AChangeMeanwhileWins) {
  const v1::Customer customer = Create(Organization("杭州云杉科技有限公司", "13800000002"));
  const auto lease = runtime().pool().Acquire(absl::Now() + absl::Minutes(1));
  const auto stored =
      archive_.store.Get(**lease, customer.number(), {auth::RowScope::Kind::kAll, "", {}});
  ASSERT_TRUE(stored.ok()) << stored.status();
  v1::UpdateCustomerRequest request;
  request.mutable_customer()->set_number(customer.number());
  request.mutable_customer()->set_need_description("要发票");
  ASSERT_TRUE(Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request).ok());

  db::WriteSet writes;
  archive_.store.table().Rederive(writes, stored->key, stored->message);
  ASSERT_TRUE(runtime().committer().Commit(writes, absl::Now() + absl::Minutes(1)).ok());
  EXPECT_EQ(GetCustomer(customer.number()).need_description(), "要发票");
  EXPECT_TRUE(IsPacked(customer));
}

// PLT-24: a row that cannot be read stays as it is and holds up no other.
TEST_F(RederiveJobTest, ADamagedRowHoldsUpNoOther) {
  const v1::Customer damaged = Create(Organization("杭州云杉科技有限公司", "13800000002"));
  const v1::Customer stale = Create(Organization("广州红棉贸易有限公司", "13800000003"));
  harness_.database().Run("UPDATE customer SET packed = NULL");
  harness_.database().Run(absl::StrCat("UPDATE customer SET phone = 'damaged' WHERE number = '",
                                       damaged.number(), "'"));
  RunToTheEnd(job_);
  EXPECT_EQ(job_.derived(), 1);
  EXPECT_TRUE(IsPacked(stale));
}

// PLT-22, PLT-28: replicas of the release before are gone when it begins; it is done once a
// release over all replicas, and asked for with a look at the lease.
TEST_F(RederiveJobTest, RunsOnceAReleaseAfterTheRollOut) {
  const v1::Customer customer = Create(Organization("杭州云杉科技有限公司", "13800000002"));
  const auto make_stale = [&] { harness_.database().Run("UPDATE customer SET packed = NULL"); };
  const auto run = [&](RederiveJob& job, const std::string& replica) {
    const job::JobBody body = job.Body(replica);
    absl::StatusOr<absl::Time> due = absl::InfinitePast();
    for (int i = 0; i < 100 && due.ok() && *due < harness_.clock().Now() + absl::Seconds(1); ++i) {
      due = body({});
    }
    EXPECT_TRUE(due.ok()) << due.status();
    return due.ok() ? *due : absl::InfinitePast();
  };
  make_stale();
  EXPECT_EQ(run(job_, "a"), harness_.clock().Now() + RederiveJob::kRollOut);
  EXPECT_FALSE(IsPacked(customer));

  harness_.clock().Advance(RederiveJob::kRollOut);
  EXPECT_EQ(run(job_, "a"), absl::InfiniteFuture());
  EXPECT_EQ(job_.derived(), 1);
  EXPECT_TRUE(IsPacked(customer));

  make_stale();
  RederiveJob second(archive_, runtime().pool(), runtime().committer());
  harness_.clock().Advance(RederiveJob::kRollOut);
  EXPECT_EQ(run(second, "b"), absl::InfiniteFuture());
  EXPECT_EQ(second.derived(), 0) << "this release has done it";

  // A release with other fields leaves its own form behind.
  harness_.database().Run("UPDATE lease SET value = value + 1 WHERE name = 'rederive-customers'");
  harness_.clock().Advance(absl::Hours(1));
  EXPECT_EQ(run(second, "b"), absl::InfiniteFuture());
  EXPECT_EQ(second.derived(), 1);
}

}  // namespace
}  // namespace crm::customer
