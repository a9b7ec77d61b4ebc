#include "common/text/phone.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crm::text {
namespace {

constexpr PhonePolicy kAny{.allow_landline = true};
constexpr PhonePolicy kMobileOnly{.allow_landline = false};

struct Good {
  std::string_view typed;
  std::string_view stored;
};

const std::vector<Good>& GoodPhones() {
  static const auto& phones = *new std::vector<Good>{
      {"13812345678", "13812345678"},
      {"138-1234-5678", "13812345678"},
      {"138 1234 5678", "13812345678"},
      {"+86 138 1234 5678", "13812345678"},
      {"+8613812345678", "13812345678"},
      {"86 13812345678", "13812345678"},
      {"8613812345678", "13812345678"},
      {"0086-138-1234-5678", "13812345678"},
      {"（+86）138 1234 5678", "13812345678"},
      {"＋８６１３８１２３４５６７８", "13812345678"},
      {"１３８１２３４５６７８", "13812345678"},
      {"138\u00A01234\u30005678", "13812345678"},
      {"\u202D13812345678\u202C", "13812345678"},
      {"138–1234—5678", "13812345678"},
      {"013812345678", "13812345678"},
      {"13812345678.0", "13812345678"},
      {"0755-8888 6666", "0755-88886666"},
      {"0755-88886666", "0755-88886666"},
      {"075588886666", "0755-88886666"},
      {"(0755) 8888-6666", "0755-88886666"},
      {"+86 755 8888 6666", "0755-88886666"},
      {"+86 0755 8888 6666", "0755-88886666"},
      {"86-755-88886666", "0755-88886666"},
      {"+86 (0)10 8888 6666", "010-88886666"},
      {"010-88886666", "010-88886666"},
      {"02188886666", "021-88886666"},
      {"0379-6543210", "0379-6543210"},
      {"0755-88886666-8001", "0755-88886666-8001"},
      {"0755-8888-6666-8001", "0755-88886666-8001"},
      {"0755-88886666转8001", "0755-88886666-8001"},
      {"0755-88886666 转分机 8001", "0755-88886666-8001"},
      {"0755-88886666 ext. 8001", "0755-88886666-8001"},
      {"0755-88886666 x8001", "0755-88886666-8001"},
      {"0755-88886666＃8001", "0755-88886666-8001"},
      {"0379-6543210-801", "0379-6543210-801"},
      {"400-888-6666", "400-8886666"},
      {"4008886666", "400-8886666"},
      {"400-8886666-2", "400-8886666-2"},
      {"+1 415 555 2671", "+14155552671"},
      {"+1 (415) 555-2671", "+14155552671"},
      {"001 415 555 2671", "+14155552671"},
      {"+44 20 7946 0958", "+442079460958"},
      {"+852 2123 4567", "+85221234567"},
      {"+81 3-1234-5678", "+81312345678"},
  };
  return phones;
}

TEST(Phone, StoredInOneForm) {  // CUS-4
  for (const Good& phone : GoodPhones()) {
    const Result<std::string> stored = NormalizePhone(phone.typed, kAny);
    ASSERT_TRUE(stored.ok()) << phone.typed << ": " << stored.problem().rule;
    EXPECT_EQ(*stored, phone.stored) << phone.typed;
  }
}

TEST(Phone, NormalisingTwiceChangesNothing) {  // CUS-4
  std::mt19937 random(4);
  for (int i = 0; i < 20000; ++i) {
    std::string typed(GoodPhones()[random() % GoodPhones().size()].typed);
    // Another digit or separator somewhere: most stay numbers.
    for (int change = 0; change < 3; ++change) {
      constexpr std::string_view kMarks = "0123456789 -";
      typed[random() % typed.size()] = kMarks[random() % kMarks.size()];
    }
    const Result<std::string> once = NormalizePhone(typed, kAny);
    if (!once.ok()) continue;
    const Result<std::string> twice = NormalizePhone(*once, kAny);
    ASSERT_TRUE(twice.ok()) << typed << " → " << *once << ": " << twice.problem().rule;
    EXPECT_EQ(*twice, *once) << typed;
  }
}

TEST(Phone, Refused) {  // CUS-4
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", "PHONE_EMPTY"},
      {"  ", "PHONE_EMPTY"},
      {"-", "PHONE_EMPTY"},
      {"+", "PHONE_EMPTY"},
      {"unknown", "PHONE_CHARACTERS"},
      {"1381234567a", "PHONE_CHARACTERS"},
      {"1.38E+10", "PHONE_CHARACTERS"},
      {"138+12345678", "PHONE_CHARACTERS"},
      {"电话13812345678", "PHONE_CHARACTERS"},
      {"\xFF\xFE", "PHONE_CHARACTERS"},
      {"13812345678/13912345678", "PHONE_SEVERAL"},
      {"13812345678、13912345678", "PHONE_SEVERAL"},
      {"13812345678，13912345678", "PHONE_SEVERAL"},
      {"12812345678", "PHONE_FORMAT"},
      {"1381234567", "PHONE_FORMAT"},
      {"138123456789", "PHONE_FORMAT"},
      {"13812345678转1", "PHONE_FORMAT"},
      {"4155552671", "PHONE_FORMAT"},
      {"0755-888866", "PHONE_FORMAT"},
      {"0755-18886666", "PHONE_FORMAT"},
      {"0755-88886666-1234567", "PHONE_FORMAT"},
      {"07558888666680011", "PHONE_FORMAT"},
      {"0", "PHONE_FORMAT"},
      {"86", "PHONE_FORMAT"},
      {"+86", "PHONE_FORMAT"},
      {"123456789012345678901234567890123456789", "PHONE_FORMAT"},
      {"8888 6666", "PHONE_AREA_CODE"},
      {"6543210", "PHONE_AREA_CODE"},
      {"+1 415 555", "PHONE_FOREIGN"},
      {"+999 12345678", "PHONE_FOREIGN"},
      {"+1 415 555 2671 ext 5", "PHONE_FOREIGN"},
      {"00", "PHONE_FOREIGN"},
  };
  for (const auto& [typed, rule] : cases) {
    const Result<std::string> phone = NormalizePhone(typed, kAny);
    ASSERT_FALSE(phone.ok()) << typed << " → " << *phone;
    EXPECT_EQ(phone.problem().rule, rule) << typed;
    EXPECT_FALSE(phone.problem().mend_zh.empty());
    EXPECT_FALSE(phone.problem().mend_en.empty());
  }
}

