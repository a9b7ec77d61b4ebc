// A file on this machine's disk that vanishes with the process, however that ends: imports hold
// personal data in plain.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_SPOOL_FILE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_SPOOL_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace crm::customer::import {

// Not thread-safe.
class SpoolFile {
 public:
  // In `folder`. UNAVAILABLE, reason SPOOL_FAILED.
  static absl::StatusOr<SpoolFile> Create(const std::string& folder);
  SpoolFile(SpoolFile&& other) noexcept;
  SpoolFile& operator=(SpoolFile&&) = delete;
  ~SpoolFile();

  absl::Status Append(std::string_view data);
  // What was appended there.
  absl::StatusOr<std::string> Read(int64_t offset, size_t size) const;
  // By which this process can open it; valid as long as this lives.
  std::string path() const;

 private:
  explicit SpoolFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_SPOOL_FILE_H_
