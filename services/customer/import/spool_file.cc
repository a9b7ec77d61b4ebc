#include "services/customer/import/spool_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"

namespace crm::customer::import {
namespace {

absl::Status Failed() {
  return Error(absl::StatusCode::kUnavailable, "SPOOL_FAILED",
               "the file cannot be put on the local disk");
}

}  // namespace

absl::StatusOr<SpoolFile> SpoolFile::Create(const std::string& folder) {
  std::string name = absl::StrCat(folder, "/crm-import-XXXXXX");
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) return Failed();
  unlink(name.c_str());
  return SpoolFile(descriptor);
}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

SpoolFile::~SpoolFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status SpoolFile::Append(std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(descriptor_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed();
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SpoolFile::Read(int64_t offset, size_t size) const {
  std::string data(size, '\0');
  for (size_t done = 0; done < size;) {
    const ssize_t got = pread(descriptor_, data.data() + done, size - done,
                              static_cast<off_t>(offset) + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Failed();
    done += static_cast<size_t>(got);
  }
  return data;
}

std::string SpoolFile::path() const { return absl::StrCat("/proc/self/fd/", descriptor_); }

}  // namespace crm::customer::import
