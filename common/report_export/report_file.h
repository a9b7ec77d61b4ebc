// The file of a report: CSV of one of its lists, or a workbook with all of them.
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_FILE_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_FILE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/report_export/report_layout.h"
#include "common/schema/language.h"
#include "google/protobuf/message.h"

namespace crm::report_export {

// What keeps one export from taking the server's memory and disk: rows over all lists, bytes of
// the CSV or of the XML inside the workbook.
struct FileLimits {
  int64_t max_rows = 100'000;
  int64_t max_bytes = int64_t{16} << 20;
};

// Everything that is written beside the answer itself.
struct FileContext {
  std::string title;
  schema::Language language = schema::Language::kEnglish;
  absl::TimeZone zone = absl::UTCTimeZone();
  // Lines of `about`: name and value.
  std::vector<std::pair<std::string, std::string>> notes = {};
  // Whose values are told in `about`; may be null.
  const google::protobuf::Message* request = nullptr;
  FileLimits limits = {};
};

struct ReportFile {
  std::string bytes;
  int64_t rows = 0;
};

// Errors: FAILED_PRECONDITION with REPORT_TOO_LARGE; those of table_writer.h.
absl::StatusOr<ReportFile> MakeWorkbook(const google::protobuf::Message& answer,
                                        const ReportLayout& layout, const FileContext& context);

// `sheet`: null for `about`.
absl::StatusOr<ReportFile> MakeCsv(const google::protobuf::Message& answer,
                                   const ReportLayout& layout, const SheetLayout* sheet,
                                   const FileContext& context);

// FAILED_PRECONDITION with REPORT_TOO_LARGE.
absl::Status ReportTooLarge(const FileLimits& limits);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_FILE_H_
