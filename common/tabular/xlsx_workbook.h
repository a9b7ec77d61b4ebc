// What an XLSX says outside its sheets: which sheets there are, shared strings, cell styles.
#ifndef CRM_COMMON_TABULAR_XLSX_WORKBOOK_H_
#define CRM_COMMON_TABULAR_XLSX_WORKBOOK_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tabular/xlsx_dates.h"
#include "common/tabular/xlsx_package.h"

namespace crm::tabular {

struct Sheet {
  std::string name;
  std::string part;
};

// All strings in one block of memory.
class SharedStrings {
 public:
  void Append(std::string_view text) { text_.append(text); }
  void EndString() { ends_.push_back(text_.size()); }
  size_t count() const { return ends_.size(); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  int64_t memory() const {
    return static_cast<int64_t>(text_.size() + ends_.size() * sizeof(size_t));
  }
  std::string& text() { return text_; }
  size_t last_begin() const { return ends_.empty() ? 0 : ends_.back(); }

 private:
  std::string text_;
  std::vector<size_t> ends_;
};

struct Workbook {
  std::vector<Sheet> sheets;
  DateSystem dates = DateSystem::k1900;
  SharedStrings strings;
  std::vector<NumberKind> styles;  // by a cell's `s`
};

absl::StatusOr<Workbook> ReadWorkbook(const XlsxPackage& package, const ReadLimits& limits);

// Replaces the escapes `_xHHHH_` for characters that XML cannot hold, from `begin` on.
void UnescapeText(std::string& text, size_t begin);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_XLSX_WORKBOOK_H_
