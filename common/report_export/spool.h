// Bytes in a file without a name: they take no memory, and are gone with the object or the process.
// Used by one thread at a time. Errors: UNAVAILABLE with SPOOL_NOT_WRITABLE.
#ifndef CRM_COMMON_REPORT_EXPORT_SPOOL_H_
#define CRM_COMMON_REPORT_EXPORT_SPOOL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace crm::report_export {

class Spool {
 public:
  static absl::StatusOr<std::unique_ptr<Spool>> In(const std::string& folder);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  absl::Status Append(std::string_view bytes);
  int64_t size() const { return size_; }
  // Fewer only at the end.
  absl::StatusOr<std::string> Read(int64_t at, size_t bytes) const;

 private:
  explicit Spool(int file) : file_(file) {}

  const int file_;
  int64_t size_ = 0;
};

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_SPOOL_H_
