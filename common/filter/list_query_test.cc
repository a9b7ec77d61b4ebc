#include "common/filter/list_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/filter/test_keyring.h"
#include "common/testdb/test_database.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::filter {
namespace {

using crm::customer::v1::Customer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListQueryTest : public ::testing::Test {
 protected:
  ListQueryTest() {
    database_.Run(R"sql(
      CREATE TABLE customer (
        id BIGINT NOT NULL PRIMARY KEY, number VARCHAR(40) NOT NULL, full_name VARCHAR(100),
        tier SMALLINT, age BIGINT, total_amount DECIMAL(19,2), last_purchase_date DATE,
        create_time BIGINT, owner VARCHAR(64), team VARCHAR(64),
        UNIQUE KEY (number), KEY (total_amount), KEY (full_name)))sql");
  }

  template <typename T>
  static std::optional<T> MaybeNull(std::mt19937& random, T value) {
    return random() % 4 == 0 ? std::nullopt : std::optional<T>(std::move(value));
  }

  // Few distinct values: many ties.
  void Insert(int64_t id) {
    const auto pick = [&](unsigned n) { return static_cast<int64_t>(random_() % n); };
    auto done = connection_->Execute(
        {"insert", "INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
        {id, absl::StrCat("C", pick(1'000'000), "-", id),
         MaybeNull(random_, absl::StrCat("客户", pick(4), pick(2) == 0 ? "a" : "A")),
         MaybeNull(random_, pick(3) + 1), MaybeNull(random_, pick(3)),
         MaybeNull(random_, absl::StrCat(pick(3), ".50")),
         MaybeNull(random_, absl::StrCat("2026-0", pick(3) + 1, "-01")),
         MaybeNull(random_, pick(3)), absl::StrCat("u", pick(3)), absl::StrCat("t", pick(3))});
    ASSERT_TRUE(done.ok()) << done.status();
  }

  ListSource Source() const {
    return {.schema = schema::MessageSchema::Of<Customer>(),
            .from = "customer",
            .columns = "id, number",
            .column_count = 2,
            .condition = {},
            .scope = {Scope::Kind::kAll, "", {}}};
  }

  absl::StatusOr<ListQuery> Make(const ListRequest& request) const {
    return ListQuery::Make(Source(), request, options_);
  }

  // Ids of a page; its token goes to next_token_.
  std::vector<int64_t> Page(const ListRequest& request) {
    const auto query = Make(request);
    EXPECT_TRUE(query.ok()) << query.status();
    if (!query.ok()) return {};
    std::vector<int64_t> ids;
    const auto page = query->Run(*connection_, "list", [&](const db::Rows& row) {
      ids.push_back(row.Int(0));
      return absl::OkStatus();
    });
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    EXPECT_EQ(page->rows, static_cast<int>(ids.size()));
    next_token_ = page->next_page_token;
    return ids;
  }

  std::vector<int64_t> Ids(std::string_view sql) {
    auto rows = connection_->Select({"ids", sql}, {});
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<int64_t> ids;
    while (rows.ok() && rows->Next()) ids.push_back(rows->Int(0));
    return ids;
  }

  // The columns `key` and `rows` of EXPLAIN's first line.
  std::pair<std::string, int64_t> Explain(const Fragment& select) {
    auto rows = connection_->Select({"explain", "EXPLAIN " + select.sql}, select.values);
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (!rows.ok() || !rows->Next()) return {};
    extra_ = rows->String(9);
    return {rows->String(5), std::stoll(rows->String(8))};
  }

  // Rows this connection has stepped over in indexes and tables.
  int64_t RowsRead() {
    auto status = connection_->Select({"status", R"sql(
        SELECT SUM(CAST(VARIABLE_VALUE AS SIGNED)) FROM information_schema.SESSION_STATUS
        WHERE VARIABLE_NAME IN
          ('HANDLER_READ_NEXT', 'HANDLER_READ_PREV', 'HANDLER_READ_RND_NEXT'))sql"},
                                      {});
    EXPECT_TRUE(status.ok()) << status.status();
    return status.ok() && status->Next() ? status->Int(0) : -1;
  }

  testing::TestDatabase database_;
  db::Pool::Lease connection_ = *database_.pool().Acquire(testing::TestDatabase::Deadline());
  TestKeyring keyring_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
  CompileOptions options_ = TestOptions(*keyring_);
  std::mt19937 random_{20260831};
  std::string next_token_;
  std::string extra_;
};

// PLT-4: each row exactly once, in the order asked for, unknown values last, while rows are added
// before the place the reader has reached.
TEST_F(ListQueryTest, VisitsEachRowOnceUnderAnyOrder) {
  for (int64_t id = 1; id <= 120; ++id) Insert(id * 1000);
  std::vector<std::string> fields = {"number",       "full_name",          "tier",       "age",
                                     "total_amount", "last_purchase_date", "create_time"};
  int64_t added = 1;
  for (int round = 0; round < 40; ++round) {
    std::shuffle(fields.begin(), fields.end(), random_);
    std::string order_by, sql = "SELECT id FROM customer ORDER BY ";
    bool descending = true;
    for (auto n = random_() % 4; n > 0; --n) {
      descending = random_() % 2 == 0;
      const char* direction = descending ? " DESC" : " ASC";
      absl::StrAppend(&order_by, order_by.empty() ? "" : ", ", fields[n], direction);
      absl::StrAppend(&sql, fields[n], " IS NULL, ", fields[n], direction, ", ");
    }
    const std::vector<int64_t> expected = Ids(sql + "id" + (descending ? " DESC" : " ASC"));

    std::vector<int64_t> seen;
    next_token_.clear();
    do {
      const std::string token = next_token_;
      const std::vector<int64_t> page = Page({.page_size = static_cast<int>(1 + random_() % 30),
                                              .page_token = token,
                                              .filter = "",
                                              .order_by = order_by});
      ASSERT_FALSE(page.empty()) << order_by;
      seen.insert(seen.end(), page.begin(), page.end());
      // A row with the values of one that was seen, before it by its key.
      const int64_t copy = descending ? seen.front() + added : seen.front() - added;
      ++added;
      auto done = connection_->Execute({"copy", R"sql(INSERT INTO customer
               SELECT ?, CONCAT(number, '-', ?), full_name, tier, age, total_amount,
                 last_purchase_date, create_time, owner, team FROM customer WHERE id = ?)sql"},
                                       {copy, copy, seen.front()});
      ASSERT_TRUE(done.ok()) << done.status();
    } while (!next_token_.empty());
    // Copies differ by number: those that sort after the place may be seen, and nothing else.
    std::vector<int64_t> old;
    const std::set<int64_t> known(expected.begin(), expected.end());
    for (const int64_t id : seen) {
      if (known.count(id) > 0) old.push_back(id);
    }
    EXPECT_EQ(old, expected) << order_by;
    EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), seen.size()) << order_by;
    database_.Run("DELETE FROM customer WHERE id % 1000 <> 0");
    added = 1;
  }
}

