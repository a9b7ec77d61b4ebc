#include "common/tabular/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "common/tabular/encoding.h"
#include "common/tabular/test_files.h"

namespace crm::tabular {
namespace {

using testing::ElementsAre;

class CsvReaderTest : public testing::Test {
 protected:
  Table Read(std::string_view content, const ReadOptions& options = {}) {
    return ReadTable(folder_.Write("t.csv", content), options);
  }
  TableInfo Info(std::string_view content) { return Open(folder_.Write("t.csv", content))->info(); }
  TemporaryFolder folder_;
};

// CUS-27
TEST_F(CsvReaderTest, ReadsPlainRows) {
  EXPECT_EQ(Read("姓名,电话\n李雷,138\r\n韩梅梅,139"),
            (Table{{"姓名", "电话"}, {"李雷", "138"}, {"韩梅梅", "139"}}));
}

// CUS-27
TEST_F(CsvReaderTest, KeepsSpacesAndQuotesAsTheyStand) {
  EXPECT_EQ(Read(" a , b\t,5\" pipe\n\"x \"\" y\", z ,\"\"\n"),
            (Table{{" a ", " b\t", "5\" pipe"}, {"x \" y", " z ", ""}}));
}

// CUS-27
TEST_F(CsvReaderTest, QuotedCellsHoldLineEndsAndDelimiters) {
  EXPECT_EQ(Read("a,\"line 1\r\nline 2, still\n\",c\r\nnext,\"q\",r\r\n"),
            (Table{{"a", "line 1\r\nline 2, still\n", "c"}, {"next", "q", "r"}}));
}

// CUS-30: a rejected row is named by its line in the file.
TEST_F(CsvReaderTest, LineNumbersCountLinesOfTheFile) {
  const auto reader = Open(folder_.Write("t.csv", "h,h\n\n\"1\n2\n3\",x\n , \nlast,y\n"));
  Row row;
  std::vector<int64_t> lines;
  while (reader->Next(row).value()) lines.push_back(row.line());
  EXPECT_THAT(lines, ElementsAre(1, 3, 7));
}

// CUS-27
TEST_F(CsvReaderTest, RaggedRowsArePaddedOrKept) {
  const auto reader = Open(folder_.Write("t.csv", "a,b,c\n1\n1,2,3,4\n"));
  Row row;
  ASSERT_TRUE(reader->Next(row).value());
  const size_t columns = row.size();
  ASSERT_TRUE(reader->Next(row).value());
  EXPECT_EQ(row[2], "");
  row.PadTo(columns);
  EXPECT_THAT(row.Copy(), ElementsAre("1", "", ""));
  ASSERT_TRUE(reader->Next(row).value());
  row.PadTo(columns);
  EXPECT_THAT(row.Copy(), ElementsAre("1", "2", "3", "4"));
}

// CUS-27
TEST_F(CsvReaderTest, SkipsBlankRows) {
  EXPECT_EQ(Read("a,b\n\n,\n \t,\xE3\x80\x80\n1,2\n,,,\n\r\n"), (Table{{"a", "b"}, {"1", "2"}}));
}

// CUS-27
TEST_F(CsvReaderTest, FindsTheDelimiter) {
  EXPECT_EQ(Info("a;b;c\n1,5;2;3\n1;2;3\n").delimiter, ';');
  EXPECT_EQ(Info("a\tb\n1,x\t2\n").delimiter, '\t');
  EXPECT_EQ(Info("a|b|c\n1|2|3\n").delimiter, '|');
  EXPECT_EQ(Info("标题\n姓名,\"a;b;c;d\"\n李雷,1\n").delimiter, ',');
  EXPECT_EQ(Info("only\none\n").delimiter, ',');
  EXPECT_EQ(Read("sep=;\na;b\n"), (Table{{"a", "b"}}));
}

// CUS-27
TEST_F(CsvReaderTest, ByteOrderMarkIsNoPartOfTheFirstCell) {
  EXPECT_EQ(Read("\xEF\xBB\xBF姓名,b\n"), (Table{{"姓名", "b"}}));
  EXPECT_EQ(Read("\xEF\xBB\xBF\"姓名\",b\n"), (Table{{"姓名", "b"}}));
}

// CUS-27: 姓名,|国 with the four-byte characters 㐀 and 𠀀; 丂 holds 0x40, 亅 a '|' byte.
TEST_F(CsvReaderTest, ReadsGb18030) {
  const std::string gb =
      "\xD0\xD5\xC3\xFB,\xB5\xE7\xBB\xB0\n"
      "\x81\x39\xEE\x39,\x95\x32\x82\x36\n"
      "\"\x81\x40\n\x81\x7C\",x\n";
  EXPECT_EQ(Info(gb).encoding, Encoding::kGb18030);
  EXPECT_EQ(Read(gb), (Table{{"姓名", "电话"}, {"㐀", "𠀀"}, {"丂\n亅", "x"}}));
}

// CUS-27: what tells the encodings apart may come late.
TEST_F(CsvReaderTest, FindsGb18030FarFromTheStart) {
  std::string text = "id,name\n";
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i) + ",ascii only\n";
  EXPECT_EQ(Info(text + "x,\xD0\xD5\xC3\xFB\n").encoding, Encoding::kGb18030);
  EXPECT_EQ(Info(text + "x,姓名\n").encoding, Encoding::kUtf8);
}

// CUS-27
TEST_F(CsvReaderTest, ReadsUtf16) {
  const std::u16string text = u"a,姓\r\n上\u0A0A\u0D0A,𠀀\n\"x\ny\",b";
  std::string little = "\xFF\xFE";
  std::string big = "\xFE\xFF";
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    little += {low, high};
    big += {high, low};
  }
  const Table expected = {{"a", "姓"}, {"上\u0A0A\u0D0A", "𠀀"}, {"x\ny", "b"}};
  EXPECT_EQ(Read(little), expected);
  EXPECT_EQ(Read(big), expected);
  EXPECT_EQ(Read(little + "\n\n!").back(), std::vector<std::string>{"!TABLE_ENCODING_INVALID"});
}

