#include "common/tabular/table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "common/error/error.h"
#include "common/tabular/csv_reader.h"
#include "common/tabular/table_error.h"
#include "common/tabular/xlsx_reader.h"

namespace crm::tabular {
namespace {

constexpr std::string_view kZipMagic("PK\x03\x04", 4);
constexpr std::string_view kEmptyZipMagic("PK\x05\x06", 4);
constexpr std::string_view kOleMagic("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
constexpr size_t kMagicBytes = 8;

constexpr std::string_view kRowErrors[] = {"TABLE_ENCODING_INVALID", "TABLE_QUOTE_UNTERMINATED",
                                           "TABLE_CELL_TOO_LONG", "TABLE_ROW_TOO_LONG",
                                           "TABLE_TOO_MANY_COLUMNS"};

absl::StatusOr<std::string> ReadMagic(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NotReadable(errno);
  absl::Cleanup closer = [fd] { close(fd); };
  std::array<char, kMagicBytes> bytes;
  const ssize_t got = read(fd, bytes.data(), bytes.size());
  if (got < 0) return NotReadable(errno);
  return std::string(bytes.data(), static_cast<size_t>(got));
}

bool IsBlankCell(std::string_view cell) {
  while (!cell.empty()) {
    const auto c = static_cast<unsigned char>(cell[0]);
    if (c <= ' ') {
      cell.remove_prefix(1);
    } else if (cell.substr(0, 2) == "\xC2\xA0") {
      cell.remove_prefix(2);
    } else if (cell.substr(0, 3) == "\xE3\x80\x80") {
      cell.remove_prefix(3);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

bool Row::IsBlank() const { return std::all_of(cells_.begin(), cells_.end(), IsBlankCell); }

absl::StatusOr<std::unique_ptr<TableReader>> OpenTable(const std::string& path,
                                                       const ReadOptions& options) {
  absl::StatusOr<std::string> magic = ReadMagic(path);
  if (!magic.ok()) return magic.status();
  const std::string_view head = *magic;
  if (head.substr(0, 4) == kZipMagic || head.substr(0, 4) == kEmptyZipMagic) {
    return OpenXlsx(path, options);
  }
  if (head == kOleMagic) {
    return FileError("TABLE_FORMAT_UNSUPPORTED",
                     "an old XLS or an encrypted workbook; save it as plain XLSX or CSV");
  }
  return OpenCsv(path, options);
}

bool IsRowError(const absl::Status& status) {
  if (status.ok()) return false;
  const std::string reason = ErrorReason(status);
  return std::find(std::begin(kRowErrors), std::end(kRowErrors), reason) != std::end(kRowErrors);
}

int64_t LineOf(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&info)) continue;
    const auto line = info.metadata().find("line");
    if (line != info.metadata().end()) return std::atoll(line->second.c_str());
  }
  return 0;
}

std::optional<size_t> FindHeaderRow(
    absl::Span<const std::vector<std::string>> rows,
    const std::function<bool(std::string_view cell)>& is_known_header) {
  std::optional<size_t> best;
  ptrdiff_t most = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const ptrdiff_t known = std::count_if(rows[i].begin(), rows[i].end(), is_known_header);
    if (known > most) {
      most = known;
      best = i;
    }
  }
  return best;
}

}  // namespace crm::tabular
