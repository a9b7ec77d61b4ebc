#include "common/client/channel.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/absl_view.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::client {
namespace {

using google::protobuf::Message;
using Stream = grpc::GenericClientAsyncReaderWriter;

constexpr absl::Duration kKeepaliveTime = absl::Minutes(1);
// Addresses come in turn, but other threads take theirs too: one may get the same several times.
constexpr int kMaxRefusals = 40;
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
// Error details of services with many fields.
constexpr int kMaxMetadataBytes = 64 * 1024;
// Addresses behind a headless service come and go.
constexpr absl::Duration kDnsRefresh = absl::Seconds(10);

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

grpc::ByteBuffer Serialize(const Message& message) {
  grpc::ByteBuffer buffer;
  bool own_buffer = false;
  grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, &buffer, &own_buffer);
  return buffer;
}

absl::Status Parse(grpc::ByteBuffer& buffer, Message& message) {
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&buffer, &message);
  if (parsed.ok()) return absl::OkStatus();
  return absl::InternalError("the answer is not a message of the expected type");
}

absl::Status ToStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status wire;
  if (!wire.ParseFromString(status.error_details())) wire.Clear();
  wire.set_code(status.error_code());
  wire.set_message(status.error_message());
  return FromRpcStatus(wire);
}

absl::Status CheckReadable(const std::string& path) {
  std::ifstream file(path);
  if (file.good() && file.peek() != std::ifstream::traits_type::eof()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "TLS_FILES_INVALID",
               absl::StrCat("cannot read ", path));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(
    const ConnectOptions& options) {
  if (options.ca.empty()) return grpc::InsecureChannelCredentials();
  using Watcher = grpc::experimental::FileWatcherCertificateProvider;
  const auto reload =
      static_cast<unsigned>(std::max<int64_t>(1, absl::ToInt64Seconds(options.tls_reload)));
  CRM_RETURN_IF_ERROR(CheckReadable(options.ca));
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.watch_root_certs();
  if (options.certificate.empty()) {
    tls.set_certificate_provider(std::make_shared<Watcher>(options.ca, reload));
    return grpc::experimental::TlsCredentials(tls);
  }
  CRM_RETURN_IF_ERROR(CheckReadable(options.certificate));
  CRM_RETURN_IF_ERROR(CheckReadable(options.private_key));
  tls.watch_identity_key_cert_pairs();
  tls.set_certificate_provider(
      std::make_shared<Watcher>(options.private_key, options.certificate, options.ca, reload));
  return grpc::experimental::TlsCredentials(tls);
}

grpc::ChannelArguments Arguments(const ConnectOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(kKeepaliveTime));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, Millis(kDnsRefresh));
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  arguments.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, INT_MAX);
  if (options.own_connection) arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return arguments;
}

// Whether the same call twice has the effect of one.
bool MayRepeat(const Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING ||
      field->is_repeated()) {
    return field == nullptr;
  }
  return !request.GetReflection()->GetString(request, field).empty();
}

// The server is about to stop and has not begun with the call.
bool WasRefused(const absl::Status& status) { return ErrorReason(status) == "SERVER_STOPPING"; }

// Nobody cancels a blocking call here, so gRPC did, for it came when the server had just ended.
bool WasInterrupted(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kCancelled;
}

absl::Duration PauseBefore(int attempt) {
  absl::InsecureBitGen random;
  return kFirstPause * absl::Uniform(random, 0.5, 1.0) * (1 << attempt);
}

void FillContext(const ConnectOptions& channel, const CallOptions& call,
                 grpc::ClientContext& context) {
  if (call.timeout != absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + call.timeout));
  }
  const std::string& token = call.token.empty() ? channel.token : call.token;
  if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  if (!call.accept_language.empty()) context.AddMetadata("accept-language", call.accept_language);
  if (!call.traceparent.empty()) context.AddMetadata("traceparent", call.traceparent);
}

// A stream with a completion queue of its own, one operation at a time.
class Streaming {
 public:
  Streaming(grpc::GenericStub& stub, const ConnectOptions& channel, std::string_view method,
            const CallOptions& options) {
    FillContext(channel, options, context_);
    stream_ = stub.PrepareCall(&context_, std::string(method), &queue_);
    stream_->StartCall(this);
    Await();
  }

  ~Streaming() {
    if (!finished_) {
      context_.TryCancel();
      Finish().IgnoreError();
    }
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  bool Write(const Message& message) {
    stream_->Write(Serialize(message), this);
    return Await();
  }
  bool WriteLast(const Message& message) {
    stream_->WriteLast(Serialize(message), grpc::WriteOptions(), this);
    return Await();
  }
  void WritesDone() {
    stream_->WritesDone(this);
    Await();
  }
  bool Read(Message& message) {
    grpc::ByteBuffer buffer;
    stream_->Read(&buffer, this);
    return Await() && Parse(buffer, message).ok();
  }
  absl::Status Finish() {
    if (!finished_) {
      grpc::Status status;
      stream_->Finish(&status, this);
      Await();
      status_ = ToStatus(status);
      finished_ = true;
    }
    return status_;
  }
  void Cancel() { context_.TryCancel(); }

 private:
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<Stream> stream_;
  bool finished_ = false;
  absl::Status status_;
};

}  // namespace

class AnyServerStream::Impl : public Streaming {
 public:
  using Streaming::Streaming;
};

