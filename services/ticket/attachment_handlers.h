// TicketAttachmentService (TIC-9).
#ifndef CRM_SERVICES_TICKET_ATTACHMENT_HANDLERS_H_
#define CRM_SERVICES_TICKET_ATTACHMENT_HANDLERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/attachment/upload.h"
#include "common/job/periodic.h"
#include "common/numbering/number_allocator.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/attachment_service.pb.h"
#include "services/ticket/attachment_store.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class AttachmentHandlers {
 public:
  // Outlives it.
  explicit AttachmentHandlers(Desk& desk);

  void Register(server::MethodTable& table);

  // Removes contents that nobody has, and what is left of broken uploads.
  static job::JobOptions PurgeOptions() {
    return {.name = "purge-attachments", .interval = absl::Hours(1)};
  }
  job::JobBody Purge();

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::TicketAttachment> Keep(CallContext& call, const v1::TicketUploadStart& start,
                                            attachment::Upload& upload);
  absl::StatusOr<v1::ListTicketAttachmentsResponse> List(
      CallContext& call, const v1::ListTicketAttachmentsRequest& request);
  // A file of a ticket in the caller's scope, or of one that was merged into such a ticket, at
  // whatever remove: what List shows of a ticket, whoever sees the ticket may download.
  absl::StatusOr<v1::TicketAttachment> Find(CallContext& call, db::Connection& db,
                                            const std::string& number) const;
  absl::Status Send(CallContext& call, const v1::DownloadTicketAttachmentRequest& request,
                    server::StreamWriter<v1::DownloadTicketAttachmentResponse>& writer);

  Desk& desk_;
  const AttachmentStore store_;
  numbering::NumberAllocator numbers_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_ATTACHMENT_HANDLERS_H_