// PLT-4
TEST_F(ListQueryTest, NewestFirstWithoutAnOrder) {
  for (int64_t id = 1; id <= 5; ++id) Insert(id);
  EXPECT_THAT(Page({.page_size = 2}), ElementsAre(5, 4));
  std::string token = next_token_;
  EXPECT_THAT(Page({.page_size = 3, .page_token = token}), ElementsAre(3, 2, 1));
  EXPECT_EQ(next_token_, "");
}

// PLT-4
TEST_F(ListQueryTest, BoundsThePageSize) {
  EXPECT_EQ(Make({})->page_size(), 50);
  EXPECT_EQ(Make({.page_size = 1000})->page_size(), 1000);
  EXPECT_EQ(Make({.page_size = 1'000'000})->page_size(), 1000);
  EXPECT_EQ(ErrorReason(Make({.page_size = -1}).status()), "PAGE_SIZE_INVALID");
}

// PLT-4: a token works for its own request only; the page size may change.
TEST_F(ListQueryTest, BindsTokensToTheRequest) {
  for (int64_t id = 1; id <= 5; ++id) Insert(id);
  Page({.page_size = 1, .filter = "tier != KEY", .order_by = "age"});
  const std::string token = next_token_;
  ASSERT_FALSE(token.empty());
  const ListRequest same = {
      .page_size = 9, .page_token = token, .filter = "tier != KEY", .order_by = " age asc"};
  EXPECT_TRUE(Make(same).ok());

  ListRequest other = same;
  other.filter = "tier != NORMAL";
  EXPECT_EQ(ErrorReason(Make(other).status()), "PAGE_TOKEN_INVALID");
  other = same;
  other.order_by = "age desc";
  EXPECT_EQ(ErrorReason(Make(other).status()), "PAGE_TOKEN_INVALID");
  ListSource source = Source();
  source.scope = {Scope::Kind::kOwn, "u1", {}};
  EXPECT_EQ(ErrorReason(ListQuery::Make(source, same, options_).status()), "PAGE_TOKEN_INVALID");
  ListSource elsewhere = Source();
  elsewhere.condition = {"age = ?", {1}};
  EXPECT_EQ(ErrorReason(ListQuery::Make(elsewhere, same, options_).status()), "PAGE_TOKEN_INVALID");
}

