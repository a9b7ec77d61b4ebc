#include "services/customer/import/cell_cleaner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "crm/customer/v1/customer.pb.h"
#include "services/customer/import/budget_band.h"

namespace crm::customer::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Outcome = CellCleaner::Outcome;

class CellCleanerTest : public ::testing::Test {
 protected:
  Outcome Clean(const std::string& field, std::string_view cell, int64_t unit = 1) {
    customer_.Clear();
    counts_ = {};
    breach_ = {};
    const auto& schema = schema::MessageSchema::Of<v1::Customer>();
    return cleaner_.Clean(*schema.Find(field), unit, cell, customer_, counts_, breach_);
  }

  ManagedLists lists_;
  const StaffNames staff_;
  CellCleaner cleaner_{lists_, staff_, absl::FromUnixSeconds(1'773'972'000),
                       absl::FixedTimeZone(8 * 60 * 60)};
  v1::Customer customer_;
  CleaningCounts counts_;
  schema::Breach breach_;
};

// CUS-28
TEST_F(CellCleanerTest, TrimsAndNarrows) {
  EXPECT_EQ(Clean("full_name", "　深圳市ＡＢＣ（集团）１２３公司 "), Outcome::kSet);
  // Letters and digits are narrowed; the brackets of a name are as on the licence.
  EXPECT_EQ(customer_.full_name(), "深圳市ABC（集团）123公司");
  EXPECT_EQ(counts_.of(Cleaning::kTrim), 1);
  EXPECT_EQ(counts_.of(Cleaning::kFullWidth), 1);
  EXPECT_EQ(Clean("address", "人民路1号\n3楼"), Outcome::kSet);
  EXPECT_EQ(customer_.address(), "人民路1号 3楼");
  EXPECT_EQ(Clean("full_name", "'=cmd"), Outcome::kSet);
  EXPECT_EQ(customer_.full_name(), "=cmd");
  EXPECT_EQ(counts_.of(Cleaning::kFormulaGuard), 1);
}

// CUS-28
TEST_F(CellCleanerTest, MissingWordsAreUnknown) {
  for (const char* word : {"", " ", "未知", "无", "-", "—", "N/A", "n/a", "NULL", "暂无", "/"}) {
    EXPECT_EQ(Clean("address", word), Outcome::kMissing) << word;
    EXPECT_EQ(Clean("phone", word), Outcome::kMissing) << word;
    EXPECT_FALSE(customer_.has_age());
  }
  EXPECT_EQ(Clean("address", "无锡路"), Outcome::kSet);
}

// CUS-28, CUS-4
TEST_F(CellCleanerTest, NormalisesPhonesAndDates) {
  for (const char* phone : {"138-1234-5678", "+86 138 1234 5678", "１３８１２３４５６７８"}) {
    EXPECT_EQ(Clean("phone", phone), Outcome::kSet) << phone;
    EXPECT_EQ(customer_.phone(), "13812345678");
  }
  for (const char* date : {"24-3-1", "2024/3/1", "2024年3月1日", "45352", "2024-03-01 10:00"}) {
    EXPECT_EQ(Clean("first_contact_date", date), Outcome::kSet) << date;
    EXPECT_EQ(customer_.first_contact_date(), "2024-03-01") << date;
    EXPECT_EQ(counts_.of(Cleaning::kDate), 1) << date;
  }
  EXPECT_EQ(Clean("first_contact_date", "2024-03-01"), Outcome::kSet);
  EXPECT_EQ(counts_.of(Cleaning::kDate), 0);
  EXPECT_EQ(Clean("first_contact_date", "2024-02-30"), Outcome::kBroken);
  EXPECT_FALSE(breach_.mend_zh.empty());
  EXPECT_EQ(Clean("phone", "12"), Outcome::kBroken);
  EXPECT_TRUE(customer_.phone().empty());
}

// CUS-5
TEST_F(CellCleanerTest, MapsLabelsToCodes) {
  EXPECT_EQ(Clean("industry", "IT服务"), Outcome::kSet);
  EXPECT_EQ(customer_.industry(), "I65");
  EXPECT_EQ(counts_.of(Cleaning::kIndustry), 1);
  EXPECT_EQ(Clean("industry", "C"), Outcome::kSet);
  EXPECT_EQ(counts_.of(Cleaning::kIndustry), 0);
  EXPECT_EQ(Clean("region", "广东省深圳市"), Outcome::kSet);
  EXPECT_EQ(customer_.region(), "440300");
  EXPECT_EQ(Clean("tier", "重点客户"), Outcome::kSet);
  EXPECT_EQ(customer_.tier(), v1::TIER_KEY);
  EXPECT_EQ(Clean("source_channel", "线上广告"), Outcome::kSet);
  EXPECT_EQ(customer_.source_channel(), "online_ad");
  EXPECT_EQ(Clean("need_types", "产品咨询、售后"), Outcome::kSet);
  EXPECT_THAT(customer_.need_types(), ElementsAre("product_enquiry", "after_sales"));
  EXPECT_EQ(Clean("need_types", "产品咨询,不存在"), Outcome::kBroken);
  EXPECT_EQ(customer_.need_types_size(), 0);
  EXPECT_EQ(Clean("industry", "火星探测"), Outcome::kBroken);
  EXPECT_EQ(breach_.rule, "NOT_IN_LIST");
  EXPECT_EQ(breach_.mend_en, "use a code or label of the list; GetManagedList has all");
  EXPECT_EQ(Clean("source_channel", "火星"), Outcome::kBroken);
  EXPECT_THAT(breach_.mend_en, HasSubstr("such as: website"));
  // The second look-up of a text comes from memory.
  EXPECT_EQ(Clean("industry", "火星探测"), Outcome::kBroken);
  EXPECT_EQ(breach_.rule, "NOT_IN_LIST");
}

// CUS-7
TEST_F(CellCleanerTest, HonoursUnits) {
  EXPECT_EQ(Clean("annual_purchasing_volume", "1.23456", 10'000), Outcome::kSet);
  EXPECT_EQ(customer_.annual_purchasing_volume(), "12345.60");
  EXPECT_EQ(counts_.of(Cleaning::kUnit), 1);
  EXPECT_EQ(Clean("annual_purchasing_volume", "¥1,200"), Outcome::kSet);
  EXPECT_EQ(customer_.annual_purchasing_volume(), "1200.00");
  EXPECT_EQ(Clean("annual_purchasing_volume", "99999999999999999", 100'000'000), Outcome::kBroken);
  EXPECT_EQ(Clean("decision_cycle_days", "30天"), Outcome::kSet);
  EXPECT_EQ(customer_.decision_cycle_days(), 30);
  EXPECT_EQ(Clean("decision_cycle_days", "999999999999"), Outcome::kBroken);
  EXPECT_EQ(Clean("opening_count", "-3"), Outcome::kBroken);
}

// CUS-6: any band without loss
TEST(BudgetBand, ParsesBands) {
  const auto band = [](std::string_view text, int64_t unit = 1) {
    const auto parsed = ParseBudgetBand(text, unit);
    return parsed.has_value() ? parsed->lower + "|" + parsed->upper : std::string("none");
  };
  EXPECT_EQ(band("10万-50万"), "100000.00|500000.00");
  EXPECT_EQ(band("1-5万"), "10000.00|50000.00");
  EXPECT_EQ(band("100k–300k"), "100000.00|300000.00");
  EXPECT_EQ(band("10000 ~ 50000元"), "10000.00|50000.00");
  EXPECT_EQ(band("5至10", 10'000), "50000.00|100000.00");
  EXPECT_EQ(band("<1万"), "|10000.00");
  EXPECT_EQ(band("50万以上"), "500000.00|");
  EXPECT_EQ(band(">500k"), "500000.00|");
  EXPECT_EQ(band("很多"), "none");
  EXPECT_EQ(band("-"), "none");
  EXPECT_EQ(band("10万-很多"), "none");
}

}  // namespace
}  // namespace crm::customer::import
