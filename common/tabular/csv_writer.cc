#include <unicode/ucnv.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/encoding.h"
#include "common/tabular/table_error.h"
#include "common/tabular/table_writer.h"

namespace crm::tabular {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kFullWidthTriggers[] = {"＝", "＋", "－", "＠"};

bool StartsFormula(std::string_view text) {
  if (text.empty()) return false;
  if (std::string_view("=+-@\t\r\n").find(text[0]) != std::string_view::npos) return true;
  for (const std::string_view trigger : kFullWidthTriggers) {
    if (text.substr(0, trigger.size()) == trigger) return true;
  }
  return false;
}

// A sign, digits, at most one point, a percent sign.
bool IsNumber(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  if (!text.empty() && text.back() == '%') text.remove_suffix(1);
  bool digit = false;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digit = true;
    } else {
      return false;
    }
  }
  return digit;
}

class CsvWriter : public TableWriter {
 public:
  CsvWriter(Sink sink, const CsvWriterOptions& options, Converter converter)
      : sink_(std::move(sink)),
        options_(options),
        converter_(std::move(converter)),
        special_{'"', '\r', '\n', options.delimiter} {
    if (options_.charset == CsvWriterOptions::Charset::kUtf8WithBom) buffer_ = kByteOrderMark;
  }

  using TableWriter::Write;
  absl::Status Write(absl::Span<const std::string_view> cells) override {
    ++row_;
    const size_t begin = buffer_.size();
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) buffer_ += options_.delimiter;
      Append(cells[i], cells.size() == 1);
    }
    buffer_ += "\r\n";
    if (!IsValidUtf8(std::string_view(buffer_).substr(begin))) {
      buffer_.resize(begin);
      return LineError("TABLE_ENCODING_INVALID", "a cell is not UTF-8", row_);
    }
    return buffer_.size() < kChunkBytes ? absl::OkStatus() : Flush();
  }

  absl::Status Close() override { return Flush(); }

 private:
  // An only cell that is empty is quoted: an empty line would not be a row.
  void Append(std::string_view cell, bool is_only) {
    const bool guard =
        options_.formulas == CsvWriterOptions::Formulas::kGuard && NeedsFormulaGuard(cell);
    const bool quote = cell.find_first_of(special_, 0, sizeof special_) != std::string_view::npos ||
                       (is_only && cell.empty());
    if (quote) buffer_ += '"';
    if (guard) buffer_ += '\'';
    if (quote) {
      AppendDoublingQuotes(cell);
      buffer_ += '"';
    } else {
      buffer_ += cell;
    }
  }

  void AppendDoublingQuotes(std::string_view cell) {
    for (const char c : cell) {
      if (c == '"') buffer_ += '"';
      buffer_ += c;
    }
  }

  absl::Status Flush() {
    if (buffer_.empty()) return absl::OkStatus();
    std::string_view chunk = buffer_;
    if (converter_ != nullptr) {
      CRM_RETURN_IF_ERROR(Convert());
      chunk = converted_;
    }
    CRM_RETURN_IF_ERROR(sink_(chunk));
    buffer_.clear();
    return absl::OkStatus();
  }

  // Every character of Unicode has a place in GB18030, in at most four bytes.
  absl::Status Convert() {
    converted_.resize(buffer_.size() * 2 + 8);
    UErrorCode error = U_ZERO_ERROR;
    const int32_t size = ucnv_fromAlgorithmic(
        converter_.get(), UCNV_UTF8, converted_.data(), static_cast<int32_t>(converted_.size()),
        buffer_.data(), static_cast<int32_t>(buffer_.size()), &error);
    if (U_FAILURE(error)) {
      return LineError("TABLE_ENCODING_INVALID", "a cell has no form in the character set", row_);
    }
    converted_.resize(static_cast<size_t>(size));
    return absl::OkStatus();
  }

  const Sink sink_;
  const CsvWriterOptions options_;
  const Converter converter_;  // none for UTF-8
  const char special_[4];
  std::string buffer_;
  std::string converted_;
  int64_t row_ = 0;
};

absl::Status NotWritable() {
  return Error(absl::StatusCode::kUnavailable, "TABLE_NOT_WRITABLE", "the file cannot be written");
}

}  // namespace

absl::StatusOr<Sink> FileSink(const std::string& path) {
  std::FILE* opened = std::fopen(path.c_str(), "wbe");
  if (opened == nullptr) return NotWritable();
  std::setvbuf(opened, nullptr, _IONBF, 0);  // so that a write that fails is seen at once
  const std::shared_ptr<std::FILE> file(opened, &std::fclose);
  return Sink([file](std::string_view chunk) -> absl::Status {
    const bool written = std::fwrite(chunk.data(), 1, chunk.size(), file.get()) == chunk.size();
    return written ? absl::OkStatus() : NotWritable();
  });
}

bool NeedsFormulaGuard(std::string_view cell) {
  const size_t apostrophes = std::min(cell.find_first_not_of('\''), cell.size());
  const std::string_view rest = cell.substr(apostrophes);
  return StartsFormula(rest) && !IsNumber(rest);
}

std::string_view RemoveFormulaGuard(std::string_view cell) {
  const bool guarded = !cell.empty() && cell[0] == '\'' && NeedsFormulaGuard(cell.substr(1));
  return guarded ? cell.substr(1) : cell;
}

absl::StatusOr<std::unique_ptr<TableWriter>> NewCsvWriter(Sink sink,
                                                          const CsvWriterOptions& options) {
  Converter converter;
  if (options.charset == CsvWriterOptions::Charset::kGb18030) {
    CRM_ASSIGN_OR_RETURN(converter, OpenConverter(Encoding::kGb18030));
  }
  return std::make_unique<CsvWriter>(std::move(sink), options, std::move(converter));
}

}  // namespace crm::tabular
