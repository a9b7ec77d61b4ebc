// AttachmentService (TIC-9).
#ifndef CRM_SERVICES_CUSTOMER_ATTACHMENT_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_ATTACHMENT_HANDLERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/attachment/upload.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/attachment_service.pb.h"
#include "services/customer/activity_archive.h"

namespace crm::customer {

class AttachmentHandlers {
 public:
  explicit AttachmentHandlers(ActivityArchive& activity) : activity_(activity) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Attachment> Receive(CallContext& call,
                                         server::StreamReader<v1::UploadAttachmentRequest>& reader);
  absl::StatusOr<v1::Attachment> Keep(CallContext& call, const v1::UploadStart& start,
                                      attachment::Upload& upload);
  absl::StatusOr<v1::Attachment> Get(CallContext& call, const v1::GetAttachmentRequest& request);
  absl::Status Send(CallContext& call, const v1::DownloadAttachmentRequest& request,
                    server::StreamWriter<v1::DownloadAttachmentResponse>& writer);

  ActivityArchive& activity_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ATTACHMENT_HANDLERS_H_
