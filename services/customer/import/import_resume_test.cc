// Imports whose process dies, stalls or is told to stop (CUS-31, PLT-22).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/numbering/current_numbers.h"
#include "common/testing/service_harness.h"
#include "services/customer/customer_service.h"
#include "services/customer/import/import_service.h"

namespace crm::customer::import {
namespace {

constexpr char kService[] = "crm.customer.v1.ImportService/";
constexpr int kRows = 2000;

// What the runners of all replicas do before a commit.
struct Interference {
  std::function<absl::Status(int64_t rows)> before_commit;
};

class NoDirectory : public server::StaffDirectory {
 public:
  std::shared_ptr<const server::StaffEntry> Find(std::string_view) const override {
    return nullptr;
  }
};

// A replica that can import and nothing else.
class ImportOnly : public runtime::Service {
 public:
  ImportOnly(runtime::ServiceRuntime& runtime, numbering::NumberPattern pattern)
      : numbers_({.name = "customer", .pattern = std::move(pattern), .zone = runtime.zone()},
                 runtime.pool()),
        archive_(runtime.clock(), runtime.ids(), runtime.keyring(), numbers_, runtime.zone()),
        activity_(archive_, runtime.pool()),
        contacts_(runtime.keyring()),
        contact_numbers_({.name = "contact",
                          .pattern = *numbering::NumberPattern::Parse("CON{yyyy}{seq:6}"),
                          .zone = runtime.zone()},
                         runtime.pool()),
        owners_(staff_, runtime.policy()) {
    runtime.SetStaffDirectory(&staff_);
  }

  static runtime::ServiceFactory Factory(std::shared_ptr<Interference> interference) {
    return
        [interference](
            runtime::ServiceRuntime& runtime) -> absl::StatusOr<std::unique_ptr<runtime::Service>> {
          CRM_ASSIGN_OR_RETURN(auto pattern, numbering::NumberPattern::Parse("CRM{yyyy}{seq:6}"));
          auto service = std::make_unique<ImportOnly>(runtime, std::move(pattern));
          RunnerOptions options;
          options.source.batch_rows = 100;
          options.before_commit = [interference](int64_t rows) {
            return interference->before_commit == nullptr ? absl::OkStatus()
                                                          : interference->before_commit(rows);
          };
          CRM_ASSIGN_OR_RETURN(service->import_,
                               ImportService::Create(runtime,
                                                     {.activity = service->activity_,
                                                      .contacts = service->contacts_,
                                                      .contact_numbers = service->contact_numbers_,
                                                      .owners = service->owners_},
                                                     std::move(options)));
          return service;
        };
  }

 private:
  NoDirectory staff_;
  numbering::CurrentNumbers numbers_;
  Archive archive_;
  ActivityArchive activity_;
  const ContactStore contacts_;
  numbering::NumberAllocator contact_numbers_;
  const CustomerOwners owners_;
  std::unique_ptr<ImportService> import_;
};

class ImportResumeTest : public ::testing::Test {
 protected:
  static std::string Content() {
    std::string content = "客户全称,客户类型,所属行业,关键决策人,手机号码,客户等级\n";
    for (int i = 0; i < kRows; ++i) {
      // Every tenth row repeats the customer of the one before under another name.
      const int phone = i % 10 == 9 ? i - 1 : i;
      absl::StrAppend(&content, "深圳市第", i, "号科技有限公司,企业,制造业,王建国,",
                      13900000000 + phone, ",重点客户\n");
    }
    return content;
  }

  v1::ImportJob Send(v1::ImportKind kind = v1::IMPORT_KIND_CUSTOMER,
                     const std::string& content = Content()) {
    auto stream = harness_.replica().channel().ClientStream(
        absl::StrCat("/", kService, "CreateImport"),
        {.timeout = absl::Seconds(60), .token = steward_});
    v1::CreateImportRequest request;
    request.mutable_spec()->set_kind(kind);
    request.mutable_spec()->set_file_name("客户.csv");
    EXPECT_TRUE(stream.Write(request));
    request.set_chunk(content);
    EXPECT_TRUE(stream.Write(request));
    v1::ImportJob job;
    const absl::Status status = stream.Finish(job);
    EXPECT_TRUE(status.ok()) << status;
    return job;
  }

