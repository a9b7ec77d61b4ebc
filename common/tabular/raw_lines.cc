#include "common/tabular/raw_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/status_macros.h"
#include "common/tabular/table_error.h"

namespace crm::tabular {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 18;
constexpr size_t kNone = std::string_view::npos;

absl::StatusOr<size_t> ReadAt(int fd, char* out, size_t size, int64_t offset) {
  size_t got = 0;
  while (got < size) {
    const ssize_t n = pread(fd, out + got, size - got, offset + static_cast<int64_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return NotReadable(errno);
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  return got;
}

}  // namespace

RawLines::RawLines(int fd, int64_t size, int64_t max_line_bytes)
    : fd_(fd),
      size_(size),
      max_line_bytes_(static_cast<size_t>(max_line_bytes)),
      buffer_(kBufferBytes) {}

RawLines::~RawLines() { close(fd_); }

absl::StatusOr<std::unique_ptr<RawLines>> RawLines::Open(const std::string& path,
                                                         int64_t max_line_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NotReadable(errno);
  struct stat facts;
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    close(fd);
    return NotReadable(EINVAL);
  }
  return std::unique_ptr<RawLines>(new RawLines(fd, facts.st_size, max_line_bytes));
}

absl::StatusOr<std::string> RawLines::Peek(int64_t offset, size_t size) const {
  std::string piece(size, '\0');
  CRM_ASSIGN_OR_RETURN(const size_t got, ReadAt(fd_, piece.data(), size, offset));
  piece.resize(got);
  return piece;
}

void RawLines::SetFormat(Encoding encoding, bool carriage_return_only) {
  const bool wide = encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be;
  unit_ = wide ? 2 : 1;
  low_byte_ = encoding == Encoding::kUtf16Be ? 1 : 0;
  terminator_ = carriage_return_only ? '\r' : '\n';
}

void RawLines::Seek(const Position& position) {
  base_ = position.offset;
  line_ = position.line;
  begin_ = filled_ = 0;
}

absl::Status RawLines::Fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
    base_ += static_cast<int64_t>(begin_);
    filled_ -= begin_;
    begin_ = 0;
  }
  if (filled_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  CRM_ASSIGN_OR_RETURN(const size_t got,
                       ReadAt(fd_, buffer_.data() + filled_, buffer_.size() - filled_,
                              base_ + static_cast<int64_t>(filled_)));
  filled_ += got;
  return absl::OkStatus();
}

size_t RawLines::FindEnd(size_t from) const {
  for (;;) {
    const void* hit = std::memchr(buffer_.data() + from, terminator_, filled_ - from);
    if (hit == nullptr) return kNone;
    const auto at = static_cast<size_t>(static_cast<const char*>(hit) - buffer_.data());
    if (unit_ == 1) return at;
    // In UTF-16 the byte counts only as a whole unit: aligned, with a zero beside it.
    const size_t unit = at - low_byte_;
    if (at >= begin_ + low_byte_ && (unit - begin_) % 2 == 0) {
      if (unit + 1 >= filled_) return kNone;
      if (buffer_[unit + 1 - low_byte_] == '\0') return unit;
    }
    from = at + 1;
  }
}

RawLine RawLines::Take(size_t end) {
  RawLine line;
  const char* data = buffer_.data();
  size_t text_end = end;
  line.end = terminator_ == '\r' ? "\r" : "\n";
  if (terminator_ == '\n' && end >= begin_ + unit_ && data[end - unit_ + low_byte_] == '\r' &&
      (unit_ == 1 || data[end - low_byte_ - 1] == '\0')) {
    line.end = "\r\n";
    text_end -= unit_;
  }
  line.text = std::string_view(data + begin_, text_end - begin_);
  begin_ = end + unit_;
  ++line_;
  return line;
}

absl::StatusOr<bool> RawLines::Next(RawLine& line) {
  size_t from = begin_;
  for (;;) {
    const size_t end = FindEnd(from);
    if (end != kNone) {
      line = Take(end);
      return true;
    }
    const size_t unread = filled_ - begin_;
    if (unread > max_line_bytes_) return SkipRestOfLine(line);
    CRM_RETURN_IF_ERROR(Fill());
    if (filled_ == unread) {
      if (unread == 0) return false;
      line = RawLine{std::string_view(buffer_.data(), unread), "", false};
      begin_ = filled_;
      ++line_;
      return true;
    }
    from = unread - unread % unit_;  // begin_ is 0 after Fill
    if (unit_ == 2 && from >= 2) from -= 2;
  }
}

absl::StatusOr<bool> RawLines::SkipRestOfLine(RawLine& line) {
  head_.assign(buffer_.data() + begin_, max_line_bytes_ - max_line_bytes_ % unit_);
  for (;;) {
    begin_ = filled_ - (filled_ - begin_) % unit_;
    CRM_RETURN_IF_ERROR(Fill());
    if (filled_ < unit_) break;
    const size_t end = FindEnd(0);
    if (end == kNone) continue;
    Take(end);
    line = RawLine{head_, "", true};
    return true;
  }
  begin_ = filled_;
  ++line_;
  line = RawLine{head_, "", true};
  return true;
}

}  // namespace crm::tabular
