#include "common/server/pipeline.h"

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/error/error.h"
#include "common/metrics/rpc_metrics.h"
#include "common/schema/copy.h"
#include "common/schema/language.h"
#include "common/schema/mask.h"
#include "common/schema/validate.h"
#include "common/server/trace_context.h"
#include "common/server/wire_error.h"

namespace crm::server {
namespace {

using db::DbErrorClass;

constexpr absl::Duration kFirstPause = absl::Milliseconds(1);
constexpr absl::Duration kRetryHint = absl::Milliseconds(100);
// Of a request id in a log line.
constexpr size_t kLoggedRequestIdBytes = 64;

absl::Status Expired() {
  return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
               "the deadline passed before the answer");
}

absl::Status ClientGone() {
  return Error(absl::StatusCode::kCancelled, "CLIENT_GONE", "the client has ended the call");
}

absl::Status Reused() {
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
               "the request id was used for another request")
      .Field("request_id", "REUSED", "use a new id for a new request");
}

absl::Status StillConflicting() {
  return Error(absl::StatusCode::kAborted, "WRITE_CONFLICT",
               "the change kept colliding with others")
      .RetryAfter(kRetryHint);
}

absl::Status CommitUnknown() {
  return Error(absl::StatusCode::kUnavailable, "COMMIT_UNKNOWN",
               "the database was lost while committing: the change may or may not have happened");
}

absl::Status NoCommitter() {
  return Error(absl::StatusCode::kFailedPrecondition, "NO_DATABASE",
               "the server has no database to write to");
}

// Handlers return statuses; what they throw is a bug of theirs and must not end the server.
template <typename Handler>
absl::Status Guarded(Handler&& handler) {
  try {
    return handler();
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("handler threw: ", error.what()));
  }
}

bool MayRunAgain(DbErrorClass error) {
  return error == DbErrorClass::kDuplicateKey || error == DbErrorClass::kWriteConflict ||
         error == DbErrorClass::kRetryable || error == DbErrorClass::kConnectionLost;
}

// What the caller is told when no further run is left.
absl::Status FinalError(const absl::Status& status) {
  switch (db::ClassOf(status)) {
    case DbErrorClass::kWriteConflict:
    case DbErrorClass::kRetryable:
      return StillConflicting();
    case DbErrorClass::kCommitUnknown:
      return CommitUnknown();
    default:
      return status;
  }
}

absl::Duration PauseBefore(int attempt) {
  if (attempt <= 1) return absl::ZeroDuration();
  absl::InsecureBitGen random;
  return kFirstPause * absl::Uniform(random, 0.0, static_cast<double>(1 << attempt));
}

// A write can fail a moment before the reason is known.
absl::Status EndOfCutStream(const AnyStreamWriter& writer) {
  absl::Status reason = writer.Interruption();
  if (!reason.ok()) return reason;
  return ClientGone();
}

// Masks each message on its way out.
class MaskingWriter : public AnyStreamWriter {
 public:
  MaskingWriter(Call& call, AnyStreamWriter& writer) : call_(call), writer_(writer) {}

  bool Write(const google::protobuf::Message& message) override {
    if (!call_.method().sensitive_response) return Told(writer_.Write(message));
    schema::CopyMessage(message, call_.response());
    schema::MaskSensitive(call_.response(), call_.viewer);
    return Told(writer_.Write(call_.response()));
  }
  absl::Status Interruption() const override {
    absl::Status status = writer_.Interruption();
    Told(status.ok());
    return status;
  }

  // Whether the handler was told to end before it was done: the answer must not look complete.
  bool cut_short() const { return cut_short_; }

 private:
  bool Told(bool go_on) const {
    if (!go_on) cut_short_ = true;
    return go_on;
  }

  Call& call_;
  AnyStreamWriter& writer_;
  mutable bool cut_short_ = false;
};

}  // namespace

Pipeline::Pipeline(Parts parts)
    : parts_(std::move(parts)),
      idempotency_(parts_.keyring == nullptr
                       ? std::nullopt
                       : std::optional<IdempotencyStore>(std::in_place, *parts_.keyring)) {}

void Pipeline::Begin(Call& call) const {
  const CallHeaders headers = call.Headers();
  CallContext::Info& info = call.context().info();
  info.method = call.method().name;
  info.start = parts_.clock->Now();
  info.language = schema::ParseAcceptLanguage(headers.accept_language);
  TraceContext trace = ContinueTrace(headers.traceparent);
  info.trace_id = std::move(trace.trace_id);
  info.traceparent = std::move(trace.traceparent);
}

absl::Status Pipeline::PassGate(Call& call) const {
  CRM_ASSIGN_OR_RETURN(Gate::Pass pass, parts_.gate.Admit(call.method(), call.Headers()));
  CallContext::Info& info = call.context().info();
  info.caller = std::move(pass.caller);
  info.scope = std::move(pass.scope);
  call.viewer = std::move(pass.viewer);
  info.plain_kinds = call.viewer.plain_kinds;
  return absl::OkStatus();
}

