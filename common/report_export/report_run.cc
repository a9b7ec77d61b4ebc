#include "common/report_export/report_run.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/schema/validate.h"
#include "google/rpc/error_details.pb.h"

namespace crm::report_export {
namespace {

namespace pb = google::protobuf;

constexpr char kPageSize[] = "page_size";
constexpr char kPageToken[] = "page_token";
constexpr char kNextPageToken[] = "next_page_token";
constexpr int kRowsOfPage = 1000;

absl::Status WrongType(const std::string& wanted) {
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_TYPE_WRONG",
               "the packed request is not that of the report")
      .Meta("type", wanted)
      .Field("request", "TYPE", absl::StrCat("pack a ", wanted));
}

absl::Status Malformed() {
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
               "the packed request is not a message of its type")
      .Field("request", "MALFORMED", "pack the serialised message");
}

// Fields of the report's request as the caller of the export sent them.
absl::Status InRequest(const absl::Status& status) {
  if (status.ok()) return status;
  google::rpc::Status wire = ToRpcStatus(status);
  for (pb::Any& detail : *wire.mutable_details()) {
    google::rpc::BadRequest bad;
    if (!detail.UnpackTo(&bad)) continue;
    for (auto& violation : *bad.mutable_field_violations()) {
      violation.set_field(absl::StrCat("request.", violation.field()));
    }
    detail.PackFrom(bad);
  }
  return FromRpcStatus(wire);
}

const pb::FieldDescriptor* TextField(const pb::Message& message, const char* name) {
  const pb::FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  const bool is_text = field != nullptr && !field->is_repeated() &&
                       field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING;
  return is_text ? field : nullptr;
}

std::string NextPage(const pb::Message& answer) {
  const pb::FieldDescriptor* field = TextField(answer, kNextPageToken);
  return field == nullptr ? "" : answer.GetReflection()->GetString(answer, field);
}

void AskForLargestPage(pb::Message& request) {
  const pb::FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(kPageSize);
  if (field == nullptr || field->cpp_type() != pb::FieldDescriptor::CPPTYPE_INT32) return;
  request.GetReflection()->SetInt32(&request, field, kRowsOfPage);
}

// False on the last page, and of a report without pages.
bool TurnPage(const pb::Message& answer, pb::Message& request) {
  std::string next = NextPage(answer);
  const pb::FieldDescriptor* const token = TextField(request, kPageToken);
  if (next.empty() || token == nullptr) return false;
  request.GetReflection()->SetString(&request, token, std::move(next));
  return true;
}

absl::Status Gone() {
  return Error(absl::StatusCode::kCancelled, "CLIENT_GONE", "the client has ended the call");
}

}  // namespace

absl::StatusOr<MessagePtr> UnpackRequest(const Report& report, const pb::Any& packed,
                                         schema::Language language, absl::Time now) {
  MessagePtr request(report.entry.request_prototype->New());
  const std::string& type = request->GetDescriptor()->full_name();
  if (!packed.type_url().empty() || !packed.value().empty()) {
    if (!absl::EndsWith(packed.type_url(), absl::StrCat("/", type))) return WrongType(type);
    if (!request->ParseFromString(packed.value())) return Malformed();
    request->DiscardUnknownFields();
  }
  CRM_RETURN_IF_ERROR(InRequest(schema::NormalizeAndValidate(*request, language, now)));
  return request;
}

absl::Status WriteReport(const Report& report, MessagePtr request,
                         const server::CallContext::Info& info, const schema::Viewer& viewer,
                         db::Pool* pool, const std::function<bool()>& gone, ReportWriter& writer) {
  AskForLargestPage(*request);
  while (!gone()) {
    server::CallContext call(info, pool);
    const MessagePtr page(report.entry.response_prototype->New());
    CRM_RETURN_IF_ERROR(InRequest(report.entry.unary(call, *request, *page)));
    call.ReleaseDb();
    schema::MaskSensitive(*page, viewer);
    CRM_RETURN_IF_ERROR(writer.Add(*page));
    if (!writer.takes_all_pages() || !TurnPage(*page, *request)) return absl::OkStatus();
  }
  return Gone();
}

}  // namespace crm::report_export
