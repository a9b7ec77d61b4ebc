#include "common/text/unicode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crm::text {
namespace {

TEST(Unicode, ValidUtf8) {
  for (const std::string& text :
       {std::string(), std::string("plain ASCII, longer than one word of eight bytes"),
        std::string("深圳市"), std::string("𠮷野家"), std::string("😀"), std::string(1, '\0'),
        std::string("\xF4\x8F\xBF\xBF")}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(Unicode, InvalidUtf8) {
  for (const std::string& text :
       {std::string("\x80"), std::string("12345678\xFF"), std::string("\xC0\x80"),
        std::string("\xC1\xBF"), std::string("\xE0\x80\x80"), std::string("\xED\xA0\x80"),
        std::string("\xED\xBF\xBF"), std::string("\xF4\x90\x80\x80"),
        std::string("\xF0\x80\x80\x80"), std::string("\xE6\xB7"), std::string("ok \xE6\xB7 ok"),
        std::string("\xF8\x88\x80\x80\x80"),
        std::string("\xC9\xEE\xDB\xDA")}) {  // the last is 深圳 in GBK
    EXPECT_FALSE(IsValidUtf8(text));
  }
}

TEST(Unicode, BrokenBytesNeverCrash) {
  const std::string broken =
      "a\xE6\xB7"
      "b\xFF\x80";
  EXPECT_GE(CodePointLength(broken), 4u);
  EXPECT_EQ(Trim(broken), broken);
  EXPECT_EQ(ToHalfWidth("\xEF" + broken), "\xEF" + broken);
  EXPECT_GE(DisplayWidth(broken), 2u);
  EXPECT_FALSE(FoldForSearch(broken).empty());
}

TEST(Unicode, CodePoints) {
  EXPECT_EQ(CodePointLength(""), 0u);
  EXPECT_EQ(CodePointLength("abc深圳😀"), 6u);
  EXPECT_EQ(CodePointLength("𠮷"), 1u);
  EXPECT_EQ(FirstCodePoints("深圳市", 2), "深圳");
  EXPECT_EQ(FirstCodePoints("深", 2), "深");
  EXPECT_EQ(LastCodePoints("有限公司", 2), "公司");
  EXPECT_EQ(LastCodePoints("司", 2), "司");
  std::string out;
  for (const char32_t c : {U'a', U'é', U'深', U'𠮷'}) AppendUtf8(c, out);
  EXPECT_EQ(out, "aé深𠮷");
  AppendUtf8(0xD800, out);
  EXPECT_TRUE(IsValidUtf8(out));
}

TEST(Unicode, Han) {
  for (const char32_t c : {U'一', U'龥', U'㐀', U'𠮷', U'〇', U'\U00030000', U'\uF900'}) {
    EXPECT_TRUE(IsHan(c)) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {U'a', U'あ', U'。', U'가', U'😀', U'1'}) {
    EXPECT_FALSE(IsHan(c)) << static_cast<uint32_t>(c);
  }
}

TEST(Unicode, Trim) {  // CUS-28
  EXPECT_EQ(Trim(""), "");
  EXPECT_EQ(Trim(" \t\r\n"), "");
  EXPECT_EQ(Trim("\u3000\u00A0 张三 \u200B\uFEFF"), "张三");
  EXPECT_EQ(Trim("\uFEFF张 三"), "张 三");
  EXPECT_EQ(Trim("\u202D13812345678\u202C"), "13812345678");
  EXPECT_EQ(Trim("a"), "a");
  EXPECT_EQ(Trim("。张。"), "。张。");
}

TEST(Unicode, ToHalfWidth) {  // CUS-28
  EXPECT_EQ(ToHalfWidth("１３８ＡＢｃ"), "138ABc");
  EXPECT_EQ(ToHalfWidth("某某（中国）"), "某某(中国)");
  EXPECT_EQ(ToHalfWidth("张\u3000三"), "张 三");
  EXPECT_EQ(ToHalfWidth("好。是、《书》"), "好。是、《书》");
  EXPECT_EQ(ToHalfWidth("～！"), "~!");
  EXPECT_EQ(ToHalfWidth("plain"), "plain");
}

TEST(Unicode, CollapseSpaces) {
  EXPECT_EQ(CollapseSpaces("  a \t\u3000 b  "), "a b");
  EXPECT_EQ(CollapseSpaces(" \n "), "");
  EXPECT_EQ(CollapseSpaces("a b"), "a b");
}

TEST(Unicode, HasControlCharacters) {
  EXPECT_FALSE(HasControlCharacters("张三 abc 😀"));
  for (const std::string& text :
       {std::string("a\0b", 3), std::string("a\n"), std::string("\t"), std::string("\x7F"),
        std::string("\u0085"), std::string("\u202Eabc"), std::string("\u2066"),
        std::string("\u200F"), std::string("\u200E"), std::string("\u2069")}) {
    EXPECT_TRUE(HasControlCharacters(text));
  }
}

TEST(Unicode, DisplayWidth) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("深圳"), 4u);
  EXPECT_EQ(DisplayWidth("ｆ"), 2u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(DisplayWidth("é"), 1u);
  EXPECT_EQ(DisplayWidth("𠮷"), 2u);
  EXPECT_EQ(DisplayWidth("\u200B\n"), 0u);
  EXPECT_EQ(DisplayWidth("가"), 2u);
}

TEST(Unicode, FoldForSearch) {
  EXPECT_EQ(FoldForSearch("  ABC  深圳 "), "abc 深圳");
  EXPECT_EQ(FoldForSearch("ＡＢＣ（中国）"), "abc(中国)");
  EXPECT_EQ(FoldForSearch("ﬁRST"), "first");
  EXPECT_EQ(FoldForSearch("Straße"), "strasse");
  EXPECT_EQ(FoldForSearch("É"), FoldForSearch("e\u0301"));
  EXPECT_EQ(FoldForSearch("㈱"), "(株)");
  EXPECT_EQ(FoldForSearch("张\u200B三"), "张三");
  for (const std::string_view text : {"ＡＢＣ", "Straße", "①②", "深圳 A"}) {
    EXPECT_EQ(FoldForSearch(FoldForSearch(text)), FoldForSearch(text));
  }
}

}  // namespace
}  // namespace crm::text