absl::Status Pipeline::Prepare(Call& call) const {
  if (call.Gone()) return ClientGone();
  if (call.context().expired()) return Expired();
  CRM_RETURN_IF_ERROR(PassGate(call));
  CRM_RETURN_IF_ERROR(call.ParseRequest());
  CRM_RETURN_IF_ERROR(Validate(call, call.request()));
  ReadRequestFields(call);
  return absl::OkStatus();
}

absl::Status Pipeline::Validate(Call& call, google::protobuf::Message& message) const {
  return schema::NormalizeAndValidate(message, call.context().language(), call.context().now());
}

void Pipeline::ReadRequestFields(Call& call) const {
  const google::protobuf::Message& request = call.request();
  CallContext::Info& info = call.context().info();
  if (const auto* field = call.method().request_id) {
    info.request_id = request.GetReflection()->GetString(request, field);
  }
  if (const auto* field = call.method().validate_only) {
    info.validate_only = request.GetReflection()->GetBool(request, field);
  }
}

void Pipeline::RunUnary(Call& call) {
  CallContext& context = call.context();
  if (context.attempt() == 0) {
    call.method().metrics->Waited(absl::Now() - call.arrival());
    if (absl::Status status = Prepare(call); !status.ok()) return Answer(call, std::move(status));
  } else if (context.expired()) {
    return Answer(call, Expired());
  } else if (IsIdempotent(call) && AnswerFromStore(call)) {
    return;
  }

  absl::Status status =
      Guarded([&] { return call.method().entry->unary(context, call.request(), call.response()); });
  const bool has_change = status.ok() && !context.validate_only() && !context.writes().empty();
  if (has_change) return Commit(call);
  // Failed, or found nothing to do: perhaps because an earlier call with this id has done it.
  if (IsIdempotent(call) && AnswerFromStore(call)) return;
  Answer(call, std::move(status));
}

bool Pipeline::IsIdempotent(Call& call) const {
  return idempotency_.has_value() && !call.context().request_id().empty() &&
         !call.context().validate_only();
}

IdempotencyStore::Key Pipeline::KeyOf(Call& call) const {
  const CallContext& context = call.context();
  return idempotency_->MakeKey(context.caller(), call.method(), context.request_id(),
                               call.request());
}

absl::StatusOr<IdempotencyStore::Found> Pipeline::FindStored(Call& call) const {
  CRM_ASSIGN_OR_RETURN(db::Connection* const connection, call.context().Db());
  return idempotency_->Find(KeyOf(call), call.context().now(), *connection);
}

bool Pipeline::AnswerFromStore(Call& call) {
  const absl::StatusOr<IdempotencyStore::Found> found = FindStored(call);
  if (!found.ok()) {
    Answer(call, found.status());
    return true;
  }
  switch (found->outcome) {
    case IdempotencyStore::Outcome::kAbsent:
      call.expired_answer.reset();
      return false;
    case IdempotencyStore::Outcome::kExpired:
      call.expired_answer = found->create_time;
      return false;
    case IdempotencyStore::Outcome::kReused:
      Answer(call, Reused());
      return true;
    case IdempotencyStore::Outcome::kStored:
      AnswerStored(call, found->response);
      return true;
  }
  return false;
}

void Pipeline::AnswerStored(Call& call, const std::string& response) {
  call.method().metrics->Replay();
  if (!call.response().ParseFromString(response)) {
    return Answer(call, absl::DataLossError("a stored answer cannot be read"));
  }
  Answer(call, absl::OkStatus());
}

void Pipeline::Commit(Call& call) {
  if (parts_.committer == nullptr) return Answer(call, NoCommitter());
  CallContext& context = call.context();
  if (IsIdempotent(call)) {
    idempotency_->Remember(KeyOf(call), call.response(), context.now(), call.expired_answer,
                           context.writes());
  }
  context.ReleaseDb();
  parts_.committer->CommitAsync(std::move(context.writes()), context.deadline(),
                                [this, &call](absl::Status status) { AfterCommit(call, status); });
}

void Pipeline::AfterCommit(Call& call, const absl::Status& status) {
  if (status.ok()) {
    call.context().RunAfterCommit();
    return Answer(call, status);
  }
  const DbErrorClass error = db::ClassOf(status);
  // Whether an unknown commit happened is told by the stored answer.
  const bool answer_will_tell = error == DbErrorClass::kCommitUnknown && IsIdempotent(call);
  const bool has_runs_left = call.context().attempt() + 1 < kMaxRuns;
  if (has_runs_left && (MayRunAgain(error) || answer_will_tell)) return RunAgain(call);
  Answer(call, FinalError(status));
}

