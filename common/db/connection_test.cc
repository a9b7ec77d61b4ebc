#include "common/db/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
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

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestDatabase;
using testing::TestServer;

constexpr Query kInsert{"insert", "INSERT INTO t (id, i, d, s, b) VALUES (?, ?, ?, ?, ?)"};
constexpr Query kLook{"look", "SELECT i, d, s, b FROM t WHERE id = ?"};
constexpr Query kOne{"one", "SELECT 1"};
constexpr Query kSlow{"slow", "SELECT COUNT(*) FROM t WHERE SLEEP(30) = 0"};

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() {
    database_.Run(R"sql(
      CREATE TABLE t (
        id BIGINT NOT NULL PRIMARY KEY, i BIGINT NULL, d DOUBLE NULL,
        s VARCHAR(4000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, b LONGBLOB NULL))sql");
    lease_ = Acquire();
  }

  std::optional<Pool::Lease> Acquire() {
    auto lease = database_.pool().Acquire(TestDatabase::Deadline());
    EXPECT_TRUE(lease.ok()) << lease.status();
    return *std::move(lease);
  }
  Connection& connection() { return **lease_; }
  int64_t Id() { return static_cast<MysqlConnection&>(connection()).target().connection_id; }

  TestDatabase database_;
  std::optional<Pool::Lease> lease_;
};

TEST_F(ConnectionTest, IntegersSurviveInFullRange) {
  int64_t id = 0;
  for (const int64_t value : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0},
                              int64_t{4'294'967'296}, std::numeric_limits<int64_t>::max()}) {
    ASSERT_TRUE(connection().Execute(kInsert, {++id, value, {}, {}, {}}).ok());
    auto rows = connection().Select(kLook, {id});
    ASSERT_TRUE(rows.ok() && rows->Next());
    EXPECT_EQ(rows->Int(0), value);
    EXPECT_EQ(rows->OptInt(0), value);
    EXPECT_EQ(rows->String(0), absl::StrCat(value));
  }
}

TEST_F(ConnectionTest, DoublesSurviveExactly) {
  int64_t id = 0;
  for (const double value : {0.1, -1.0 / 3, std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::min(), 0.0}) {
    ASSERT_TRUE(connection().Execute(kInsert, {++id, {}, value, {}, {}}).ok());
    auto rows = connection().Select(kLook, {id});
    ASSERT_TRUE(rows.ok() && rows->Next());
    EXPECT_EQ(rows->Double(1), value);
  }
}

// QUA-8: what is read is what was sent.
TEST_F(ConnectionTest, TextSurvives) {
  const std::vector<std::string> texts = {"",
                                          " trailing ",
                                          "单位：北京",
                                          "𠮷野家 😀",
                                          "'; DROP TABLE t; --",
                                          "a\\'b\"c%_\n\r\t\x1a",
                                          std::string("nul\0inside", 10),
                                          std::string(4000, 'x'),
                                          "\u202Ertl"};
  int64_t id = 0;
  for (const std::string& text : texts) {
    ASSERT_TRUE(connection().Execute(kInsert, {++id, {}, {}, text, {}}).ok());
    auto rows = connection().Select(kLook, {id});
    ASSERT_TRUE(rows.ok() && rows->Next());
    EXPECT_FALSE(rows->IsNull(2));
    EXPECT_EQ(rows->String(2), text);
  }
}

TEST_F(ConnectionTest, BytesSurviveAndAreFound) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::vector<std::string> blobs = {all,
                                          "",
                                          std::string(3, '\0'),
                                          "\xff\xfe\x80",
                                          "\xed\xa0\x80",
                                          std::string(1'000'000, '\xff')};
  int64_t id = 0;
  for (const std::string& blob : blobs) {
    ASSERT_TRUE(connection().Execute(kInsert, {++id, {}, {}, {}, blob}).ok());
    auto rows = connection().Select(kLook, {id});
    ASSERT_TRUE(rows.ok() && rows->Next());
    EXPECT_EQ(rows->String(3), blob);
    auto found = connection().Select({"by_bytes", "SELECT id FROM t WHERE b = ?"}, {blob});
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_TRUE(found->Next());
    EXPECT_EQ(found->Int(0), id);
  }
}

