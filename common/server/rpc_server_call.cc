#include "common/server/rpc_server_call.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/server/rpc_server.h"
#include "common/server/rpc_server_poller.h"

namespace crm::server {
namespace {

// The notice of a cut stream is processed together with the end of its messages, microseconds
// apart.
constexpr absl::Duration kCancelNotice = absl::Milliseconds(5);
constexpr absl::Duration kStoppingRetryHint = absl::Milliseconds(100);

google::protobuf::ArenaOptions FirstBlock(char* block, size_t size) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = size;
  return options;
}

std::string_view ToView(grpc::string_ref text) { return {text.data(), text.size()}; }

absl::Time DeadlineOf(const grpc::ServerContext& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

grpc::ByteBuffer Serialize(const google::protobuf::Message& message) {
  grpc::ByteBuffer buffer;
  bool own_buffer = false;
  // Fails only for messages of 2 GiB.
  grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(message, &buffer,
                                                                             &own_buffer);
  return buffer;
}

grpc::Status ToGrpc(const WireError& error) {
  return {static_cast<grpc::StatusCode>(error.code), error.message, error.details};
}

// Fields that this release does not know are dropped: nobody has validated them, and nothing would
// mask them on their way out.
bool Parse(grpc::ByteBuffer& buffer, google::protobuf::Message& message) {
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::Message>(&buffer,
                                                                                   &message);
  if (parsed.ok()) message.DiscardUnknownFields();
  return parsed.ok();
}

}  // namespace

absl::Status ServerStopping() {
  return Error(absl::StatusCode::kUnavailable, "SERVER_STOPPING",
               "the server is stopping: go on at another one")
      .RetryAfter(kStoppingRetryHint);
}

GrpcCall::GrpcCall(CallHost& host)
    : Call(host.pool()),
      host_(host),
      stream_(&grpc_context_),
      arena_(FirstBlock(first_block_.data(), first_block_.size())) {}

void GrpcCall::Wait(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue) {
  grpc_context_.AsyncNotifyWhenDone(&done_);
  service.RequestCall(&grpc_context_, &stream_, &queue, &queue, &accepted_);
}

void GrpcCall::On(Tag::Event event, bool ok, Poller& poller) {
  switch (event) {
    case Tag::Event::kAccepted:
      // Not ok: the server is shutting down, and nothing more will come for this call.
      if (!ok) {
        delete this;
        return;
      }
      poller_ = &poller;
      return host_.OnAccepted(*this, poller);
    case Tag::Event::kRequestRead:
      return host_.OnRequestRead(*this, poller, ok);
    case Tag::Event::kStreamMoved:
      return OnStreamMoved(ok);
    case Tag::Event::kDone:
      return OnDone();
    case Tag::Event::kSent:
      return Release();
  }
}

void GrpcCall::OnDone() {
  if (grpc_context_.IsCancelled()) {
    MutexLock lock(&mutex_);
    gone_.store(true);
  }
  Release();
}

void GrpcCall::Release() {
  if (outstanding_.fetch_sub(1) != 1) return;
  CallHost& host = host_;
  delete this;
  host.OnGone();
}

void GrpcCall::Start(const ServedMethod& method) {
  arrival_ = absl::Now();
  method_ = &method;
  absl::Time deadline = DeadlineOf(grpc_context_);
  // Reflection is a conversation of moments; whoever keeps it open keeps a thread.
  const bool may_be_endless =
      IsStream(method.entry->kind) && method.entry->kind != MethodKind::kBidiStream;
  if (deadline == absl::InfiniteFuture() && !may_be_endless) {
    deadline = arrival_ + host_.options().default_deadline;
  }
  context_.info().deadline = deadline;
  method.metrics->Start();
}

void GrpcCall::MakeMessages() {
  request_ = method_->entry->request_prototype->New(&arena_);
  response_ = method_->entry->response_prototype->New(&arena_);
}

void GrpcCall::ReadRequest() { stream_.Read(&buffer_, &request_read_); }

void GrpcCall::Refuse(const WireError& error) { stream_.Finish(ToGrpc(error), &sent_); }

std::string_view GrpcCall::Metadata(const char* key) const {
  const auto& metadata = grpc_context_.client_metadata();
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string_view() : ToView(found->second);
}

CallHeaders GrpcCall::Headers() const {
  CallHeaders headers;
  headers.authorization = Metadata("authorization");
  headers.accept_language = Metadata("accept-language");
  headers.traceparent = Metadata("traceparent");
  headers.peer = grpc_context_.peer();
  if (!host_.options().tls.client_ca.empty()) {
    const auto peer = grpc_context_.auth_context();
    const auto names = peer->FindPropertyValues("x509_common_name");
    if (peer->IsPeerAuthenticated() && names.size() == 1) {
      headers.certificate_name = ToView(names.front());
    }
  }
  return headers;
}

absl::Status GrpcCall::ParseRequest() {
  if (Parse(buffer_, *request_)) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
               "the request is not a message of the method's type");
}

void GrpcCall::Send(const absl::Status& status) {
  const std::string& version = host_.options().metadata_version;
  if (!version.empty()) grpc_context_.AddTrailingMetadata("x-crm-version", version);
  if (!status.ok()) {
    status_ = ToGrpc(ToWireError(status, context_.language(), context_.trace_id()));
  } else if (method_->entry->kind != MethodKind::kServerStream &&
             method_->entry->kind != MethodKind::kBidiStream) {
    buffer_ = Serialize(*response_);
    answer_has_message_ = true;
  }
  poller_->Finish(*this);
}

void GrpcCall::Finish() {
  if (answer_has_message_) {
    stream_.WriteAndFinish(buffer_, grpc::WriteOptions(), status_, &sent_);
  } else {
    stream_.Finish(status_, &sent_);
  }
}

absl::Status GrpcCall::Interruption() const {
  if (gone_.load()) {
    return Error(absl::StatusCode::kCancelled, "CLIENT_GONE", "the client has ended the call");
  }
  if (context_.expired()) {
    return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 "the deadline passed before the end of the stream");
  }
  if (host_.clock().Now() >= context_.caller().expires_at) {
    return Error(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED",
                 "the token expired while the stream was open");
  }
  return host_.stopping() ? ServerStopping() : absl::OkStatus();
}

bool GrpcCall::WriteMessage(const google::protobuf::Message& message) {
  if (!Interruption().ok()) return false;
  stream_.Write(Serialize(message), &stream_moved_);
  return AwaitStream();
}

GrpcCall::ReadResult GrpcCall::ReadMessage(google::protobuf::Message& message) {
  stream_.Read(&buffer_, &stream_moved_);
  if (!AwaitStream()) return AwaitCancelNotice() ? ReadResult::kCut : ReadResult::kEnd;
  return Parse(buffer_, message) ? ReadResult::kMessage : ReadResult::kMalformed;
}

bool GrpcCall::AwaitStream() {
  const auto moved = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return moved_; };
  MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithDeadline(absl::Condition(&moved), context_.deadline())) {
    grpc_context_.TryCancel();
    mutex_.Await(absl::Condition(&moved));
  }
  moved_ = false;
  return moved_ok_;
}

void GrpcCall::OnStreamMoved(bool ok) {
  MutexLock lock(&mutex_);
  moved_ = true;
  moved_ok_ = ok;
}

bool GrpcCall::AwaitCancelNotice() {
  const auto gone = [this] { return gone_.load(); };
  MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&gone), kCancelNotice);
}

}  // namespace crm::server
