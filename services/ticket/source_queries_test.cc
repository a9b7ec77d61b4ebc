// Every statement of the sources is one that the migrated schema understands.
#include "common/testing/source_queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/runtime/service_runtime.h"
#include "services/ticket/ticket_service.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// PLT-18, PLT-19
TEST(SourceQueries, FitTheMigratedSchema) {
  crm::testing::TestDatabase database(runtime::AllMigrations(Info()));
  const auto queries = crm::testing::QueriesIn("services/ticket");
  EXPECT_GT(queries.size(), 30);
  EXPECT_THAT(crm::testing::Unpreparable(database, queries), IsEmpty());
}

// What services share is prepared against the schema that has all of it: files, copies of the
// archive.
TEST(SourceQueries, SharedOnesFitTheMigratedSchema) {
  crm::testing::TestDatabase database(runtime::AllMigrations(Info()));
  const auto queries = crm::testing::QueriesIn("common");
  EXPECT_GT(queries.size(), 60);
  EXPECT_THAT(crm::testing::Unpreparable(database, queries), IsEmpty());
}

TEST(SourceQueries, AreFoundInEveryForm) {
  const auto queries =
      crm::testing::QueriesOf("a.cc", R"cc(
        constexpr db::Query kOne{"one", R"sql(SELECT 1)sql"};
        constexpr Query kTwo{"two",  // of two parts
                             "SELECT \"2\" "
                             "AS two"};
        // constexpr Query kOld{"old", "SELECT"};
        auto rows = db.Select({"three", "SELECT 3"}, {});
        static const auto& spec =
            *new db::InsertSpec{"item", {"id", "name"}, "ON DUPLICATE KEY UPDATE id = id"};
        db::Query composed{"composed", sql};
      )cc");
  std::vector<std::string> found;
  for (const auto& query : queries) found.push_back(absl::StrCat(query.where, " | ", query.sql));
  EXPECT_THAT(found, ElementsAre("a.cc: one | SELECT 1", "a.cc: two | SELECT \"2\" AS two",
                                 "a.cc: three | SELECT 3",
                                 "a.cc: insert item | INSERT INTO item (id, name) VALUES (?, ?) "
                                 "ON DUPLICATE KEY UPDATE id = id"));
}

TEST(SourceQueries, OneThatFitsNoSchemaIsFound) {
  crm::testing::TestDatabase database(runtime::AllMigrations(Info()));
  EXPECT_THAT(crm::testing::Unpreparable(database, {{"good", "SELECT id FROM ticket WHERE id = ?"},
                                                    {"bad", "SELECT nothing FROM ticket"}}),
              ElementsAre(HasSubstr("bad: error 1054")));
}

}  // namespace
}  // namespace crm::ticket
