#include "common/error/error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace crm {
namespace {

constexpr char kPayloadUrl[] = "type.googleapis.com/google.rpc.Status";
constexpr char kDomain[] = "crm";

std::string DefaultReason(absl::StatusCode code) { return absl::StatusCodeToString(code); }

}  // namespace

Error::Error(absl::StatusCode code, std::string_view reason, std::string_view message)
    : code_(code), message_(message) {
  info_.set_reason(std::string(reason));
  info_.set_domain(kDomain);
}

Error&& Error::Meta(std::string_view key, std::string_view value) && {
  (*info_.mutable_metadata())[std::string(key)] = std::string(value);
  return std::move(*this);
}

Error&& Error::Field(std::string_view path, std::string_view rule,
                     std::string_view description) && {
  auto* violation = bad_request_.add_field_violations();
  violation->set_field(std::string(path));
  violation->set_reason(std::string(rule));
  violation->set_description(std::string(description));
  return std::move(*this);
}

Error&& Error::Field(google::rpc::BadRequest::FieldViolation violation) && {
  *bad_request_.add_field_violations() = std::move(violation);
  return std::move(*this);
}

Error&& Error::Precondition(std::string_view type, std::string_view subject,
                            std::string_view description) && {
  auto* violation = precondition_.add_violations();
  violation->set_type(std::string(type));
  violation->set_subject(std::string(subject));
  violation->set_description(std::string(description));
  return std::move(*this);
}

Error&& Error::Resource(std::string_view type, std::string_view name) && {
  resource_.set_resource_type(std::string(type));
  resource_.set_resource_name(std::string(name));
  return std::move(*this);
}

Error&& Error::RetryAfter(absl::Duration delay) && {
  const timespec parts = absl::ToTimespec(delay);
  retry_.mutable_retry_delay()->set_seconds(parts.tv_sec);
  retry_.mutable_retry_delay()->set_nanos(static_cast<int32_t>(parts.tv_nsec));
  return std::move(*this);
}

Error::operator absl::Status() const {
  google::rpc::Status wire;
  wire.add_details()->PackFrom(info_);
  if (bad_request_.field_violations_size() > 0) wire.add_details()->PackFrom(bad_request_);
  if (precondition_.violations_size() > 0) wire.add_details()->PackFrom(precondition_);
  if (!resource_.resource_type().empty()) wire.add_details()->PackFrom(resource_);
  if (retry_.has_retry_delay()) wire.add_details()->PackFrom(retry_);
  absl::Status status(code_, message_);
  status.SetPayload(kPayloadUrl, absl::Cord(wire.SerializeAsString()));
  return status;
}

Error InvalidField(std::string_view path, std::string_view rule, std::string_view description) {
  return Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
               absl::StrCat("invalid field: ", absl::string_view(path.data(), path.size())))
      .Field(path, rule, description);
}

Error NotFound(std::string_view resource_type, std::string_view name) {
  return Error(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND", "no such resource")
      .Resource(resource_type, name);
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status wire;
  if (auto payload = status.GetPayload(kPayloadUrl)) wire.ParseFromString(std::string(*payload));
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  if (wire.details().empty() && !status.ok()) {
    google::rpc::ErrorInfo info;
    info.set_reason(DefaultReason(status.code()));
    info.set_domain(kDomain);
    wire.add_details()->PackFrom(info);
  }
  return wire;
}

absl::Status FromRpcStatus(const google::rpc::Status& wire) {
  absl::Status status(static_cast<absl::StatusCode>(wire.code()), wire.message());
  if (status.ok()) return status;
  google::rpc::Status details;
  *details.mutable_details() = wire.details();
  status.SetPayload(kPayloadUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

std::string ErrorReason(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

}  // namespace crm
