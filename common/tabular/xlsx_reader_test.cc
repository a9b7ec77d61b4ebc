#include "common/tabular/xlsx_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "common/tabular/table_writer.h"
#include "common/tabular/test_files.h"
#include "common/tabular/xlsx_dates.h"
#include "common/tabular/xlsx_workbook.h"

namespace crm::tabular {
namespace {

using Parts = std::map<std::string, std::string>;

constexpr char kRels[] = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

// A workbook of two sheets, `数据` and `Second`, whose parts a test replaces.
Parts WorkbookParts(const std::string& rows) {
  const std::string type = kRels;
  return {
      {"_rels/.rels", "<Relationships><Relationship Id='r1' Type='" + type +
                          "/officeDocument' Target='xl/workbook.xml'/></Relationships>"},
      {"xl/workbook.xml",
       "<workbook xmlns:r='r'><workbookPr/><sheets><sheet name='数据' sheetId='1' r:id='a'/>"
       "<sheet name='Second' sheetId='2' r:id='b'/></sheets></workbook>"},
      {"xl/_rels/workbook.xml.rels",
       "<Relationships><Relationship Id='a' Type='" + type +
           "/worksheet' Target='worksheets/sheet1.xml'/><Relationship Id='b' Type='" + type +
           "/worksheet' Target='/xl/worksheets/sheet2.xml'/><Relationship Id='c' Type='" + type +
           "/sharedStrings' Target='../xl/sharedStrings.xml'/><Relationship Id='d' Type='" + type +
           "/styles' Target='styles.xml'/></Relationships>"},
      {"xl/sharedStrings.xml",
       "<sst><si><t>姓名</t></si><si><r><t>李</t></r><r><rPr><b/></rPr><t xml:space='preserve'> 雷"
       "</t></r><rPh sb='0' eb='1'><t>lei</t></rPh></si><si><t/></si><si/>"
       "<si><t>a_x000D_&amp;&#x4E2D;<![CDATA[<row>]]></t></si></sst>"},
      {"xl/styles.xml",
       "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='yyyy\"年\"m\"月\"d\"日\"'/>"
       "<numFmt numFmtId='165' formatCode='#,##0.00\"days\"'/>"
       "<numFmt numFmtId='166' formatCode='[$-804]yyyy-mm-dd hh:mm'/></numFmts>"
       "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs><cellXfs><xf numFmtId='0'/>"
       "<xf numFmtId='14'/><xf numFmtId='164'/><xf numFmtId='165'/><xf numFmtId='166'/>"
       "<xf numFmtId='20'/></cellXfs></styleSheet>"},
      {"xl/worksheets/sheet1.xml", "<?xml version='1.0'?><worksheet><sheetData>" + rows +
                                       "</sheetData><mergeCells/></worksheet>"},
      {"xl/worksheets/sheet2.xml",
       "<x:worksheet xmlns:x='y'><x:sheetData><x:row><x:c t='inlineStr'><x:is><x:t>second</x:t>"
       "</x:is></x:c></x:row></x:sheetData></x:worksheet>"},
  };
}

class XlsxReaderTest : public testing::Test {
 protected:
  Table Read(const std::string& rows, const ReadOptions& options = {}) {
    return ReadTable(folder_.WriteZip("t.xlsx", WorkbookParts(rows)), options);
  }
  std::string ReadError(const std::string& rows, const ReadOptions& options = {}) {
    const Table table = Read(rows, options);
    return table.empty() ? "" : table.back()[0];
  }
  TemporaryFolder folder_;
};

// CUS-27
TEST_F(XlsxReaderTest, ReadsEveryKindOfString) {
  EXPECT_EQ(Read("<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c>"
                 "<c r='C1' t='s'><v>4</v></c></row>"
                 "<row r='2'><c t='inlineStr'><is><r><t>in</t></r><r><t>line</t></r><rPh><t>x</t>"
                 "</rPh></is></c><c t='str'><f>A1&amp;B1</f><v>formula</v></c><c t='e'><v>#N/A</v>"
                 "</c></row>"),
            (Table{{"姓名", "李 雷", "a\r&中<row>"}, {"inline", "formula", "#N/A"}}));
}

// CUS-28
TEST_F(XlsxReaderTest, ReadsNumbersBooleansAndDates) {
  EXPECT_EQ(
      Read("<row><c><v>13800138000</v></c><c><v>1.3800138E10</v></c>"
           "<c><v>0.10000000000000001</v></c><c t='b'><v>1</v></c><c t='b'><v>0</v></c>"
           "<c t='n'><f>1+1</f><v>2</v></c></row>"
           "<row><c s='1'><v>45352</v></c><c s='2'><v>45352.5</v></c><c s='3'><v>45352</v></c>"
           "<c s='4'><v>45352</v></c><c s='5'><v>0.75</v></c><c s='1'><v>-1</v></c>"
           "<c s='99'><v>1</v></c><c t='d'><v>2024-03-01T08:30:00.000Z</v></c></row>"),
      (Table{{"13800138000", "13800138000", "0.1", "TRUE", "FALSE", "2"},
             {"2024-03-01", "2024-03-01 12:00:00", "45352", "2024-03-01 00:00:00", "18:00:00", "-1",
              "1", "2024-03-01 08:30:00"}}));
}

// CUS-27: sparse rows and cells, blank rows, formatted empty cells.
TEST_F(XlsxReaderTest, KeepsColumnsAndRowNumbersOfSparseSheets) {
  const std::string path = folder_.WriteZip(
      "t.xlsx",
      WorkbookParts("<row r='2'><c r='B2'><v>1</v></c><c r='D2'><v>2</v></c><c r='E2' s='1'/>"
                    "</row><row r='3'><c r='A3' t='s'><v>2</v></c></row><row r='4'/>"
                    "<row r='9'><c r='A9'><v>3</v></c></row>"
                    "<row><c t='inlineStr'><is><t>  </t></is></c></row>"));
  const auto reader = Open(path);
  Row row;
  ASSERT_TRUE(reader->Next(row).value());
  EXPECT_EQ(row.line(), 2);
  EXPECT_EQ(row.Copy(), (std::vector<std::string>{"", "1", "", "2"}));
  ASSERT_TRUE(reader->Next(row).value());
  EXPECT_EQ(row.line(), 9);
  EXPECT_FALSE(reader->Next(row).value());
  EXPECT_FALSE(reader->Next(row).value());
}

// CUS-27
TEST_F(XlsxReaderTest, ReadsANamedSheetOrListsThem) {
  ReadOptions options;
  options.sheet = "Second";
  const std::string path = folder_.WriteZip("t.xlsx", WorkbookParts(""));
  EXPECT_EQ(ReadTable(path, options), (Table{{"second"}}));
  EXPECT_EQ(ReadTable(path), Table{});
  options.sheet = "Third";
  const absl::Status missing = OpenTable(path, options).status();
  EXPECT_EQ(ErrorReason(missing), "TABLE_SHEET_NOT_FOUND");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(ToRpcStatus(missing).details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("sheets"), "数据\nSecond");
}

// CUS-28
TEST_F(XlsxReaderTest, HonoursThe1904DateSystem) {
  Parts parts = WorkbookParts("<row><c s='1'><v>43890</v></c></row>");
  parts["xl/workbook.xml"].replace(parts["xl/workbook.xml"].find("<workbookPr/>"), 13,
                                   "<workbookPr date1904='1'/>");
  EXPECT_EQ(ReadTable(folder_.WriteZip("t.xlsx", parts)), (Table{{"2024-03-01"}}));
}

// CUS-31
TEST_F(XlsxReaderTest, ResumesAtEveryRow) {
  const std::string path = folder_.WriteZip(
      "t.xlsx", WorkbookParts("<row r='1'><c><v>1</v></c></row><row r='5'><c><v>5</v></c></row>"
                              "<row r='6'/><row r='7'><c><v>7</v></c></row>"));
  const auto reader = Open(path);
  const Table all = ReadAll(*reader);
  ASSERT_EQ(all.size(), 3u);
  ASSERT_TRUE(reader->SeekTo(Position{}).ok());
  Row row;
  for (size_t done = 0; done <= all.size(); ++done) {
    const auto second = Open(path);
    ASSERT_TRUE(second->SeekTo(reader->position()).ok());
    EXPECT_EQ(ReadAll(*second), Table(all.begin() + static_cast<ptrdiff_t>(done), all.end()));
    ASSERT_TRUE(reader->Next(row).ok());
  }
  EXPECT_EQ(ErrorReason(reader->SeekTo({-1, 0})), "TABLE_POSITION_INVALID");
}

// QUA-8
TEST_F(XlsxReaderTest, RefusesDocumentTypes) {
  Parts parts = WorkbookParts("");
  parts["xl/worksheets/sheet1.xml"] =
      "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><worksheet><sheetData><row><c t='str'>"
      "<v>&b;</v></c></row></sheetData></worksheet>";
  EXPECT_EQ(ReadTable(folder_.WriteZip("t.xlsx", parts)), (Table{{"!TABLE_DTD_FORBIDDEN"}}));
  parts = WorkbookParts("");
  parts["xl/sharedStrings.xml"] =
      "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]><sst><si><t>&a;</t></si></sst>";
  EXPECT_EQ(OpenError(folder_.WriteZip("t.xlsx", parts)), "TABLE_DTD_FORBIDDEN");
}

// QUA-8: 64 MiB of blanks in a few KB.
TEST_F(XlsxReaderTest, RefusesZipBombs) {
  const std::string bomb(size_t{24} << 20, ' ');
  EXPECT_EQ(ReadError(bomb + "<row><c><v>1</v></c></row>"), "!TABLE_TOO_LARGE");
  Parts parts = WorkbookParts("");
  parts["xl/sharedStrings.xml"] = "<sst><si><t>" + bomb + "</t></si></sst>";
  EXPECT_EQ(OpenError(folder_.WriteZip("t.xlsx", parts)), "TABLE_TOO_LARGE");
  parts = WorkbookParts("");
  parts["xl/workbook.xml"] += bomb;
  EXPECT_EQ(OpenError(folder_.WriteZip("t.xlsx", parts)), "TABLE_TOO_LARGE");
  ReadOptions options;
  options.limits.max_inflated_bytes = 1000;
  EXPECT_EQ(ReadError(std::string(2000, ' '), options), "!TABLE_TOO_LARGE");
}

// QUA-8: memory is bounded by the strings' bookkeeping too.
TEST_F(XlsxReaderTest, LimitsSharedStrings) {
  Parts parts = WorkbookParts("");
  parts["xl/sharedStrings.xml"] = "<sst>";
  for (int i = 0; i < 1000; ++i) parts["xl/sharedStrings.xml"] += "<si/>";
  parts["xl/sharedStrings.xml"] += "</sst>";
  ReadOptions options;
  options.limits.max_shared_strings_bytes = 4000;
  EXPECT_EQ(OpenError(folder_.WriteZip("t.xlsx", parts), options), "TABLE_TOO_LARGE");
}

// QUA-8
TEST_F(XlsxReaderTest, LimitsCellsColumnsTagsAndDepth) {
  ReadOptions options;
  options.limits.max_cell_bytes = 10;
  EXPECT_EQ(ReadError("<row><c t='str'><v>12345678901</v></c></row>", options), "!TABLE_TOO_LARGE");
  EXPECT_EQ(ReadError("<row><c r='XFE1'><v>1</v></c></row>"), "!TABLE_TOO_LARGE");
  EXPECT_EQ(ReadError("<row><c r='ZZZZ1'><v>1</v></c></row>"), "!TABLE_CORRUPT");
  EXPECT_EQ(Read("<row><c r='XFD1'><v>1</v></c></row>")[0].size(), 16'384u);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<d>";
  EXPECT_EQ(ReadError(deep), "!TABLE_CORRUPT");
  options.limits.max_inflation_ratio = 100'000;  // so that the length alone is refused
  const std::string tag = "<row a='" + std::string(3'000'000, 'x') + "'/>";
  EXPECT_EQ(ReadError(tag, options), "!TABLE_TOO_LARGE");
}

// QUA-8
TEST_F(XlsxReaderTest, RefusesDamagedSheets) {
  for (const char* rows :
       {"<row r='2'/><row r='1'/>", "<row r='x'/>", "<row r='1048577'/>", "<row r='-1'/>",
        "<row><c r='B1'><v>1</v></c><c r='A1'><v>1</v></c></row>", "<row><c r='1'/></row>",
        "<row><c t='s'><v>5</v></c></row>", "<row><c t='s'><v>-1</v></c></row>", "<row><c></row>",
        "<row><row/></row>", "<row><c t='str'><v>&#xD800;</v></c></row>",
        "<row><c t='str'><v>&unknown;</v></c></row>", "<row><c t='str'><v>\xFF</v></c></row>"}) {
    EXPECT_EQ(ReadError(rows), "!TABLE_CORRUPT") << rows;
  }
}

// QUA-8: every truncation of a real workbook is refused or read, never a crash.
TEST_F(XlsxReaderTest, RefusesTruncatedFiles) {
  const std::string whole =
      ReadFile(folder_.WriteZip("t.xlsx", WorkbookParts("<row><c><v>1</v></c></row>")));
  for (size_t size = 4; size < whole.size(); size += 7) {
    EXPECT_EQ(OpenError(folder_.Write("cut.xlsx", std::string_view(whole).substr(0, size))),
              "TABLE_CORRUPT");
  }
}

// QUA-8
TEST_F(XlsxReaderTest, SurvivesFlippedBytes) {
  const std::string whole =
      ReadFile(folder_.WriteZip("t.xlsx", WorkbookParts("<row><c><v>1</v></c></row>")));
  int refused = 0;
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    const auto reader = OpenTable(folder_.Write("bad.xlsx", bad), {});
    if (!reader.ok()) ++refused;
    if (reader.ok()) ReadAll(**reader);
  }
  EXPECT_GT(refused, 0);
}

// CUS-27
TEST_F(XlsxReaderTest, RefusesOtherArchives) {
  EXPECT_EQ(OpenError(folder_.WriteZip("a.zip", {{"readme.txt", "x"}})),
            "TABLE_FORMAT_UNSUPPORTED");
  Parts parts = WorkbookParts("");
  parts.erase("xl/worksheets/sheet1.xml");
  EXPECT_EQ(OpenError(folder_.WriteZip("t.xlsx", parts)), "TABLE_CORRUPT");
}

TEST(XlsxNumbers, ArePlainDecimals) {
  EXPECT_EQ(PlainNumber("1E-3"), "0.001");
  EXPECT_EQ(PlainNumber("91440300123456789"), "91440300123456784");  // a double holds no more
  EXPECT_EQ(PlainNumber("0.29999999999999999"), "0.3");
  EXPECT_EQ(PlainNumber("1e400"), "1e400");
  EXPECT_EQ(PlainNumber("abc"), "abc");
  EXPECT_EQ(PlainNumber("5E-324").size(), 326u);
}

// CUS-28
TEST(XlsxDates, FollowExcelsCalendar) {
  const auto text = [](double serial) {
    return SerialToText(serial, DateSystem::k1900, NumberKind::kDate).value_or("none");
  };
  EXPECT_EQ(text(1), "1900-01-01");
  EXPECT_EQ(text(59), "1900-02-28");
  EXPECT_EQ(text(60), "none");
  EXPECT_EQ(text(61), "1900-03-01");
  EXPECT_EQ(text(45351), "2024-02-29");
  EXPECT_EQ(text(45351.999999), "2024-03-01");  // rounds to the second, over midnight
  EXPECT_EQ(text(2958465), "9999-12-31");
  EXPECT_EQ(text(2958465.9999999), "none");
  EXPECT_EQ(text(2958466), "none");
  EXPECT_EQ(text(-1), "none");
  EXPECT_EQ(text(std::nan("")), "none");
  EXPECT_EQ(text(1e300), "none");
}

TEST(XlsxDates, KnowsDateFormats) {
  EXPECT_EQ(NumberKindOf("yyyy/m/d;@"), NumberKind::kDate);
  EXPECT_EQ(NumberKindOf("[$-F800]dddd\\,\\ mmmm"), NumberKind::kDate);
  EXPECT_EQ(NumberKindOf("m/d/yy h:mm AM/PM"), NumberKind::kDateTime);
  EXPECT_EQ(NumberKindOf("[h]:mm:ss"), NumberKind::kPlain);
  EXPECT_EQ(NumberKindOf("[Red]0.00"), NumberKind::kPlain);
  EXPECT_EQ(NumberKindOf("0\\d"), NumberKind::kPlain);
  EXPECT_EQ(NumberKindOf("\"day\" 0"), NumberKind::kPlain);
  EXPECT_EQ(NumberKindOf("General"), NumberKind::kPlain);
  EXPECT_EQ(NumberKindOf("\"open"), NumberKind::kPlain);
  EXPECT_EQ(NumberKindOf("[open"), NumberKind::kPlain);
  EXPECT_EQ(NumberKindOf("\\"), NumberKind::kPlain);
  EXPECT_EQ(BuiltInNumberKind(31), NumberKind::kDate);
  EXPECT_EQ(BuiltInNumberKind(9), NumberKind::kPlain);
}

TEST(XlsxText, EscapesAreReplacedOnce) {
  std::string text = "_x000D__x005F_x000D__x00_ _xZZZZ_ _x";
  UnescapeText(text, 0);
  EXPECT_EQ(text, "\r_x000D__x00_ _xZZZZ_ _x");
}

TEST(XlsxColumns, AreCountedFromZero) {
  EXPECT_EQ(ColumnOf("A1"), 0u);
  EXPECT_EQ(ColumnOf("AA10"), 26u);
  EXPECT_EQ(ColumnOf("XFD1"), 16'383u);
  EXPECT_EQ(ColumnOf("7"), std::nullopt);
  EXPECT_EQ(ColumnOf("AAAA1"), std::nullopt);
}

}  // namespace
}  // namespace crm::tabular
