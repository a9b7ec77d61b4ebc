// The values of a report as text: what a spreadsheet takes for a number, a time or a percentage,
// and what people read otherwise.
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_CELL_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_CELL_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/report_export/report_layout.h"
#include "common/schema/language.h"
#include "common/schema/value_text.h"
#include "google/protobuf/message.h"

namespace crm::report_export {

// kText: a percentage is `12.5%`, a time ISO 8601 with offset. kTyped: the bare number, and local
// time as a workbook takes it.
enum class CellForm { kText, kTyped };

struct CellRules {
  schema::Language language = schema::Language::kEnglish;
  absl::TimeZone zone = absl::UTCTimeZone();
  CellForm form = CellForm::kText;
  // Of schema::Viewer: which absent values are not only hidden.
  uint32_t plain_kinds = 0;
};

// Thread-safe.
class CellWriter {
 public:
  explicit CellWriter(const CellRules& rules);

  // Empty if the field, or a message that it is in, is absent. `element`: of the column's level.
  std::string Text(const google::protobuf::Message& element, const ColumnLayout& column) const;
  // The same for a cell among others: what a resource (a customer, an opportunity) lacks is
  // `unknown`, never an empty cell (CUS-3), and `***` if it may only be hidden from the caller. A
  // figure that is absent stays empty.
  std::string CellOf(const google::protobuf::Message& element, const ColumnLayout& column) const;

 private:
  const CellRules rules_;
  const schema::ValueTextRules text_rules_;
  const std::string unknown_;
};

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_CELL_H_
