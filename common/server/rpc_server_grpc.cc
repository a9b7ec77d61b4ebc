#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/metrics/rpc_metrics.h"
#include "common/server/health_service.h"
#include "common/server/reflection_service.h"
#include "common/server/rpc_server.h"
#include "common/server/rpc_server_call.h"
#include "common/server/rpc_server_poller.h"
#include "common/server/rpc_server_stream.h"

namespace crm::server {
namespace {

constexpr absl::Duration kConnectionGrace = absl::Minutes(1);
constexpr absl::Duration kKeepaliveTime = absl::Minutes(1);
constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(20);
// Clients may ping this often, with or without calls; more is taken as an attack.
constexpr absl::Duration kClientPing = absl::Seconds(5);
constexpr int kStreamsPerConnection = 1000;
// Before the last connections are closed, no call must have come for a twentieth of the grace, and
// for no longer than this.
constexpr absl::Duration kLongestQuiet = absl::Seconds(1);
constexpr int kQuietShare = 20;
constexpr absl::Duration kOverloadRetryHint = absl::Milliseconds(200);

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

// Of calls that nobody has looked into: in the language that every caller's program knows.
WireError ForEverybody(const absl::Status& status) {
  return ToWireError(status, schema::Language::kEnglish, "");
}

const WireError& Overloaded() {
  static const auto* const kError =
      new WireError(ForEverybody(Error(absl::StatusCode::kResourceExhausted, "SERVER_OVERLOADED",
                                       "too many calls are waiting: try again later")
                                     .RetryAfter(kOverloadRetryHint)));
  return *kError;
}

const WireError& UnknownMethod() {
  static const auto* const kError = new WireError(
      ForEverybody(Error(absl::StatusCode::kUnimplemented, "METHOD_UNKNOWN", "no such method")));
  return *kError;
}

const absl::Status& Stopping() {
  static const auto* const kStatus = new absl::Status(ServerStopping());
  return *kStatus;
}

absl::Status NoRequest() {
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_MISSING",
               "the call ended before its request could be read");
}

Lane LaneOf(MethodKind kind) {
  switch (kind) {
    case MethodKind::kUnary:
      return Lane::kWorkers;
    case MethodKind::kBatch:
      return Lane::kBatch;
    case MethodKind::kInline:
      break;
    case MethodKind::kServerStream:
    case MethodKind::kClientStream:
    case MethodKind::kBidiStream:
      return Lane::kStreams;
  }
  return Lane::kWorkers;
}

std::shared_ptr<grpc::ServerCredentials> Credentials(const RpcServerOptions& options) {
  const TlsFiles& files = options.tls;
  if (!files.enabled()) return grpc::InsecureServerCredentials();
  const auto reload =
      static_cast<unsigned>(std::max<int64_t>(1, absl::ToInt64Seconds(options.tls_reload)));
  grpc::experimental::TlsServerCredentialsOptions tls(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.private_key, files.certificate, files.client_ca, reload));
  tls.watch_identity_key_cert_pairs();
  if (!files.client_ca.empty()) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(tls);
}

void SetLimits(const RpcServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_request_bytes);
  builder.SetMaxSendMessageSize(-1);
  // Answers are small: compressing them is not offered, and the filter for it costs each call.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  // Two servers on one port must not share it silently.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(options.max_connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Millis(kConnectionGrace));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(kKeepaliveTime));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Millis(kClientPing));
}

}  // namespace

class RpcServer::Impl : public CallHost {
 public:
  Impl(RpcServerOptions options, RpcServerParts parts)
      : options_(std::move(options)),
        parts_(parts),
        admission_({options_.workers, options_.max_queue, options_.max_queue_wait},
                   {options_.pollers, options_.max_queue, options_.max_queue_wait},
                   {options_.max_streams, options_.max_streams}),
        pipeline_({.clock = parts_.clock,
                   .gate = Gate(parts_.tokens, parts_.policy, parts_.staff, parts_.involved),
                   .committer = parts_.committer,
                   .keyring = parts_.keyring,
                   .log = parts_.log,
                   .run_again = [this](Call& call,
                                       absl::Duration delay) { workers_.PushFront(call, delay); }}),
        workers_(options_.workers, [this](Call& call) { RunUnary(call); }),
        streams_(options_.max_streams,
                 [this](Call& call) { RunStream(static_cast<GrpcCall&>(call)); }) {}

  ~Impl() override { Shutdown(absl::ZeroDuration()); }

  void Add(MethodTable table) { tables_.push_back(std::move(table)); }

