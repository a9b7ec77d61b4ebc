#include "common/crypto/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/crypto/secret.h"
#include "common/error/error.h"

namespace crm::crypto {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status FileError(std::string_view reason, const std::string& path, int error) {
  const auto code =
      error == ENOENT ? absl::StatusCode::kNotFound : absl::StatusCode::kFailedPrecondition;
  return Error(code, error == ENOENT ? "FILE_MISSING" : reason,
               absl::StrCat("file ", path, ": ", std::strerror(error)));
}

bool WriteAll(int fd, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return FileError("FILE_UNREADABLE", path, errno);
  std::string contents(kMaxSmallFileBytes + 1, '\0');
  const CleanseOnExit cleanse(contents);
  size_t size = 0;
  while (size < contents.size()) {
    const ssize_t got = ::read(file.get(), contents.data() + size, contents.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("FILE_UNREADABLE", path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > kMaxSmallFileBytes) return FileError("FILE_TOO_LARGE", path, EFBIG);
  return contents.substr(0, size);
}

absl::Status CreateSecretFile(const std::string& path, std::string_view contents) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open()) {
    return FileError(errno == EEXIST ? "FILE_EXISTS" : "FILE_UNWRITABLE", path, errno);
  }
  if (WriteAll(file.get(), contents)) return absl::OkStatus();
  const int error = errno;
  ::unlink(path.c_str());
  return FileError("FILE_UNWRITABLE", path, error);
}

absl::Status ReplaceSecretFile(const std::string& path, std::string_view contents) {
  const std::string temporary =
      absl::StrCat(path, ".", absl::BytesToHexString(RandomBytes(6)), ".new");
  CRM_RETURN_IF_ERROR(CreateSecretFile(temporary, contents));
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return FileError("FILE_UNWRITABLE", path, error);
  }
  return absl::OkStatus();
}

}  // namespace crm::crypto