  v1::ImportJob Wait(const std::string& number) {
    v1::WatchImportRequest request;
    request.set_import(number);
    auto stream = harness_.replica().channel().ServerStream(
        absl::StrCat("/", kService, "WatchImport"), request,
        {.timeout = absl::Seconds(120), .token = steward_});
    v1::ImportJob job;
    while (stream.Next(job)) {
    }
    const absl::Status status = stream.Finish();
    EXPECT_TRUE(status.ok()) << status;
    return job;
  }

  int64_t Count(const std::string& sql) {
    auto db = harness_.replica().runtime().pool().Acquire(absl::Now() + absl::Seconds(10));
    EXPECT_TRUE(db.ok()) << db.status();
    auto rows = (*db)->Select({"test_count", sql}, {});
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() && rows->Next() ? rows->Int(0) : -1;
  }

  // Nothing lost, nothing doubled.
  void ExpectWhole(const v1::ImportJob& job) {
    EXPECT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED) << job.ShortDebugString();
    EXPECT_EQ(job.rows_read(), kRows);
    EXPECT_EQ(job.created(), kRows - kRows / 10);
    EXPECT_EQ(job.merged(), kRows / 10);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM customer"), kRows - kRows / 10);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM customer_identity"), kRows - kRows / 10);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM customer WHERE version > 2"), 0);
  }

  std::shared_ptr<Interference> interference_ = std::make_shared<Interference>();
  crm::testing::ServiceHarness harness_{Info(), ImportOnly::Factory(interference_)};
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
};

// Killed three times between batches, with a lease that nobody gave back: whoever comes after the
// lease has expired goes on behind the last commit.
TEST_F(ImportResumeTest, KilledInTheMiddleLosesAndDoublesNothing) {
  std::atomic<int> kills{0};
  interference_->before_commit = [&](int64_t rows) {
    const int64_t at[] = {300, 700, 1900};
    const int done = kills.load();
    if (done < 3 && rows >= at[done]) {
      ++kills;
      harness_.clock().Advance(absl::Seconds(31));
      return absl::AbortedError("killed");
    }
    return absl::OkStatus();
  };
  const v1::ImportJob job = Send();
  harness_.StartReplica();
  const v1::ImportJob done = Wait(job.number());
  EXPECT_EQ(kills.load(), 3);
  ExpectWhole(done);
  EXPECT_EQ(Count("SELECT SUM(event_count) FROM outbox"), kRows - kRows / 10 + 2);
  EXPECT_GE(done.verification().rows(), 90);
}

// The same with orders of three rows, which end in the middle of batches of a hundred or lie apart:
// none is torn, lost or counted twice (CUS-20).
TEST_F(ImportResumeTest, KilledPurchasesLoseAndDoubleNothing) {
  constexpr int kOrders = 400;
  constexpr int kTogether = 150;  // the others begin again in each third of the file
  constexpr int kCustomers = 7;
  std::string customers = "姓名,客户类型,所属行业,手机号码,客户等级\n";
  for (int i = 0; i < kCustomers; ++i) {
    absl::StrAppend(&customers, "王建国,个人,制造业,", 13900000000 + i, ",重点客户\n");
  }
  ASSERT_EQ(Wait(Send(v1::IMPORT_KIND_CUSTOMER, customers).number()).created(), kCustomers);

  std::atomic<int> kills{0};
  interference_->before_commit = [&](int64_t rows) {
    const int64_t at[] = {200, 700, 1100};
    const int done = kills.load();
    if (done < 3 && rows >= at[done]) {
      ++kills;
      harness_.clock().Advance(absl::Seconds(31));
      return absl::AbortedError("killed");
    }
    return absl::OkStatus();
  };
  std::string purchases = "订单号,手机号码,产品,金额,下单时间\n";
  const auto add = [&](int order, int product) {
    absl::StrAppend(&purchases, "SO", order, ",", 13900000000 + order % kCustomers, ",产品",
                    product, ",1.50,2024-03-01\n");
  };
  for (int i = 0; i < 3 * kTogether; ++i) add(i / 3, i % 3);
  for (int product = 0; product < 3; ++product) {
    for (int order = kTogether; order < kOrders; ++order) add(order, product);
  }
  const v1::ImportJob job = Send(v1::IMPORT_KIND_PURCHASE, purchases);
  harness_.StartReplica();
  const v1::ImportJob done = Wait(job.number());
  EXPECT_EQ(kills.load(), 3);
  EXPECT_EQ(done.state(), v1::IMPORT_STATE_SUCCEEDED) << done.ShortDebugString();
  EXPECT_EQ(done.rows_read(), 3 * kOrders);
  EXPECT_EQ(done.created(), kOrders);
  EXPECT_EQ(done.merged(), 2 * kOrders);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM purchase WHERE amount = 4.50"), kOrders);
  EXPECT_EQ(Count("SELECT SUM(order_count) FROM customer"), kOrders);
  EXPECT_EQ(Count("SELECT CAST(SUM(total_amount) * 100 AS SIGNED) FROM customer"), 450 * kOrders);
}

