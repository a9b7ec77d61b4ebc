// The file of a report: CSV of one of its lists, or a workbook with all of them. Written page by
// page, so that it takes no more memory than a page, however long the report is.
//
//   CRM_ASSIGN_OR_RETURN(auto writer, NewWorkbookReport(layout, context));
//   for (const Message& page : pages) CRM_RETURN_IF_ERROR(writer->Add(page));
//   CRM_ASSIGN_OR_RETURN(const ReportFile file, writer->Finish());
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_FILE_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/report_export/report_layout.h"
#include "common/report_export/spool.h"
#include "common/schema/language.h"
#include "google/protobuf/message.h"

namespace crm::report_export {

// What keeps one export from taking the server's disk: rows over all lists, bytes of the CSV or of
// the XML inside the workbook.
struct FileLimits {
  int64_t max_rows = 1'000'000;
  int64_t max_bytes = int64_t{256} << 20;
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
  // Of schema::Viewer, whom the pages are masked for.
  uint32_t plain_kinds = 0;
  FileLimits limits = {};
};

struct ReportFile {
  std::unique_ptr<Spool> bytes;
  int64_t rows = 0;
};

// Used by one thread. Errors: FAILED_PRECONDITION with REPORT_TOO_LARGE; those of spool.h and
// table_writer.h.
class ReportWriter {
 public:
  virtual ~ReportWriter() = default;
  // Whether pages after the first have anything for it.
  virtual bool takes_all_pages() const = 0;
  // The lists of the page; of the first page also what stands alone.
  virtual absl::Status Add(const google::protobuf::Message& page) = 0;
  // After at least one page. Nothing may be added afterwards.
  virtual absl::StatusOr<ReportFile> Finish() = 0;
};

// `layout` and the request of the context outlive the writer.
absl::StatusOr<std::unique_ptr<ReportWriter>> NewWorkbookReport(const ReportLayout& layout,
                                                                const FileContext& context);
// `sheet`: of the layout; null for `about`.
absl::StatusOr<std::unique_ptr<ReportWriter>> NewCsvReport(const ReportLayout& layout,
                                                           const SheetLayout* sheet,
                                                           const FileContext& context);

// FAILED_PRECONDITION with REPORT_TOO_LARGE.
absl::Status ReportTooLarge(const FileLimits& limits);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_FILE_H_
