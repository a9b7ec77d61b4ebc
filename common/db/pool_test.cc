#include "common/db/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/db/db_error.h"
#include "common/db/mysql_connection.h"
#include "common/error/error.h"
#include "common/testdb/test_database.h"

namespace crm::db {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestDatabase;
using testing::TestServer;

constexpr Query kOne{"one", "SELECT 1"};

int64_t IdOf(Pool::Lease& lease) {
  return static_cast<MysqlConnection&>(*lease).target().connection_id;
}

class PoolTest : public ::testing::Test {
 protected:
  PoolOptions Options(int max_connections) {
    PoolOptions options = database_.pool_options();
    options.max_connections = max_connections;
    return options;
  }

  static Pool::Lease Acquire(Pool& pool) {
    auto lease = pool.Acquire(TestDatabase::Deadline());
    EXPECT_TRUE(lease.ok()) << lease.status();
    return *std::move(lease);
  }

  TestDatabase database_;
};

TEST_F(PoolTest, UsesTheConnectionUsedLastAgain) {
  Pool pool(Options(4));
  auto first = std::make_optional(Acquire(pool));
  auto second = std::make_optional(Acquire(pool));
  const int64_t first_id = IdOf(*first);
  const int64_t second_id = IdOf(*second);
  EXPECT_NE(first_id, second_id);
  EXPECT_EQ(pool.in_use(), 2);
  second.reset();
  first.reset();
  EXPECT_EQ(pool.in_use(), 0);
  EXPECT_EQ(pool.open(), 2);
  Pool::Lease again = Acquire(pool);
  EXPECT_EQ(IdOf(again), first_id);
}

// PLT-9: waiting ends at the deadline.
TEST_F(PoolTest, ExhaustedPoolRefusesAtTheDeadline) {
  Pool pool(Options(1));
  Pool::Lease only = Acquire(pool);
  const absl::Status status = pool.Acquire(absl::Now() + absl::Milliseconds(30)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(status), "DB_POOL_EXHAUSTED");
  EXPECT_EQ(ClassOf(status), DbErrorClass::kUnavailable);
}

TEST_F(PoolTest, NeverOpensMoreThanItsBound) {
  Pool pool(Options(3));
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        Pool::Lease lease = Acquire(pool);
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        EXPECT_TRUE(lease->Select(kOne, {}).ok());
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 3);
  EXPECT_LE(pool.open(), 3);
  EXPECT_EQ(pool.in_use(), 0);
}

TEST_F(PoolTest, WaiterGetsTheReturnedConnection) {
  Pool pool(Options(1));
  auto held = std::make_optional(Acquire(pool));
  const int64_t id = IdOf(*held);
  int64_t got = 0;
  std::thread waiter([&] {
    Pool::Lease lease = Acquire(pool);
    got = IdOf(lease);
  });
  held.reset();
  waiter.join();
  EXPECT_EQ(got, id);
}

TEST_F(PoolTest, ConnectionLeftInATransactionIsClosed) {
  database_.Run("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)");
  Pool pool(Options(1));
  {
    Pool::Lease lease = Acquire(pool);
    ASSERT_TRUE(lease->Begin().ok());
    ASSERT_TRUE(lease->Execute({"insert", "INSERT INTO t VALUES (1)"}, {}).ok());
  }
  EXPECT_EQ(pool.open(), 0);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM t"), 0);
}

TEST_F(PoolTest, OldAndIdleConnectionsAreReplaced) {
  for (const bool by_age : {true, false}) {
    PoolOptions options = Options(1);
    (by_age ? options.max_age : options.max_idle) = absl::ZeroDuration();
    Pool pool(options);
    int64_t first_id = 0;
    {
      Pool::Lease lease = Acquire(pool);
      first_id = IdOf(lease);
    }
    Pool::Lease second = Acquire(pool);
    EXPECT_NE(IdOf(second), first_id);
  }
}

