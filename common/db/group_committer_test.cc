#include "common/db/group_committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/mutex.h"
#include "common/db/db_error.h"
#include "common/error/error.h"
#include "common/testdb/test_database.h"

namespace crm::db {
namespace {

using ::testing::Each;
using testing::TestDatabase;
using testing::TestServer;

const InsertSpec kItem{"item", {"id", "note"}, ""};
const InsertSpec kLog{"log", {"id", "text"}, ""};
const InsertSpec kTotal{"total", {"name", "n"}, "ON DUPLICATE KEY UPDATE n = n + VALUES(n)"};
const InsertSpec kOutbox{"outbox", {"events"}, ""};
constexpr Query kMove{"move", "UPDATE item SET version = version + 1 WHERE id = ? AND version = ?"};

std::string MetaOf(const absl::Status& status, const std::string& key) {
  google::rpc::ErrorInfo info;
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info)) return info.metadata().count(key) ? info.metadata().at(key) : "";
  }
  return "";
}

WriteSet Item(int64_t id, std::string_view note = "") {
  WriteSet writes;
  writes.Insert(kItem, {id, note});
  writes.Insert(kLog, {id, "item made"});
  return writes;
}

// Statements by name, and retries.
class Counts : public StatementObserver {
 public:
  void OnStatement(std::string_view name, absl::Duration, bool ok) override {
    const std::lock_guard lock(mutex_);
    if (ok) ++statements_[std::string(name)];
  }
  void OnAcquire(absl::Duration, bool) override {}
  void OnRetry(std::string_view what) override {
    const std::lock_guard lock(mutex_);
    ++retries_[std::string(what)];
  }
  int statements(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return statements_[name];
  }
  int retries(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return retries_[what];
  }
  void Reset() {
    const std::lock_guard lock(mutex_);
    statements_.clear();
    retries_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> statements_;
  std::map<std::string, int> retries_;
};

class GroupCommitterTest : public ::testing::Test {
 protected:
  GroupCommitterTest() : database_({}, &counts_) {
    database_.Run(R"sql(
      CREATE TABLE item (
        id BIGINT NOT NULL PRIMARY KEY, note VARCHAR(100) NOT NULL,
        version BIGINT NOT NULL DEFAULT 1))sql");
    database_.Run("CREATE TABLE log (id BIGINT NOT NULL, text VARCHAR(100) NOT NULL)");
    database_.Run("CREATE TABLE total (name VARCHAR(20) NOT NULL PRIMARY KEY, n BIGINT NOT NULL)");
    database_.Run("CREATE TABLE outbox (events LONGTEXT NOT NULL)");
    counts_.Reset();
  }

  static GroupCommitterOptions OneThread() {
    GroupCommitterOptions options;
    options.threads = 1;
    return options;
  }

  // Commits all as one group: the only committer thread is held up until all are queued.
  std::vector<absl::Status> CommitTogether(GroupCommitter& committer, std::vector<WriteSet> sets) {
    Notification held;
    Notification all_queued;
    BlockingCounter open(static_cast<int>(sets.size()) + 1);
    committer.CommitAsync(Item(1'000'000 + ++holds_), TestDatabase::Deadline(), [&](absl::Status) {
      held.Notify();
      all_queued.WaitForNotification();
      open.DecrementCount();
    });
    held.WaitForNotification();
    std::vector<absl::Status> outcomes(sets.size());
    for (size_t i = 0; i < sets.size(); ++i) {
      committer.CommitAsync(std::move(sets[i]), TestDatabase::Deadline(),
                            [&outcomes, &open, i](absl::Status status) {
                              outcomes[i] = std::move(status);
                              open.DecrementCount();
                            });
    }
    all_queued.Notify();
    open.Wait();
    return outcomes;
  }

  int64_t Items() { return database_.Int("SELECT COUNT(*) FROM item WHERE id < 1000000"); }
  int64_t Logs() { return database_.Int("SELECT COUNT(*) FROM log WHERE id < 1000000"); }

