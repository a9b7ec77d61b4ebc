#include "common/testdb/test_database.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace crm::testing {
namespace {

void CheckOk(const absl::Status& status, std::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "test database: %.*s: %s\n", static_cast<int>(what.size()), what.data(),
               status.ToString().c_str());
  std::abort();
}

// Unique among test binaries that share a server, and runs of one.
std::string UniqueName() {
  static std::atomic<int> count{0};
  return absl::StrCat("crm_test_", absl::ToUnixSeconds(absl::Now()), "_", getpid(), "_", ++count);
}

void RunOn(db::Pool& pool, std::string_view sql) {
  auto lease = pool.Acquire(TestDatabase::Deadline());
  CheckOk(lease.status(), "connect");
  CheckOk((*lease)->ExecuteText({"test_setup", sql}), sql);
}

// Creates and drops databases.
void RunAsAdmin(std::string_view sql) {
  db::PoolOptions options;
  options.address = TestServer::Get().admin();
  db::Pool pool(options);
  RunOn(pool, sql);
}

}  // namespace

TestDatabase::TestDatabase(absl::Span<const db::Migration> migrations,
                           db::StatementObserver* observer) {
  options_.address = TestServer::Get().admin();
  options_.address.database = UniqueName();
  RunAsAdmin(absl::StrCat("CREATE DATABASE ", options_.address.database,
                          " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
  pool_ = std::make_unique<db::Pool>(options_, observer);
  if (migrations.empty()) return;
  CheckOk(db::Migrate(*pool_, migrations, [](std::string_view) {}), "migrations");
}

TestDatabase::~TestDatabase() {
  TestServer::Get().Start();  // a fault test may have left it dead
  pool_.reset();
  RunAsAdmin(absl::StrCat("DROP DATABASE IF EXISTS ", name()));
}

void TestDatabase::Run(std::string_view sql) { RunOn(*pool_, sql); }

int64_t TestDatabase::Int(std::string_view sql, std::initializer_list<db::Value> params) {
  auto lease = pool_->Acquire(Deadline());
  CheckOk(lease.status(), "connect");
  return FirstRow(**lease, sql, params).Int(0);
}

std::string TestDatabase::String(std::string_view sql, std::initializer_list<db::Value> params) {
  auto lease = pool_->Acquire(Deadline());
  CheckOk(lease.status(), "connect");
  return FirstRow(**lease, sql, params).String(0);
}

db::Rows TestDatabase::FirstRow(db::Connection& connection, std::string_view sql,
                                std::initializer_list<db::Value> params) {
  auto rows = connection.Select({"test_look", sql}, params);
  CheckOk(rows.status(), sql);
  if (!rows->Next()) CheckOk(absl::NotFoundError("no row"), sql);
  return *std::move(rows);
}

absl::Time TestDatabase::Deadline() { return absl::Now() + absl::Seconds(60); }

}  // namespace crm::testing
