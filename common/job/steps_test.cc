// Work in steps.
#include "common/job/steps.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "common/base/mutex.h"

namespace crm::job {
namespace {

constexpr absl::Time kDue = absl::FromUnixSeconds(1'800'000'000);

Step Steps(int& left) {
  return [&left] { return --left > 0 ? Progress::kMore : Progress::kDone; };
}

// PLT-22: a run is one step, so that a stop or a lease waits for no more than that.
TEST(StepsTest, ARunIsOneStep) {
  int left = 3;
  const JobBody body = InSteps(Steps(left));
  EXPECT_EQ(*body({}), absl::InfinitePast());
  EXPECT_EQ(left, 2);
  EXPECT_EQ(*body({}), absl::InfinitePast());
  EXPECT_EQ(*body({}), absl::InfiniteFuture());
}

// PLT-22: asked for the time only when there is no more.
TEST(StepsTest, TellsWhenTheNextOneIsDue) {
  int left = 2;
  int asked = 0;
  const JobBody body = InSteps(Steps(left), [&] {
    ++asked;
    return kDue;
  });
  EXPECT_EQ(*body({}), absl::InfinitePast());
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(*body({}), kDue);
}

// PLT-22
TEST(StepsTest, ErrorsAreTheRuns) {
  const auto fails = [] { return absl::StatusOr<absl::Time>(absl::UnavailableError("away")); };
  const JobBody step_fails =
      InSteps([] { return absl::StatusOr<Progress>(absl::AbortedError("overtaken")); }, fails);
  EXPECT_TRUE(absl::IsAborted(step_fails({}).status()));
  const JobBody due_fails = InSteps([] { return Progress::kDone; }, fails);
  EXPECT_TRUE(absl::IsUnavailable(due_fails({}).status()));
}

// PLT-22: a job with an hour between its runs does all steps one after the other.
TEST(StepsTest, TheRunnerGoesOnAtOnce) {
  const SystemClock clock;
  Notification done;
  int left = 100;
  JobRunner runner(clock);
  runner.Add({.name = "steps", .interval = absl::Hours(1)},
             InSteps(Steps(left), [&]() -> absl::StatusOr<absl::Time> {
               done.Notify();
               return absl::InfiniteFuture();
             }));
  runner.Start();
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(30)));
  runner.Stop();
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace crm::job
