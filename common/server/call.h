// One RPC between the wire and its handler. The gRPC side derives from it (rpc_server_call.h); the
// pipeline knows only this.
#ifndef CRM_COMMON_SERVER_CALL_H_
#define CRM_COMMON_SERVER_CALL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/schema/mask.h"
#include "common/server/admission.h"
#include "common/server/call_context.h"
#include "common/server/served_method.h"
#include "google/protobuf/message.h"

namespace crm::server {

// What the client sent beside its messages. Valid as long as the call.
struct CallHeaders {
  std::string_view authorization;
  std::string_view accept_language;
  std::string_view traceparent;
  std::string_view certificate_name;  // common name of a verified client certificate
  std::string peer;                   // address
};

class Call {
 public:
  virtual ~Call() = default;

  virtual CallHeaders Headers() const = 0;
  // Parses the message of a call that has one into request(). INVALID_ARGUMENT, reason
  // REQUEST_MALFORMED.
  virtual absl::Status ParseRequest() = 0;
  // The client has given the call up.
  virtual bool Gone() const = 0;
  // Answers with response() or the error, and gives the call up: it may be gone on return.
  virtual void Send(const absl::Status& status) = 0;

  const ServedMethod& method() const { return *method_; }
  CallContext& context() { return context_; }
  google::protobuf::Message& request() { return *request_; }
  google::protobuf::Message& response() { return *response_; }

  // When the call reached us, by the machine's clock.
  absl::Time arrival() const { return arrival_; }

  // Whose eyes the answer is for.
  schema::Viewer viewer;
  // Creation time of a stored answer that is too old to count and is to be replaced.
  std::optional<int64_t> expired_answer;
  // The place among the waiting calls; given back with the answer.
  Admission::Place place;

 protected:
  explicit Call(db::Pool* pool) : context_(CallContext::Info(), pool) {}

  const ServedMethod* method_ = nullptr;
  CallContext context_;
  google::protobuf::Message* request_ = nullptr;
  google::protobuf::Message* response_ = nullptr;
  absl::Time arrival_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_CALL_H_