// A holder that stalls until another has taken over cannot commit any more.
TEST_F(ImportResumeTest, LateHolderCannotCommit) {
  std::mutex mutex;
  std::condition_variable changed;
  bool stalled = false;
  bool go_on = false;
  bool woken = false;
  interference_->before_commit = [&](int64_t rows) {
    std::unique_lock lock(mutex);
    if (rows != 500 || stalled) return absl::OkStatus();
    stalled = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
    woken = true;
    changed.notify_all();
    return absl::OkStatus();
  };
  const v1::ImportJob job = Send();
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stalled; });
  }
  harness_.clock().Advance(absl::Seconds(31));
  harness_.StartReplica();
  const v1::ImportJob done = Wait(job.number());
  ExpectWhole(done);
  {
    std::unique_lock lock(mutex);
    go_on = true;
    changed.notify_all();
    changed.wait(lock, [&] { return woken; });
  }
  harness_.replica().Stop();  // waits for its job
  auto fresh = harness_.StartReplica().runtime().pool().Acquire(absl::Now() + absl::Seconds(10));
  ASSERT_TRUE(fresh.ok());
  ExpectWhole(done);
}

// Cancelling stops between batches; what was done stays.
TEST_F(ImportResumeTest, CancelledImportStops) {
  std::mutex mutex;
  std::condition_variable changed;
  bool stalled = false;
  bool go_on = false;
  interference_->before_commit = [&](int64_t rows) {
    std::unique_lock lock(mutex);
    if (rows != 500) return absl::OkStatus();
    stalled = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
    return absl::OkStatus();
  };
  const v1::ImportJob job = Send();
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stalled; });
  }
  v1::CancelImportRequest cancel;
  cancel.set_import(job.number());
  auto cancelled = harness_.Call<v1::CancelImportRequest, v1::ImportJob>(
      steward_, std::string(kService) + "CancelImport", cancel);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::IMPORT_STATE_CANCELLED);
  {
    const std::lock_guard lock(mutex);
    go_on = true;
    changed.notify_all();
  }
  harness_.replica().Stop();
  EXPECT_EQ(Count("SELECT COUNT(*) FROM customer"), 450);
  EXPECT_EQ(Count("SELECT rows_read FROM import_job"), 500);
}

// A clean stop gives the job to the next replica at once.
TEST_F(ImportResumeTest, StoppedReplicaHandsTheJobOver) {
  std::mutex mutex;
  std::condition_variable changed;
  bool reached = false;
  interference_->before_commit = [&](int64_t rows) {
    if (rows == 500) {
      std::unique_lock lock(mutex);
      reached = true;
      changed.notify_all();
    }
    return absl::OkStatus();
  };
  const v1::ImportJob job = Send();
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return reached; });
  }
  harness_.replica().Stop();
  crm::testing::Replica& second = harness_.StartReplica();
  v1::WatchImportRequest request;
  request.set_import(job.number());
  auto stream = second.channel().ServerStream(absl::StrCat("/", kService, "WatchImport"), request,
                                              {.timeout = absl::Seconds(60), .token = steward_});
  v1::ImportJob done;
  while (stream.Next(done)) {
  }
  ExpectWhole(done);
}

}  // namespace
}  // namespace crm::customer::import
