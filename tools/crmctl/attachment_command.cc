#include "tools/crmctl/attachment_command.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "crm/customer/v1/attachment_service.pb.h"
#include "crm/ticket/v1/attachment_service.pb.h"
#include "tools/crmctl/records.h"
#include "tools/crmctl/whole_file.h"

namespace crm::cli {
namespace {

constexpr char kUploadOfCustomer[] = "/crm.customer.v1.AttachmentService/UploadAttachment";
constexpr char kUploadOfTicket[] = "/crm.ticket.v1.TicketAttachmentService/UploadTicketAttachment";
constexpr char kDownloadOfCustomer[] = "/crm.customer.v1.AttachmentService/DownloadAttachment";
constexpr char kDownloadOfTicket[] =
    "/crm.ticket.v1.TicketAttachmentService/DownloadTicketAttachment";
constexpr size_t kPieceSize = 256 * 1024;

struct UploadArguments {
  std::string ticket;
  std::string file;
};

struct DownloadArguments {
  std::string attachment;
  std::string file;
};

std::string NameOf(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// `start`: the first message of the upload.
template <typename Attachment, typename Request>
absl::StatusOr<int> Upload(Session& session, const char* method, const std::string& path,
                           const Request& start) {
  std::ifstream file(path, std::ios::binary);
  if (!file.good() || std::filesystem::is_directory(path)) {
    return UsageError(
        absl::StrCat(ToAbsl(session.Say("读不到文件 ", "cannot read the file ")), path));
  }
  CRM_ASSIGN_OR_RETURN(client::Channel* const channel, session.channel());
  client::AnyClientStream stream = channel->ClientStream(method, session.stream_options());
  // The server may refuse before the end; Finish() says why.
  bool wanted = stream.Write(start);
  std::string piece(kPieceSize, '\0');
  while (wanted &&
         (file.read(piece.data(), static_cast<std::streamsize>(piece.size())).gcount() > 0)) {
    Request next;
    next.set_data(piece.data(), static_cast<size_t>(file.gcount()));
    wanted = stream.Write(next);
  }
  Attachment attachment;
  CRM_RETURN_IF_ERROR(stream.Finish(attachment));
  CRM_RETURN_IF_ERROR(PrintMessage(session, attachment));
  return kOk;
}

absl::StatusOr<int> UploadOfCustomer(Session& session, const UploadArguments& arguments) {
  customer::v1::UploadAttachmentRequest start;
  start.mutable_start()->set_file_name(NameOf(arguments.file));
  start.mutable_start()->set_request_id(NewRequestId());
  return Upload<customer::v1::Attachment>(session, kUploadOfCustomer, arguments.file, start);
}

absl::StatusOr<int> UploadOfTicket(Session& session, const UploadArguments& arguments) {
  ticket::v1::UploadTicketAttachmentRequest start;
  start.mutable_start()->set_ticket(arguments.ticket);
  start.mutable_start()->set_file_name(NameOf(arguments.file));
  start.mutable_start()->set_request_id(NewRequestId());
  return Upload<ticket::v1::TicketAttachment>(session, kUploadOfTicket, arguments.file, start);
}

// Where to: as asked for, else under the attachment's own name, which replaces nothing.
absl::StatusOr<std::string> TargetOf(const Session& session, const std::string& asked,
                                     const std::string& own_name) {
  if (!asked.empty()) return asked;
  const std::string name = NameOf(own_name);
  if (!name.empty() && !std::filesystem::exists(name)) return name;
  return UsageError(absl::StrCat(ToAbsl(session.Say("当前目录已有此文件，请指明文件名：",
                                                    "say what to call it, there is a file ")),
                                 name));
}

template <typename Response>
absl::StatusOr<int> Download(Session& session, const char* method,
                             const google::protobuf::Message& request, const std::string& asked) {
  CRM_ASSIGN_OR_RETURN(client::Channel* const channel, session.channel());
  client::AnyServerStream stream = channel->ServerStream(method, request, session.stream_options());
  Response message;
  if (!stream.Next(message)) {
    CRM_RETURN_IF_ERROR(stream.Finish());
    return absl::InternalError("the download has no first message");
  }
  const auto attachment = message.attachment();
  CRM_ASSIGN_OR_RETURN(std::string path, TargetOf(session, asked, attachment.file_name()));
  WholeFile file(std::move(path));
  do {
    if (!file.Write(message.data())) return Unwritable(file.path(), session);
  } while (stream.Next(message));
  CRM_RETURN_IF_ERROR(stream.Finish());
  if (!file.Finish()) return Unwritable(file.path(), session);
  session.console().err << file.path() << ": " << attachment.size()
                        << session.Say(" 字节", " bytes") << "\n";
  return kOk;
}

absl::StatusOr<int> DownloadOfCustomer(Session& session, const DownloadArguments& arguments) {
  customer::v1::DownloadAttachmentRequest request;
  request.set_attachment(arguments.attachment);
  return Download<customer::v1::DownloadAttachmentResponse>(session, kDownloadOfCustomer, request,
                                                            arguments.file);
}

absl::StatusOr<int> DownloadOfTicket(Session& session, const DownloadArguments& arguments) {
  ticket::v1::DownloadTicketAttachmentRequest request;
  request.set_attachment(arguments.attachment);
  return Download<ticket::v1::DownloadTicketAttachmentResponse>(session, kDownloadOfTicket, request,
                                                                arguments.file);
}

template <typename Run>
CLI::App& AddUpload(CommandTree& tree, std::string_view path, const std::string& help, Run run,
                    const std::shared_ptr<UploadArguments>& arguments) {
  CLI::App& app =
      tree.Add(path, help, [run, arguments](Session& session) { return run(session, *arguments); });
  return app;
}

void AddFileToUpload(const CommandTree& tree, const std::shared_ptr<UploadArguments>& arguments,
                     CLI::App& app) {
  app.add_option("file", arguments->file, tree.Say("文件，至多 20 MiB", "file, at most 20 MiB"))
      ->required();
}

template <typename Run>
void AddDownload(CommandTree& tree, std::string_view path, const std::string& help, Run run) {
  auto arguments = std::make_shared<DownloadArguments>();
  CLI::App& app =
      tree.Add(path, help, [run, arguments](Session& session) { return run(session, *arguments); });
  app.add_option("attachment", arguments->attachment, tree.Say("附件编号", "attachment number"))
      ->required();
  app.add_option("file", arguments->file,
                 tree.Say("写入的文件，默认用附件的文件名",
                          "file to write, by default called as the attachment"));
}

}  // namespace

void AddAttachmentCommands(CommandTree& tree) {
  auto of_customer = std::make_shared<UploadArguments>();
  AddFileToUpload(
      tree, of_customer,
      AddUpload(tree, "attachment upload",
                tree.Say("上传文件，供互动记录引用", "upload a file that records refer to"),
                UploadOfCustomer, of_customer));
  AddDownload(tree, "attachment download", tree.Say("下载文件", "download a file"),
              DownloadOfCustomer);
  auto of_ticket = std::make_shared<UploadArguments>();
  CLI::App& upload =
      AddUpload(tree, "ticket upload", tree.Say("上传工单附件", "upload a file of a ticket"),
                UploadOfTicket, of_ticket);
  upload.add_option("ticket", of_ticket->ticket, tree.Say("工单编号", "ticket number"))->required();
  AddFileToUpload(tree, of_ticket, upload);
  AddDownload(tree, "ticket download", tree.Say("下载工单附件", "download a file of a ticket"),
              DownloadOfTicket);
}

}  // namespace crm::cli
