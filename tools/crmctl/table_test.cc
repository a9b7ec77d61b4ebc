#include "tools/crmctl/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/text/unicode.h"

namespace crm::cli {
namespace {

using ::testing::ElementsAre;

const Style kPlain(false);

// PLT-29: a Chinese character takes two columns.
TEST(Table, LinesUpWithChineseText) {
  Table table({{"客户编号"}, {"客户全称"}, {"金额", Align::kRight}}, 0, kPlain);
  table.Add({"CRM2026000001", "华东机械有限公司", "1200.00"});
  table.Add({"CRM2026000002", "李雷", "8.50"});

  EXPECT_EQ(table.Flush(),
            "客户编号       客户全称             金额\n"
            "─────────────  ────────────────  ───────\n"
            "CRM2026000001  华东机械有限公司  1200.00\n"
            "CRM2026000002  李雷                 8.50\n");
}

// PLT-29
TEST(Table, IsCutToTheTerminal) {
  Table table({{"编号"}, {"内容"}}, 20, kPlain);
  table.Add({"CRM1", "客户希望下周三之前收到报价单和样品"});

  const std::string text = table.Flush();

  EXPECT_THAT(text, ::testing::HasSubstr("CRM1  客户希望下周…\n"));
  for (const std::string& line : WrapToWidth(text, 0)) EXPECT_LE(text::DisplayWidth(line), 20u);
}

TEST(Table, PagesKeepTheWidthsAndTheHeaderComesOnce) {
  Table table({{"a"}, {"b"}}, 0, kPlain);
  table.Add({"long value", "1"});
  table.Flush();
  table.Add({"x", "2"});

  EXPECT_EQ(table.Flush(), "x           2\n");
}

TEST(Table, CellsMayHaveSeveralLines) {
  Table table({{"版本"}, {"修改"}}, 0, kPlain);
  table.Add({"2", "行业: 制造业 → 零售业\n等级: 无 → 重点客户"});

  EXPECT_THAT(table.Flush(), ::testing::HasSubstr("2     行业: 制造业 → 零售业\n"
                                                  "      等级: 无 → 重点客户\n"));
}

// What a customer record says must not steer the terminal of whoever reads it.
TEST(Table, ControlCharactersAreNotPrinted) {
  Table table({{"a"}}, 0, kPlain);
  table.Add({"\x1b[2Jwiped\r"});

  EXPECT_EQ(table.Flush().find('\x1b'), std::string::npos);
  EXPECT_EQ(Printable("a\x1b\x7f\tb\u202e"), "a b");
}

TEST(Table, TextThatIsNotUtf8DoesNotBreakIt) {
  Table table({{"a"}}, 10, kPlain);
  table.Add({"\xff\xfe\xe5"});

  EXPECT_TRUE(text::IsValidUtf8(table.Flush()));
}

TEST(Table, ColoursOnlyWhereThereIsATerminal) {
  Table plain({{"a"}}, 0, Style(false));
  Table coloured({{"a"}}, 0, Style(true));

  EXPECT_EQ(plain.Flush().find('\x1b'), std::string::npos);
  EXPECT_THAT(coloured.Flush(), ::testing::HasSubstr("\x1b[1ma\x1b[0m"));
}

TEST(FitToWidth, NeverExceedsTheWidthNorSplitsACharacter) {
  for (size_t width = 0; width < 12; ++width) {
    const std::string cut = FitToWidth("北京a海淀b区𠮷", width);
    EXPECT_LE(text::DisplayWidth(cut), width);
    EXPECT_TRUE(text::IsValidUtf8(cut)) << width;
  }
  EXPECT_EQ(FitToWidth("北京", 4), "北京");
  EXPECT_EQ(FitToWidth("北京", 3), "北…");
}

TEST(WrapToWidth, BreaksBetweenCharactersAndAtBlanks) {
  EXPECT_THAT(WrapToWidth("客户希望下周", 4), ElementsAre("客户", "希望", "下周"));
  EXPECT_THAT(WrapToWidth("one two three", 8), ElementsAre("one two ", "three"));
  EXPECT_THAT(WrapToWidth("a\nb", 0), ElementsAre("a", "b"));
}

TEST(Details, ValuesStandUnderEachOther) {
  EXPECT_EQ(Details({{"客户编号", "CRM1"}, {"等级", "重点客户"}}, 0, kPlain),
            "客户编号  CRM1\n"
            "等级      重点客户\n");
}

}  // namespace
}  // namespace crm::cli
