#include "common/numbering/number_allocator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/db/db_error.h"
#include "common/error/error.h"
#include "common/source_tree/source_tree.h"
#include "common/testdb/test_database.h"

namespace crm::numbering {
namespace {

using ::testing::ElementsAre;

const std::string& PlatformSql() {
  static const auto* const sql = [] {
    std::ifstream file(crm::testing::SourceFile("common/migrations/0001_platform.sql"));
    std::ostringstream text;
    text << file.rdbuf();
    return new std::string(text.str());
  }();
  return *sql;
}

absl::TimeZone Shanghai() {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  return zone;
}

const absl::Time kYearEnd =
    absl::FromCivil(absl::CivilSecond(2026, 12, 31, 23, 59, 59), Shanghai());
const absl::Time kNewYear = kYearEnd + absl::Seconds(1);

// Counts what reaches the database.
class CountingObserver : public db::StatementObserver {
 public:
  void OnStatement(std::string_view, absl::Duration, bool) override { ++statements; }
  void OnAcquire(absl::Duration, bool) override {}
  void OnRetry(std::string_view) override {}
  std::atomic<int> statements = 0;
};

class NumberAllocatorTest : public ::testing::Test {
 protected:
  NumberAllocatorTest()
      : database_(std::vector<db::Migration>{{"0001_platform.sql", PlatformSql()}}, &observer_) {}

  std::unique_ptr<NumberAllocator> Make(std::string_view pattern, int64_t block = 200) {
    return std::make_unique<NumberAllocator>(
        NumberAllocatorOptions{.name = "customer",
                               .pattern = *NumberPattern::Parse(pattern),
                               .zone = Shanghai(),
                               .block = block},
        database_.pool());
  }

