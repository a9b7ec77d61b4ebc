#include "common/server/wire_error.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error/error.h"
#include "google/protobuf/any.pb.h"

namespace crm::server {
namespace {

using google::protobuf::Any;
using google::rpc::BadRequest;
using google::rpc::ErrorInfo;
using google::rpc::LocalizedMessage;

// More do not help a person who reads them in one line.
constexpr int kMostLocalized = 3;

absl::Status Concealed(std::string_view trace_id) {
  return Error(absl::StatusCode::kInternal, "INTERNAL", "internal error")
      .Meta("trace_id", trace_id);
}

template <typename Detail>
Any* FindDetail(google::rpc::Status& status) {
  for (Any& each : *status.mutable_details()) {
    if (each.Is<Detail>()) return &each;
  }
  return nullptr;
}

LocalizedMessage Localized(const BadRequest& bad_request, schema::Language language) {
  std::vector<std::string> messages;
  for (const auto& violation : bad_request.field_violations()) {
    const std::string& message = violation.localized_message().message();
    if (!message.empty() && messages.size() < kMostLocalized) messages.push_back(message);
  }
  LocalizedMessage localized;
  localized.set_locale(std::string(schema::LanguageTag(language)));
  localized.set_message(
      absl::StrJoin(messages, language == schema::Language::kChinese ? "；" : "; "));
  return localized;
}

void AddLocalized(google::rpc::Status& status, schema::Language language) {
  const Any* detail = FindDetail<BadRequest>(status);
  BadRequest bad_request;
  if (detail == nullptr || !detail->UnpackTo(&bad_request)) return;
  LocalizedMessage localized = Localized(bad_request, language);
  if (!localized.message().empty()) status.add_details()->PackFrom(localized);
}

void OmitViolations(google::rpc::Status& status) {
  Any* detail = FindDetail<BadRequest>(status);
  Any* info_detail = FindDetail<ErrorInfo>(status);
  BadRequest bad_request;
  ErrorInfo info;
  if (detail == nullptr || info_detail == nullptr || !detail->UnpackTo(&bad_request) ||
      !info_detail->UnpackTo(&info)) {
    return;
  }
  const size_t others = status.ByteSizeLong() - bad_request.ByteSizeLong();
  const int all = bad_request.field_violations_size();
  while (bad_request.field_violations_size() > 1 &&
         others + bad_request.ByteSizeLong() > kMaxDetailsBytes) {
    bad_request.mutable_field_violations()->RemoveLast();
  }
  (*info.mutable_metadata())["violations_omitted"] =
      absl::StrCat(all - bad_request.field_violations_size());
  detail->PackFrom(bad_request);
  info_detail->PackFrom(info);
}

}  // namespace

bool IsServerFault(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInternal ||
         status.code() == absl::StatusCode::kUnknown ||
         status.code() == absl::StatusCode::kDataLoss;
}

WireError ToWireError(const absl::Status& status, schema::Language language,
                      std::string_view trace_id) {
  google::rpc::Status wire = ToRpcStatus(IsServerFault(status) ? Concealed(trace_id) : status);
  AddLocalized(wire, language);
  if (wire.ByteSizeLong() > kMaxDetailsBytes) OmitViolations(wire);
  return {static_cast<absl::StatusCode>(wire.code()), wire.message(), wire.SerializeAsString()};
}

}  // namespace crm::server
