#include "common/report_export/spool.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "common/error/error.h"

namespace crm::report_export {
namespace {

TEST(Spool, GivesBackWhatWasPutIn) {
  const std::string folder = ::testing::TempDir() + "/spool-test";
  std::filesystem::create_directory(folder);
  {
    const auto spool = Spool::In(folder).value();
    EXPECT_EQ(spool->Read(0, 10).value(), "");
    ASSERT_TRUE(spool->Append("客户").ok());
    ASSERT_TRUE(spool->Append(std::string_view("\0x", 2)).ok());
    EXPECT_EQ(spool->size(), 8);
    EXPECT_EQ(spool->Read(0, 6).value(), "客户");
    EXPECT_EQ(spool->Read(6, 100).value(), std::string("\0x", 2));
    EXPECT_EQ(spool->Read(8, 1).value(), "");
    // PLT-22: nothing is left of it, however the process ends.
    EXPECT_TRUE(std::filesystem::is_empty(folder));
  }
  std::filesystem::remove(folder);
}

TEST(Spool, RefusesAFolderThatIsNotThere) {
  EXPECT_EQ(ErrorReason(Spool::In("/nowhere").status()), "SPOOL_NOT_WRITABLE");
}

}  // namespace
}  // namespace crm::report_export