  Counts counts_;
  TestDatabase database_;
  int holds_ = 0;
};

TEST_F(GroupCommitterTest, LoneWriteSetIsStored) {
  GroupCommitter committer(database_.pool(), OneThread());
  EXPECT_TRUE(committer.Commit(Item(1), TestDatabase::Deadline()).ok());
  EXPECT_EQ(Items(), 1);
  EXPECT_EQ(Logs(), 1);
  EXPECT_TRUE(committer.Commit(WriteSet(), TestDatabase::Deadline()).ok());
}

TEST_F(GroupCommitterTest, WaitingWriteSetsShareOneTransaction) {
  GroupCommitter committer(database_.pool(), OneThread());
  std::vector<WriteSet> sets;
  for (int i = 0; i < 100; ++i) sets.push_back(Item(i));
  EXPECT_THAT(CommitTogether(committer, std::move(sets)), Each(absl::OkStatus()));
  EXPECT_EQ(Items(), 100);
  EXPECT_EQ(Logs(), 100);
  EXPECT_EQ(counts_.statements("commit"), 2);    // the one that held it up, and the group
  EXPECT_EQ(counts_.statements("item"), 1 + 2);  // 100 = 96 + 4
}

TEST_F(GroupCommitterTest, GroupsAreBounded) {
  GroupCommitterOptions options = OneThread();
  options.max_group = 10;
  GroupCommitter committer(database_.pool(), options);
  std::vector<WriteSet> sets;
  for (int i = 0; i < 35; ++i) sets.push_back(Item(i));
  EXPECT_THAT(CommitTogether(committer, std::move(sets)), Each(absl::OkStatus()));
  EXPECT_EQ(counts_.statements("commit"), 1 + 4);
}

TEST_F(GroupCommitterTest, EachFailsAlone) {
  database_.Run("INSERT INTO item (id, note) VALUES (5, 'old'), (7, 'moved on')");
  database_.Run("UPDATE item SET version = 3 WHERE id = 7");
  GroupCommitter committer(database_.pool(), OneThread());
  std::vector<WriteSet> sets;
  for (int i = 10; i < 20; ++i) sets.push_back(Item(i));
  sets.push_back(Item(5));   // 10: duplicate
  sets.push_back(Item(30));  // 11: conflict, so its item must not be there either
  sets.back().Execute(kMove, {7, 2}, Expect::kSomeRow);
  sets.push_back(Item(31));  // 12: fine
  sets.back().Execute(kMove, {7, 3}, Expect::kSomeRow);
  sets.push_back(WriteSet());  // 13: a bug
  sets.back().Execute({"broken", "UPDATE nothing SET x = 1"}, {});

  const auto outcomes = CommitTogether(committer, std::move(sets));

  for (int i = 0; i < 10; ++i) EXPECT_TRUE(outcomes[static_cast<size_t>(i)].ok());
  EXPECT_EQ(ClassOf(outcomes[10]), DbErrorClass::kDuplicateKey);
  EXPECT_EQ(MetaOf(outcomes[10], "table"), "item");
  EXPECT_EQ(ClassOf(outcomes[11]), DbErrorClass::kWriteConflict);
  EXPECT_EQ(ErrorReason(outcomes[11]), "WRITE_CONFLICT");
  EXPECT_TRUE(outcomes[12].ok());
  EXPECT_EQ(ClassOf(outcomes[13]), DbErrorClass::kBug);
  EXPECT_EQ(Items(), 2 + 10 + 1);
  EXPECT_EQ(Logs(), 10 + 1);
  EXPECT_EQ(database_.Int("SELECT version FROM item WHERE id = 7"), 4);
}

TEST_F(GroupCommitterTest, OfTwoEqualKeysInAGroupOneIsStored) {
  GroupCommitter committer(database_.pool(), OneThread());
  std::vector<WriteSet> sets;
  for (int i = 0; i < 4; ++i) sets.push_back(Item(1, absl::StrCat("try ", i)));
  const auto outcomes = CommitTogether(committer, std::move(sets));
  EXPECT_TRUE(outcomes[0].ok());
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(ClassOf(outcomes[i]), DbErrorClass::kDuplicateKey);
  EXPECT_EQ(database_.String("SELECT note FROM item WHERE id = 1"), "try 0");
  EXPECT_EQ(Logs(), 1);
}

// Two changes of one version in a group: the second one finds the row moved on.
TEST_F(GroupCommitterTest, OfTwoChangesOfAVersionOneIsStored) {
  database_.Run("INSERT INTO item (id, note) VALUES (1, '')");
  GroupCommitter committer(database_.pool(), OneThread());
  std::vector<WriteSet> sets(2);
  for (WriteSet& set : sets) set.Execute(kMove, {1, 1}, Expect::kSomeRow);
  const auto outcomes = CommitTogether(committer, std::move(sets));
  EXPECT_TRUE(outcomes[0].ok());
  EXPECT_EQ(ClassOf(outcomes[1]), DbErrorClass::kWriteConflict);
  EXPECT_EQ(database_.Int("SELECT version FROM item WHERE id = 1"), 2);
}

TEST_F(GroupCommitterTest, OnDuplicateAddsUp) {
  GroupCommitter committer(database_.pool(), OneThread());
  std::vector<WriteSet> sets(50);
  for (WriteSet& set : sets) set.Insert(kTotal, {"all", 2});
  EXPECT_THAT(CommitTogether(committer, std::move(sets)), Each(absl::OkStatus()));
  EXPECT_EQ(database_.Int("SELECT n FROM total"), 100);
}

// Groups that write the same sums lock them in one order, whatever the order of the callers.
TEST_F(GroupCommitterTest, SumsGoOutInTheOrderOfTheirKeys) {
  database_.Run(
      "CREATE TABLE cell (team VARCHAR(20) NOT NULL, month INT NOT NULL, n BIGINT NOT NULL, "
      "place BIGINT NOT NULL AUTO_INCREMENT UNIQUE, PRIMARY KEY (team, month))");
  static const InsertSpec& kCell =
      *new InsertSpec{"cell", {"team", "month", "n"}, "ON DUPLICATE KEY UPDATE n = VALUES(n)"};
  GroupCommitter committer(database_.pool(), OneThread());
  std::vector<WriteSet> sets(5);
  sets[0].Insert(kCell, {"west", 2, 1});
  sets[1].Insert(kCell, {"east", 3, 1});
  sets[2].Insert(kCell, {"west", 1, 1});
  sets[3].Insert(kCell, {"east", 3, 2});
  sets[4].Insert(kCell, {"east", 2, 1});
  EXPECT_THAT(CommitTogether(committer, std::move(sets)), Each(absl::OkStatus()));
  EXPECT_EQ(database_.String("SELECT GROUP_CONCAT(team, month ORDER BY place) FROM cell"),
            "east2,east3,west1,west2");
  EXPECT_EQ(database_.Int("SELECT n FROM cell WHERE team = 'east' AND month = 3"), 2);
}

TEST_F(GroupCommitterTest, RowOfTheWrongWidthIsRefused) {
  GroupCommitter committer(database_.pool(), OneThread());
  WriteSet crooked;  // together the right number of values
  crooked.Insert(kItem, {1, "a", 3});
  crooked.Insert(kItem, {2});
  EXPECT_EQ(ClassOf(committer.Commit(std::move(crooked), TestDatabase::Deadline())),
            DbErrorClass::kBug);
  EXPECT_EQ(Items(), 0);
}

TEST_F(GroupCommitterTest, LargeRowsAreSplitOverStatements) {
  database_.Run("CREATE TABLE big (id BIGINT NOT NULL PRIMARY KEY, bytes LONGBLOB NOT NULL)");
  const InsertSpec big{"big", {"id", "bytes"}, ""};
  WriteSet writes;
  for (int i = 0; i < 40; ++i) writes.Insert(big, {i, std::string(600'000, 'x')});
  GroupCommitter committer(database_.pool(), OneThread());
  EXPECT_TRUE(committer.Commit(std::move(writes), TestDatabase::Deadline()).ok());
  EXPECT_EQ(database_.Int("SELECT SUM(LENGTH(bytes)) FROM big"), 40 * 600'000);
}

// PLT-20: the events are stored with the changes, or neither is.
TEST_F(GroupCommitterTest, EventsAreStoredWithTheirChanges) {
  std::atomic<int> told{0};
  GroupCommitterOptions options = OneThread();
  options.outbox = [](absl::Span<const std::string* const> events, WriteSet& out) {
    std::string all;
    for (const std::string* event : events) all += *event;
    out.Insert(kOutbox, {all});
  };
  options.on_committed_events = [&] { ++told; };
  GroupCommitter committer(database_.pool(), options);
  std::vector<WriteSet> sets;
  for (int i = 0; i < 3; ++i) {
    sets.push_back(Item(i));
    sets.back().AddEvent(absl::StrCat("<", i, ">"));
  }
  EXPECT_THAT(CommitTogether(committer, std::move(sets)), Each(absl::OkStatus()));
  EXPECT_EQ(database_.String("SELECT events FROM outbox"), "<0><1><2>");
  EXPECT_EQ(told, 1);

  WriteSet duplicate = Item(1);
  duplicate.AddEvent("<never>");
  EXPECT_FALSE(committer.Commit(std::move(duplicate), TestDatabase::Deadline()).ok());
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM outbox"), 1);
  EXPECT_EQ(told, 1);
}

TEST_F(GroupCommitterTest, EventsWithoutAnOutboxAreRefused) {
  GroupCommitter committer(database_.pool(), OneThread());
  WriteSet writes = Item(1);
  writes.AddEvent("lost?");
  EXPECT_FALSE(committer.Commit(std::move(writes), TestDatabase::Deadline()).ok());
  EXPECT_EQ(Items(), 0);
}

// PLT-9
TEST_F(GroupCommitterTest, ExpiredWriteSetIsNotStored) {
  GroupCommitter committer(database_.pool(), OneThread());
  const absl::Status status = committer.Commit(Item(1), absl::Now() - absl::Seconds(1));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Items(), 0);
}

// PLT-9: a lock that is held for long costs the waiting write set its time, and others nothing.
TEST_F(GroupCommitterTest, WriteSetBehindALockEndsAtItsDeadline) {
  database_.Run("INSERT INTO item (id, note) VALUES (1, '')");
  auto holder = database_.pool().Acquire(TestDatabase::Deadline());
  ASSERT_TRUE((*holder)->Begin().ok());
  ASSERT_TRUE((*holder)->Execute(kMove, {1, 1}).ok());
  GroupCommitter committer(database_.pool(), GroupCommitterOptions{});
  WriteSet blocked = Item(2);
  blocked.Execute(kMove, {1, 1}, Expect::kSomeRow);
  absl::Status outcome;
  Notification done;
  committer.CommitAsync(std::move(blocked), absl::Now() + absl::Milliseconds(300),
                        [&](absl::Status status) {
                          outcome = std::move(status);
                          done.Notify();
                        });
  EXPECT_TRUE(committer.Commit(Item(3), TestDatabase::Deadline()).ok());
  done.WaitForNotification();
  EXPECT_EQ(ClassOf(outcome), DbErrorClass::kTimeout) << outcome;
  (*holder)->Rollback();
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM item WHERE id = 2"), 0);
}

// PLT-9: overload is refused, not queued without end.
TEST_F(GroupCommitterTest, FullQueueRefusesAtOnce) {
  GroupCommitterOptions options = OneThread();
  options.max_queue = 3;
  GroupCommitter committer(database_.pool(), options);
  Notification held;
  Notification release;
  committer.CommitAsync(Item(100), TestDatabase::Deadline(), [&](absl::Status) {
    held.Notify();
    release.WaitForNotification();
  });
  held.WaitForNotification();
  BlockingCounter accepted(3);
  for (int i = 0; i < 3; ++i) {
    committer.CommitAsync(Item(i), TestDatabase::Deadline(), [&](absl::Status status) {
      EXPECT_TRUE(status.ok());
      accepted.DecrementCount();
    });
  }
  const absl::Status refused = committer.Commit(Item(4), TestDatabase::Deadline());
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(refused), "COMMIT_QUEUE_FULL");
  release.Notify();
  accepted.Wait();
  EXPECT_EQ(Items(), 4);
}

TEST_F(GroupCommitterTest, DestructionStoresWhatIsQueued) {
  std::atomic<int> stored{0};
  {
    GroupCommitter committer(database_.pool(), OneThread());
    for (int i = 0; i < 300; ++i) {
      committer.CommitAsync(Item(i), TestDatabase::Deadline(),
                            [&](absl::Status status) { stored += status.ok() ? 1 : 0; });
    }
  }
  EXPECT_EQ(stored, 300);
  EXPECT_EQ(Items(), 300);
}

// PLT-24: contention between groups is nobody's error.
TEST_F(GroupCommitterTest, CrossingUpdatesOfTwoThreadsAllSucceed) {
  for (int i = 0; i < 8; ++i) {
    database_.Run(absl::StrCat("INSERT INTO item (id, note) VALUES (", i, ", '')"));
  }
  GroupCommitterOptions options;
  options.threads = 4;
  options.max_group = 4;
  constexpr int kSets = 400;
  std::vector<absl::Status> outcomes(kSets);
  {
    GroupCommitter committer(database_.pool(), options);
    for (int i = 0; i < kSets; ++i) {
      WriteSet writes;
      const Query touch{"touch", "UPDATE item SET version = version + 1 WHERE id = ?"};
      writes.Execute(touch, {i % 8}, Expect::kSomeRow);
      writes.Execute(touch, {7 - i % 8}, Expect::kSomeRow);
      committer.CommitAsync(std::move(writes), TestDatabase::Deadline(),
                            [&outcomes, i](absl::Status status) {
                              outcomes[static_cast<size_t>(i)] = std::move(status);
                            });
    }
  }
  EXPECT_THAT(outcomes, Each(absl::OkStatus()));
  EXPECT_EQ(database_.Int("SELECT SUM(version - 1) FROM item"), 2 * kSets);
}

// QUA-6: a connection that dies before the commit was sent is nobody's error either.
TEST_F(GroupCommitterTest, ConnectionKilledBeforeTheCommitIsReplaced) {
  GroupCommitterOptions options = OneThread();
  std::atomic<int> kills{2};
  options.outbox = [&](absl::Span<const std::string* const>, WriteSet& out) {
    // Runs inside the transaction, on the committer's own session.
    if (kills-- > 0) out.Execute({"suicide", "KILL CONNECTION CONNECTION_ID()"}, {});
    out.Insert(kOutbox, {"x"});
  };
  GroupCommitter committer(database_.pool(), options);
  std::vector<WriteSet> sets;
  for (int i = 0; i < 10; ++i) {
    sets.push_back(Item(i));
    sets.back().AddEvent("e");
  }
  EXPECT_THAT(CommitTogether(committer, std::move(sets)), Each(absl::OkStatus()));
  EXPECT_EQ(Items(), 10);
  EXPECT_EQ(Logs(), 10);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM outbox"), 1);
  EXPECT_EQ(counts_.retries("group"), 2);
}

TEST_F(GroupCommitterTest, RetriesEnd) {
  GroupCommitterOptions options = OneThread();
  options.outbox = [](absl::Span<const std::string* const>, WriteSet& out) {
    out.Execute({"suicide", "KILL CONNECTION CONNECTION_ID()"}, {});
  };
  GroupCommitter committer(database_.pool(), options);
  WriteSet writes = Item(1);
  writes.AddEvent("e");
  EXPECT_EQ(ClassOf(committer.Commit(std::move(writes), TestDatabase::Deadline())),
            DbErrorClass::kConnectionLost);
  EXPECT_EQ(counts_.retries("group"), 4);
  EXPECT_EQ(Items(), 0);
  EXPECT_TRUE(committer.Commit(Item(2), TestDatabase::Deadline()).ok());
}

// QUA-6: kill -9 of the database under load. What was acknowledged is there exactly once, what was
// refused is not, and work goes on without help.
TEST_F(GroupCommitterTest, KilledServerLosesNothingAcknowledged) {
  if (!TestServer::Get().owned()) GTEST_SKIP() << "the server is not ours to kill";
  constexpr int kWriters = 8;
  constexpr int kKills = 3;
  GroupCommitter committer(database_.pool(), GroupCommitterOptions{});
  std::atomic<bool> stop{false};
  std::atomic<int64_t> next_id{0};
  std::atomic<int64_t> stored_count{0};
  std::mutex mutex;
  std::set<int64_t> stored;
  std::set<int64_t> refused;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      while (!stop) {
        const int64_t id = next_id++;
        const absl::Status status = committer.Commit(Item(id), TestDatabase::Deadline());
        const std::lock_guard lock(mutex);
        if (status.ok()) {
          stored.insert(id);
          ++stored_count;
        } else if (ClassOf(status) != DbErrorClass::kCommitUnknown) {
          EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
          refused.insert(id);
        }
      }
    });
  }
  const auto wait_for_progress = [&] {
    const int64_t target = stored_count + 200;
    while (stored_count < target) std::this_thread::yield();
  };
  for (int i = 0; i < kKills; ++i) {
    wait_for_progress();
    TestServer::Get().Kill();
    TestServer::Get().Start();
  }
  wait_for_progress();  // it recovers
  stop = true;
  for (std::thread& writer : writers) writer.join();

