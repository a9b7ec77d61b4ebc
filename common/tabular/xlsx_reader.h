// The XLSX side of OpenTable.
#ifndef CRM_COMMON_TABULAR_XLSX_READER_H_
#define CRM_COMMON_TABULAR_XLSX_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/tabular/table.h"

namespace crm::tabular {

absl::StatusOr<std::unique_ptr<TableReader>> OpenXlsx(const std::string& path,
                                                      const ReadOptions& options);

// The column of a cell reference, from 0: `C7` → 2. None if there is no such column.
std::optional<size_t> ColumnOf(std::string_view reference);

// A number as Excel stores it in shortest decimal form without exponent: `1.38E10` → `13800000000`,
// `0.10000000000000001` → `0.1`. Text that is no number is given back.
std::string PlainNumber(std::string_view stored);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_XLSX_READER_H_
