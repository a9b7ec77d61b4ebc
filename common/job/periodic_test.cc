#include "common/job/periodic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/base/mutex.h"

namespace crm::job {
namespace {

constexpr absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

class RecordingObserver : public JobObserver {
 public:
  void OnRun(std::string_view job, absl::Duration, const absl::Status& status) override {
    runs.emplace_back(std::string(job), status.code());
  }
  std::vector<std::pair<std::string, absl::StatusCode>> runs;
};

// PLT-22: a job sleeps until its next due time.
TEST(PeriodicJob, IsDueWhenTheBodySaysButNotAfterTheInterval) {
  FakeClock clock(kStart);
  absl::Time next = kStart + absl::Seconds(7);
  PeriodicJob job(
      {.name = "reminders", .interval = absl::Minutes(1), .jitter = 0},
      [&](const std::stop_token&) { return next; }, clock, nullptr);
  EXPECT_EQ(job.RunOnce(), kStart + absl::Seconds(7));
  next = absl::InfiniteFuture();
  EXPECT_EQ(job.RunOnce(), kStart + absl::Minutes(1));
  next = absl::InfinitePast();
  EXPECT_LT(job.RunOnce(), kStart);
}

// PLT-22
TEST(PeriodicJob, JitterSpreadsThePause) {
  FakeClock clock(kStart);
  PeriodicJob job(
      {.name = "reminders", .interval = absl::Minutes(1), .jitter = 0.5},
      [](const std::stop_token&) { return absl::InfiniteFuture(); }, clock, nullptr);
  std::vector<absl::Time> due;
  for (int i = 0; i < 20; ++i) {
    due.push_back(job.RunOnce());
    EXPECT_GE(due.back(), kStart + absl::Seconds(60));
    EXPECT_LE(due.back(), kStart + absl::Seconds(90));
  }
  EXPECT_NE(due[0], due[1]);
}

// PLT-22: errors are counted, told, and retried with a growing pause.
TEST(PeriodicJob, FailuresBackOffAndSuccessResets) {
  FakeClock clock(kStart);
  RecordingObserver observer;
  absl::StatusOr<absl::Time> result = absl::UnavailableError("down");
  PeriodicJob job(
      {.name = "relay",
       .interval = absl::Minutes(1),
       .jitter = 0,
       .first_retry = absl::Seconds(1),
       .last_retry = absl::Seconds(5)},
      [&](const std::stop_token&) { return result; }, clock, &observer);
  EXPECT_EQ(job.RunOnce(), kStart + absl::Seconds(1));
  EXPECT_EQ(job.RunOnce(), kStart + absl::Seconds(2));
  EXPECT_EQ(job.RunOnce(), kStart + absl::Seconds(4));
  EXPECT_EQ(job.RunOnce(), kStart + absl::Seconds(5));
  EXPECT_EQ(job.stats().errors_in_a_row, 4);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(job.RunOnce(), kStart + absl::Seconds(5));

  result = absl::InfiniteFuture();
  EXPECT_EQ(job.RunOnce(), kStart + absl::Minutes(1));
  EXPECT_EQ(job.stats().errors_in_a_row, 0);
  EXPECT_EQ(job.stats().errors, 104);
  EXPECT_EQ(job.stats().runs, 105);
  EXPECT_TRUE(job.stats().last_status.ok());
  EXPECT_EQ(observer.runs.front(),
            std::make_pair(std::string("relay"), absl::StatusCode::kUnavailable));
  EXPECT_EQ(observer.runs.back().second, absl::StatusCode::kOk);
}

// PLT-22: a notification wakes the job; nothing else does while the clock stands still.
TEST(JobRunner, RunsAtStartAndWhenNotified) {
  FakeClock clock(kStart);
  JobRunner runner(clock);
  Mutex mutex;
  int runs = 0;
  PeriodicJob& job = runner.Add({.name = "relay", .interval = absl::Hours(1)},
                                [&](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                                  MutexLock lock(&mutex);
                                  ++runs;
                                  return absl::InfiniteFuture();
                                });
  runner.Start();
  const auto reached = [&](int n) {
    const auto enough = [&] { return runs >= n; };
    MutexLock lock(&mutex);
    return mutex.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(30));
  };
  EXPECT_TRUE(reached(1));
  job.Notify();
  EXPECT_TRUE(reached(2));
  runner.Stop();
  EXPECT_EQ(runs, 2);
}

// PLT-22: a notification that comes during a run is not lost.
TEST(JobRunner, NotificationDuringARunIsKept) {
  FakeClock clock(kStart);
  JobRunner runner(clock);
  PeriodicJob* self = nullptr;
  Notification second;
  int runs = 0;
  self = &runner.Add({.name = "relay", .interval = absl::Hours(1)},
                     [&](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                       if (++runs == 1) self->Notify();
                       if (runs == 2) second.Notify();
                       return absl::InfiniteFuture();
                     });
  runner.Start();
  EXPECT_TRUE(second.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

// PLT-28: stops promptly; a long job sees that it should.
TEST(JobRunner, StopEndsTheRunInProgress) {
  FakeClock clock(kStart);
  JobRunner runner(clock);
  Notification started;
  bool saw_stop = false;
  runner.Add({.name = "stream"}, [&](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    Notification stopped;
    const std::stop_callback callback(stop, [&] { stopped.Notify(); });
    started.Notify();
    saw_stop = stopped.WaitForNotificationWithTimeout(absl::Seconds(30));
    return absl::InfiniteFuture();
  });
  runner.Start();
  started.WaitForNotification();
  runner.Stop();
  EXPECT_TRUE(saw_stop);
}

}  // namespace
}  // namespace crm::job
