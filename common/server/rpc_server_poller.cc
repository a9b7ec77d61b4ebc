#include "common/server/rpc_server_poller.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/server/no_connection.h"
#include "common/server/rpc_server.h"

namespace crm::server {
namespace {

// Calls that gRPC may give to a poller before it asks for more. Others wait inside gRPC, unseen by
// the admission, so there are plenty.
constexpr int kWaitingCalls = 256;
// Events taken before a batch is answered: the flood of a busy client must not starve the calls
// that were let in. A refused call is three events; what is beyond waits for milliseconds.
constexpr int kMostEvents = 512;
// After a failure to connect, calls fail at once for this long instead of each waiting in turn.
constexpr absl::Duration kReconnectPause = absl::Milliseconds(200);
// A poller does nothing else while it waits for its connection or for a batch.
constexpr absl::Duration kAcquireTimeout = absl::Seconds(1);
constexpr absl::Duration kBatchTimeout = absl::Seconds(2);

// The poller whose thread this is.
thread_local const Poller* current = nullptr;

absl::Time LatestDeadline(absl::Span<Call* const> batch) {
  absl::Time latest = absl::InfinitePast();
  for (Call* call : batch) latest = std::max(latest, call->context().deadline());
  return latest;
}

}  // namespace

Poller::Poller(Parts parts, std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : parts_(parts), queue_(std::move(queue)), batches_(parts.methods) {}

void Poller::Start() {
  for (int i = 0; i < kWaitingCalls; ++i) WaitForNextCall();
  thread_ = std::thread(&Poller::Run, this);
}

void Poller::Stop() {
  queue_->Shutdown();
  if (thread_.joinable()) thread_.join();
}

void Poller::WaitForNextCall() {
  // Deletes itself: see GrpcCall.
  (new GrpcCall(*parts_.host))->Wait(*parts_.service, *queue_);
}

void Poller::Run() {
  current = this;
  void* tag = nullptr;
  bool ok = false;
  for (;;) {
    if (waiting_methods_.empty() && BeginWait()) {
      if (!queue_->Next(&tag, &ok)) break;
      Dispatch(tag, ok);
    }
    parts_.admission->Arrivals(Drain(), absl::Now());
    HandToWorkers();
    SendAnswers();
    AnswerNextBatch();
  }
  lease_.reset();
}

void Poller::Finish(GrpcCall& call) {
  if (current == this) return call.Finish();
  MutexLock lock(&answers_mutex_);
  answers_.push_back(&call);
  if (!waits_ || wake_is_due_) return;
  wake_is_due_ = true;
  // Under the lock: the poller, which may have been woken by something else, must not send the
  // server's last answer and end before this has returned.
  wake_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), &wake_);
}

bool Poller::BeginWait() {
  MutexLock lock(&answers_mutex_);
  waits_ = answers_.empty();
  return waits_;
}

void Poller::SendAnswers() {
  {
    MutexLock lock(&answers_mutex_);
    waits_ = false;
    sending_.swap(answers_);
  }
  for (GrpcCall* call : sending_) call->Finish();
  sending_.clear();
}

void Poller::Dispatch(void* tag, bool ok) {
  if (tag == &wake_) {
    MutexLock lock(&answers_mutex_);
    wake_is_due_ = false;
    return;
  }
  const auto* known = static_cast<GrpcCall::Tag*>(tag);
  known->call->On(known->event, ok, *this);
}

bool Poller::Drain() {
  const gpr_timespec no_wait = gpr_inf_past(GPR_CLOCK_REALTIME);
  void* tag = nullptr;
  bool ok = false;
  for (int i = 0; i < kMostEvents; ++i) {
    if (queue_->AsyncNext(&tag, &ok, no_wait) != grpc::CompletionQueue::GOT_EVENT) return true;
    Dispatch(tag, ok);
  }
  return false;
}

void Poller::HandToWorkers() {
  parts_.workers->Push(for_workers_);
  for_workers_.clear();
}

void Poller::AddToBatch(GrpcCall& call) {
  const size_t slot = call.method().slot;
  if (batches_[slot].empty()) waiting_methods_.push_back(slot);
  batches_[slot].push_back(&call);
}

void Poller::AnswerNextBatch() {
  if (waiting_methods_.empty()) return;
  const size_t slot = waiting_methods_.front();
  waiting_methods_.pop_front();
  std::deque<Call*>& waiting = batches_[slot];
  const size_t count = std::min(waiting.size(), parts_.host->options().max_batch);
  const std::vector<Call*> batch(waiting.begin(), waiting.begin() + static_cast<int64_t>(count));
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<int64_t>(count));
  if (!waiting.empty()) waiting_methods_.push_back(slot);

  const absl::Time start = absl::Now();
  const absl::StatusOr<db::Connection*> connection = Connection(batch);
  if (connection.ok()) {
    parts_.pipeline->RunBatch(batch, **connection);
  } else {
    for (Call* call : batch) parts_.pipeline->Answer(*call, connection.status());
  }
  parts_.admission->Observe(Lane::kBatch, absl::Now() - start, count);
}

absl::StatusOr<db::Connection*> Poller::Connection(absl::Span<Call* const> batch) {
  db::Pool* const pool = parts_.host->pool();
  if (pool == nullptr) {
    static NoConnection* const kNone = new NoConnection();
    return kNone;
  }
  const absl::Time now = absl::Now();
  if (lease_.has_value() && !(*lease_)->usable()) lease_.reset();
  if (!lease_.has_value()) {
    if (now < no_connection_before_) return connection_error_;
    absl::StatusOr<db::Pool::Lease> lease = pool->Acquire(now + kAcquireTimeout);
    if (!lease.ok()) {
      no_connection_before_ = absl::Now() + kReconnectPause;
      connection_error_ = lease.status();
      return connection_error_;
    }
    lease_ = *std::move(lease);
  }
  (*lease_)->SetDeadline(std::min(LatestDeadline(batch), now + kBatchTimeout));
  return &**lease_;
}

}  // namespace crm::server