AnyServerStream::AnyServerStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AnyServerStream::AnyServerStream(AnyServerStream&&) noexcept = default;
AnyServerStream::~AnyServerStream() = default;
bool AnyServerStream::Next(Message& message) { return impl_->Read(message); }
void AnyServerStream::Cancel() { impl_->Cancel(); }
absl::Status AnyServerStream::Finish() { return impl_->Finish(); }

class AnyClientStream::Impl : public Streaming {
 public:
  using Streaming::Streaming;
};

AnyClientStream::AnyClientStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AnyClientStream::AnyClientStream(AnyClientStream&&) noexcept = default;
AnyClientStream::~AnyClientStream() = default;
bool AnyClientStream::Write(const Message& message) { return impl_->Write(message); }
void AnyClientStream::Cancel() { impl_->Cancel(); }
absl::Status AnyClientStream::Finish(Message& response) {
  impl_->WritesDone();
  const bool answered = impl_->Read(response);
  absl::Status status = impl_->Finish();
  if (status.ok() && !answered) return absl::InternalError("the server gave no answer");
  return status;
}

class Channel::Impl {
 public:
  Impl(ConnectOptions options, std::shared_ptr<grpc::Channel> channel)
      : options_(std::move(options)), stub_(std::move(channel)), poller_([this] { Poll(); }) {}

  ~Impl() {
    {
      const auto none_open = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_ == 0; };
      MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&none_open));
    }
    queue_.Shutdown();
    poller_.join();
  }

  absl::Status Call(std::string_view method, const Message& request, Message& response,
                    const CallOptions& options) {
    const absl::Time deadline = absl::Now() + options.timeout;
    const int tries = options.retry && MayRepeat(request) ? kMaxTries : 1;
    int refusals = 0;
    for (int attempt = 1;;) {
      absl::Status status = CallOnce(method, request, response, options, deadline);
      if (options.retry && WasRefused(status) && ++refusals < kMaxRefusals) continue;
      const absl::Duration pause = PauseBefore(attempt);
      if (!WasInterrupted(status) || attempt++ >= tries || absl::Now() + pause >= deadline) {
        return status;
      }
      absl::SleepFor(pause);
    }
  }

  void CallAsync(std::string_view method, const Message& request, Message& response,
                 const CallOptions& options, std::function<void(absl::Status)> done) {
    auto* const pending = new Pending{.response = &response, .done = std::move(done)};
    FillContext(options_, options, pending->context);
    {
      MutexLock lock(&mutex_);
      ++open_;
    }
    pending->reader =
        stub_.PrepareUnaryCall(&pending->context, std::string(method), Serialize(request), &queue_);
    pending->reader->StartCall();
    pending->reader->Finish(&pending->buffer, &pending->status, pending);
  }

  template <typename StreamImpl>
  std::unique_ptr<StreamImpl> OpenStream(std::string_view method, const CallOptions& options) {
    return std::make_unique<StreamImpl>(stub_, options_, method, options);
  }

 private:
  struct Pending {
    Message* response;
    std::function<void(absl::Status)> done;
    grpc::ClientContext context = {};
    grpc::ByteBuffer buffer = {};
    grpc::Status status = {};
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader = nullptr;
  };

  absl::Status CallOnce(std::string_view method, const Message& request, Message& response,
                        const CallOptions& options, absl::Time deadline) {
    CallOptions rest = options;
    rest.timeout = deadline - absl::Now();
    grpc::ClientContext context;
    FillContext(options_, rest, context);
    grpc::CompletionQueue queue;
    grpc::ByteBuffer buffer;
    grpc::Status status;
    const auto reader =
        stub_.PrepareUnaryCall(&context, std::string(method), Serialize(request), &queue);
    reader->StartCall();
    reader->Finish(&buffer, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    CRM_RETURN_IF_ERROR(ToStatus(status));
    return Parse(buffer, response);
  }

  void Poll() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) Complete(static_cast<Pending*>(tag));
  }

  void Complete(Pending* finished) {
    const std::unique_ptr<Pending> pending(finished);
    absl::Status status = ToStatus(pending->status);
    if (status.ok()) status = Parse(pending->buffer, *pending->response);
    pending->done(std::move(status));
    MutexLock lock(&mutex_);
    --open_;
  }

  const ConnectOptions options_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  Mutex mutex_;
  int64_t open_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread poller_;
};

Channel::Channel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Channel::~Channel() = default;

absl::StatusOr<std::unique_ptr<Channel>> Channel::Connect(ConnectOptions options) {
  CRM_ASSIGN_OR_RETURN(const auto credentials, Credentials(options));
  auto channel = grpc::CreateCustomChannel(options.address, credentials, Arguments(options));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(channel));
  return std::unique_ptr<Channel>(new Channel(std::move(impl)));
}

absl::Status Channel::CallAny(std::string_view method, const Message& request, Message& response,
                              const CallOptions& options) {
  return impl_->Call(method, request, response, options);
}

void Channel::CallAnyAsync(std::string_view method, const Message& request, Message& response,
                           const CallOptions& options, std::function<void(absl::Status)> done) {
  impl_->CallAsync(method, request, response, options, std::move(done));
}

AnyServerStream Channel::ServerStream(std::string_view method, const Message& request,
                                      const CallOptions& options) {
  auto stream = impl_->OpenStream<AnyServerStream::Impl>(method, options);
  stream->WriteLast(request);
  return AnyServerStream(std::move(stream));
}

AnyClientStream Channel::ClientStream(std::string_view method, const CallOptions& options) {
  return AnyClientStream(impl_->OpenStream<AnyClientStream::Impl>(method, options));
}

}  // namespace crm::client
