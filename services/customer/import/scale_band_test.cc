#include "services/customer/import/scale_band.h"

#include <gtest/gtest.h>

namespace crm::customer::import {
namespace {

// CUS-28: head counts as files have them.
TEST(ScaleBand, NumbersBecomeTheirBand) {
  for (const char* text : {"0", "7", "499", "４９９人", " 120 员工", "约120", "120人左右",
                           "300余人", "about 120 employees", "1.2百"}) {
    EXPECT_EQ(ParseScale(text), v1::SCALE_UNDER_500) << text;
  }
  for (const char* text : {"500", "1200", "1,200", "1，200人", "1200人", "约1200", "１２００",
                           "2000", "1.2千", "1.2k"}) {
    EXPECT_EQ(ParseScale(text), v1::SCALE_500_TO_2000) << text;
  }
  for (const char* text : {"2001", "12,345", "1万", "1.5万人", "3000多人"}) {
    EXPECT_EQ(ParseScale(text), v1::SCALE_OVER_2000) << text;
  }
}

// CUS-28: a range that lies in one band.
TEST(ScaleBand, RangesBecomeTheBandTheyLieIn) {
  for (const char* text :
       {"50-99人", "200-500", "100~499", "不超过300人", "500以下", "<=100", "少于20人"}) {
    EXPECT_EQ(ParseScale(text), v1::SCALE_UNDER_500) << text;
  }
  for (const char* text :
       {"500-999人", "1000–1999", "１０００至２０００人", "500～2000 人", "600-601"}) {
    EXPECT_EQ(ParseScale(text), v1::SCALE_500_TO_2000) << text;
  }
  for (const char* text :
       {"2000-5000", "2000+", "3000人以上", "不少于1万人", "more than 2,500", "≥ 2000"}) {
    EXPECT_EQ(ParseScale(text), v1::SCALE_OVER_2000) << text;
  }
}

// CUS-28: what is not in one band, or no head count.
TEST(ScaleBand, OthersAreRefused) {
  for (const char* text : {"", "很多", "1000人以上", "100-999人", "1500以下", "500人以上",
                           "999-500", "-5", "0以下", "1200元", "¥1200", "12.5", "2024-03-01",
                           "1200/1500", "500-", "99999999999999999999", "A12"}) {
    EXPECT_EQ(ParseScale(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace crm::customer::import
