// A fresh, empty database on the TestServer, dropped at the end of its scope.
//
//   TestDatabase database(kMigrations);  // or none, and database.Run("CREATE TABLE …")
//   auto lease = database.pool().Acquire(database.Deadline());
#ifndef CRM_COMMON_TESTDB_TEST_DATABASE_H_
#define CRM_COMMON_TESTDB_TEST_DATABASE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/migrator.h"
#include "common/db/pool.h"
#include "common/testdb/test_server.h"

namespace crm::testing {

// What does not work ends the test binary with a message. Thread-safe but for construction.
class TestDatabase {
 public:
  explicit TestDatabase(absl::Span<const db::Migration> migrations = {},
                        db::StatementObserver* observer = nullptr);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& name() const { return options_.address.database; }
  const db::Address& address() const { return options_.address; }
  // For pools of a test's own.
  const db::PoolOptions& pool_options() const { return options_; }
  db::Pool& pool() { return *pool_; }

  // Runs one statement of the set-up.
  void Run(std::string_view sql);
  // The first column of the first row.
  int64_t Int(std::string_view sql, std::initializer_list<db::Value> params = {});
  std::string String(std::string_view sql, std::initializer_list<db::Value> params = {});

  // Far enough for anything a test does.
  static absl::Time Deadline();

 private:
  db::Rows FirstRow(db::Connection& connection, std::string_view sql,
                    std::initializer_list<db::Value> params);

  db::PoolOptions options_;
  std::unique_ptr<db::Pool> pool_;
};

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTDB_TEST_DATABASE_H_