// PLT-13: scope is in the SQL of the page and of the count.
TEST_F(ListQueryTest, KeepsToTheScope) {
  for (int64_t id = 1; id <= 60; ++id) Insert(id);
  ListSource source = Source();
  source.scope = {Scope::Kind::kTeams, "u1", {"t2"}};
  source.condition = {"age = ?", {1}};
  const auto query = ListQuery::Make(source, {.filter = "tier != KEY OR tier = KEY"}, options_);
  ASSERT_TRUE(query.ok()) << query.status();
  const auto expected =
      Ids("SELECT id FROM customer WHERE (owner = 'u1' OR team = 't2') AND age = 1 "
          "ORDER BY id DESC");
  std::vector<int64_t> ids;
  ASSERT_TRUE(query
                  ->Run(*connection_, "list",
                        [&](const db::Rows& row) {
                          ids.push_back(row.Int(0));
                          return absl::OkStatus();
                        })
                  .ok());
  EXPECT_FALSE(ids.empty());
  EXPECT_EQ(ids, expected);
  const auto count = query->Count(*connection_, "count");
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count, static_cast<int64_t>(expected.size()));
}

// Errors of the reader end the page.
TEST_F(ListQueryTest, StopsWhenTheReaderFails) {
  for (int64_t id = 1; id <= 3; ++id) Insert(id);
  int read = 0;
  const auto page = Make({})->Run(*connection_, "list", [&](const db::Rows&) {
    ++read;
    return absl::DataLossError("row");
  });
  EXPECT_EQ(page.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read, 1);
}

TEST_F(ListQueryTest, WritesOneSelect) {
  ListSource source = Source();
  source.from = "customer c";
  source.columns = "c.id, c.number";
  source.scope = {Scope::Kind::kOwn, "u1", {}};
  options_.alias = "c";
  const auto query = ListQuery::Make(source, {.filter = "age > 3"}, options_);
  ASSERT_TRUE(query.ok());
  ASSERT_EQ(query->selects().size(), 1u);
  EXPECT_EQ(query->selects()[0].sql,
            "SELECT c.id, c.number, c.id FROM customer c WHERE c.owner = ? AND c.age > ? "
            "ORDER BY c.id DESC LIMIT ?");
  EXPECT_THAT(query->selects()[0].values,
              ElementsAre(db::Value("u1"), db::Value(3), db::Value(51)));
  EXPECT_EQ(query->count().sql, "SELECT COUNT(*) FROM customer c WHERE c.owner = ? AND c.age > ?");
}

// CUS-24: constant cost at any depth: the index is entered at the cursor and read in order, without
// sorting, whether there is a known or an unknown value there.
TEST_F(ListQueryTest, EntersTheIndexAtTheCursor) {
  if (!testing::TestServer::Get().owned()) GTEST_SKIP() << "reads the EXPLAIN of MariaDB";
  database_.Run(R"sql(
    INSERT INTO customer (id, number, full_name, total_amount)
      SELECT seq, CONCAT('C', seq), CONCAT('n', seq % 700),
        IF(seq % 3 = 0, NULL, seq % 500) FROM seq_1_to_20000)sql");
  database_.Run("ANALYZE TABLE customer");
  const int64_t once = RowsRead();
  const int64_t reading_costs = RowsRead() - once;
  struct Case {
    const char* order_by;
    db::Values last;
    const char* key;
  };
  const Case kCases[] = {
      {"", {int64_t{150}}, "PRIMARY"},
      {"total_amount desc", {"1.00", 5}, "total_amount"},
      {"total_amount", {"499.00", 5}, "total_amount"},
      {"total_amount desc", {std::nullopt, 100}, "total_amount"},
      {"full_name", {"n99", 19'000}, "full_name"},
      {"number desc", {"C10", 10}, "number"},
  };
  for (const Case& c : kCases) {
    const auto first = Make({.page_size = 20, .order_by = c.order_by});
    ASSERT_TRUE(first.ok());
    const std::string token = first->NextToken(c.last);
    const auto query = Make({.page_size = 20, .page_token = token, .order_by = c.order_by});
    ASSERT_TRUE(query.ok()) << query.status();
    const auto [key, rows] = Explain(query->selects().front());
    EXPECT_EQ(key, c.key) << c.order_by;
    EXPECT_THAT(extra_, ::testing::Not(HasSubstr("filesort"))) << c.order_by;
    // What is really read, not what the optimiser guesses.
    const Fragment& select = query->selects().front();
    const int64_t before = RowsRead();
    ASSERT_TRUE(connection_->Select({"page", select.sql}, select.values).ok());
    // The rows of the page and the ties of the cursor, out of 20 000.
    EXPECT_LT(RowsRead() - before - reading_costs, 100) << c.order_by;
  }
}

}  // namespace
}  // namespace crm::filter