// CUS-27
TEST_F(CsvReaderTest, ReadsCarriageReturnsOnly) {
  EXPECT_EQ(Read("a,b\r1,2\r\"x\ry\",3\r"), (Table{{"a", "b"}, {"1", "2"}, {"x\ry", "3"}}));
}

// CUS-31: one bad row never loses another.
TEST_F(CsvReaderTest, BadBytesLoseOneRowAndNameItsLine) {
  const auto reader = Open(folder_.Write("t.csv", "姓名,电话\n李\xFF雷,1\n韩梅梅,2\n"));
  Row row;
  ASSERT_TRUE(reader->Next(row).value());
  const absl::Status bad = reader->Next(row).status();
  EXPECT_EQ(ErrorReason(bad), "TABLE_ENCODING_INVALID");
  EXPECT_TRUE(IsRowError(bad));
  EXPECT_THAT(std::string(bad.message()), testing::StartsWith("line 2:"));
  ASSERT_TRUE(reader->Next(row).value());
  EXPECT_THAT(row.Copy(), ElementsAre("韩梅梅", "2"));
  EXPECT_FALSE(reader->Next(row).value());
}

// QUA-8: lone surrogates, overlong forms, beyond Unicode, cut characters.
TEST_F(CsvReaderTest, RefusesEveryKindOfBadUtf8) {
  for (const char* bad : {"\xED\xA0\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xF4\x90\x80\x80",
                          "\xE4\xB8", "\x80", "\xF8\x88\x80\x80\x80", "\xE1\xE1\xE1"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
    ReadOptions utf8;
    utf8.encoding = Encoding::kUtf8;
    EXPECT_EQ(Read(std::string("a,b\nx,") + bad + "\nc,d\n", utf8),
              (Table{{"a", "b"}, {"!TABLE_ENCODING_INVALID"}, {"c", "d"}}));
  }
  EXPECT_TRUE(IsValidUtf8("aé中𠀀\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"));
}

// CUS-31
TEST_F(CsvReaderTest, UnterminatedQuoteLosesItsLineOnly) {
  EXPECT_EQ(Read("a,b\n\"open,1\nc,d\ne,f\n"),
            (Table{{"a", "b"}, {"!TABLE_QUOTE_UNTERMINATED"}, {"c", "d"}, {"e", "f"}}));
}

// QUA-8: a file made of quotes that never end costs no more than the limit allows.
TEST_F(CsvReaderTest, GivesUpAFileOfOpenQuotes) {
  std::string hostile = "h,h\n";
  for (int i = 0; i < 20'000; ++i) hostile += "\"a\n";
  hostile += "b,c\n";
  ReadOptions options;
  options.limits.max_row_bytes = 10'000;
  options.limits.max_reread_bytes = 100'000;
  const Table rows = Read(hostile, options);
  EXPECT_EQ(rows.back(), std::vector<std::string>{"!TABLE_CORRUPT"});
  EXPECT_LT(rows.size(), 100u);
}

// QUA-8
TEST_F(CsvReaderTest, LimitsCellsRowsAndColumns) {
  ReadOptions options;
  options.limits.max_cell_bytes = 10;
  options.limits.max_row_bytes = 1'000'000;
  options.limits.max_columns = 5;
  const std::string text = "a,b\n" + std::string(11, 'x') + ",1\n1,2,3,4,5,6\n" +
                           std::string(3'000'000, 'y') + "\nc,d\n";
  EXPECT_EQ(Read(text, options), (Table{{"a", "b"},
                                        {"!TABLE_CELL_TOO_LONG"},
                                        {"!TABLE_TOO_MANY_COLUMNS"},
                                        {"!TABLE_ROW_TOO_LONG"},
                                        {"c", "d"}}));
}

// QUA-8
TEST_F(CsvReaderTest, RefusesWhatIsNoTable) {
  EXPECT_EQ(OpenError(folder_.Path("absent.csv")), "TABLE_NOT_READABLE");
  EXPECT_EQ(OpenError(folder_.Path("")), "TABLE_NOT_READABLE");
  EXPECT_EQ(OpenError(folder_.Write("b", std::string("GIF89a\0\0x\n", 10))),
            "TABLE_FORMAT_UNSUPPORTED");
  EXPECT_EQ(OpenError(folder_.Write("x.xls", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 old")),
            "TABLE_FORMAT_UNSUPPORTED");
  EXPECT_EQ(Read(""), Table{});
  EXPECT_EQ(Read("\n\n\n"), Table{});
}

// CUS-31: a job goes on where it stopped, from every row, in every encoding.
TEST_F(CsvReaderTest, ResumesAtEveryRow) {
  for (const std::string text : {"\xEF\xBB\xBFh,名\n\"x\ny\",1\n\n李雷,2\r\nlast,3",
                                 "h,\xD0\xD5\n\"\xC3\xFB\ny\",1\n\nz,2\n", "sep=;\na;b\nc;d\n"}) {
    const std::string path = folder_.Write("t.csv", text);
    const auto first = Open(path);
    const Table all = ReadAll(*first);
    ASSERT_TRUE(first->SeekTo(Position{}).ok());
    Row row;
    for (size_t done = 0; done <= all.size(); ++done) {
      const Position place = first->position();
      const auto second = Open(path);
      ASSERT_TRUE(second->SeekTo(place).ok());
      EXPECT_EQ(ReadAll(*second), Table(all.begin() + static_cast<ptrdiff_t>(done), all.end()));
      ASSERT_TRUE(first->Next(row).ok());
      const auto third = Open(path);
      if (done < all.size()) {
        Row again;
        ASSERT_TRUE(third->SeekTo(place).ok());
        ASSERT_TRUE(third->Next(again).ok());
        EXPECT_EQ(again.line(), row.line());
      }
    }
  }
}

// CUS-31
TEST_F(CsvReaderTest, RefusesPositionsOfAnotherFile) {
  const auto reader = Open(folder_.Write("t.csv", "a,b\n1,2\n"));
  EXPECT_EQ(ErrorReason(reader->SeekTo({9, 3})), "TABLE_POSITION_INVALID");
  EXPECT_EQ(ErrorReason(reader->SeekTo({-1, 1})), "TABLE_POSITION_INVALID");
  EXPECT_EQ(ErrorReason(reader->SeekTo({0, 0})), "TABLE_POSITION_INVALID");
}

// QUA-8: any bytes give rows or errors, and reading ends.
TEST_F(CsvReaderTest, SurvivesRandomBytes) {
  std::mt19937 random(8);
  const std::string_view alphabet("a,\"\n\r;\t|\xE4\xB8\xAD\x81\x30\x95\x80\0\xFF", 18);
  for (int round = 0; round < 400; ++round) {
    std::string text;
    const size_t size = random() % 200;
    while (text.size() < size) text += alphabet[random() % alphabet.size()];
    const std::string path = folder_.Write("r.csv", text);
    for (const Encoding encoding : {Encoding::kUtf8, Encoding::kGb18030, Encoding::kUtf16Le}) {
      ReadOptions options;
      options.encoding = encoding;
      const auto reader = OpenTable(path, options);
      if (!reader.ok()) continue;
      for (const auto& row : ReadAll(**reader)) {
        for (const std::string& cell : row) EXPECT_TRUE(IsValidUtf8(cell));
      }
      EXPECT_EQ((*reader)->position().offset, static_cast<int64_t>(text.size()));
    }
  }
}

// CUS-27: a merged title stands above the header, 电话 is also a value.
TEST(FindHeaderRow, TakesTheRowWithMostKnownCells) {
  const auto known = [](std::string_view cell) {
    return cell == "姓名" || cell == "电话" || cell == "行业";
  };
  const Table rows = {
      {"2024 客户档案"}, {"制表人", "行业"}, {"姓名", "电话", "行业"}, {"李", "电话"}};
  EXPECT_EQ(FindHeaderRow(rows, known), 2u);
  EXPECT_EQ(FindHeaderRow(Table{{"a"}, {"b"}}, known), std::nullopt);
}

}  // namespace
}  // namespace crm::tabular
