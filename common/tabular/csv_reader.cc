#include "common/tabular/csv_reader.h"

#include <csv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/tabular/encoding.h"
#include "common/tabular/raw_lines.h"
#include "common/tabular/table_error.h"

namespace crm::tabular {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 16;
constexpr int kSampleLines = 20;
constexpr char kDelimiters[] = {',', ';', '\t', '|'};

// libcsv for one record at a time. It never trims, and a quote inside an unquoted cell is a quote.
class RecordParser {
 public:
  explicit RecordParser(char delimiter) {
    csv_init(&parser_, 0);  // fails only for a null pointer
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
    csv_set_space_func(&parser_, [](unsigned char) { return 0; });
    csv_set_term_func(&parser_, [](unsigned char c) { return c == '\n' ? 1 : 0; });
    csv_set_blk_size(&parser_, 4096);
  }
  ~RecordParser() { csv_free(&parser_); }
  RecordParser(const RecordParser&) = delete;
  RecordParser& operator=(const RecordParser&) = delete;

  void Begin() {
    csv_fini(&parser_, nullptr, nullptr, nullptr);
    text_.clear();
    ends_.clear();
    done_ = false;
  }
  // Feeds a line of the record; true if the record ends with it. The end of a line inside a quoted
  // cell belongs to the cell as it stands in the file.
  bool Feed(std::string_view line, std::string_view end) {
    constexpr int kFieldBegun = 2;  // libcsv's state inside a cell
    Parse(line);
    const bool inside_quotes = parser_.pstate == kFieldBegun && parser_.quoted != 0;
    if (!inside_quotes) {
      Parse("\n");
    } else {
      Parse(end);
    }
    return done_;
  }
  void AddCellsTo(Row& row) const {
    size_t begin = 0;
    for (const size_t end : ends_) {
      row.Add(std::string_view(text_).substr(begin, end - begin));
      begin = end;
    }
  }

 private:
  void Parse(std::string_view piece) {
    csv_parse(&parser_, piece.data(), piece.size(), &RecordParser::OnCell, &RecordParser::OnRecord,
              this);
  }
  static void OnCell(void* text, size_t size, void* self) {
    auto* parser = static_cast<RecordParser*>(self);
    parser->text_.append(static_cast<const char*>(text), size);
    parser->ends_.push_back(parser->text_.size());
  }
  static void OnRecord(int, void* self) { static_cast<RecordParser*>(self)->done_ = true; }

  csv_parser parser_;
  std::string text_;
  std::vector<size_t> ends_;
  bool done_ = false;
};

class CsvReader : public TableReader {
 public:
  CsvReader(std::unique_ptr<RawLines> lines, LineDecoder decoder, TableInfo info,
            const ReadLimits& limits, Position start)
      : lines_(std::move(lines)),
        decoder_(std::move(decoder)),
        info_(std::move(info)),
        limits_(limits),
        start_(start),
        parser_(info_.delimiter) {
    lines_->Seek(start_);
  }

  absl::StatusOr<bool> Next(Row& row) override {
    if (!failed_.ok()) return failed_;
    do {
      absl::StatusOr<bool> more = NextRow(row);
      if (!more.ok() || !*more) return more;
    } while (row.IsBlank());
    return true;
  }

  Position position() const override { return lines_->position(); }

  absl::Status SeekTo(const Position& position) override {
    if (position.offset < 0 || position.offset > lines_->size() || position.line < 1) {
      return FileError("TABLE_POSITION_INVALID", "the position lies outside the file");
    }
    lines_->Seek(position.offset < start_.offset ? start_ : position);
    failed_ = absl::OkStatus();
    return absl::OkStatus();
  }

  const TableInfo& info() const override { return info_; }
  Progress progress() const override { return {lines_->position().offset, lines_->size()}; }

 private:
  absl::StatusOr<bool> NextRow(Row& row) {
    const int64_t number = lines_->position().line;
    row.Reset(number);
    RawLine line;
    absl::StatusOr<bool> more = lines_->Next(line);
    if (!more.ok() || !*more) return more;
    if (line.too_long) return LineError("TABLE_ROW_TOO_LONG", "the line is too long", number);
    const std::optional<std::string_view> text = decoder_.Decode(line.text);
    if (!text) return BadEncoding(number);
    const bool has_quotes = std::memchr(text->data(), '"', text->size()) != nullptr;
    if (!has_quotes) return Split(*text, row);
    return ParseRecord(*text, line.end, row);
  }