  absl::Status Start() {
    AddStandardServices();
    CRM_RETURN_IF_ERROR(CheckTables());
    CRM_RETURN_IF_ERROR(CheckTlsFiles(options_.tls));
    ServeMethods();
    CRM_RETURN_IF_ERROR(Listen());
    SetServing(false);
    for (const auto& poller : pollers_) poller->Start();
    return absl::OkStatus();
  }

  int port() const { return port_; }

  void SetServing(bool serving) {
    health_.Set("", serving);
    for (const MethodTable& table : tables_) health_.Set(table.service()->full_name(), serving);
  }

  void Shutdown(absl::Duration grace) {
    if (server_ == nullptr || stopping_.exchange(true)) return;
    SetServing(false);
    const absl::Time deadline = absl::Now() + grace;
    AwaitQuiet(std::min(grace / kQuietShare, kLongestQuiet), deadline);
    server_->Shutdown(absl::ToChronoTime(deadline));
    AwaitNoCalls(absl::InfiniteFuture());  // handlers that were cut off still end by themselves
    workers_.Stop();
    streams_.Stop();
    for (const auto& poller : pollers_) poller->Stop();
  }

  // CallHost:
  const ServedMethod* FindMethod(const std::string& path) const override {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : found->second;
  }

  void OnAccepted(GrpcCall& call, Poller& poller) override {
    live_calls_.fetch_add(1);
    last_arrival_.store(absl::ToUnixMicros(absl::Now()));
    poller.WaitForNextCall();
    const ServedMethod* const method = FindMethod(call.path());
    if (method == nullptr) return call.Refuse(UnknownMethod());
    call.Start(*method);
    if (method->entry->kind == MethodKind::kInline) {
      call.MakeMessages();
      pipeline_.Begin(call);
      return call.ReadRequest();
    }
    if (stopping()) return pipeline_.Answer(call, Stopping());
    const absl::Duration remaining = call.context().deadline() - call.arrival();
    call.place = admission_.TryEnter(LaneOf(method->entry->kind), remaining);
    if (!call.place.held()) return Shed(call);
    call.MakeMessages();
    pipeline_.Begin(call);
    const bool reads_itself = method->entry->kind == MethodKind::kClientStream ||
                              method->entry->kind == MethodKind::kBidiStream;
    if (!reads_itself) return call.ReadRequest();
    HandToStreams(call);
  }

  void OnRequestRead(GrpcCall& call, Poller& poller, bool ok) override {
    if (!ok) return pipeline_.Answer(call, NoRequest());
    switch (call.method().entry->kind) {
      case MethodKind::kBatch:
        return poller.AddToBatch(call);
      case MethodKind::kUnary:
        return poller.AddForWorkers(call);
      case MethodKind::kInline:
        return pipeline_.RunUnary(call);
      case MethodKind::kServerStream:
      case MethodKind::kClientStream:
      case MethodKind::kBidiStream:
        return HandToStreams(call);
    }
  }

  void OnGone() override {
    if (live_calls_.fetch_sub(1) != 1) return;
    MutexLock lock(&gone_mutex_);  // Shutdown looks again when this is released
  }

  bool stopping() const override { return stopping_.load(); }
  const RpcServerOptions& options() const override { return options_; }
  db::Pool* pool() const override { return parts_.pool; }
  const Clock& clock() const override { return *parts_.clock; }

 private:
  // gRPC cancels the calls that reach a server after its shutdown has begun, and no client tries a
  // cancelled call again. So calls are answered, new ones with "try another server", until none has
  // come for a while.
  void AwaitQuiet(absl::Duration wanted, absl::Time deadline) {
    for (;;) {
      AwaitNoCalls(deadline);
      const absl::Duration quiet = absl::Now() - absl::FromUnixMicros(last_arrival_.load());
      if (quiet >= wanted || absl::Now() + wanted - quiet >= deadline) return;
      absl::SleepFor(wanted - quiet);
    }
  }

  void AwaitNoCalls(absl::Time deadline) {
    const auto none_live = [this] { return live_calls_.load() == 0; };
    MutexLock lock(&gone_mutex_);
    gone_mutex_.AwaitWithDeadline(absl::Condition(&none_live), deadline);
  }

  void AddStandardServices() {
    std::vector<std::string> names;
    for (const MethodTable& table : tables_) names.push_back(table.service()->full_name());
    tables_.push_back(health_.Table());
    names.push_back(tables_.back().service()->full_name());
    if (!options_.reflection) return;
    for (MethodTable& table : ReflectionTables(std::move(names))) {
      tables_.push_back(std::move(table));
    }
  }