  std::set<int64_t> present;
  auto lease = database_.pool().Acquire(TestDatabase::Deadline());
  ASSERT_TRUE(lease.ok());
  auto rows = (*lease)->Select({"all", "SELECT id FROM item"}, {});
  ASSERT_TRUE(rows.ok());
  while (rows->Next()) present.insert(rows->Int(0));
  for (const int64_t id : stored) EXPECT_TRUE(present.contains(id)) << id;
  for (const int64_t id : refused) EXPECT_FALSE(present.contains(id)) << id;
  EXPECT_FALSE(refused.empty());
  // Both tables or neither.
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM log"), static_cast<int64_t>(present.size()));
}

TEST_F(GroupCommitterTest, CommitOnWritesOneTransactionOfItsOwn) {
  auto lease = database_.pool().Acquire(TestDatabase::Deadline());
  ASSERT_TRUE(lease.ok());
  const WriteSet first = Item(1);
  const WriteSet second = Item(2);
  const WriteSet* const good[] = {&first, &second};
  EXPECT_TRUE(CommitOn(**lease, good, nullptr).ok());
  const WriteSet third = Item(3);
  const WriteSet* const bad[] = {&third, &first};
  const absl::Status status = CommitOn(**lease, bad, nullptr);
  EXPECT_EQ(ClassOf(status), DbErrorClass::kDuplicateKey);
  EXPECT_FALSE((*lease)->in_transaction());
  EXPECT_EQ(Items(), 2);
}

}  // namespace
}  // namespace crm::db
