#include "common/text/yes_no.h"

#include <gtest/gtest.h>

namespace crm::text {
namespace {

// CUS-28
TEST(YesNo, AsPeopleWriteIt) {
  for (const char* yes : {"是", " Yes ", "Ｙ", "√", "1", "TRUE", "有"}) {
    EXPECT_EQ(ParseYesNo(yes), true) << yes;
  }
  for (const char* no : {"否", "NO", "ｎ", "×", "0", "false", "没有", "X"}) {
    EXPECT_EQ(ParseYesNo(no), false) << no;
  }
  for (const char* neither : {"", "也许", "2", "yesno", "是的吧"}) {
    EXPECT_EQ(ParseYesNo(neither), std::nullopt) << neither;
  }
}

}  // namespace
}  // namespace crm::text
