#include "common/tabular/table_error.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"

namespace crm::tabular {

absl::Status FileError(std::string_view reason, std::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status LineError(std::string_view reason, std::string_view message, int64_t line) {
  return Error(absl::StatusCode::kInvalidArgument, reason,
               absl::StrCat("line ", line, ": ", ToAbsl(message)))
      .Meta("line", absl::StrCat(line));
}

absl::Status NotReadable(int error_number) {
  const absl::StatusCode code = error_number == ENOENT   ? absl::StatusCode::kNotFound
                                : error_number == EACCES ? absl::StatusCode::kPermissionDenied
                                                         : absl::StatusCode::kUnavailable;
  return Error(code, "TABLE_NOT_READABLE", "the file cannot be read");
}

}  // namespace crm::tabular
