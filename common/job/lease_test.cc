#include "common/job/lease.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "common/base/ids.h"
#include "common/error/error.h"
#include "common/job/exclusive.h"
#include "common/job/node_lease.h"
#include "common/source_tree/source_tree.h"
#include "common/testdb/test_database.h"

namespace crm::job {
namespace {

constexpr absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

const std::string& PlatformSql() {
  static const auto* const sql = [] {
    std::ifstream file(crm::testing::SourceFile("common/migrations/0001_platform.sql"));
    std::ostringstream text;
    text << file.rdbuf();
    return new std::string(text.str());
  }();
  return *sql;
}

class LeaseTest : public ::testing::Test {
 protected:
  LeaseTest() : database_(std::vector<db::Migration>{{"0001_platform.sql", PlatformSql()}}) {}

  db::Pool::Lease Connect() { return *database_.pool().Acquire(database_.Deadline()); }
  Lease Make(const std::string& holder, const Clock& clock) {
    return Lease({.name = "work", .holder = holder, .term = absl::Seconds(5), .first_value = 1},
                 clock);
  }
  Lease Make(const std::string& holder) { return Make(holder, clock_); }

  FakeClock clock_{kStart};
  testing::TestDatabase database_;
};

// PLT-22: one holder at a time, until it expires.
TEST_F(LeaseTest, SecondHolderWaitsForExpiry) {
  db::Pool::Lease connection = Connect();
  Lease a = Make("a");
  Lease b = Make("b");
  EXPECT_EQ(*a.Acquire(*connection), true);
  EXPECT_EQ(*b.Acquire(*connection), false);
  EXPECT_EQ(a.value(), 1);

  clock_.Advance(absl::Seconds(4));
  EXPECT_EQ(*a.Acquire(*connection), true);
  clock_.Advance(absl::Seconds(4));
  EXPECT_EQ(*b.Acquire(*connection), false) << "a has renewed";
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(a.held());
  EXPECT_EQ(*b.Acquire(*connection), true);
  EXPECT_EQ(*a.Acquire(*connection), false);
}

// PLT-22
TEST_F(LeaseTest, ReleaseLetsOthersInAtOnce) {
  db::Pool::Lease connection = Connect();
  Lease a = Make("a");
  Lease b = Make("b");
  EXPECT_EQ(*a.Acquire(*connection), true);
  EXPECT_TRUE(a.Release(*connection).ok());
  EXPECT_FALSE(a.held());
  EXPECT_EQ(*b.Acquire(*connection), true);
  EXPECT_TRUE(a.Release(*connection).ok());
  EXPECT_EQ(*b.Acquire(*connection), true) << "a late release takes nothing from b";
  EXPECT_EQ(database_.String("SELECT holder FROM lease"), "b");
}

// PLT-22: fencing: whoever lost the lease without noticing cannot advance it.
TEST_F(LeaseTest, LateHolderCannotAdvance) {
  db::Pool::Lease connection = Connect();
  FakeClock slow(kStart);
  Lease a = Make("a", slow);
  Lease b = Make("b");
  ASSERT_TRUE(*a.Acquire(*connection));
  ASSERT_TRUE(a.Advance(*connection, 10).ok());
  a.Advanced(10);

  clock_.Advance(absl::Seconds(6));
  ASSERT_TRUE(*b.Acquire(*connection));
  EXPECT_EQ(b.value(), 10);
  ASSERT_TRUE(b.Advance(*connection, 20).ok());
  b.Advanced(20);

  EXPECT_TRUE(a.held()) << "by its own clock";
  const absl::Status late = a.Advance(*connection, 30);
  EXPECT_EQ(ErrorReason(late), "LEASE_LOST");
  EXPECT_FALSE(a.held());
  EXPECT_EQ(database_.Int("SELECT value FROM lease"), 20);
}

// PLT-22: also when it got the lease back meanwhile but believes in an old value.
TEST_F(LeaseTest, StaleValueCannotAdvance) {
  db::Pool::Lease connection = Connect();
  FakeClock slow(kStart);
  Lease a = Make("a", slow);
  Lease b = Make("b");
  ASSERT_TRUE(*a.Acquire(*connection));
  clock_.Advance(absl::Seconds(6));
  ASSERT_TRUE(*b.Acquire(*connection));
  ASSERT_TRUE(b.Advance(*connection, 20).ok());
  ASSERT_TRUE(b.Release(*connection).ok());

  ASSERT_TRUE(*a.Acquire(*connection));
  EXPECT_EQ(ErrorReason(a.Advance(*connection, 5)), "LEASE_LOST");
  ASSERT_TRUE(*a.Acquire(*connection));
  EXPECT_EQ(a.value(), 20);
}

// PLT-22: an advance that was rolled back leaves the value.
TEST_F(LeaseTest, AdvanceBelongsToItsTransaction) {
  db::Pool::Lease connection = Connect();
  Lease a = Make("a");
  ASSERT_TRUE(*a.Acquire(*connection));
  ASSERT_TRUE(connection->Begin().ok());
  ASSERT_TRUE(a.Advance(*connection, 10).ok());
  connection->Rollback();
  a.Forget();
  EXPECT_EQ(*a.Acquire(*connection), true);
  EXPECT_EQ(a.value(), 1);
}

// PLT-22
TEST_F(LeaseTest, HoldAsksTheDatabaseOnlyWhenHalfOfTheTermIsGone) {
  db::Pool::Lease connection = Connect();
  Lease a = Make("a");
  ASSERT_TRUE(*a.Hold(*connection));
  database_.Run("UPDATE lease SET holder = 'b', expire_time = 9000000000000000");
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(*a.Hold(*connection));
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(*a.Hold(*connection));
}

// PLT-22: of many that try at once exactly one gets it.
TEST_F(LeaseTest, RaceHasOneWinner) {
  std::atomic<int> winners = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      db::Pool::Lease connection = Connect();
      Lease lease = Make(absl::StrCat("holder", i));
      for (int attempt = 0; attempt < 20; ++attempt) {
        const absl::StatusOr<bool> taken = lease.Acquire(*connection);
        if (taken.ok() && *taken) {
          ++winners;
          return;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(winners, 1);
}

// PLT-22: the others pass until the holder is gone.
TEST_F(LeaseTest, ExclusiveJobRunsOnOneReplica) {
  std::string ran;
  const auto replica = [&](const std::string& name) {
    return Exclusive(database_.pool(), clock_, {.name = "purge", .holder = name},
                     [&ran, name](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                       ran += name;
                       return absl::InfiniteFuture();
                     });
  };
  const JobBody a = replica("a");
  const JobBody b = replica("b");
  EXPECT_EQ(*a({}), absl::InfiniteFuture());
  EXPECT_EQ(*b({}), kStart + absl::Seconds(5));
  EXPECT_EQ(ran, "a");
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(*b({}), absl::InfiniteFuture());
  EXPECT_EQ(ran, "ab");
}

TEST(ProcessName, DiffersBetweenStarts) {
  EXPECT_NE(ProcessName(), ProcessName());
  EXPECT_LE(ProcessName().size(), 64u);
}

class NodeLeaseTest : public LeaseTest {
 protected:
  NodeLease MakeNode(const std::string& holder) {
    return NodeLease({.holder = holder}, database_.pool(), clock_);
  }
};

// PLT-22: live processes never share a number.
TEST_F(NodeLeaseTest, NumbersAreDistinctAndReusedAfterRelease) {
  NodeLease a = MakeNode("a");
  NodeLease b = MakeNode("b");
  EXPECT_EQ(a.Claim()->node, 0);
  EXPECT_EQ(b.Claim()->node, 1);
  clock_.Advance(absl::Seconds(10));
  ASSERT_TRUE(a.Release().ok());

  NodeLease c = MakeNode("c");
  const absl::StatusOr<NodeClaim> claim = c.Claim();
  ASSERT_TRUE(claim.ok()) << claim.status();
  EXPECT_EQ(claim->node, 0);
  EXPECT_EQ(claim->used_until, kStart + absl::Seconds(10));
}

// PLT-22: a process that died leaves its number when the term and the grace have passed.
TEST_F(NodeLeaseTest, NumberOfADeadProcessIsTakenOver) {
  NodeLease dead = MakeNode("dead");
  ASSERT_TRUE(dead.Claim().ok());
  clock_.Advance(absl::Seconds(89));
  EXPECT_EQ(MakeNode("b").Claim()->node, 1);
  clock_.Advance(absl::Seconds(1));
  const absl::StatusOr<NodeClaim> claim = MakeNode("c").Claim();
  EXPECT_EQ(claim->node, 0);
  EXPECT_EQ(claim->used_until, kStart + absl::Seconds(60));
}

// PLT-22: keys of a number's new owner sort after those of the old one, whatever its clock says.
TEST_F(NodeLeaseTest, KeysRiseOverAChangeOfOwner) {
  NodeLease a = MakeNode("a");
  ASSERT_EQ(a.Claim()->node, 0);
  IdGenerator first(clock_, 0);
  int64_t last = 0;
  for (int i = 0; i < 10; ++i) last = first.Next();
  ASSERT_TRUE(a.Release().ok());

  FakeClock behind(kStart - absl::Minutes(5));
  NodeLease b({.holder = "b"}, database_.pool(), behind);
  const absl::StatusOr<NodeClaim> claim = b.Claim();
  ASSERT_EQ(claim->node, 0);
  IdGenerator second(behind, claim->node);
  second.ObserveTime(claim->used_until);
  EXPECT_GT(second.Next(), last);
}

// PLT-22: losing the number is told; being late without a rival is not losing it.
TEST_F(NodeLeaseTest, LossIsToldOnce) {
  NodeLease a = MakeNode("a");
  ASSERT_TRUE(a.Claim().ok());
  int lost = 0;
  const JobBody renewal = a.RenewalJob([&] { ++lost; });
  clock_.Advance(absl::Minutes(10));
  ASSERT_TRUE(renewal({}).ok());
  EXPECT_EQ(lost, 0);

  clock_.Advance(absl::Minutes(10));
  ASSERT_EQ(MakeNode("b").Claim()->node, 0);
  ASSERT_TRUE(renewal({}).ok());
  EXPECT_EQ(lost, 1);
  ASSERT_TRUE(renewal({}).ok());
  EXPECT_EQ(lost, 1);
  ASSERT_TRUE(a.Release().ok());
  EXPECT_EQ(database_.String("SELECT holder FROM node_lease"), "b");
}

// PLT-22
TEST_F(NodeLeaseTest, RacingProcessesGetDistinctNumbers) {
  constexpr int kProcesses = 8;
  std::vector<int> nodes(kProcesses, -1);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kProcesses; ++i) {
    threads.emplace_back([&, i] {
      NodeLease lease = MakeNode(absl::StrCat("p", i));
      const absl::StatusOr<NodeClaim> claim = lease.Claim();
      if (claim.ok()) nodes[i] = claim->node;
    });
  }
  threads.clear();
  EXPECT_EQ(std::set<int>(nodes.begin(), nodes.end()).size(), kProcesses);
  EXPECT_EQ(std::count(nodes.begin(), nodes.end(), -1), 0);
}

// PLT-22
TEST_F(NodeLeaseTest, AllTakenIsAnError) {
  for (int node = 0; node <= IdGenerator::kMaxNode; ++node) {
    database_.Run(absl::StrCat("INSERT INTO node_lease (node, holder, expire_time) VALUES (", node,
                               ", 'other', ", ToMicros(kStart + absl::Seconds(1)), ")"));
  }
  const absl::StatusOr<NodeClaim> claim = MakeNode("a").Claim();
  EXPECT_EQ(claim.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(claim.status()), "NO_FREE_NODE");
}

}  // namespace
}  // namespace crm::job
