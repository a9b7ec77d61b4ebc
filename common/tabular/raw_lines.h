// Cuts a file into lines without decoding it, so that every line has a byte offset to come back to.
#ifndef CRM_COMMON_TABULAR_RAW_LINES_H_
#define CRM_COMMON_TABULAR_RAW_LINES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tabular/table.h"

namespace crm::tabular {

// One line, in the file's encoding.
struct RawLine {
  std::string_view text;  // without its end; valid until the next call
  std::string_view end;   // "\n", "\r\n", "\r" (as ASCII), or nothing at the end of the file
  bool too_long = false;  // `text` is only the beginning
};

class RawLines {
 public:
  static absl::StatusOr<std::unique_ptr<RawLines>> Open(const std::string& path,
                                                        int64_t max_line_bytes);
  ~RawLines();
  RawLines(const RawLines&) = delete;
  RawLines& operator=(const RawLines&) = delete;

  // Up to `size` bytes of the file from `offset`; shorter only at its end.
  absl::StatusOr<std::string> Peek(int64_t offset, size_t size) const;

  // How lines end: with a line feed, or with a carriage return (files of old Macs).
  void SetFormat(Encoding encoding, bool carriage_return_only);

  // False at the end of the file.
  absl::StatusOr<bool> Next(RawLine& line);

  // Where the next line begins, and which one it is, from 1.
  Position position() const { return {base_ + static_cast<int64_t>(begin_), line_}; }
  void Seek(const Position& position);
  int64_t size() const { return size_; }

 private:
  RawLines(int fd, int64_t size, int64_t max_line_bytes);

  absl::Status Fill();
  // Index in `buffer_` of the first line end at or after `from`, or npos.
  size_t FindEnd(size_t from) const;
  RawLine Take(size_t end);
  absl::StatusOr<bool> SkipRestOfLine(RawLine& line);

  const int fd_;
  const int64_t size_;
  const size_t max_line_bytes_;
  char terminator_ = '\n';
  size_t unit_ = 1;      // bytes of a code unit
  size_t low_byte_ = 0;  // which byte of a unit holds ASCII
  std::vector<char> buffer_;
  std::string head_;  // the kept beginning of a line that is too long
  size_t begin_ = 0;  // of what was not given yet
  size_t filled_ = 0;
  int64_t base_ = 0;  // offset of buffer_[0] in the file
  int64_t line_ = 1;
};

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_RAW_LINES_H_
