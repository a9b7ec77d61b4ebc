#include "common/server/method_table.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "common/schema/contradictions.h"
#include "crm/options/v1/options.pb.h"

namespace crm::server {
namespace {

namespace pb = google::protobuf;

bool FitsStreaming(MethodKind kind, const pb::MethodDescriptor& method) {
  const bool is_bidi = kind == MethodKind::kBidiStream;
  const bool wants_client_stream = is_bidi || kind == MethodKind::kClientStream;
  const bool wants_server_stream = is_bidi || kind == MethodKind::kServerStream;
  return method.client_streaming() == wants_client_stream &&
         method.server_streaming() == wants_server_stream;
}

void CheckMethod(const pb::MethodDescriptor& method, const MethodEntry* entry,
                 std::vector<std::string>& problems) {
  if (entry == nullptr) {
    problems.push_back(absl::StrCat(method.full_name(), " has no handler"));
    return;
  }
  if (entry->request_prototype->GetDescriptor() != method.input_type() ||
      entry->response_prototype->GetDescriptor() != method.output_type()) {
    problems.push_back(absl::StrCat(method.full_name(), " has a handler for other messages"));
  }
  if (!FitsStreaming(entry->kind, method)) {
    problems.push_back(absl::StrCat(method.full_name(), " has a handler of another kind"));
  }
}

}  // namespace

std::string MethodTable::PermissionOf(const pb::MethodDescriptor& method) const {
  const auto& options = method.options().GetExtension(crm::options::v1::method);
  return options.permission().empty() ? undeclared_ : options.permission();
}

absl::Status MethodTable::Check() const {
  std::vector<std::string> problems;
  for (int i = 0; i < service_->method_count(); ++i) {
    const pb::MethodDescriptor& method = *service_->method(i);
    if (PermissionOf(method).empty()) {
      problems.push_back(absl::StrCat(method.full_name(), " declares no permission"));
    }
    for (const pb::Descriptor* message : {method.input_type(), method.output_type()}) {
      for (std::string& problem : schema::ContradictionsOf(*message)) {
        problems.push_back(std::move(problem));
      }
    }
    const auto found = entries_.find(method.name());
    CheckMethod(method, found == entries_.end() ? nullptr : &found->second, problems);
  }
  for (const auto& [name, entry] : entries_) {
    if (service_->FindMethodByName(name) == nullptr) {
      problems.push_back(absl::StrCat(service_->full_name(), " has no method ", name));
    }
  }
  if (problems.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "METHODS_INVALID",
               absl::StrJoin(problems, "; "));
}

}  // namespace crm::server
