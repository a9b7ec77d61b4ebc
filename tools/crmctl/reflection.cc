#include "tools/crmctl/reflection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "google/protobuf/descriptor.pb.h"
#include "tools/crmctl/reflection_wire.pb.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;
using crmctl::v1::ReflectionRequest;
using crmctl::v1::ReflectionResponse;

constexpr char kMethod[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

absl::StatusOr<ReflectionResponse> Ask(client::Channel& channel, const client::CallOptions& options,
                                       const ReflectionRequest& request) {
  client::AnyServerStream stream = channel.ServerStream(kMethod, request, options);
  ReflectionResponse response;
  const bool answered = stream.Next(response);
  if (answered) {
    ReflectionResponse rest;
    while (stream.Next(rest)) {
    }
  }
  const absl::Status status = stream.Finish();
  if (!answered) {
    return status.ok() ? absl::UnavailableError("the server ended its reflection without an answer")
                       : status;
  }
  if (response.has_error_response()) {
    return Error(static_cast<absl::StatusCode>(response.error_response().error_code()),
                 kMethodUnknown, response.error_response().error_message());
  }
  return response;
}

}  // namespace

Reflection::Reflection(client::Channel& channel, client::CallOptions options)
    : channel_(channel), options_(std::move(options)) {}

absl::StatusOr<std::vector<std::string>> Reflection::Services() {
  ReflectionRequest request;
  request.set_list_services("*");
  CRM_ASSIGN_OR_RETURN(const ReflectionResponse response, Ask(channel_, options_, request));
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<const pb::ServiceDescriptor*> Reflection::Service(const std::string& name) {
  CRM_ASSIGN_OR_RETURN(const std::string full, FullServiceName(name));
  CRM_RETURN_IF_ERROR(Load(full));
  const pb::ServiceDescriptor* service = pool_.FindServiceByName(full);
  if (service != nullptr) return service;
  return Error(absl::StatusCode::kNotFound, kMethodUnknown,
               absl::StrCat("the server has no service ", name));
}

absl::StatusOr<const pb::MethodDescriptor*> Reflection::Method(std::string_view name) {
  if (!name.empty() && name.front() == '/') name.remove_prefix(1);
  const size_t end = name.find_last_of("/.");
  if (end == std::string_view::npos) {
    return Error(absl::StatusCode::kNotFound, kMethodUnknown, "a method is named Service/Method");
  }
  CRM_ASSIGN_OR_RETURN(const pb::ServiceDescriptor* service,
                       Service(std::string(name.substr(0, end))));
  const auto* method = service->FindMethodByName(std::string(name.substr(end + 1)));
  if (method != nullptr) return method;
  return Error(absl::StatusCode::kNotFound, kMethodUnknown,
               absl::StrCat(service->full_name(), " has no method ", ToAbsl(name.substr(end + 1))));
}

absl::Status Reflection::LoadAll() {
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> services, Services());
  for (const std::string& service : services) {
    // Services of gRPC itself, such as health, are listed but not described.
    const absl::Status loaded = Load(service);
    if (!loaded.ok() && ErrorReason(loaded) != kMethodUnknown) return loaded;
  }
  return absl::OkStatus();
}

std::unique_ptr<pb::Message> Reflection::NewMessage(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>(factory_.GetPrototype(&type)->New());
}

absl::Status Reflection::Load(const std::string& symbol) {
  if (pool_.FindFileContainingSymbol(symbol) != nullptr) return absl::OkStatus();
  ReflectionRequest request;
  request.set_file_containing_symbol(symbol);
  CRM_ASSIGN_OR_RETURN(const ReflectionResponse response, Ask(channel_, options_, request));
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    pb::FileDescriptorProto file;
    pb::FileDescriptorProto known;
    if (!file.ParseFromString(bytes)) return absl::InternalError("a file of the server is damaged");
    if (!files_.FindFileByName(file.name(), &known)) files_.Add(file);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Reflection::FullServiceName(const std::string& name) {
  if (absl::StrContains(name, '.')) return name;
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> services, Services());
  std::vector<std::string> found;
  for (const std::string& service : services) {
    if (absl::EndsWith(service, absl::StrCat(".", name))) found.push_back(service);
  }
  return found.size() == 1 ? found.front() : name;
}

}  // namespace crm::cli
