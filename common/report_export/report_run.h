// Makes a report as its RPC would, for the caller of an export.
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_RUN_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_RUN_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/db/pool.h"
#include "common/report_export/report.h"
#include "common/report_export/report_file.h"
#include "common/server/call_context.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"

namespace crm::report_export {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

// The request of the report, checked and normalised by its declarations. Errors name fields as
// `request.…`: REQUEST_TYPE_WRONG, REQUEST_MALFORMED, FIELD_INVALID.
absl::StatusOr<MessagePtr> UnpackRequest(const Report& report, const google::protobuf::Any& packed,
                                         schema::Language language, absl::Time now);

// The answer of the report's handler; of a report in pages that of all pages, their lists joined.
// `info` is the call as the handler sees it. Ends with CANCELLED between two pages once `gone` says
// so, with REPORT_TOO_LARGE when there are too many rows.
absl::StatusOr<MessagePtr> RunReport(const Report& report, MessagePtr request,
                                     const server::CallContext::Info& info, db::Pool* pool,
                                     const FileLimits& limits, const std::function<bool()>& gone);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_RUN_H_
