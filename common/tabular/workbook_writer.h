// Workbooks of several sheets, whose rows may come in any order of the sheets.
//
//   CRM_ASSIGN_OR_RETURN(std::unique_ptr<WorkbookWriter> out, NewWorkbookWriter(sink, "/tmp"));
//   CRM_ASSIGN_OR_RETURN(TableWriter* const sheet, out->AddSheet({.name = "客户"}));
//   CRM_RETURN_IF_ERROR(sheet->Write({"姓名", "手机号码"}));
//   CRM_RETURN_IF_ERROR(out->Close());
//
// Guarantees and errors are those of table_writer.h; besides, TABLE_SHEET_NAME_INVALID for a name
// that a workbook does not take, or twice.
#ifndef CRM_COMMON_TABULAR_WORKBOOK_WRITER_H_
#define CRM_COMMON_TABULAR_WORKBOOK_WRITER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tabular/table_writer.h"

namespace crm::tabular {

struct SheetOptions {
  std::string name;
  std::vector<XlsxWriterOptions::Column> columns = {};
  bool header = false;  // the first row is bold, is text, and stays in sight
};

class WorkbookWriter {
 public:
  virtual ~WorkbookWriter() = default;
  // Lives as long as the workbook, and is complete with it: its own Close does nothing.
  virtual absl::StatusOr<TableWriter*> AddSheet(const SheetOptions& sheet) = 0;
  // Completes the output; nothing may be written afterwards.
  virtual absl::Status Close() = 0;
};

// Spools in the folder and gives the file to the sink on Close.
absl::StatusOr<std::unique_ptr<WorkbookWriter>> NewWorkbookWriter(
    Sink sink, const std::string& temporary_folder);

// The longest name of a sheet, in characters.
inline constexpr size_t kMaxSheetName = 31;

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_WORKBOOK_WRITER_H_
