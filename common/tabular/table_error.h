// Makes the errors that table.h documents.
#ifndef CRM_COMMON_TABULAR_TABLE_ERROR_H_
#define CRM_COMMON_TABULAR_TABLE_ERROR_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace crm::tabular {

// An INVALID_ARGUMENT about the file as a whole.
absl::Status FileError(std::string_view reason, std::string_view message);

// The same about one line or row.
absl::Status LineError(std::string_view reason, std::string_view message, int64_t line);

// The file could not be read: NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE after errno.
absl::Status NotReadable(int error_number);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_TABLE_ERROR_H_
