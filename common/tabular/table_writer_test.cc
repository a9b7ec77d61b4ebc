#include "common/tabular/table_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/tabular/test_files.h"
#include "common/tabular/workbook_writer.h"

namespace crm::tabular {
namespace {

const Table kAwkward = {
    {"姓名", "备注", "x"}, {"李雷", "a,b \"c\"\r\nd", " space "},
    {"𠀀㐀", "", "-12.5"}, {"'quoted", "|;\t", "+8613800138000"},
    {"=1+1", "'=x", "@a"},
};

Sink Into(std::string& out) {
  return [&out](std::string_view chunk) {
    out.append(chunk);
    return absl::OkStatus();
  };
}

absl::Status WriteAll(TableWriter& writer, const Table& rows) {
  for (const auto& row : rows) {
    const std::vector<std::string_view> cells(row.begin(), row.end());
    if (absl::Status status = writer.Write(cells); !status.ok()) return status;
  }
  return writer.Close();
}

std::string Csv(const Table& rows, const CsvWriterOptions& options) {
  std::string out;
  auto writer = NewCsvWriter(Into(out), options);
  EXPECT_TRUE(writer.ok() && WriteAll(**writer, rows).ok());
  return out;
}

Table Unguarded(Table rows) {
  for (auto& row : rows) {
    for (std::string& cell : row) cell = std::string(RemoveFormulaGuard(cell));
  }
  return rows;
}

// CUS-26
TEST(CsvWriter, WritesWhatExcelOpens) {
  EXPECT_EQ(Csv({{"姓名", "a\"b"}, {"x,y", ""}}, {}),
            "\xEF\xBB\xBF姓名,\"a\"\"b\"\r\n\"x,y\",\r\n");
}

// CUS-26, QUA-11
TEST(CsvWriter, RoundTripInEveryCharset) {
  using Charset = CsvWriterOptions::Charset;
  const TemporaryFolder folder;
  for (const Charset charset : {Charset::kUtf8WithBom, Charset::kUtf8, Charset::kGb18030}) {
    CsvWriterOptions options;
    options.charset = charset;
    const std::string path = folder.Write("t.csv", Csv(kAwkward, options));
    EXPECT_EQ(Unguarded(ReadTable(path)), kAwkward);
  }
}

// CUS-26: a sheet must not run what a customer typed into a form.
TEST(CsvWriter, GuardsFormulas) {
  EXPECT_EQ(Csv({{"=cmd|' /C calc'!A0", "-1", "-x", "＝1", "\tx"}}, {}),
            "\xEF\xBB\xBF'=cmd|' /C calc'!A0,-1,'-x,'＝1,'\tx\r\n");
  CsvWriterOptions keep;
  keep.formulas = CsvWriterOptions::Formulas::kKeep;
  EXPECT_EQ(Csv({{"=1", "b"}}, keep), "\xEF\xBB\xBF=1,b\r\n");
}

// CUS-26, QUA-11
TEST(FormulaGuard, IsRemovedExactly) {
  for (const std::string cell : {"", "'", "''", "=a", "'=a", "''=a", "'-5", "-5", "+86 138", "-",
                                 "'a", "50%", "-50%", "+", "-1.2.3", "@"}) {
    const std::string written = NeedsFormulaGuard(cell) ? "'" + cell : cell;
    EXPECT_EQ(RemoveFormulaGuard(written), cell);
  }
  EXPECT_FALSE(NeedsFormulaGuard("+8613800138000"));
  EXPECT_FALSE(NeedsFormulaGuard("-0.5"));
  EXPECT_TRUE(NeedsFormulaGuard("-1+1"));
}

// QUA-8
TEST(CsvWriter, RefusesBadUtf8AndGoesOn) {
  std::string out;
  const auto writer = NewCsvWriter(Into(out), {}).value();
  ASSERT_TRUE(writer->Write({"a", "b"}).ok());
  EXPECT_EQ(ErrorReason(writer->Write({"ok", "\xFF"})), "TABLE_ENCODING_INVALID");
  ASSERT_TRUE(writer->Write({"c", "d"}).ok());
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_EQ(out,
            "\xEF\xBB\xBF"
            "a,b\r\nc,d\r\n");
}

TEST(CsvWriter, PassesOnTheErrorOfItsSink) {
  const auto full = [](std::string_view) { return absl::ResourceExhaustedError("full"); };
  const auto writer = NewCsvWriter(full, {}).value();
  ASSERT_TRUE(writer->Write({"a"}).ok());
  EXPECT_EQ(writer->Close().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(FileSink("/nowhere/at/all.csv").status()), "TABLE_NOT_WRITABLE");
}

// CUS-26, QUA-11
TEST(XlsxWriter, RoundTrip) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("t.xlsx");
  XlsxWriterOptions options;
  options.sheet = "客户";
  const auto writer = NewXlsxFileWriter(path, options).value();
  ASSERT_TRUE(WriteAll(*writer, kAwkward).ok());
  const auto reader = Open(path);
  EXPECT_EQ(reader->info().sheet, "客户");
  EXPECT_EQ(ReadAll(*reader), kAwkward);
}

// QUA-8: control characters have no place in XML but come back.
TEST(XlsxWriter, KeepsControlCharactersAndEscapes) {
  const TemporaryFolder folder;
  const Table rows = {{"a\x01"
                       "b",
                       "x\r\ny", "_x0041_", "<&>\"'", "  "},
                      {"end"}};
  ASSERT_TRUE(WriteAll(*NewXlsxFileWriter(folder.Path("t.xlsx"), {}).value(), rows).ok());
  EXPECT_EQ(ReadTable(folder.Path("t.xlsx")), rows);
}

// CUS-26
TEST(XlsxWriter, GoesToASinkAndIsTheSameEveryTime) {
  const TemporaryFolder folder;
  std::string first, second;
  XlsxWriterOptions options;
  options.temporary_folder = folder.Path("");
  ASSERT_TRUE(WriteAll(*NewXlsxWriter(Into(first), options).value(), kAwkward).ok());
  ASSERT_TRUE(WriteAll(*NewXlsxWriter(Into(second), options).value(), kAwkward).ok());
  EXPECT_EQ(first, second);
  EXPECT_EQ(ReadTable(folder.Write("s.xlsx", first)), kAwkward);
  for (const auto& entry : std::filesystem::directory_iterator(folder.Path(""))) {
    EXPECT_EQ(entry.path().filename(), "s.xlsx");  // nothing is left behind
  }
}

// CUS-27, CUS-28
TEST(XlsxWriter, TypedColumnsAndTitleReadBackAsText) {
  using Column = XlsxWriterOptions::Column;
  const TemporaryFolder folder;
  XlsxWriterOptions options;
  options.title = "客户档案";
  options.title_columns = 3;
  options.columns = {Column::kDate, Column::kNumber, Column::kNumber};
  const Table rows = {{"建档日期", "金额", "编号"},
                      {"2024-03-01", "1280.5", "007"},
                      {"24-3-1", "-0.1", "91440300MA5DA0XX1N"},
                      {"1999-12-31", "123456789012345", "12345678901234567"}};
  ASSERT_TRUE(WriteAll(*NewXlsxFileWriter(folder.Path("t.xlsx"), options).value(), rows).ok());
  Table expected = rows;
  expected.insert(expected.begin(), {"客户档案"});
  EXPECT_EQ(ReadTable(folder.Path("t.xlsx")), expected);
}

// QUA-8
TEST(XlsxWriter, RefusesWhatASheetCannotHold) {
  const TemporaryFolder folder;
  const auto writer = NewXlsxFileWriter(folder.Path("t.xlsx"), {}).value();
  const std::string long_cell(32'768, 'x');
  EXPECT_EQ(ErrorReason(writer->Write({long_cell})), "TABLE_CELL_TOO_LONG");
  const std::vector<std::string_view> wide(16'385, "x");
  EXPECT_EQ(ErrorReason(writer->Write(wide)), "TABLE_TOO_MANY_COLUMNS");
  EXPECT_EQ(ErrorReason(writer->Write({"\xC0"})), "TABLE_ENCODING_INVALID");
  XlsxWriterOptions bad_name;
  bad_name.sheet = "a/b";
  EXPECT_EQ(ErrorReason(NewXlsxFileWriter(folder.Path("u.xlsx"), bad_name).status()),
            "TABLE_SHEET_NAME_INVALID");
  const auto nowhere = NewXlsxFileWriter("/nowhere/at/all.xlsx", {}).value();
  EXPECT_EQ(ErrorReason(nowhere->Close()), "TABLE_NOT_WRITABLE");
}

// CUS-26: each sheet by itself, whichever gets its rows first; numbers and times as such, text that
// only looks so as text.
TEST(WorkbookWriter, SeveralSheetsWithTypedColumns) {
  using Column = XlsxWriterOptions::Column;
  const TemporaryFolder folder;
  std::string bytes;
  const auto writer = NewWorkbookWriter(Into(bytes), folder.Path("")).value();
  const Table figures = {{"金额", "占比", "时间"},
                         {"1280.5", "0.125", "2026-03-20 10:00:05"},
                         {"12345678901234567", "一半", "2026-03-20"},
                         {"-0.1", "1", "2026-02-30 10:00:00"}};
  const Table words = {{"=1+1", "@a"}, {"", "x"}, {"y", "z"}};
  TableWriter* const numbers =
      writer
          ->AddSheet({.name = "数字",
                      .columns = {Column::kMoney, Column::kShare, Column::kTime},
                      .header = true})
          .value();
  TableWriter* const texts = writer->AddSheet({.name = "words"}).value();
  for (size_t i = 0; i < figures.size(); ++i) {
    ASSERT_TRUE(numbers->Write({figures[i][0], figures[i][1], figures[i][2]}).ok());
    if (i >= words.size()) continue;
    ASSERT_TRUE(texts->Write({words[i][0], words[i][1]}).ok());
  }
  ASSERT_TRUE(writer->Close().ok());

  const std::string path = folder.Write("t.xlsx", bytes);
  EXPECT_EQ(Open(path)->info().sheets, (std::vector<std::string>{"数字", "words"}));
  ReadOptions second;
  second.sheet = "words";
  EXPECT_EQ(ReadTable(path), figures);
  EXPECT_EQ(ReadTable(path, second), words);
}

// QUA-8
TEST(WorkbookWriter, RefusesANameThatIsTakenOrTooLong) {
  const TemporaryFolder folder;
  std::string bytes;
  const auto writer = NewWorkbookWriter(Into(bytes), folder.Path("")).value();
  ASSERT_TRUE(writer->AddSheet({.name = "a"}).ok());
  for (const std::string& name : {std::string("A"), std::string("a[1]"), std::string(32, 'x')}) {
    EXPECT_EQ(ErrorReason(writer->AddSheet({.name = name}).status()), "TABLE_SHEET_NAME_INVALID")
        << name;
  }
  EXPECT_EQ(ErrorReason(NewWorkbookWriter(Into(bytes), "/nowhere").status()), "TABLE_NOT_WRITABLE");
}

}  // namespace
}  // namespace crm::tabular
