// The report of an import for people: what became of the rows, the columns and the values (CUS-31).
#ifndef CRM_TOOLS_CRMCTL_IMPORT_REPORT_H_
#define CRM_TOOLS_CRMCTL_IMPORT_REPORT_H_

#include <string>
#include <vector>

#include "crm/customer/v1/import.pb.h"
#include "tools/crmctl/session.h"

namespace crm::cli {

// `issues`: the first rejected rows.
std::string ImportReportText(const Session& session, size_t width,
                             const customer::v1::ImportJob& job,
                             const std::vector<customer::v1::ImportIssue>& issues);

bool HasEnded(customer::v1::ImportState state);
// 0 all rows are in, 3 some were rejected, 1 it did not succeed.
int ExitCodeOf(const customer::v1::ImportJob& job);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_IMPORT_REPORT_H_
