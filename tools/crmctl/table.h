// Text laid out in columns of a terminal: Chinese characters take two of them (PLT-29).
//
//   Table table({{"客户编号"}, {"金额", Align::kRight}}, console.width, style);
//   table.Add({"CRM2026000001", "1200.00"});
//   out << table.Flush();
//
// Not thread-safe.
#ifndef CRM_TOOLS_CRMCTL_TABLE_H_
#define CRM_TOOLS_CRMCTL_TABLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/crmctl/console.h"

namespace crm::cli {

enum class Align { kLeft, kRight };

// Without what could steer the terminal; line ends stay.
std::string Printable(std::string_view text);

// At most `width` columns; what was cut ends in `…`.
std::string FitToWidth(std::string_view text, size_t width);
std::string Pad(std::string_view text, size_t width, Align align);
// Lines of at most `width` columns (0 = any); line ends in the text are kept.
std::vector<std::string> WrapToWidth(std::string_view text, size_t width);

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

class Table {
 public:
  // `width`: of the terminal; 0 = rows may be of any length.
  Table(std::vector<Column> columns, size_t width, Style style);

  // A cell may have several lines. Missing cells are empty.
  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // The rows added since the last call; the header goes before the first ones. The first call fixes
  // the widths, so that pages of one list line up.
  std::string Flush();

 private:
  void FixWidths();
  std::string Header() const;
  void Append(const std::vector<std::vector<std::string>>& row, std::string& out) const;
  std::string Line(const std::vector<std::string>& cells) const;

  const std::vector<Column> columns_;
  const size_t width_;
  const Style style_;
  std::vector<std::vector<std::vector<std::string>>> rows_;  // row, column, line
  std::vector<size_t> widths_;
};

// `label  value` lines; long values are wrapped under themselves.
std::string Details(const std::vector<std::pair<std::string, std::string>>& lines, size_t width,
                    const Style& style);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_TABLE_H_
