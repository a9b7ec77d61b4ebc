// The CSV side of OpenTable.
#ifndef CRM_COMMON_TABULAR_CSV_READER_H_
#define CRM_COMMON_TABULAR_CSV_READER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tabular/table.h"

namespace crm::tabular {

absl::StatusOr<std::unique_ptr<TableReader>> OpenCsv(const std::string& path,
                                                     const ReadOptions& options);

// The delimiter of comma, semicolon, tab and bar on which most lines agree; a comma if none.
char GuessDelimiter(const std::vector<std::string>& lines);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_CSV_READER_H_