  // A line without quotes is a row, and its cells lie in it as they are.
  absl::StatusOr<bool> Split(std::string_view text, Row& row) const {
    const char* at = text.data();
    const char* const end = at + text.size();
    for (;;) {
      const void* hit = std::memchr(at, info_.delimiter, static_cast<size_t>(end - at));
      if (hit == nullptr) break;
      const char* next = static_cast<const char*>(hit);
      row.Add(std::string_view(at, static_cast<size_t>(next - at)));
      at = next + 1;
    }
    row.Add(std::string_view(at, static_cast<size_t>(end - at)));
    return Check(row);
  }

  absl::StatusOr<bool> ParseRecord(std::string_view text, std::string_view end, Row& row) {
    const Position second_line = lines_->position();
    parser_.Begin();
    int64_t bytes = static_cast<int64_t>(text.size());
    bool done = parser_.Feed(text, end);
    RawLine line;
    while (!done && bytes <= limits_.max_row_bytes) {
      absl::StatusOr<bool> more = lines_->Next(line);
      if (!more.ok()) return more;
      if (!*more) break;
      const std::optional<std::string_view> next = decoder_.Decode(line.text);
      if (!next) {
        const int64_t bad = lines_->position().line - 1;
        CRM_RETURN_IF_ERROR(ReturnTo(second_line));
        return BadEncoding(bad);
      }
      bytes += static_cast<int64_t>(next->size()) + 1;
      done = parser_.Feed(*next, line.end);
    }
    if (!done) {
      CRM_RETURN_IF_ERROR(ReturnTo(second_line));
      return LineError("TABLE_QUOTE_UNTERMINATED", "a quoted cell begins here and does not end",
                       row.line());
    }
    parser_.AddCellsTo(row);
    return Check(row);
  }

  // Goes back after a record that cannot be read, to lose no more than its first line. A file made
  // to be read again and again is given up.
  absl::Status ReturnTo(const Position& position) {
    reread_bytes_ += lines_->position().offset - position.offset;
    lines_->Seek(position);
    if (reread_bytes_ > limits_.max_reread_bytes) {
      failed_ = FileError("TABLE_CORRUPT", "too many quoted cells do not end");
    }
    return failed_;
  }

  absl::StatusOr<bool> Check(const Row& row) const {
    if (row.size() > limits_.max_columns) {
      return LineError("TABLE_TOO_MANY_COLUMNS", "the row has too many columns", row.line());
    }
    for (const std::string_view cell : row.cells()) {
      if (static_cast<int64_t>(cell.size()) > limits_.max_cell_bytes) {
        return LineError("TABLE_CELL_TOO_LONG", "a cell is too long", row.line());
      }
    }
    return true;
  }

  static absl::Status BadEncoding(int64_t line) {
    return LineError("TABLE_ENCODING_INVALID", "bytes that are not in the file's encoding", line);
  }

