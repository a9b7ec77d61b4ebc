// The rules by which cells are cleaned (CUS-28), and how often each was needed.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CLEANING_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CLEANING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crm::customer::import {

enum class Cleaning {
  kTrim,          // white space around it, line ends inside
  kFullWidth,     // full-width letters and digits
  kFormulaGuard,  // the apostrophe that spreadsheets need
  kMissing,       // empty, 未知, 无, N/A … → unknown
  kPhone,
  kEmail,
  kDate,
  kCode,     // credit code, resident id: case and separators
  kDecimal,  // ¥, commas, 万
  kUnit,     // the header says 万元
  kInteger,  // 30天, 45岁
  kIndustry,
  kRegion,
  kEnumLabel,
  kYesNo,        // 是, √, Y
  kList,         // label of a managed list
  kSplit,        // several values in a cell
  kKindGuessed,  // organisation or person told from the rest of the row
  kTitle,        // 先生 or 女士 behind a full name
  kFieldOfKind,  // a column that means another field for this kind of customer
  kDefault,      // a default of the spec
};

inline constexpr size_t kCleaningCount = static_cast<size_t>(Cleaning::kDefault) + 1;

// Stable names of the report.
inline constexpr std::array<std::string_view, kCleaningCount> kCleaningNames = {
    "trim",   "full_width",    "formula_guard", "missing", "phone",   "email",
    "date",   "code",          "decimal",       "unit",    "integer", "industry",
    "region", "enum_label",    "yes_no",        "list",    "split",   "kind_guessed",
    "title",  "field_of_kind", "default"};

class CleaningCounts {
 public:
  void Count(Cleaning rule) { ++counts_[static_cast<size_t>(rule)]; }
  int64_t of(Cleaning rule) const { return counts_[static_cast<size_t>(rule)]; }
  const std::array<int64_t, kCleaningCount>& all() const { return counts_; }

 private:
  std::array<int64_t, kCleaningCount> counts_{};
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CLEANING_H_
