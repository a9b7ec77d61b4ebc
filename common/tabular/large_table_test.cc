// A million rows in bounded memory, and files of other kinds that are well above the bound; prints
// the rate.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/tabular/table_writer.h"
#include "common/tabular/test_files.h"

namespace crm::tabular {
namespace {

constexpr int kRows = 1'000'000;
constexpr int kSomeRows = kRows / 10;  // 15 MB of CSV
constexpr int64_t kMiB = int64_t{1} << 20;
// Sanitizers keep freed memory for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int64_t kAllocatorSlack = 512 * kMiB;
#else
constexpr int64_t kAllocatorSlack = 0;
#endif

// The most memory the process held since the last reset.
int64_t PeakBytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmHWM:") {
      int64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  }
  return 0;
}
void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// Twelve columns; an address with a comma makes the row a quoted one.
std::vector<std::string_view> Customer(std::string_view phone, std::string_view address) {
  return {"华东机械制造有限公司",
          "organisation",
          "91440300MA5DA0XX1N",
          "C34",
          "李雷",
          "采购经理",
          phone,
          "buyer@example.com",
          "广东省深圳市",
          address,
          "key",
          "2024-03-01"};
}

int64_t CharactersOf(const std::vector<std::string_view>& cells) {
  int64_t characters = 0;
  for (const std::string_view cell : cells) characters += static_cast<int64_t>(cell.size());
  return characters;
}

absl::Status WriteCustomers(TableWriter& writer, int rows, std::string_view address) {
  for (int i = 0; i < rows; ++i) {
    const absl::Status written = writer.Write(Customer(absl::StrCat(13'000'000'000 + i), address));
    if (!written.ok()) return written;
  }
  return writer.Close();
}

struct Reading {
  int64_t rows = 0;
  int64_t characters = 0;
  int64_t grown = 0;
  absl::Duration took;
};

Reading ReadWhole(const std::string& path) {
  ResetPeak();
  const int64_t before = PeakBytes();
  const absl::Time start = absl::Now();
  Reading reading;
  const auto table = Open(path);
  Row row;
  while (table->Next(row).value()) {
    ++reading.rows;
    for (const std::string_view cell : row.cells()) {
      reading.characters += static_cast<int64_t>(cell.size());
    }
  }
  reading.took = absl::Now() - start;
  reading.grown = PeakBytes() - before;
  std::printf("%ld rows in %s, memory grew by %ld KiB\n", static_cast<long>(reading.rows),
              absl::FormatDuration(reading.took).c_str(), static_cast<long>(reading.grown / 1024));
  return reading;
}

void ExpectCustomers(const Reading& reading, int rows, std::string_view address) {
  EXPECT_EQ(reading.rows, rows);
  EXPECT_EQ(reading.characters, rows * CharactersOf(Customer("13000000000", address)));
}

using Charset = CsvWriterOptions::Charset;

// Writes and reads it; gives the memory that reading took.
int64_t GrownByCsv(int rows, std::string_view address, Charset charset) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("large.csv");
  CsvWriterOptions options;
  options.charset = charset;
  const auto writer = NewCsvWriter(FileSink(path).value(), options).value();
  EXPECT_TRUE(WriteCustomers(*writer, rows, address).ok());
  const Reading reading = ReadWhole(path);
  ExpectCustomers(reading, rows, address);
  return reading.grown;
}

// CUS-27, CUS-31
TEST(LargeTable, CsvOfAMillionRows) {
  EXPECT_LT(GrownByCsv(kRows, "科技路1号", Charset::kUtf8WithBom), 8 * kMiB + kAllocatorSlack);
}

// CUS-27, CUS-31
TEST(LargeTable, CsvQuotedAndOfAnotherCharset) {
  for (const Charset charset : {Charset::kUtf8WithBom, Charset::kGb18030}) {
    for (const std::string_view address : {"科技路1号", "科技路1号,2楼"}) {
      EXPECT_LT(GrownByCsv(kSomeRows, address, charset), 8 * kMiB + kAllocatorSlack);
    }
  }
}

// CUS-26, CUS-27
TEST(LargeTable, XlsxInBoundedMemory) {
  constexpr int kSheetRows = kRows / 20;
  const TemporaryFolder folder;
  const std::string path = folder.Path("large.xlsx");
  ResetPeak();
  const int64_t before = PeakBytes();
  const auto writer = NewXlsxFileWriter(path, {}).value();
  ASSERT_TRUE(WriteCustomers(*writer, kSheetRows, "科技路1号").ok());
  EXPECT_LT(PeakBytes() - before, 16 * kMiB + kAllocatorSlack);
  const Reading reading = ReadWhole(path);
  ExpectCustomers(reading, kSheetRows, "科技路1号");
  EXPECT_LT(reading.grown, 16 * kMiB + kAllocatorSlack);
}

}  // namespace
}  // namespace crm::tabular