TEST_F(ConnectionTest, NullIsNotEmpty) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, {}, {}, {}, {}}).ok());
  ASSERT_TRUE(connection().Execute(kInsert, {2, 0, 0.0, "", ""}).ok());
  auto null = connection().Select(kLook, {1});
  ASSERT_TRUE(null.ok() && null->Next());
  for (int column = 0; column < 4; ++column) EXPECT_TRUE(null->IsNull(column));
  EXPECT_EQ(null->OptInt(0), std::nullopt);
  EXPECT_EQ(null->Int(0), 0);
  EXPECT_EQ(null->Double(1), 0.0);
  EXPECT_EQ(null->OptString(2), std::nullopt);
  EXPECT_EQ(null->String(2), "");
  auto empty = connection().Select(kLook, {2});
  ASSERT_TRUE(empty.ok() && empty->Next());
  EXPECT_EQ(empty->OptString(2), "");
  EXPECT_EQ(empty->OptInt(0), 0);
}

TEST_F(ConnectionTest, ParametersChangeTheirTypeBetweenRuns) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, 5, 1.5, "five", "5"}).ok());
  ASSERT_TRUE(connection().Execute(kInsert, {2, {}, {}, {}, {}}).ok());
  ASSERT_TRUE(connection().Execute(kInsert, {3, "7", 2, 8, 9.5}).ok());
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM t WHERE i IS NULL AND s IS NULL"), 1);
  EXPECT_EQ(database_.String("SELECT CONCAT(i, '/', s) FROM t WHERE id = ?", {3}), "7/8");
}

// A forgotten parameter must not become the value of the last run.
TEST_F(ConnectionTest, WrongNumberOfParametersIsRefused) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, 5, {}, {}, {}}).ok());
  for (const Values& values :
       {Values{2, 5, 1.0, "x"}, Values{2, 5, 1.0, "x", "y", "z"}, Values{}}) {
    EXPECT_EQ(ClassOf(connection().Execute(kInsert, values).status()), DbErrorClass::kBug);
  }
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM t"), 1);
  EXPECT_TRUE(connection().usable());
}

TEST_F(ConnectionTest, UpdateCountsMatchedRows) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, 5, {}, {}, {}}).ok());
  const Query update{"update", "UPDATE t SET i = 5 WHERE id = ?"};
  EXPECT_EQ(*connection().Execute(update, {1}), 1);  // matched, not changed
  EXPECT_EQ(*connection().Execute(update, {2}), 0);
}

TEST_F(ConnectionTest, RowsStayValidWhileTheSameStatementRunsAgain) {
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(connection().Execute(kInsert, {i, i * 10, {}, {}, {}}).ok());
  }
  const Query all{"all", "SELECT i FROM t WHERE id >= ? ORDER BY id"};
  auto outer = connection().Select(all, {1});
  ASSERT_TRUE(outer.ok());
  EXPECT_EQ(outer->size(), 3U);
  int64_t sum = 0;
  while (outer->Next()) {
    auto inner = connection().Select(all, {3});
    ASSERT_TRUE(inner.ok() && inner->Next());
    sum += outer->Int(0) * inner->Int(0);
  }
  EXPECT_EQ(sum, (10 + 20 + 30) * 30);
}

// PLT-9: the deadline reaches the database, and costs no connection.
TEST_F(ConnectionTest, StatementIsKilledAtItsDeadline) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, {}, {}, {}, {}}).ok());
  const absl::Time start = absl::Now();
  connection().SetDeadline(start + absl::Milliseconds(100));
  const absl::Status status = connection().Select(kSlow, {}).status();
  EXPECT_EQ(ClassOf(status), DbErrorClass::kTimeout) << status;
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  EXPECT_TRUE(connection().usable());
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM information_schema.processlist "
                          "WHERE info LIKE '%SLEEP(30)%' AND info NOT LIKE '%processlist%'"),
            0);
  connection().SetDeadline(absl::InfiniteFuture());
  EXPECT_TRUE(connection().Select(kOne, {}).ok());
}

// PLT-9: a kill never hits the next statement.
TEST_F(ConnectionTest, KillsDoNotLeakIntoLaterStatements) {
  const Query nap{"nap", "SELECT SLEEP(?)"};
  int timeouts = 0;
  for (int i = 0; i < 200; ++i) {
    connection().SetDeadline(absl::Now() + absl::Microseconds(900 + 5 * i));
    timeouts += connection().Select(nap, {0.0015}).ok() ? 0 : 1;
    connection().SetDeadline(absl::InfiniteFuture());
    const auto rows = connection().Select(kOne, {});
    ASSERT_TRUE(rows.ok()) << "round " << i << ": " << rows.status();
  }
  EXPECT_GT(timeouts, 0);
  EXPECT_TRUE(connection().usable());
}

