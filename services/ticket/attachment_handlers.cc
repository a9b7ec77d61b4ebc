#include "services/ticket/attachment_handlers.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/attachment/transfer.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/job/steps.h"
#include "common/record/run_list.h"
#include "common/record/table.h"
#include "common/record/times.h"

namespace crm::ticket {
namespace {

// A constant, which a test parses.
constexpr char kNumberPattern[] = "TA{yyyyMMdd}{seq:6}";
constexpr absl::Duration kPurgeTimeout = absl::Minutes(5);
constexpr char kContentType[] = "crm.ticket.v1.TicketAttachment";

v1::TicketAttachment AttachmentOf(const attachment::File& file, const std::string& ticket,
                                  const server::CallContext& call) {
  v1::TicketAttachment attachment;
  attachment.set_ticket(ticket);
  attachment.set_file_name(file.name);
  attachment.set_content_type(file.content_type);
  attachment.set_size(file.size);
  attachment.set_sha256(file.sha256);
  attachment.set_creator(call.caller().id);
  record::SetTime(call.now(), *attachment.mutable_create_time());
  return attachment;
}

v1::TicketEvent AddedEvent(const v1::TicketAttachment& attachment) {
  return EventOf(v1::TICKET_EVENT_KIND_FILE_ADDED,
                 absl::StrCat(attachment.number(), " ", attachment.file_name()));
}

}  // namespace

AttachmentHandlers::AttachmentHandlers(Desk& desk)
    : desk_(desk),
      store_(desk.host.keyring(), desk.host.ids()),
      numbers_({.name = "attachment",
                .pattern = *numbering::NumberPattern::Parse(kNumberPattern),
                .zone = desk.host.zone()},
               desk.host.pool()) {}

void AttachmentHandlers::Register(server::MethodTable& table) {
  table.ClientStream<v1::UploadTicketAttachmentRequest, v1::TicketAttachment>(
      "UploadTicketAttachment", [this](CallContext& call, auto& reader) {
        return attachment::Receive<v1::UploadTicketAttachmentRequest, v1::TicketAttachment>(
            store_.contents(), desk_.host.pool(), call, reader,
            [&](const v1::TicketUploadStart& start, attachment::Upload& upload) {
              return Keep(call, start, upload);
            });
      });
  table.Unary<v1::ListTicketAttachmentsRequest, v1::ListTicketAttachmentsResponse>(
      "ListTicketAttachments",
      [this](auto& call, const auto& request) { return List(call, request); });
  table.ServerStream<v1::DownloadTicketAttachmentRequest, v1::DownloadTicketAttachmentResponse>(
      "DownloadTicketAttachment", [this](auto& call, const auto& request, auto& writer) {
        return Send(call, request, writer);
      });
}

absl::StatusOr<v1::TicketAttachment> AttachmentHandlers::Keep(CallContext& call,
                                                              const v1::TicketUploadStart& start,
                                                              attachment::Upload& upload) {
  CRM_ASSIGN_OR_RETURN(const attachment::File file, upload.Finish());
  CRM_ASSIGN_OR_RETURN(const TicketState state, desk_.ReadSurvivor(call, start.ticket()));
  const StoredTicket& ticket = state.ticket;
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  if (!start.request_id().empty()) {
    CRM_ASSIGN_OR_RETURN(std::optional<v1::TicketAttachment> first,
                         store_.FindByRequest(*db, call.caller().id, start.request_id()));
    if (first.has_value()) {
      if (first->sha256() != file.sha256 || first->ticket() != ticket.message.number()) {
        return attachment::RefuseUpload("REQUEST_ID_REUSED", "start.request_id",
                                        "use a new id for a new content");
      }
      upload.Discard();
      return *std::move(first);
    }
  }
  v1::TicketAttachment attachment = AttachmentOf(file, ticket.message.number(), call);
  CRM_ASSIGN_OR_RETURN(*attachment.mutable_number(), numbers_.Next(call.now()));
  v1::TicketEvent added = AddedEvent(attachment);
  if (attachment.ticket() != start.ticket()) added.set_other_ticket(start.ticket());
  desk_.changes.Change(call.writes(), state, ticket.message, {std::move(added)},
                       record::SourceOf(call));
  store_.Insert(call.writes(), ticket.key.id, attachment, start.request_id());
  CRM_RETURN_IF_ERROR(upload.Keep(*db, call.writes(), file));
  return attachment;
}

absl::StatusOr<v1::ListTicketAttachmentsResponse> AttachmentHandlers::List(
    CallContext& call, const v1::ListTicketAttachmentsRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredTicket ticket, desk_.Find(call, request.ticket()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(filter::Fragment of_ticket, store_.OfTicket(*db, ticket));
  return record::RunList<v1::ListTicketAttachmentsResponse>(
      call, request,
      {.table = store_.table(),
       .name = "ticket_attachment_list",
       .order_by = "create_time",
       .keyring = desk_.host.keyring(),
       .zone = desk_.host.zone(),
       // As the ticket is in reach, so are its files.
       .scope = &auth::RowScope::Everything(),
       .condition = std::move(of_ticket)},
      [](v1::ListTicketAttachmentsResponse& response) { return response.add_attachments(); });
}

absl::StatusOr<v1::TicketAttachment> AttachmentHandlers::Find(CallContext& call, db::Connection& db,
                                                              const std::string& number) const {
  absl::StatusOr<v1::TicketAttachment> found = store_.Get(db, number, call.scope());
  if (!absl::IsNotFound(found.status())) return found;
  CRM_ASSIGN_OR_RETURN(found, store_.Get(db, number, auth::RowScope::Everything()));
  CRM_ASSIGN_OR_RETURN(StoredTicket ticket,
                       desk_.store.Get(db, found->ticket(), auth::RowScope::Everything()));
  CRM_ASSIGN_OR_RETURN(const bool in_reach, desk_.IsInReach(db, std::move(ticket), call.scope()));
  if (!in_reach) return NotFound(kContentType, number);
  return found;
}

absl::Status AttachmentHandlers::Send(
    CallContext& call, const v1::DownloadTicketAttachmentRequest& request,
    server::StreamWriter<v1::DownloadTicketAttachmentResponse>& writer) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::DownloadTicketAttachmentResponse message;
  CRM_ASSIGN_OR_RETURN(*message.mutable_attachment(), Find(call, *db, request.attachment()));
  const int64_t size = message.attachment().size();
  CRM_ASSIGN_OR_RETURN(const std::optional<int64_t> content,
                       store_.contents().Find(*db, message.attachment().sha256()));
  if (!content.has_value()) return NotFound(kContentType, request.attachment());
  call.ReleaseDb();
  if (!writer.Write(message)) return absl::OkStatus();
  message.clear_attachment();
  return attachment::Send(call, store_.contents(), *content, size, [&](std::string piece) {
    message.set_data(std::move(piece));
    return writer.Write(message);
  });
}

job::JobBody AttachmentHandlers::Purge() {
  return job::InSteps([this]() -> absl::StatusOr<job::Progress> {
    const absl::Time before = desk_.host.clock().Now() - attachment::kUnusedAge;
    CRM_ASSIGN_OR_RETURN(
        const int64_t removed,
        store_.contents().Purge(desk_.host.pool(), before, absl::Now() + kPurgeTimeout));
    return removed > 0 ? job::Progress::kMore : job::Progress::kDone;
  });
}

}  // namespace crm::ticket