  absl::Status CheckTables() const {
    std::vector<std::string> permissions;
    for (const MethodTable& table : tables_) {
      CRM_RETURN_IF_ERROR(table.Check());
      for (int i = 0; i < table.service()->method_count(); ++i) {
        std::string permission = table.PermissionOf(*table.service()->method(i));
        if (permission != "public" && permission != "authenticated") {
          permissions.push_back(std::move(permission));
        }
      }
    }
    return parts_.policy->Get()->CheckGranted(permissions);
  }

  void ServeMethods() {
    std::vector<const google::protobuf::MethodDescriptor*> descriptors;
    for (const MethodTable& table : tables_) {
      for (int i = 0; i < table.service()->method_count(); ++i) {
        descriptors.push_back(table.service()->method(i));
      }
    }
    metrics_ = std::make_unique<metrics::RpcMetrics>(*parts_.metrics, descriptors);
    for (const MethodTable& table : tables_) {
      for (const auto& [name, entry] : table.entries()) {
        const auto& descriptor = *table.service()->FindMethodByName(name);
        ServedMethod method = ServedMethod::Make(descriptor, entry, table.PermissionOf(descriptor),
                                                 metrics_->Of(descriptor));
        method.slot = methods_.size();
        methods_.push_back(std::move(method));
        by_path_.emplace(methods_.back().path, &methods_.back());
      }
    }
  }

  absl::Status Listen() {
    grpc::ServerBuilder builder;
    SetLimits(options_, builder);
    builder.AddListeningPort(options_.listen, Credentials(options_), &port_);
    builder.RegisterAsyncGenericService(&generic_);
    for (int i = 0; i < options_.pollers; ++i) {
      pollers_.push_back(std::make_unique<Poller>(
          Poller::Parts{this, &generic_, &pipeline_, &workers_, &admission_, methods_.size()},
          builder.AddCompletionQueue()));
    }
    server_ = builder.BuildAndStart();
    if (server_ != nullptr && port_ != 0) return absl::OkStatus();
    return Error(absl::StatusCode::kFailedPrecondition, "LISTEN_FAILED",
                 absl::StrCat("cannot listen on ", options_.listen));
  }

  void Shed(GrpcCall& call) {
    metrics::MethodMetrics& metrics = *call.method().metrics;
    metrics.Shed();
    metrics.End(absl::StatusCode::kResourceExhausted, absl::Now() - call.arrival());
    call.Refuse(Overloaded());
  }

  void HandToStreams(GrpcCall& call) {
    Call* const one = &call;
    streams_.Push(absl::MakeConstSpan(&one, 1));
  }

  void RunUnary(Call& call) {
    const absl::Time start = absl::Now();
    pipeline_.RunUnary(call);
    admission_.Observe(Lane::kWorkers, absl::Now() - start, 1);
  }

  void RunStream(GrpcCall& call) {
    GrpcStreamWriter writer(call);
    GrpcStreamReader reader(call, pipeline_);
    switch (call.method().entry->kind) {
      case MethodKind::kServerStream:
        return pipeline_.RunServerStream(call, writer);
      case MethodKind::kClientStream:
        return pipeline_.RunClientStream(call, reader);
      default:
        return pipeline_.RunBidiStream(call, reader, writer);
    }
  }

  const RpcServerOptions options_;
  const RpcServerParts parts_;
  HealthService health_;
  std::vector<MethodTable> tables_;
  std::unique_ptr<metrics::RpcMetrics> metrics_;
  std::deque<ServedMethod> methods_;
  absl::flat_hash_map<std::string, const ServedMethod*> by_path_;

  Admission admission_;
  Pipeline pipeline_;
  WorkQueue workers_;
  WorkQueue streams_;

  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> live_calls_{0};
  std::atomic<int64_t> last_arrival_{0};  // microseconds
  Mutex gone_mutex_;

  // The queues of the pollers outlive the server.
  grpc::AsyncGenericService generic_;
  std::vector<std::unique_ptr<Poller>> pollers_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

RpcServer::RpcServer(RpcServerOptions options, RpcServerParts parts)
    : impl_(std::make_unique<Impl>(std::move(options), parts)) {}
RpcServer::~RpcServer() = default;

void RpcServer::Add(MethodTable table) { impl_->Add(std::move(table)); }
absl::Status RpcServer::Start() { return impl_->Start(); }
int RpcServer::port() const { return impl_->port(); }
void RpcServer::SetServing(bool serving) { impl_->SetServing(serving); }
void RpcServer::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }

}  // namespace crm::server