TEST_F(ConnectionTest, NothingIsSentAfterTheDeadline) {
  connection().SetDeadline(absl::Now() - absl::Seconds(1));
  EXPECT_EQ(ClassOf(connection().Execute(kInsert, {1, {}, {}, {}, {}}).status()),
            DbErrorClass::kTimeout);
  EXPECT_EQ(ClassOf(connection().Begin()), DbErrorClass::kTimeout);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM t"), 0);
}

TEST_F(ConnectionTest, StaleStatementIsPreparedAgain) {
  const Query star{"star", "SELECT t.* FROM t"};
  ASSERT_TRUE(connection().Select(star, {}).ok());
  database_.Run("ALTER TABLE t ADD COLUMN extra INT NOT NULL DEFAULT 7");
  ASSERT_TRUE(connection().Execute(kInsert, {1, {}, {}, {}, {}}).ok());
  auto rows = connection().Select(star, {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_TRUE(rows->Next());
  EXPECT_EQ(rows->Int(5), 7);
}

TEST_F(ConnectionTest, PreparedStatementsAreBounded) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < MysqlConnection::kMaxPrepared + 50; ++i) {
    texts.push_back(absl::StrCat("SELECT ", i));
  }
  for (int round = 0; round < 2; ++round) {
    for (const std::string& text : texts) ASSERT_TRUE(connection().Select({"many", text}, {}).ok());
  }
  EXPECT_EQ(static_cast<MysqlConnection&>(connection()).prepared_count(),
            MysqlConnection::kMaxPrepared);
}

// PLT-24: settings that the code relies on, on either server.
TEST_F(ConnectionTest, SessionIsStrictReadCommittedUtf8) {
  EXPECT_THAT(database_.String("SELECT @@SESSION.sql_mode"), HasSubstr("STRICT_ALL_TABLES"));
  EXPECT_EQ(database_.String("SELECT @@character_set_client"), "utf8mb4");
  const absl::Status too_long =
      connection().Execute(kInsert, {1, {}, {}, std::string(4001, 'x'), {}}).status();
  EXPECT_EQ(ClassOf(too_long), DbErrorClass::kBug);

  // Another transaction's commit is seen inside ours.
  ASSERT_TRUE(connection().Begin().ok());
  auto before = connection().Select(kLook, {1});
  ASSERT_TRUE(before.ok());
  EXPECT_FALSE(before->Next());
  database_.Run("INSERT INTO t (id) VALUES (1)");
  auto after = connection().Select(kLook, {1});
  ASSERT_TRUE(after.ok());
  EXPECT_TRUE(after->Next());
  connection().Rollback();
}

TEST_F(ConnectionTest, SeveralStatementsInOneTextAreRefused) {
  EXPECT_FALSE(connection().ExecuteText({"two", "DO 1; DELETE FROM t"}).ok());
  EXPECT_FALSE(connection().Select({"two", "SELECT 1; DELETE FROM t"}, {}).ok());
  EXPECT_TRUE(connection().Select(kOne, {}).ok());
}

TEST_F(ConnectionTest, FilesOfTheClientAreNotSent) {
  const absl::Status status =
      connection().ExecuteText({"load", "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t (s)"});
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM t"), 0);
}

TEST_F(ConnectionTest, RowsOfATextAreThrownAway) {
  ASSERT_TRUE(connection().ExecuteText({"rows", "SELECT 1 UNION SELECT 2"}).ok());
  EXPECT_TRUE(connection().Select(kOne, {}).ok());
}

TEST_F(ConnectionTest, ErrorsHaveAClassAndNoValues) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, {}, {}, "13800138000", {}}).ok());
  const absl::Status duplicate =
      connection().Execute(kInsert, {1, {}, {}, "13800138000", {}}).status();
  EXPECT_EQ(ClassOf(duplicate), DbErrorClass::kDuplicateKey);
  EXPECT_EQ(duplicate.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(duplicate), "DUPLICATE_KEY");
  EXPECT_EQ(DriverCodeOf(duplicate), 1062);

  const absl::Status syntax = connection().Select({"broken", "SELEC '13800138000'"}, {}).status();
  EXPECT_EQ(ClassOf(syntax), DbErrorClass::kBug);
  EXPECT_EQ(syntax.code(), absl::StatusCode::kInternal);
  // PLT-7
  for (const absl::Status& status : {duplicate, syntax}) {
    const std::string wire = ToRpcStatus(status).DebugString();
    EXPECT_THAT(wire, Not(HasSubstr("13800138000")));
    EXPECT_THAT(wire, Not(HasSubstr("SELEC")));
  }
  EXPECT_TRUE(connection().usable());
}

