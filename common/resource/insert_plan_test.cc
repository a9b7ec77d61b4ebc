// Which columns an INSERT names: those that rows of the table have had values for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/resource/resource_table.h"
#include "common/resource/test_keyring.h"
#include "crm/testing/v1/specimen.pb.h"

namespace crm::resource {
namespace {

using crm::testing::v1::Specimen;
using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

class InsertPlanTest : public ::testing::Test {
 protected:
  // How the row is inserted.
  const db::InsertSpec& Plan(const Specimen& specimen) {
    db::WriteSet writes;
    table_.Insert(writes, {7, 1}, specimen, {});
    const db::WriteSet::Insertion& insertion = writes.inserts().front();
    EXPECT_EQ(insertion.row.size(), insertion.spec->columns.size());
    return *insertion.spec;
  }
  // The value of a column in the INSERT of the row.
  db::Value ValueOf(const Specimen& specimen, const std::string& column) {
    db::WriteSet writes;
    table_.Insert(writes, {7, 1}, specimen, {});
    const db::WriteSet::Insertion& insertion = writes.inserts().front();
    const auto& columns = insertion.spec->columns;
    const auto found = std::find(columns.begin(), columns.end(), column);
    EXPECT_NE(found, columns.end()) << column;
    return found == columns.end() ? db::Value()
                                  : insertion.row[static_cast<size_t>(found - columns.begin())];
  }

  const std::unique_ptr<crypto::Keyring> keyring_ = MakeKeyring();
  const ResourceTable table_{schema::MessageSchema::Of<Specimen>(), *keyring_};
};

Specimen WithTitle() {
  Specimen specimen;
  specimen.set_title("标题");
  return specimen;
}

Specimen WithPhone() {
  Specimen specimen;
  specimen.set_phone("13812345678");
  return specimen;
}

// docs/adr/0012: columns that no row has had a value for are left out.
TEST_F(InsertPlanTest, NamesWhatTheRowHas) {
  const auto& columns = Plan(WithTitle()).columns;
  EXPECT_THAT(columns, IsSupersetOf({"id", "version", "title"}));
  EXPECT_THAT(columns, Not(Contains("phone")));
  EXPECT_THAT(columns, Not(Contains("phone_hash")));
}

// It widens with the rows, and stays wide, so that rows merge to one statement.
TEST_F(InsertPlanTest, WidensWithTheRows) {
  const db::InsertSpec& narrow = Plan(WithTitle());
  const db::InsertSpec& wide = Plan(WithPhone());
  EXPECT_THAT(wide.columns, IsSupersetOf({"title", "phone", "phone_hash", "phone_tail_hash"}));
  EXPECT_EQ(&Plan(WithTitle()), &wide);
  EXPECT_EQ(&Plan(Specimen()), &wide);
  EXPECT_THAT(narrow.columns, Not(Contains("phone"))) << "write sets refer to it: as it was";
  EXPECT_TRUE(ValueOf(WithPhone(), "title").is_null());
  EXPECT_EQ(ValueOf(WithTitle(), "title"), db::Value("标题"));
}

// Whatever is inserted at the same time: each row's plan has its columns, and there are no more
// plans than columns.
TEST_F(InsertPlanTest, WidensConcurrently) {
  std::vector<Specimen> rows(8);
  rows[0].set_title("标题");
  rows[1].set_story("一行");
  rows[2].set_phone("13812345678");
  rows[3].set_amount("1.00");
  rows[4].set_day("2026-02-28");
  rows[5].add_words("一");
  rows[6].set_budget("5.00");
  rows[7].set_owner("li");
  const std::vector<std::string> column = {"title", "story", "phone",  "amount",
                                           "day",   "words", "budget", "owner"};
  std::vector<std::set<const db::InsertSpec*>> used(rows.size());
  {
    std::vector<std::jthread> threads;
    for (size_t thread = 0; thread < rows.size(); ++thread) {
      threads.emplace_back([&, thread] {
        for (size_t i = 0; i < 200; ++i) {
          const size_t row = (thread + i) % rows.size();
          const db::InsertSpec& plan = Plan(rows[row]);
          ASSERT_THAT(plan.columns, Contains(column[row]));
          used[thread].insert(&plan);
        }
      });
    }
  }
  std::set<const db::InsertSpec*> plans;
  for (const auto& of_thread : used) plans.insert(of_thread.begin(), of_thread.end());
  EXPECT_LE(plans.size(), rows.size());
  EXPECT_THAT(Plan(Specimen()).columns, IsSupersetOf(column));
}

}  // namespace
}  // namespace crm::resource
