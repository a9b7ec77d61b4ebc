#include "services/customer/reference/industry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/text/unicode.h"
#include "services/customer/reference/tables.h"

namespace crm::customer::reference {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

TEST(Industry, EverySectionAndDivisionOnce) {  // CUS-5
  std::set<std::string_view> codes;
  std::set<std::string_view> divisions;
  size_t sections = 0;
  for (const Industry& industry : AllIndustries()) {
    EXPECT_TRUE(codes.insert(industry.code).second) << industry.code;
    EXPECT_FALSE(industry.name_zh.empty());
    EXPECT_TRUE(text::IsAscii(industry.name_en)) << industry.name_en;
    if (industry.code.size() == 1) ++sections;
    if (industry.code.size() == 3) divisions.insert(industry.code.substr(1));
  }
  EXPECT_EQ(sections, 20u);
  EXPECT_EQ(divisions.size(), 97u);
  EXPECT_EQ(*divisions.begin(), "01");
  EXPECT_EQ(*divisions.rbegin(), "97");
}

TEST(Industry, AliasesAreUniqueAndLeadToCodes) {  // CUS-5
  std::set<std::string> keys;
  for (const TableRow& row : ReadTable("industry_aliases.tsv")) {
    EXPECT_NE(FindIndustry(row[1]), nullptr) << row[0];
    EXPECT_TRUE(keys.insert(SimplifyName(row[0], {})).second) << row[0];
    EXPECT_EQ(MapIndustry(row[0]).code, row[1]) << row[0];
  }
  for (const Industry& industry : AllIndustries()) {
    for (const std::string_view member : industry.members) {
      EXPECT_NE(FindIndustry(member), nullptr) << industry.code;
    }
  }
}

TEST(Industry, WordsOfTheRule) {  // CUS-5
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"制造业", "C"},
      {"零售业", "F52"},
      {"服务业", "group:services"},
      {"IT服务", "I65"},
      {"IT互联网", "I"},
      {"互联网", "I64"},
      {"教育", "P"},
      {"机械制造", "group:machinery"},
      {"新能源", "group:new_energy"},
      {"医疗健康", "group:healthcare"},
  };
  for (const auto& [text, code] : cases) EXPECT_EQ(MapIndustry(text).code, code) << text;
}

TEST(Industry, Spellings) {  // CUS-5
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {" 制造业 ", "C"},
      {"ＩＴ服务", "I65"},
      {"it 服务", "I65"},
      {"IT/互联网", "I"},
      {"制造行业", "C"},
      {"软件企业", "I65"},
      {"房地产业", "K"},
      {"software", "I65"},
      {"Software industry", "I65"},
      {"RETAIL", "F52"},
      {"medical", "group:healthcare"},
      {"technolgy", "I"},
      {"telecommunications", "I63"},
      {"marketing", "L72"},
      {"finance", "J"},
      {"entertainment", "R90"},
      {"employment", "L72"},
      {"services", "group:services"},
      {"C", "C"},
      {"c34", "C34"},
      {"34", "C34"},
      {"C34 通用设备制造业", "C34"},
      {"34-通用设备制造业", "C34"},
      {"group:services", "group:services"},
      {"Real estate", "K"},
      {"汽车", "C36"},
      {"批发和零售业", "F"},
  };
  for (const auto& [text, code] : cases) EXPECT_EQ(MapIndustry(text).code, code) << text;
}

TEST(Industry, UnknownGivesCandidates) {  // CUS-5
  const Mapping outsourcing = MapIndustry("软件外包");
  EXPECT_FALSE(outsourcing.found());
  EXPECT_LE(outsourcing.candidates.size(), kMaxCandidates);
  EXPECT_THAT(outsourcing.candidates, Contains("I65"));
  EXPECT_THAT(MapIndustry("telecomunication").candidates, Contains("I63"));
  for (const std::string_view text : {"", " ", "!!!", "\xFF"}) {
    EXPECT_FALSE(MapIndustry(text).found()) << text;
  }
  EXPECT_THAT(MapIndustry("龘龘龘").candidates, IsEmpty());
  EXPECT_FALSE(MapIndustry(std::string(10000, 'a')).found());
}

TEST(Industry, Labels) {  // CUS-5
  EXPECT_EQ(FindIndustry("C")->name_zh, "制造业");
  EXPECT_EQ(FindIndustry("I65")->name_en, "Software and information technology services");
  EXPECT_EQ(FindIndustry("group:services")->name_zh, "服务业");
  EXPECT_EQ(FindIndustry("C98"), nullptr);
  EXPECT_EQ(FindIndustry(""), nullptr);
}

TEST(Industry, Within) {  // CUS-5
  EXPECT_TRUE(IsIndustryWithin("C34", "C"));
  EXPECT_TRUE(IsIndustryWithin("C", "C"));
  EXPECT_TRUE(IsIndustryWithin("I65", "group:services"));
  EXPECT_TRUE(IsIndustryWithin("I", "group:services"));
  EXPECT_TRUE(IsIndustryWithin("C34", "group:machinery"));
  EXPECT_FALSE(IsIndustryWithin("C36", "group:machinery"));
  EXPECT_FALSE(IsIndustryWithin("C", "group:machinery"));
  EXPECT_FALSE(IsIndustryWithin("C34", "group:services"));
  EXPECT_FALSE(IsIndustryWithin("C", "C34"));
  EXPECT_FALSE(IsIndustryWithin("C99", "C"));
  EXPECT_FALSE(IsIndustryWithin("nothing", "nothing"));
}

}  // namespace
}  // namespace crm::customer::reference
