#include "services/customer/reference/tables.h"

#include <cstdlib>

#include "services/customer/reference/embedded_reference_data.h"

namespace crm::customer::reference {
namespace {

std::string_view ContentOf(std::string_view file_name) {
  for (const EmbeddedFile& file : embedded::reference_data()) {
    if (file.name == file_name) return file.content;
  }
  std::abort();
}

// The text before the first `mark`, which is taken off `text` together with it.
std::string_view TakeUntil(std::string_view& text, char mark) {
  const size_t end = text.find(mark);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

TableRow SplitColumns(std::string_view line) {
  TableRow row;
  while (!line.empty()) row.push_back(TakeUntil(line, '\t'));
  return row;
}

}  // namespace

std::vector<TableRow> ReadTable(std::string_view file_name) {
  std::string_view content = ContentOf(file_name);
  const size_t columns = SplitColumns(TakeUntil(content, '\n')).size();
  std::vector<TableRow> rows;
  while (!content.empty()) {
    rows.push_back(SplitColumns(TakeUntil(content, '\n')));
    if (rows.back().size() != columns) std::abort();
  }
  return rows;
}

}  // namespace crm::customer::reference
