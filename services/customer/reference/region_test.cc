#include "services/customer/reference/region.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/text/real_name.h"
#include "services/customer/reference/tables.h"

namespace crm::customer::reference {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

bool IsSixDigits(std::string_view code) {
  return code.size() == 6 &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
}

TEST(Region, EveryCodeOnceAndEveryProvinceThere) {  // CUS-5
  std::set<std::string_view> codes;
  size_t provinces = 0;
  size_t prefectures = 0;
  for (const Region& region : AllRegions()) {
    EXPECT_TRUE(IsSixDigits(region.code)) << region.code;
    EXPECT_TRUE(codes.insert(region.code).second) << region.code;
    EXPECT_TRUE(region.name_zh.starts_with(region.short_zh.substr(0, 3))) << region.code;
    EXPECT_FALSE(region.name_en.empty());
    const Region* province = FindRegion(region.province_code());
    ASSERT_NE(province, nullptr) << region.code;
    EXPECT_TRUE(province->is_province());
    if (region.is_province()) ++provinces;
    if (!region.is_province() && region.code.ends_with("00")) ++prefectures;
  }
  EXPECT_EQ(provinces, 34u);
  // 333 of prefecture level and the four municipalities.
  EXPECT_EQ(prefectures, 337u);
}

TEST(Region, EveryCountyCityHasItsCity) {  // CUS-5
  std::set<std::string_view> names;
  for (const TableRow& row : ReadTable("county_cities.tsv")) {
    EXPECT_TRUE(names.insert(row[0]).second) << row[0];
    ASSERT_NE(FindRegion(row[1]), nullptr) << row[0];
    EXPECT_FALSE(FindRegion(row[1])->is_province()) << row[0];
  }
}

TEST(Region, EveryFullNameMapsToItself) {  // CUS-5
  for (const Region& region : AllRegions()) {
    if (region.is_province()) continue;
    const Region* province = FindRegion(region.province_code());
    const std::string path = std::string(province->name_zh) + std::string(region.name_zh);
    EXPECT_EQ(MapRegion(path).code, region.code) << path;
    EXPECT_EQ(MapRegion(region.name_zh).code, region.code) << region.name_zh;
    EXPECT_EQ(MapRegion(region.code).code, region.code);
  }
}

TEST(Region, Spellings) {  // CUS-5
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"深圳", "440300"},
      {"深圳市", "440300"},
      {"广东省深圳市", "440300"},
      {"广东深圳", "440300"},
      {"广东 深圳", "440300"},
      {"广东省/深圳市", "440300"},
      {"中国广东省深圳市", "440300"},
      {"Shenzhen", "440300"},
      {"Shenzhen, Guangdong, China", "440300"},
      {"Guangdong Shenzhen", "440300"},
      {"SHENZHEN CITY", "440300"},
      {"北京", "110100"},
      {"北京市", "110100"},
      {"北京市北京市", "110100"},
      {"Beijing", "110100"},
      {"110000", "110000"},
      {"广东", "440000"},
      {"广东省", "440000"},
      {"广西", "450000"},
      {"内蒙古", "150000"},
      {"Inner Mongolia", "150000"},
      {"海南", "460000"},
      {"海南藏族自治州", "632500"},
      {"吉林省", "220000"},
      {"吉林市", "220200"},
      {"吉林省吉林市", "220200"},
      {"延边", "222400"},
      {"西安", "610100"},
      {"Xi'an", "610100"},
      {"Xian", "610100"},
      {"Urumqi", "650100"},
      {"江苏省昆山市", "320500"},
      {"昆山", "320500"},
      {"江苏省苏州市昆山市", "320500"},
      {"恩施", "422800"},
      {"深圳市南山区", "440300"},
      {"广东省深圳市南山区科技园", "440300"},
      {"北京朝阳区", "110100"},
      {"香港", "810000"},
      {"Hong Kong", "810000"},
      {"香港九龙", "810000"},
      {"台湾省台北市", "710000"},
      {"仙桃", "429004"},
  };
  for (const auto& [text, code] : cases) EXPECT_EQ(MapRegion(text).code, code) << text;
}

TEST(Region, AmbiguousGivesCandidates) {  // CUS-5
  EXPECT_THAT(MapRegion("吉林").candidates, ElementsAre("220000", "220200"));
  EXPECT_THAT(MapRegion("Suzhou").candidates, ElementsAre("320500", "341300"));
  EXPECT_FALSE(MapRegion("Suzhou").found());
}

TEST(Region, UnknownGivesCandidates) {  // CUS-5
  const Mapping contradiction = MapRegion("江苏省深圳市");
  EXPECT_FALSE(contradiction.found());
  EXPECT_THAT(contradiction.candidates, Contains("440300"));
  EXPECT_THAT(MapRegion("深川市").candidates, Contains("440300"));
  EXPECT_THAT(MapRegion("Shenzen").candidates, Contains("440300"));
  // A district's name alone may be anywhere.
  EXPECT_FALSE(MapRegion("朝阳区").found());
  EXPECT_FALSE(MapRegion("广东省某某县").found());
  for (const std::string_view text : {"", " ", "中国", "China", "\xFF"}) {
    EXPECT_FALSE(MapRegion(text).found()) << text;
  }
  EXPECT_THAT(MapRegion("龘龘龘").candidates, IsEmpty());
  EXPECT_LE(MapRegion("市").candidates.size(), kMaxCandidates);
}

TEST(Region, Labels) {  // CUS-5
  EXPECT_EQ(FindRegion("440300")->name_zh, "深圳市");
  EXPECT_EQ(FindRegion("440300")->name_en, "Shenzhen");
  EXPECT_EQ(FindRegion("440300")->province_code(), "440000");
  EXPECT_EQ(FindRegion("999999"), nullptr);
}

TEST(Region, PlaceNamesForOrganisations) {  // CUS-16
  const text::PlaceNames places(RegionPlaceNames());
  EXPECT_EQ(text::NormalizedOrganizationKey("广东省深圳市某某科技有限公司", places),
            text::NormalizedOrganizationKey("某某科技", places));
  EXPECT_EQ(text::NormalizedOrganizationKey("昆山市某某电子有限公司", places), "某某电子");
}

}  // namespace
}  // namespace crm::customer::reference
