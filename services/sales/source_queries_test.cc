// Every statement of the sources is one that the migrated schema understands.
#include "common/testing/source_queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runtime/service_runtime.h"
#include "services/sales/sales_service.h"

namespace crm::sales {
namespace {

using ::testing::IsEmpty;

// PLT-18, PLT-19
TEST(SourceQueries, FitTheMigratedSchema) {
  crm::testing::TestDatabase database(runtime::AllMigrations(Info()));
  const auto queries = crm::testing::QueriesIn("services/sales");
  EXPECT_GT(queries.size(), 8);
  EXPECT_THAT(crm::testing::Unpreparable(database, queries), IsEmpty());
}

}  // namespace
}  // namespace crm::sales
