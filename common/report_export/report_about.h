// What a file tells of its report beside the lists: name and value, a line each.
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_ABOUT_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_ABOUT_H_

#include <string>
#include <utility>
#include <vector>

#include "common/report_export/report_file.h"
#include "common/report_export/report_layout.h"
#include "google/protobuf/message.h"

namespace crm::report_export {

// The notes of the context, what the request asks for, and what stands alone in the answer.
std::vector<std::pair<std::string, std::string>> AboutOf(const google::protobuf::Message& answer,
                                                         const ReportLayout& layout,
                                                         const FileContext& context);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_ABOUT_H_
