#include "common/report_export/report_about.h"

#include "common/report_export/report_cell.h"

namespace crm::report_export {
namespace {

namespace pb = google::protobuf;
using Note = std::pair<std::string, std::string>;

// Names and values of the plain fields that are set.
void AddValues(const pb::Message& message, const std::vector<ColumnLayout>& columns,
               const FileContext& context, std::vector<Note>& notes) {
  const std::vector<std::string> names =
      HeadersOf(columns, {}, context.language, context.zone.name());
  const CellWriter cells({.language = context.language, .zone = context.zone});
  for (size_t i = 0; i < columns.size(); ++i) {
    std::string text = cells.Text(message, columns[i]);
    if (!text.empty()) notes.emplace_back(names[i], std::move(text));
  }
}

// Of a request only what was asked for: nothing and no are as good as absent.
std::vector<ColumnLayout> SetColumns(const pb::Message& request) {
  std::vector<ColumnLayout> set;
  for (ColumnLayout& column : ColumnsOf(*request.GetDescriptor())) {
    const pb::Message* holder = &request;
    for (size_t i = 0; i + 1 < column.path.size(); ++i) {
      holder = &holder->GetReflection()->GetMessage(*holder, column.path[i]->descriptor);
    }
    const pb::FieldDescriptor* field = column.field().descriptor;
    const pb::Reflection& reflection = *holder->GetReflection();
    const bool is_set = field->is_repeated() ? reflection.FieldSize(*holder, field) > 0
                                             : reflection.HasField(*holder, field);
    if (is_set) set.push_back(std::move(column));
  }
  return set;
}

}  // namespace

std::vector<Note> AboutOf(const pb::Message& answer, const ReportLayout& layout,
                          const FileContext& context) {
  std::vector<Note> notes = context.notes;
  if (context.request != nullptr) {
    AddValues(*context.request, SetColumns(*context.request), context, notes);
  }
  AddValues(answer, layout.about, context, notes);
  return notes;
}

}  // namespace crm::report_export
