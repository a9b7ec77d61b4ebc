#include "services/customer/reference/tables.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "common/source_tree/source_tree.h"
#include "services/customer/reference/embedded_reference_data.h"

namespace crm::customer::reference {
namespace {

TEST(Tables, EmbeddedByteForByte) {
  const std::string folder = crm::testing::SourceFile("services/customer/reference/data/");
  ASSERT_EQ(embedded::reference_data().size(), 5u);
  for (const EmbeddedFile& file : embedded::reference_data()) {
    std::ifstream stream(folder + std::string(file.name), std::ios::binary);
    ASSERT_TRUE(stream.is_open()) << file.name;
    const std::string content((std::istreambuf_iterator<char>(stream)), {});
    EXPECT_EQ(file.content, content) << file.name;
  }
}

TEST(Tables, RowsHaveTheColumnsOfTheHeader) {
  const auto rows = ReadTable("regions.tsv");
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.front(), (TableRow{"110000", "北京市", "北京", "Beijing"}));
}

TEST(TablesDeathTest, AMissingTableStopsTheProcess) { EXPECT_DEATH(ReadTable("nothing.tsv"), ""); }

}  // namespace
}  // namespace crm::customer::reference