TEST_F(ConnectionTest, DeadlockIsContention) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, 0, {}, {}, {}}).ok());
  ASSERT_TRUE(connection().Execute(kInsert, {2, 0, {}, {}, {}}).ok());
  const Query add{"add", "UPDATE t SET i = i + 1 WHERE id = ?"};
  auto other = Acquire();
  ASSERT_TRUE(connection().Begin().ok());
  ASSERT_TRUE((*other)->Begin().ok());
  ASSERT_TRUE(connection().Execute(add, {1}).ok());
  ASSERT_TRUE((*other)->Execute(add, {2}).ok());
  absl::Status theirs;
  std::thread crossing([&] {
    theirs = (*other)->Execute(add, {1}).status();
    (*other)->Rollback();
  });
  const absl::Status ours = connection().Execute(add, {2}).status();
  connection().Rollback();
  crossing.join();
  EXPECT_TRUE(ClassOf(ours) == DbErrorClass::kRetryable ||
              ClassOf(theirs) == DbErrorClass::kRetryable)
      << ours << theirs;
}

TEST_F(ConnectionTest, ReadOnALostConnection) {
  database_.Run(absl::StrCat("KILL CONNECTION ", Id()));
  EXPECT_EQ(ClassOf(connection().Select(kOne, {}).status()), DbErrorClass::kConnectionLost);
  EXPECT_FALSE(connection().usable());
  EXPECT_EQ(ClassOf(connection().Select(kOne, {}).status()), DbErrorClass::kConnectionLost);
  EXPECT_EQ(ClassOf(connection().Begin()), DbErrorClass::kConnectionLost);
}

// A write that got no answer may be there, unless it was inside a transaction.
TEST_F(ConnectionTest, WriteOnALostConnection) {
  ASSERT_TRUE(connection().Execute(kInsert, {1, {}, {}, {}, {}}).ok());
  database_.Run(absl::StrCat("KILL CONNECTION ", Id()));
  EXPECT_EQ(ClassOf(connection().Execute(kInsert, {2, {}, {}, {}, {}}).status()),
            DbErrorClass::kCommitUnknown);

  lease_ = Acquire();
  ASSERT_TRUE(connection().Begin().ok());
  ASSERT_TRUE(connection().Execute(kInsert, {3, {}, {}, {}, {}}).ok());
  database_.Run(absl::StrCat("KILL CONNECTION ", Id()));
  EXPECT_EQ(ClassOf(connection().Execute(kInsert, {4, {}, {}, {}, {}}).status()),
            DbErrorClass::kConnectionLost);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM t WHERE id IN (3, 4)"), 0);
}

TEST_F(ConnectionTest, CommitOnALostConnectionIsUnknown) {
  ASSERT_TRUE(connection().Begin().ok());
  ASSERT_TRUE(connection().Execute(kInsert, {1, {}, {}, {}, {}}).ok());
  database_.Run(absl::StrCat("KILL CONNECTION ", Id()));
  const absl::Status status = connection().Commit();
  EXPECT_EQ(ClassOf(status), DbErrorClass::kCommitUnknown);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

// PLT-12: without TLS on the server there is no connection, not one in plain text.
TEST_F(ConnectionTest, TlsIsNotOptional) {
  PoolOptions options = database_.pool_options();
  options.address.ssl_ca = "/etc/ssl/certs/ca-certificates.crt";
  Pool pool(options);
  const absl::Status status = pool.Acquire(TestDatabase::Deadline()).status();
  EXPECT_EQ(ClassOf(status), DbErrorClass::kUnavailable) << status;
}

// PLT-18: a service's user sees nothing else.
TEST_F(ConnectionTest, UserOfOneSchemaCannotReadAnother) {
  TestDatabase other;
  const std::string user = absl::StrCat("u", Id());
  database_.Run(absl::StrCat("CREATE USER '", user, "'@'%' IDENTIFIED BY 'geheim-1'"));
  database_.Run(absl::StrCat("GRANT ALL ON ", other.name(), ".* TO '", user, "'@'%'"));
  PoolOptions options = other.pool_options();
  options.address.user = user;
  options.address.password = "geheim-1";
  Pool pool(options);
  auto lease = pool.Acquire(TestDatabase::Deadline());
  ASSERT_TRUE(lease.ok()) << lease.status();
  const std::string foreign = absl::StrCat("SELECT COUNT(*) FROM ", database_.name(), ".t");
  EXPECT_FALSE((*lease)->Select({"foreign", foreign}, {}).ok());
  database_.Run(absl::StrCat("DROP USER '", user, "'@'%'"));
}

}  // namespace
}  // namespace crm::db
