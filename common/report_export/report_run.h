// Makes a report as its RPC would, for the caller of an export.
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_RUN_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_RUN_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/db/pool.h"
#include "common/report_export/report.h"
#include "common/report_export/report_file.h"
#include "common/schema/mask.h"
#include "common/server/call_context.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"

namespace crm::report_export {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

// The request of the report, checked and normalised by its declarations. Errors name fields as
// `request.…`: REQUEST_TYPE_WRONG, REQUEST_MALFORMED, FIELD_INVALID.
absl::StatusOr<MessagePtr> UnpackRequest(const Report& report, const google::protobuf::Any& packed,
                                         schema::Language language, absl::Time now);

// Gives the answers of the report's handler to `writer`, masked for `viewer`, page by page. `info`
// is the call as the handler sees it. Ends with CANCELLED between two pages once `gone` says so.
// Errors: those of the handler, naming fields as `request.…`, and of the writer.
absl::Status WriteReport(const Report& report, MessagePtr request,
                         const server::CallContext::Info& info, const schema::Viewer& viewer,
                         db::Pool* pool, const std::function<bool()>& gone, ReportWriter& writer);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_RUN_H_