// A deadline belongs to a lease, not to the connection.
TEST_F(PoolTest, LeaseRunsUnderItsDeadlineOnly) {
  Pool pool(Options(1));
  {
    auto lease = pool.Acquire(absl::Now() + absl::Milliseconds(50));
    ASSERT_TRUE(lease.ok());
    const absl::Status status = (*lease)->Select({"slow", "SELECT SLEEP(30)"}, {}).status();
    EXPECT_EQ(ClassOf(status), DbErrorClass::kTimeout) << status;
  }
  EXPECT_EQ(pool.open(), 1);
  Pool::Lease lease = Acquire(pool);
  EXPECT_TRUE(lease->Select(kOne, {}).ok());
}

TEST_F(PoolTest, UnreachableDatabaseIsUnavailable) {
  PoolOptions options = Options(1);
  options.address.port = 1;  // nobody listens there
  Pool pool(options);
  for (int i = 0; i < 3; ++i) {  // a failure gives its place back
    const absl::Status status = pool.Acquire(TestDatabase::Deadline()).status();
    EXPECT_EQ(ErrorReason(status), "DB_UNAVAILABLE");
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(pool.in_use(), 0);
}

TEST_F(PoolTest, WrongPasswordIsUnavailableAndNotTold) {
  PoolOptions options = Options(1);
  options.address.password = "geheim-2";
  Pool pool(options);
  const absl::Status status = pool.Acquire(TestDatabase::Deadline()).status();
  EXPECT_EQ(ClassOf(status), DbErrorClass::kUnavailable);
  EXPECT_THAT(status.ToString(), Not(HasSubstr("geheim-2")));
}

TEST_F(PoolTest, LostConnectionDropsTheIdleOnes) {
  Pool pool(Options(3));
  {
    Pool::Lease a = Acquire(pool);
    Pool::Lease b = Acquire(pool);
    Pool::Lease c = Acquire(pool);
  }
  EXPECT_EQ(pool.open(), 3);
  {
    Pool::Lease lease = Acquire(pool);
    database_.Run(absl::StrCat("KILL CONNECTION ", IdOf(lease)));
    EXPECT_FALSE(lease->Select(kOne, {}).ok());
  }
  EXPECT_EQ(pool.open(), 0);
}

// QUA-6: after kill -9 and a restart the service is back without help.
TEST_F(PoolTest, RecoversAfterTheServerWasKilled) {
  if (!TestServer::Get().owned()) GTEST_SKIP() << "the server is not ours to kill";
  Pool pool(Options(2));
  {
    Pool::Lease a = Acquire(pool);
    Pool::Lease b = Acquire(pool);
  }
  TestServer::Get().Kill();
  {
    Pool::Lease dead = Acquire(pool);
    EXPECT_EQ(ClassOf(dead->Select(kOne, {}).status()), DbErrorClass::kConnectionLost);
  }
  EXPECT_EQ(ClassOf(pool.Acquire(TestDatabase::Deadline()).status()), DbErrorClass::kUnavailable);
  TestServer::Get().Start();
  Pool::Lease alive = Acquire(pool);
  EXPECT_TRUE(alive->Select(kOne, {}).ok());
  // PLT-9: the watchdog's own connection is made anew as well.
  alive->SetDeadline(absl::Now() + absl::Milliseconds(50));
  EXPECT_EQ(ClassOf(alive->Select({"slow", "SELECT SLEEP(30)"}, {}).status()),
            DbErrorClass::kTimeout);
}

// PLT-26: statement time by query name, pool waits.
TEST_F(PoolTest, ObserverSeesStatementsAndWaits) {
  struct Recorder : StatementObserver {
    void OnStatement(std::string_view name, absl::Duration took, bool ok) override {
      EXPECT_GE(took, absl::ZeroDuration());
      seen.push_back(absl::StrCat(std::string(name), ok ? "" : "!"));
    }
    void OnAcquire(absl::Duration, bool ok) override {
      seen.push_back(ok ? "acquire" : "acquire!");
    }
    void OnRetry(std::string_view what) override { seen.push_back(std::string(what)); }
    std::vector<std::string> seen;
  } recorder;
  Pool pool(Options(1), &recorder);
  Pool::Lease lease = Acquire(pool);
  EXPECT_FALSE(pool.Acquire(absl::Now()).ok());
  recorder.seen.clear();
  ASSERT_TRUE(lease->Begin().ok());
  ASSERT_TRUE(lease->Select(kOne, {}).ok());
  ASSERT_FALSE(lease->Select({"bad", "SELECT nothing"}, {}).ok());
  ASSERT_TRUE(lease->Commit().ok());
  EXPECT_FALSE(pool.Acquire(absl::Now()).ok());
  EXPECT_THAT(recorder.seen, ElementsAre("begin", "one", "bad!", "commit", "acquire!"));
}

class RunInTransactionTest : public PoolTest {
 protected:
  RunInTransactionTest() { database_.Run("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)"); }

  absl::Status Run(const std::function<absl::Status(Connection&)>& body) {
    return RunInTransaction(database_.pool(), TestDatabase::Deadline(), body);
  }
  static absl::Status Insert(Connection& connection, int64_t id) {
    return connection.Execute({"insert", "INSERT INTO t VALUES (?)"}, {id}).status();
  }
  int64_t Count() { return database_.Int("SELECT COUNT(*) FROM t"); }
};

TEST_F(RunInTransactionTest, CommitsWhatTheBodyDid) {
  EXPECT_TRUE(Run([](Connection& connection) { return Insert(connection, 1); }).ok());
  EXPECT_EQ(Count(), 1);
}

TEST_F(RunInTransactionTest, ErrorOfTheBodyUndoesAll) {
  const absl::Status status = Run([](Connection& connection) -> absl::Status {
    EXPECT_TRUE(Insert(connection, 1).ok());
    return NotFound("crm.Thing", "x");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Count(), 0);
  EXPECT_EQ(database_.pool().in_use(), 0);
}

// PLT-24
TEST_F(RunInTransactionTest, ContentionRunsTheBodyAgain) {
  int runs = 0;
  const absl::Status status = Run([&](Connection& connection) {
    const absl::Status inserted = Insert(connection, ++runs);
    return runs < 3 ? MakeDbError(DbErrorClass::kRetryable, "q", 1213) : inserted;
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(Count(), 1);  // what the first two did is undone
}

TEST_F(RunInTransactionTest, ContentionWithoutEndIsGivenBack) {
  int runs = 0;
  const absl::Status status = Run([&](Connection&) {
    ++runs;
    return MakeDbError(DbErrorClass::kRetryable, "q", 1213);
  });
  EXPECT_EQ(runs, 5);
  EXPECT_EQ(ErrorReason(status), "DB_CONTENTION");
}

TEST_F(RunInTransactionTest, ConflictsAndDuplicatesAreNotRetried) {
  int runs = 0;
  const absl::Status status = Run([&](Connection& connection) {
    ++runs;
    const absl::Status first = Insert(connection, 1);
    return first.ok() ? Insert(connection, 1) : first;
  });
  EXPECT_EQ(ClassOf(status), DbErrorClass::kDuplicateKey);
  EXPECT_EQ(runs, 1);
}

// QUA-6
TEST_F(RunInTransactionTest, LostConnectionRunsTheBodyAgain) {
  int runs = 0;
  const absl::Status status = Run([&](Connection& connection) {
    if (++runs < 3) {
      const int64_t id = static_cast<MysqlConnection&>(connection).target().connection_id;
      database_.Run(absl::StrCat("KILL CONNECTION ", id));
    }
    return Insert(connection, runs);
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(Count(), 1);
}

// QUA-6: a commit that got no answer is never run again.
TEST_F(RunInTransactionTest, LostCommitIsNotRetried) {
  int runs = 0;
  const absl::Status status = Run([&](Connection& connection) {
    ++runs;
    const absl::Status inserted = Insert(connection, runs);
    const int64_t id = static_cast<MysqlConnection&>(connection).target().connection_id;
    database_.Run(absl::StrCat("KILL CONNECTION ", id));
    return inserted;
  });
  EXPECT_EQ(ErrorReason(status), "DB_COMMIT_UNKNOWN");
  EXPECT_EQ(runs, 1);
}

TEST_F(RunInTransactionTest, StopsAtTheDeadline) {
  const absl::Status status = RunInTransaction(
      database_.pool(), absl::Now() + absl::Milliseconds(50), [](Connection& connection) {
        return connection.Select({"slow", "SELECT SLEEP(30)"}, {}).status();
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace crm::db