  CountingObserver observer_;
  testing::TestDatabase database_;
};

// CUS-1
TEST_F(NumberAllocatorTest, CountsFromOneWithoutGapsInOneProcess) {
  const auto numbers = Make("CRM{yyyy}{seq:6}", 10);
  for (int i = 1; i <= 35; ++i) {
    EXPECT_EQ(*numbers->Next(kYearEnd), absl::StrCat("CRM2026", absl::Dec(i, absl::kZeroPad6)));
  }
}

// CUS-1: the sequence restarts when the date part changes, at midnight of the business time zone;
// calls that began before midnight still get the old year.
TEST_F(NumberAllocatorTest, RestartsWithTheYear) {
  const auto numbers = Make("CRM{yyyy}{seq:6}");
  EXPECT_EQ(*numbers->Next(kYearEnd), "CRM2026000001");
  EXPECT_EQ(*numbers->Next(kNewYear), "CRM2027000001");
  EXPECT_EQ(*numbers->Next(kYearEnd), "CRM2026000002");
  EXPECT_EQ(*numbers->Next(kNewYear), "CRM2027000002");
}

// CUS-1: never reused: a restart goes on behind what was leased.
TEST_F(NumberAllocatorTest, RestartLeavesAGapAndRepeatsNothing) {
  EXPECT_EQ(*Make("CRM{yyyy}{seq:6}")->Next(kYearEnd), "CRM2026000001");
  EXPECT_EQ(*Make("CRM{yyyy}{seq:6}")->Next(kYearEnd), "CRM2026000201");
}

// CUS-1: grows past its digits.
TEST_F(NumberAllocatorTest, GrowsPastItsDigits) {
  const auto numbers = Make("C{yyyyMMdd}{seq:3}");
  ASSERT_TRUE(numbers->ReserveBlock(kYearEnd, 998).ok());
  EXPECT_EQ(*numbers->Next(kYearEnd), "C20261231999");
  EXPECT_EQ(*numbers->Next(kYearEnd), "C202612311000");
}

// CUS-1: no round trip per number.
TEST_F(NumberAllocatorTest, AsksTheDatabaseOncePerBlock) {
  const auto numbers = Make("CRM{yyyy}{seq:6}", 200);
  ASSERT_TRUE(numbers->Next(kYearEnd).ok());
  const int after_first = observer_.statements;
  for (int i = 0; i < 140; ++i) ASSERT_TRUE(numbers->Next(kYearEnd).ok());
  EXPECT_EQ(observer_.statements, after_first);
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(numbers->Next(kYearEnd).ok());
  EXPECT_LE(observer_.statements, after_first + 2 * 11);
}

// CUS-1: imports lease what they need at once.
TEST_F(NumberAllocatorTest, PreparedNumbersNeedNoDatabase) {
  const auto numbers = Make("CRM{yyyy}{seq:6}", 200);
  ASSERT_TRUE(numbers->Prepare(kYearEnd, 10'000).ok());
  const int before = observer_.statements;
  for (int i = 0; i < 9'900; ++i) ASSERT_TRUE(numbers->Next(kYearEnd).ok());
  EXPECT_EQ(observer_.statements, before);
}

// CUS-1: duplicates never, with any number of replicas: 2 allocators, 8 threads, small blocks.
TEST_F(NumberAllocatorTest, UniqueAcrossThreadsAndReplicas) {
  constexpr int kThreads = 8;
  constexpr int kEach = 1000;
  const std::unique_ptr<NumberAllocator> replicas[] = {Make("CRM{yyyy}{seq:6}", 7),
                                                       Make("CRM{yyyy}{seq:6}", 50)};
  std::vector<std::vector<std::string>> got(kThreads);
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const absl::StatusOr<std::string> number = replicas[t % 2]->Next(kYearEnd);
        ASSERT_TRUE(number.ok()) << number.status();
        got[t].push_back(*number);
      }
    });
  }
  threads.clear();
  std::set<std::string> all;
  for (const std::vector<std::string>& numbers : got) all.insert(numbers.begin(), numbers.end());
  EXPECT_EQ(all.size(), kThreads * kEach);
}

// CUS-1: a pattern without a sequence: -2, -3 … per date and type, from any replica.
TEST_F(NumberAllocatorTest, PatternWithoutSequenceCountsCollisions) {
  const auto a = Make("MK{yyyyMMdd}{type:2}");
  const auto b = Make("MK{yyyyMMdd}{type:2}");
  EXPECT_EQ(*a->Next(kYearEnd, "01"), "MK2026123101");
  EXPECT_EQ(*b->Next(kYearEnd, "01"), "MK2026123101-2");
  EXPECT_EQ(*a->Next(kYearEnd, "01"), "MK2026123101-3");
  EXPECT_EQ(*a->Next(kYearEnd, "02"), "MK2026123102");
  EXPECT_EQ(*a->Next(kNewYear, "01"), "MK2027010101");
  EXPECT_EQ(ErrorReason(a->Next(kYearEnd, "1").status()), "BAD_TYPE_CODE");
}

// CUS-1: ReserveCustomerNumbers gives a block for paper forms.
TEST_F(NumberAllocatorTest, ReservedBlocksAreNeverGivenAgain) {
  const auto numbers = Make("CST{yyyyMMdd}{seq:4}", 2);
  EXPECT_THAT(*numbers->ReserveBlock(kYearEnd, 3),
              ElementsAre("CST202612310001", "CST202612310002", "CST202612310003"));
  EXPECT_EQ(*numbers->Next(kYearEnd), "CST202612310004");
  EXPECT_THAT(*numbers->ReserveBlock(kYearEnd, 1), ElementsAre("CST202612310006")) << "5 is leased";
  for (const int64_t bad : {int64_t{0}, int64_t{-1}, NumberAllocator::kMaxReserve + 1}) {
    EXPECT_EQ(ErrorReason(numbers->ReserveBlock(kYearEnd, bad).status()), "BAD_BLOCK_SIZE");
    EXPECT_EQ(ErrorReason(numbers->Prepare(kYearEnd, bad)), "BAD_BLOCK_SIZE");
  }
}

// CUS-1: more types and dates than are kept at hand.
TEST_F(NumberAllocatorTest, ManyPeriods) {
  const auto numbers = Make("{type:2}{yyyyMMdd}");
  std::set<std::string> all;
  for (int round = 0; round < 2; ++round) {
    for (int i = 10; i < 99; ++i) all.insert(*numbers->Next(kYearEnd, absl::StrCat(i)));
  }
  EXPECT_EQ(all.size(), 2 * 89);
}

// CUS-1: while the database is away the rest of the block is still given out, then an error.
TEST_F(NumberAllocatorTest, LivesOnItsBlockWithoutTheDatabase) {
  const auto numbers = Make("CRM{yyyy}{seq:6}", 10);
  ASSERT_TRUE(numbers->Next(kYearEnd).ok());
  database_.Run("RENAME TABLE number_sequence TO gone");
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(numbers->Next(kYearEnd).ok());
  EXPECT_EQ(db::ClassOf(numbers->Next(kYearEnd).status()), db::DbErrorClass::kBug);
  database_.Run("RENAME TABLE gone TO number_sequence");
  EXPECT_EQ(*numbers->Next(kYearEnd), "CRM2026000011");
}

}  // namespace
}  // namespace crm::numbering
