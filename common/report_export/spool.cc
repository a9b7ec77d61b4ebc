#include "common/report_export/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "common/error/error.h"

namespace crm::report_export {
namespace {

absl::Status NotWritable() {
  return Error(absl::StatusCode::kUnavailable, "SPOOL_NOT_WRITABLE",
               "the server has no room for the file");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::In(const std::string& folder) {
  std::string path = folder + "/crm-spool-XXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) return NotWritable();
  unlink(path.c_str());
  return std::unique_ptr<Spool>(new Spool(file));
}

Spool::~Spool() { close(file_); }

absl::Status Spool::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return NotWritable();
    bytes.remove_prefix(static_cast<size_t>(written));
    size_ += written;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Spool::Read(int64_t at, size_t bytes) const {
  std::string text(bytes, '\0');
  size_t got = 0;
  while (got < bytes) {
    const ssize_t more =
        pread(file_, text.data() + got, bytes - got, at + static_cast<int64_t>(got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return NotWritable();
    if (more == 0) break;
    got += static_cast<size_t>(more);
  }
  text.resize(got);
  return text;
}

}  // namespace crm::report_export