TEST(Phone, LandlinesOnlyWhereAllowed) {  // CUS-4
  for (const std::string_view typed : {"0755-88886666", "400-888-6666", "+86 10 88886666"}) {
    const Result<std::string> phone = NormalizePhone(typed, kMobileOnly);
    ASSERT_FALSE(phone.ok()) << typed;
    EXPECT_EQ(phone.problem().rule, "PHONE_LANDLINE");
  }
  EXPECT_TRUE(NormalizePhone("138-1234-5678", kMobileOnly).ok());
  EXPECT_TRUE(NormalizePhone("+14155552671", kMobileOnly).ok());
}

TEST(Phone, Kind) {
  EXPECT_TRUE(IsChineseMobile("13812345678"));
  EXPECT_TRUE(IsChineseMobile("19912345678"));
  EXPECT_FALSE(IsChineseMobile("12012345678"));
  EXPECT_FALSE(IsChineseMobile("1381234567x"));
  EXPECT_FALSE(IsChineseMobile("+8613812345678"));
  EXPECT_FALSE(IsChineseMobile(""));
  EXPECT_EQ(KindOfPhone("13812345678"), PhoneKind::kChineseMobile);
  EXPECT_EQ(KindOfPhone("0755-88886666"), PhoneKind::kLandline);
  EXPECT_EQ(KindOfPhone("+14155552671"), PhoneKind::kForeign);
}

}  // namespace
}  // namespace crm::text