  std::unique_ptr<RawLines> lines_;
  LineDecoder decoder_;
  const TableInfo info_;
  const ReadLimits limits_;
  const Position start_;  // after the byte order mark and a `sep=` line
  RecordParser parser_;
  int64_t reread_bytes_ = 0;
  absl::Status failed_;
};

absl::StatusOr<Encoding> GuessEncoding(const RawLines& file) {
  EncodingGuess guess;
  for (int64_t offset = 0; offset < file.size() && !guess.certain(); offset += kPieceBytes) {
    CRM_ASSIGN_OR_RETURN(const std::string piece, file.Peek(offset, kPieceBytes));
    guess.Add(piece);
  }
  return guess.encoding();
}

bool IsWide(Encoding encoding) {
  return encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be;
}

// Lines end with carriage returns alone if the beginning of the file has no line feed.
bool HasOnlyCarriageReturns(std::string_view head) {
  return !absl::StrContains(ToAbsl(head), '\n') && absl::StrContains(ToAbsl(head), '\r');
}

absl::StatusOr<std::vector<std::string>> SampleLines(RawLines& lines, LineDecoder& decoder) {
  std::vector<std::string> sample;
  RawLine line;
  while (sample.size() < kSampleLines) {
    CRM_ASSIGN_OR_RETURN(const bool more, lines.Next(line));
    if (!more) break;
    if (const std::optional<std::string_view> text = decoder.Decode(line.text)) {
      sample.emplace_back(*text);
    }
  }
  return sample;
}

// Excel's first line `sep=;`, which names the delimiter.
std::optional<char> DelimiterLine(std::string_view line) {
  if (line.size() != 5 || !absl::StartsWithIgnoreCase(ToAbsl(line), "sep=")) {
    return std::nullopt;
  }
  const char named = line[4];
  const bool usual =
      std::find(std::begin(kDelimiters), std::end(kDelimiters), named) != std::end(kDelimiters);
  return usual ? std::optional(named) : std::nullopt;
}

// Counts a delimiter outside quotes.
int64_t CountOutsideQuotes(std::string_view line, char delimiter) {
  int64_t count = 0;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == delimiter && !quoted) ++count;
  }
  return count;
}

// How many lines have the most frequent positive number of `delimiter`, and that number.
std::pair<int64_t, int64_t> Agreement(const std::vector<std::string>& lines, char delimiter) {
  std::map<int64_t, int64_t> lines_by_count;
  for (const std::string& line : lines) ++lines_by_count[CountOutsideQuotes(line, delimiter)];
  std::pair<int64_t, int64_t> best{0, 0};
  for (const auto& [count, agreeing] : lines_by_count) {
    if (count > 0) best = std::max(best, std::pair(agreeing, count));
  }
  return best;
}

}  // namespace

char GuessDelimiter(const std::vector<std::string>& lines) {
  char best = ',';
  std::pair<int64_t, int64_t> most{0, 0};
  for (const char delimiter : kDelimiters) {
    const std::pair<int64_t, int64_t> agreement = Agreement(lines, delimiter);
    if (agreement > most) {
      most = agreement;
      best = delimiter;
    }
  }
  return best;
}

absl::StatusOr<std::unique_ptr<TableReader>> OpenCsv(const std::string& path,
                                                     const ReadOptions& options) {
  CRM_ASSIGN_OR_RETURN(std::unique_ptr<RawLines> lines,
                       RawLines::Open(path, options.limits.max_row_bytes));
  CRM_ASSIGN_OR_RETURN(const std::string head, lines->Peek(0, kPieceBytes));
  const ByteOrderMark mark = FindByteOrderMark(head);

  TableInfo info;
  if (options.encoding || mark.encoding) {
    info.encoding = options.encoding ? *options.encoding : *mark.encoding;
  } else {
    CRM_ASSIGN_OR_RETURN(info.encoding, GuessEncoding(*lines));
  }
  if (!IsWide(info.encoding) && head.find('\0') != std::string::npos) {
    return FileError("TABLE_FORMAT_UNSUPPORTED", "neither a CSV text nor an XLSX workbook");
  }

  Position start{static_cast<int64_t>(mark.size), 1};
  lines->SetFormat(info.encoding, !IsWide(info.encoding) && HasOnlyCarriageReturns(head));
  lines->Seek(start);
  CRM_ASSIGN_OR_RETURN(LineDecoder decoder, LineDecoder::Create(info.encoding));
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> sample, SampleLines(*lines, decoder));
  info.delimiter = options.delimiter.value_or(GuessDelimiter(sample));
  if (!sample.empty()) {
    if (const std::optional<char> named = DelimiterLine(sample[0])) {
      info.delimiter = options.delimiter.value_or(*named);
      lines->Seek(start);
      RawLine line;
      CRM_RETURN_IF_ERROR(lines->Next(line).status());
      start = lines->position();
    }
  }
  return std::make_unique<CsvReader>(std::move(lines), std::move(decoder), std::move(info),
                                     options.limits, start);
}

}  // namespace crm::tabular
