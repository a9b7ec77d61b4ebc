#include "common/job/once_per_mark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/source_tree/source_tree.h"
#include "common/testdb/test_database.h"

namespace crm::job {
namespace {

using ::testing::ElementsAre;

constexpr absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

std::string PlatformSql() {
  std::ifstream file(crm::testing::SourceFile("common/migrations/0001_platform.sql"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class OncePerMarkTest : public ::testing::Test {
 protected:
  JobBody Replica(const std::string& name, int parts = 1, bool forgets_first = false) {
    return OncePerMark(
        database_.pool(), clock_,
        {.lease = {.name = "work", .holder = name},
         .pause = absl::Seconds(1),
         .forgets_first = forgets_first},
        [this] { return mark_; },
        [this, name, parts, left = parts](
            const Marks& marks, const std::stop_token&) mutable -> absl::StatusOr<Progress> {
          done_.push_back(absl::StrCat(name, ":", marks.done, ">", marks.wanted));
          if (!result_.ok()) return result_;
          if (--left > 0) return Progress::kMore;
          left = parts;
          return Progress::kDone;
        });
  }

  FakeClock clock_{kStart};
  testing::TestDatabase database_{std::vector<db::Migration>{{"0001_platform.sql", PlatformSql()}}};
  int64_t mark_ = 5;
  absl::Status result_;
  std::vector<std::string> done_;
};

// PLT-22: one replica does it, the others and later starts know that it is done.
TEST_F(OncePerMarkTest, IsDoneOnceOverAllReplicas) {
  const JobBody a = Replica("a");
  const JobBody b = Replica("b");
  EXPECT_EQ(*a({}), clock_.Now());
  EXPECT_EQ(*a({}), absl::InfiniteFuture());
  EXPECT_EQ(*b({}), kStart + absl::Seconds(5)) << "asks again when the lease has expired";
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(*b({}), absl::InfiniteFuture());
  EXPECT_EQ(*Replica("b")({}), absl::InfiniteFuture()) << "after a restart";
  EXPECT_THAT(done_, ElementsAre("a:0>5"));

  mark_ = 6;
  EXPECT_EQ(*b({}), clock_.Now());
  EXPECT_EQ(*b({}), absl::InfiniteFuture());
  EXPECT_THAT(done_, ElementsAre("a:0>5", "b:5>6"));
}

// PLT-22: work in parts is done when the last one is; who takes over goes on.
TEST_F(OncePerMarkTest, LongWorkIsDoneInParts) {
  const JobBody a = Replica("a", 3);
  EXPECT_EQ(*a({}), clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(*a({}), clock_.Now() + absl::Seconds(1));
  clock_.Advance(absl::Seconds(6));  // a is gone
  const JobBody b = Replica("b");
  EXPECT_EQ(*b({}), clock_.Now());
  EXPECT_EQ(*b({}), absl::InfiniteFuture());
  EXPECT_THAT(done_, ElementsAre("a:0>5", "a:0>5", "b:0>5"));
}

// PLT-22: rules that are taken back half-way must be worked through again.
TEST_F(OncePerMarkTest, AMarkThatComesBackIsNotTrustedAfterHalfOfAnother) {
  const JobBody a = Replica("a", 2, true);
  while (*a({}) < absl::InfiniteFuture()) {
  }
  mark_ = 6;
  EXPECT_EQ(*a({}), clock_.Now() + absl::Seconds(1)) << "half of it";
  mark_ = 5;
  done_.clear();
  EXPECT_NE(*a({}), absl::InfiniteFuture());
  EXPECT_THAT(done_, ElementsAre("a:0>5"));
}

// PLT-22: a replica that does not know the newest mark yet undoes nothing.
TEST_F(OncePerMarkTest, AnOlderMarkThanTheDoneOneIsNoWork) {
  int runs = 0;
  int64_t wanted = 5;
  const JobBody body = OncePerMark(
      database_.pool(), clock_, {.lease = {.name = "work", .holder = "a"}, .rises = true},
      [&] { return wanted; },
      [&](const Marks&, const std::stop_token&) -> absl::StatusOr<Progress> {
        ++runs;
        return Progress::kDone;
      });
  ASSERT_TRUE(body({}).ok());
  wanted = 4;
  EXPECT_EQ(*body({}), absl::InfiniteFuture());
  wanted = 5;
  EXPECT_EQ(*body({}), absl::InfiniteFuture());
  wanted = 6;
  ASSERT_TRUE(body({}).ok());
  EXPECT_EQ(runs, 2);
}

// PLT-22: who was away begins anew, for others may have worked meanwhile.
TEST_F(OncePerMarkTest, TellsWhenToBegin) {
  std::vector<bool> begins;
  const JobBody body = OncePerMark(
      database_.pool(), clock_, {.lease = {.name = "work", .holder = "a"}}, [] { return 5; },
      [&](const Marks& marks, const std::stop_token&) -> absl::StatusOr<Progress> {
        begins.push_back(marks.begins);
        return Progress::kMore;
      });
  ASSERT_TRUE(body({}).ok());
  ASSERT_TRUE(body({}).ok());
  clock_.Advance(absl::Seconds(6));  // the lease has expired
  ASSERT_TRUE(body({}).ok());
  EXPECT_THAT(begins, ElementsAre(true, false, true));
}

// PLT-22: what failed is not done.
TEST_F(OncePerMarkTest, FailedWorkIsDoneAgain) {
  const JobBody a = Replica("a");
  result_ = absl::UnavailableError("database");
  EXPECT_EQ(a({}).status(), result_);
  result_ = absl::OkStatus();
  EXPECT_EQ(*a({}), clock_.Now());
  EXPECT_THAT(done_, ElementsAre("a:0>5", "a:0>5"));
}

// PLT-22: a mark that changes while it is worked for is worked for again.
TEST_F(OncePerMarkTest, AChangeMeanwhileIsSeen) {
  const JobBody body = OncePerMark(
      database_.pool(), clock_, {.lease = {.name = "work", .holder = "a"}},
      [this] { return mark_; },
      [this](const Marks& marks, const std::stop_token&) -> absl::StatusOr<Progress> {
        done_.push_back(absl::StrCat(marks.wanted));
        mark_ = 6;
        return Progress::kDone;
      });
  EXPECT_EQ(*body({}), clock_.Now());
  EXPECT_EQ(*body({}), clock_.Now());
  EXPECT_EQ(*body({}), absl::InfiniteFuture());
  EXPECT_THAT(done_, ElementsAre("5", "6"));
}

}  // namespace
}  // namespace crm::job