void Pipeline::RunAgain(Call& call) {
  call.method().metrics->Rerun();
  call.context().StartNextAttempt();
  call.response().Clear();
  parts_.run_again(call, PauseBefore(call.context().attempt()));
}

void Pipeline::RunBatch(absl::Span<Call* const> calls, db::Connection& connection) {
  std::vector<Call*> ready;
  std::vector<BatchItem> items;
  ready.reserve(calls.size());
  items.reserve(calls.size());
  for (Call* call : calls) {
    call->method().metrics->Waited(absl::Now() - call->arrival());
    if (absl::Status status = Prepare(*call); !status.ok()) {
      Answer(*call, std::move(status));
    } else {
      ready.push_back(call);
      items.push_back({&call->context(), &call->request(), &call->response(), {}});
    }
  }
  if (ready.empty()) return;
  const absl::Status status = Guarded([&] {
    ready.front()->method().entry->batch(connection, absl::MakeSpan(items));
    return absl::OkStatus();
  });
  for (size_t i = 0; i < ready.size(); ++i) {
    Answer(*ready[i], status.ok() ? std::move(items[i].status) : status);
  }
}

void Pipeline::RunBidiStream(Call& call, AnyStreamReader& reader, AnyStreamWriter& writer) {
  if (absl::Status status = PassGate(call); !status.ok()) return Answer(call, std::move(status));
  MaskingWriter masking(call, writer);
  absl::Status status =
      Guarded([&] { return call.method().entry->bidi_stream(call.context(), reader, masking); });
  if (status.ok()) status = reader.status();
  if (status.ok()) status = CommitStream(call);
  if (status.ok() && masking.cut_short()) status = EndOfCutStream(writer);
  Answer(call, std::move(status));
}

void Pipeline::RunServerStream(Call& call, AnyStreamWriter& writer) {
  if (absl::Status status = Prepare(call); !status.ok()) return Answer(call, std::move(status));
  MaskingWriter masking(call, writer);
  absl::Status status = Guarded(
      [&] { return call.method().entry->server_stream(call.context(), call.request(), masking); });
  if (status.ok()) status = CommitStream(call);
  if (status.ok() && masking.cut_short()) status = EndOfCutStream(writer);
  Answer(call, std::move(status));
}

void Pipeline::RunClientStream(Call& call, AnyStreamReader& reader) {
  if (absl::Status status = PassGate(call); !status.ok()) return Answer(call, std::move(status));
  absl::Status status = Guarded(
      [&] { return call.method().entry->client_stream(call.context(), reader, call.response()); });
  if (status.ok()) status = reader.status();
  if (status.ok()) status = CommitStream(call);
  Answer(call, std::move(status));
}

// A stream cannot be run again: its messages are gone.
absl::Status Pipeline::CommitStream(Call& call) {
  CallContext& context = call.context();
  if (context.writes().empty()) return absl::OkStatus();
  if (parts_.committer == nullptr) return NoCommitter();
  context.ReleaseDb();
  const absl::Status status =
      parts_.committer->Commit(std::move(context.writes()), context.deadline());
  if (!status.ok()) return FinalError(status);
  context.RunAfterCommit();
  return absl::OkStatus();
}

void Pipeline::Answer(Call& call, absl::Status status) {
  call.context().ReleaseDb();
  if (status.ok() && call.method().sensitive_response) {
    schema::MaskSensitive(call.response(), call.viewer);
  }
  const absl::Duration latency = absl::Now() - call.arrival();
  call.method().metrics->End(status.code(), latency);
  Log(call, status, latency);
  call.place.Leave();
  call.Send(status);
}

void Pipeline::Log(Call& call, const absl::Status& status, absl::Duration latency) const {
  // What was shed or was the caller's fault must not flood the log under overload.
  const bool is_slow = latency > call.method().metrics->objective();
  log::Level level = log::Level::kDebug;
  if (IsServerFault(status)) {
    level = log::Level::kError;
  } else if (status.code() != absl::StatusCode::kResourceExhausted && (!status.ok() || is_slow)) {
    level = log::Level::kInfo;
  }
  if (!parts_.log->Enabled(level)) return;
  const CallContext& context = call.context();
  parts_.log->Write(level, status.ok() ? "call" : ToStd(status.message()),
                    {{"rpc_service", call.method().service},
                     {"method", call.method().name},
                     {"code", metrics::GrpcCodeName(status.code())},
                     {"reason", status.ok() ? std::string() : ErrorReason(status)},
                     {"latency_ms", absl::ToDoubleMilliseconds(latency)},
                     {"request_id", ToStd(context.request_id()).substr(0, kLoggedRequestIdBytes)},
                     {"trace_id", context.trace_id()},
                     {"caller", context.caller().id}});
}

}  // namespace crm::server
