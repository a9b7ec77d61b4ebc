// The tables of the folder data/, compiled in: tab-separated, the first line names the columns.
#ifndef CRM_SERVICES_CUSTOMER_REFERENCE_TABLES_H_
#define CRM_SERVICES_CUSTOMER_REFERENCE_TABLES_H_

#include <string_view>
#include <vector>

namespace crm::customer::reference {

using TableRow = std::vector<std::string_view>;

// The rows below the header of e.g. `regions.tsv`. A table that is missing or a row that has not as
// many columns as the header is a mistake of the build: stops the process. Views live as long as
// the program.
std::vector<TableRow> ReadTable(std::string_view file_name);

}  // namespace crm::customer::reference

#endif  // CRM_SERVICES_CUSTOMER_REFERENCE_TABLES_H_
