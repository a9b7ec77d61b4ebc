#include "common/db/migrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/db/db_error.h"
#include "common/error/error.h"
#include "common/testdb/test_database.h"

namespace crm::db {
namespace {

using ::testing::HasSubstr;
using testing::TestDatabase;

constexpr Migration kFirst{"0001_first.sql", R"sql(
-- A comment; with a semicolon at its end;
CREATE TABLE a (
  id BIGINT NOT NULL PRIMARY KEY,  -- the key
  -- a comment inside;
  note VARCHAR(100) NOT NULL DEFAULT 'x;y'
);

INSERT INTO a (id, note) VALUES (1, '一;二
  -- two lines');
)sql"};
constexpr Migration kSecond{"0002_second.sql",
                            "ALTER TABLE a ADD COLUMN extra INT NOT NULL DEFAULT 7;\r\n"
                            "UPDATE a SET extra = extra + 1"};

class MigratorTest : public ::testing::Test {
 protected:
  absl::Status Run(std::vector<Migration> migrations) {
    return Migrate(database_.pool(), migrations,
                   [this](std::string_view line) { lines_.emplace_back(line); });
  }
  absl::Status Check(std::vector<Migration> migrations) {
    return CheckSchema(database_.pool(), migrations);
  }

  TestDatabase database_;
  std::vector<std::string> lines_;
};

// PLT-19
TEST_F(MigratorTest, AppliesInOrderOnce) {
  ASSERT_TRUE(Run({kSecond, kFirst}).ok());
  EXPECT_EQ(database_.Int("SELECT extra FROM a"), 8);
  EXPECT_EQ(database_.String("SELECT note FROM a"), "一;二\n  -- two lines");
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM schema_migration WHERE applied_at IS NOT NULL AND "
                          "statements_done = 2 AND statements_total = 2"),
            2);
  lines_.clear();
  EXPECT_TRUE(Run({kFirst, kSecond}).ok());
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(database_.Int("SELECT extra FROM a"), 8);
}

// PLT-19: whoever made the schema may have left the server's default, under which 'a' = 'A'.
TEST_F(MigratorTest, TablesTellTextsApartByTheirBytes) {
  database_.Run("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
  ASSERT_TRUE(Run({kFirst, kSecond}).ok());
  EXPECT_EQ(database_.String("SELECT COLLATION_NAME FROM information_schema.COLUMNS"
                             " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'a'"
                             " AND COLUMN_NAME = 'note'"),
            "utf8mb4_bin");
}

// PLT-19
TEST_F(MigratorTest, RefusesAChangedMigration) {
  ASSERT_TRUE(Run({kFirst}).ok());
  const std::string edited = std::string(kFirst.sql) + "\n";
  const Migration changed{kFirst.name, edited};
  for (const absl::Status& status : {Run({changed, kSecond}), Check({changed})}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ErrorReason(status), "MIGRATION_CHANGED");
  }
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM schema_migration"), 1);
}

// PLT-19: forward only.
TEST_F(MigratorTest, RefusesAMigrationOutOfOrder) {
  ASSERT_TRUE(Run({kFirst, Migration{"0003_third.sql", "CREATE TABLE c (id INT);"}}).ok());
  const absl::Status status = Run({kFirst, kSecond});
  EXPECT_EQ(ErrorReason(status), "MIGRATION_OUT_OF_ORDER");
  EXPECT_THAT(std::string(status.message()), HasSubstr("0002_second.sql"));
}

TEST_F(MigratorTest, RefusesANumberUsedTwice) {
  EXPECT_EQ(ErrorReason(Run({kFirst, Migration{"0001_other.sql", "DO 1;"}})),
            "MIGRATION_NUMBER_TWICE");
}

// PLT-19: interrupted between statements.
TEST_F(MigratorTest, GoesOnWhereItStopped) {
  constexpr std::string_view kText =
      "CREATE TABLE one (id INT);\nINSERT INTO one VALUES (1);\n"
      "INSERT INTO missing VALUES (1);\nINSERT INTO one VALUES (2);\n";
  const Migration migration{"0001_stops.sql", kText};
  const absl::Status failed = Run({migration});
  EXPECT_EQ(DriverCodeOf(failed), 1146);
  EXPECT_THAT(lines_.back(), HasSubstr("0001_stops.sql: statement 3 failed"));
  EXPECT_EQ(ErrorReason(Check({migration})), "SCHEMA_TOO_OLD");

  database_.Run("CREATE TABLE missing (id INT)");
  ASSERT_TRUE(Run({migration}).ok());
  EXPECT_EQ(database_.Int("SELECT SUM(id) FROM one"), 3);  // nothing ran twice
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM missing"), 1);
  EXPECT_TRUE(Check({migration}).ok());
}

// PLT-19: interrupted after a DDL statement and before the note of it.
TEST_F(MigratorTest, ForgivesDdlThatWasDoneButNotNoted) {
  ASSERT_TRUE(Run({kFirst}).ok());
  ASSERT_TRUE(Run({kFirst, kSecond}).ok());
  database_.Run(
      "UPDATE schema_migration SET applied_at = NULL, statements_done = 0, "
      "statements_begun = 1 WHERE name = '0002_second.sql'");
  EXPECT_TRUE(Run({kFirst, kSecond}).ok());
  EXPECT_TRUE(Check({kFirst, kSecond}).ok());
}

TEST_F(MigratorTest, DoesNotForgiveDdlThatWasNeverBegun) {
  database_.Run("CREATE TABLE a (id BIGINT)");
  EXPECT_EQ(DriverCodeOf(Run({kFirst})), 1050);
}

// PLT-19: several replicas start at once.
TEST_F(MigratorTest, RunsAtOnceWaitForEachOther) {
  std::vector<absl::Status> outcomes(4);
  std::vector<std::thread> runs;
  for (absl::Status& outcome : outcomes) {
    runs.emplace_back([&] {
      outcome = Migrate(database_.pool(), {kFirst, kSecond}, [](std::string_view) {});
    });
  }
  for (std::thread& run : runs) run.join();
  for (const absl::Status& outcome : outcomes) EXPECT_TRUE(outcome.ok()) << outcome;
  EXPECT_EQ(database_.Int("SELECT extra FROM a"), 8);
}

// PLT-19: a service refuses a schema that is too old, and accepts a newer one.
TEST_F(MigratorTest, CheckNamesTheFirstMissingMigration) {
  const absl::Status empty = Check({kFirst, kSecond});
  EXPECT_EQ(empty.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(empty), "SCHEMA_TOO_OLD");
  EXPECT_THAT(std::string(empty.message()), HasSubstr("0001_first.sql"));
  ASSERT_TRUE(Run({kFirst}).ok());
  EXPECT_THAT(std::string(Check({kFirst, kSecond}).message()), HasSubstr("0002_second.sql"));
  ASSERT_TRUE(Run({kFirst, kSecond}).ok());
  EXPECT_TRUE(Check({kFirst}).ok());
}

TEST_F(MigratorTest, TestDatabaseAppliesMigrations) {
  const Migration migrations[] = {kFirst};
  TestDatabase migrated(migrations);
  EXPECT_EQ(migrated.Int("SELECT id FROM a"), 1);
}

}  // namespace
}  // namespace crm::db
