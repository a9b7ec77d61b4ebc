// A thread that polls gRPC and answers batched reads in place. Included by rpc_server_*.cc only.
#ifndef CRM_COMMON_SERVER_RPC_SERVER_POLLER_H_
#define CRM_COMMON_SERVER_RPC_SERVER_POLLER_H_

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>

#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/server/admission.h"
#include "common/server/pipeline.h"
#include "common/server/rpc_server_call.h"
#include "common/server/work_queue.h"

namespace crm::server {

class Poller {
 public:
  struct Parts {
    CallHost* host;
    grpc::AsyncGenericService* service;
    Pipeline* pipeline;
    WorkQueue* workers;
    Admission* admission;
    size_t methods;  // number of method slots
  };

  Poller(Parts parts, std::unique_ptr<grpc::ServerCompletionQueue> queue);

  // Once the server runs.
  void Start();
  // Once no call is left: takes what gRPC still gives back and ends.
  void Stop();

  // From the calls' events, on the poller's thread.
  void WaitForNextCall();
  void AddToBatch(GrpcCall& call);
  void AddForWorkers(GrpcCall& call) { for_workers_.push_back(&call); }

  // From any thread: has the call's answer sent, at once on this poller's thread, by it otherwise.
  // gRPC works for a connection on whichever thread touches it, for others' calls, too: a thread
  // that commits or waits for the database must not be drawn into that.
  void Finish(GrpcCall& call);

 private:
  // Whether there was nothing to send, so that the thread may wait for events.
  bool BeginWait();
  void SendAnswers();
  void Run();
  void Dispatch(void* tag, bool ok);
  // Whether there was nothing left to take.
  bool Drain();
  void HandToWorkers();
  void AnswerNextBatch();
  // The poller's own connection; an error that all calls of the batch get.
  absl::StatusOr<db::Connection*> Connection(absl::Span<Call* const> batch);

  const Parts parts_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;

  // Waiting calls by method, and the methods that have some, in order of arrival.
  std::vector<std::deque<Call*>> batches_;
  std::deque<size_t> waiting_methods_;
  std::vector<Call*> for_workers_;

  Mutex answers_mutex_;
  std::vector<GrpcCall*> answers_ ABSL_GUARDED_BY(answers_mutex_);
  bool waits_ ABSL_GUARDED_BY(answers_mutex_) = false;
  bool wake_is_due_ ABSL_GUARDED_BY(answers_mutex_) = false;
  std::vector<GrpcCall*> sending_;
  grpc::Alarm wake_;  // one at a time: set by who makes wake_is_due_ true

  std::optional<db::Pool::Lease> lease_;
  absl::Time no_connection_before_ = absl::InfinitePast();
  absl::Status connection_error_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_RPC_SERVER_POLLER_H_
