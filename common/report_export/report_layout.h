// What a report looks like as tables, from the declaration of its answer alone.
//
// Each list of messages in the answer is a sheet; its columns are the plain fields of its elements,
// those of single messages inside them too. A list inside the elements of a list is a sheet of its
// own, `cohorts.stages`, that begins with the columns of the outer elements. What stands alone in
// the answer goes to the sheet `about`. Page tokens, etags and bytes go nowhere.
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_LAYOUT_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_LAYOUT_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace crm::report_export {

inline constexpr char kAboutSheet[] = "about";

using FieldPath = std::vector<const schema::FieldSchema*>;

struct ColumnLayout {
  // In which of the lists on the sheet's path, from the outermost.
  size_t level = 0;
  // From an element of it: single messages, then the field.
  FieldPath path;

  const schema::FieldSchema& field() const { return *path.back(); }
};

struct SheetLayout {
  std::string name;  // `cohorts.stages`
  FieldPath path;    // from the answer: single messages and lists, a list last
  std::vector<ColumnLayout> columns;
};

struct ReportLayout {
  std::vector<ColumnLayout> about;  // level 0 is the answer
  std::vector<SheetLayout> sheets;

  // Null if there is none of that name.
  const SheetLayout* Find(std::string_view name) const;
  // All that can be asked for, `about` last.
  std::vector<std::string> SheetNames() const;
};

ReportLayout LayoutOf(const google::protobuf::Descriptor& answer);

// The plain fields of a request.
std::vector<ColumnLayout> ColumnsOf(const google::protobuf::Descriptor& message);

// Calls `visit` for each row of the sheet, with the element of each list on its path.
using Levels = std::vector<const google::protobuf::Message*>;
void ForEachRow(const google::protobuf::Message& answer, const SheetLayout& sheet,
                const std::function<void(const Levels&)>& visit);

// Names of columns for people, each once: labels, after those of the messages and lists they are in
// where one needs it, with unit or zone. `path`: of the columns' sheet.
std::vector<std::string> HeadersOf(const std::vector<ColumnLayout>& columns, const FieldPath& path,
                                   schema::Language language, std::string_view zone);

// The lists on the path of the sheet, for people.
std::string TitleOf(const SheetLayout& sheet, schema::Language language);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_LAYOUT_H_
