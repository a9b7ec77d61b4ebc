#include "common/text/real_name.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crm::text {
namespace {

const RealNameRules& Rules() {
  static const auto& rules = *new RealNameRules(RealNameRules::DefaultNicknames());
  return rules;
}

const PlaceNames& Places() {
  static const auto& places = *new PlaceNames(std::vector<std::string>{
      "广东省", "广东", "深圳市", "深圳", "北京市", "北京", "上海市", "上海", "Shenzhen"});
  return places;
}

TEST(RealName, Accepted) {  // CUS-2
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"张三", "张三"},
      {" 张三丰\u3000", "张三丰"},
      {"张 三", "张三"},
      {"张\n三", "张三"},
      {"张\u200B三", "张三"},
      {"欧阳娜娜", "欧阳娜娜"},
      {"阿凡提·买买提", "阿凡提·买买提"},
      {"阿凡提•买买提", "阿凡提·买买提"},
      {"阿凡提.买买提", "阿凡提·买买提"},
      {"𠮷田健", "𠮷田健"},
      {"王𬎆", "王𬎆"},
      {"李〇一", "李〇一"},
      {"John Smith", "John Smith"},
      {"Ｊｏｈｎ  Smith", "John Smith"},
      {"J. R. O'Neil-Brown", "J. R. O'Neil-Brown"},
      {"José Müller", "José Müller"},
      {"Li", "Li"},
      {"김철수", "김철수"},
      {"Иван Петров", "Иван Петров"},
      {"Drake Bell", "Drake Bell"},
      {"Missy Lee", "Missy Lee"},
      {"张经理人", "张经理人"},
      {"小林光一", "小林光一"},
      {"老舍先", "老舍先"},
      {"总司", "总司"},
  };
  for (const auto& [text, stored] : cases) {
    const Result<std::string> name = Rules().Normalize(text);
    ASSERT_TRUE(name.ok()) << text << ": " << name.problem().rule;
    EXPECT_EQ(*name, stored) << text;
    EXPECT_EQ(*Rules().Normalize(*name), *name);
  }
}

TEST(RealName, Refused) {  // CUS-2
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", "NAME_EMPTY"},
      {" \u3000", "NAME_EMPTY"},
      {"张3", "NAME_DIGIT"},
      {"张３", "NAME_DIGIT"},
      {"张①", "NAME_DIGIT"},
      {"13812345678", "NAME_DIGIT"},
      {"张三😀", "NAME_EMOJI"},
      {"❤️张三", "NAME_EMOJI"},
      {"👨‍👩‍👧", "NAME_EMOJI"},
      {"张三(采购)", "NAME_CHARACTERS"},
      {"张三/李四", "NAME_CHARACTERS"},
      {"·张三", "NAME_CHARACTERS"},
      {"阿凡提··买买提", "NAME_CHARACTERS"},
      {"张三·", "NAME_CHARACTERS"},
      {"---", "NAME_CHARACTERS"},
      {"\xFF\xFE", "NAME_CHARACTERS"},
      {"张", "NAME_LENGTH"},
      {"A", "NAME_LENGTH"},
      {"先生", "NAME_TITLE"},
      {"女士", "NAME_TITLE"},
      {"小姐", "NAME_TITLE"},
      {"老师", "NAME_TITLE"},
      {"王先生", "NAME_TITLE"},
      {"欧阳女士", "NAME_TITLE"},
      {"李总经理", "NAME_TITLE"},
      {"Mr", "NAME_TITLE"},
      {"Mr.", "NAME_TITLE"},
      {"mrs. Smith", "NAME_TITLE"},
      {"Dr Who", "NAME_TITLE"},
      {"三哥", "NAME_NICKNAME"},
      {"老王", "NAME_NICKNAME"},
      {"小李", "NAME_NICKNAME"},
      {"王总", "NAME_NICKNAME"},
      {"老𠮷", "NAME_NICKNAME"},
  };
  for (const auto& [text, rule] : cases) {
    const Result<std::string> name = Rules().Normalize(text);
    ASSERT_FALSE(name.ok()) << text << " → " << *name;
    EXPECT_EQ(name.problem().rule, rule) << text;
  }
  EXPECT_EQ(Rules().Normalize(std::string(200, 'a')).problem().rule, "NAME_LENGTH");
}

TEST(RealName, NicknamesAreConfigurable) {  // CUS-2
  const RealNameRules none(std::vector<std::string>{});
  EXPECT_TRUE(none.Normalize("老王").ok());
  const RealNameRules own(std::vector<std::string>{"阿X", "XX哥"});
  EXPECT_EQ(own.Normalize("阿强").problem().rule, "NAME_NICKNAME");
  EXPECT_EQ(own.Normalize("小强哥").problem().rule, "NAME_NICKNAME");
  EXPECT_TRUE(own.Normalize("阿凡提").ok());
  // X is a Chinese character, no letter.
  EXPECT_TRUE(own.Normalize("阿b").ok());
}

TEST(OrganizationKey, SameCompany) {  // CUS-16
  const std::vector<std::vector<std::string_view>> groups = {
      {"深圳市腾讯计算机系统有限公司", "腾讯计算机系统", "腾讯计算机系统有限责任公司",
       "广东省深圳市腾讯计算机系统有限公司", "腾讯 计算机 系统（集团）股份有限公司",
       "腾讯计算机系统集团公司"},
      {"阿里巴巴（中国）有限公司", "阿里巴巴(中国)有限公司", "阿里巴巴【中国】",
       "阿里巴巴中国有限公司"},
      {"Acme Trading Co., Ltd.", "ACME TRADING", "acme trading co ltd",
       "Ａｃｍｅ Trading Company Limited", "Acme Trading Inc.", "Shenzhen Acme Trading LLC",
       "Acme-Trading (Group) Corp"},
      {"北京银行股份有限公司", "北京银行"},
      {"华为技术Co.,Ltd", "华为技术有限公司"},
  };
  for (const auto& group : groups) {
    for (const std::string_view name : group) {
      EXPECT_EQ(NormalizedOrganizationKey(name, Places()),
                NormalizedOrganizationKey(group.front(), Places()))
          << name;
    }
  }
}

TEST(OrganizationKey, OtherCompanies) {  // CUS-16
  const auto key = [](std::string_view name) { return NormalizedOrganizationKey(name, Places()); };
  EXPECT_NE(key("北京银行"), key("上海银行"));
  EXPECT_NE(key("阿里巴巴（中国）有限公司"), key("阿里巴巴有限公司"));
  EXPECT_NE(key("华为技术有限公司深圳分公司"), key("华为技术有限公司"));
  EXPECT_NE(key("Cisco"), key("Cis"));
  EXPECT_EQ(key("Cisco Inc"), "cisco");
}

TEST(OrganizationKey, NeverEmptyForAName) {  // CUS-16
  const auto key = [](std::string_view name) { return NormalizedOrganizationKey(name, Places()); };
  EXPECT_EQ(key("有限公司"), "有限");
  EXPECT_EQ(key("集团"), "集团");
  EXPECT_EQ(key("Co., Ltd."), "co");
  EXPECT_EQ(key("深圳市"), "深圳市");
  EXPECT_EQ(key("北京有限公司"), "北京");
  EXPECT_EQ(key("()"), "");
  EXPECT_EQ(key(""), "");
  EXPECT_NO_FATAL_FAILURE(key("\xFF\xFE有限公司"));
}

}  // namespace
}  // namespace crm::text
