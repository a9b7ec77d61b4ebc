// The statements that stand in the sources as constants, for a test that the server can prepare
// each of them against the migrated schema: one that is seldom used is found out before it is
// needed.
//
//   TestDatabase database(runtime::AllMigrations(Info()));
//   EXPECT_THAT(Unpreparable(database, QueriesIn("services/sales")), IsEmpty());
//
// Statements that are put together while the program runs are not among them.
#ifndef CRM_COMMON_TESTING_SOURCE_QUERIES_H_
#define CRM_COMMON_TESTING_SOURCE_QUERIES_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/testdb/test_database.h"

namespace crm::testing {

struct SourceQuery {
  std::string where;  // "services/sales/timers.cc: due_timers"
  std::string sql;
};

// Of `Query name{"…", …}`, statements given to a connection in place, and `InsertSpec{"…", {…},
// …}`, in all sources below a folder of the repository but tests.
std::vector<SourceQuery> QueriesIn(std::string_view folder);

// What a source text has of them; `file` is told in `where`.
std::vector<SourceQuery> QueriesOf(std::string_view file, std::string_view text);

// Those that the server refuses, with its error number.
std::vector<std::string> Unpreparable(TestDatabase& database,
                                      const std::vector<SourceQuery>& queries);

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTING_SOURCE_QUERIES_H_
