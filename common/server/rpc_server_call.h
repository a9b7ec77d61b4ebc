// The gRPC side of one call. Included by rpc_server_*.cc only.
#ifndef CRM_COMMON_SERVER_RPC_SERVER_CALL_H_
#define CRM_COMMON_SERVER_RPC_SERVER_CALL_H_

#include <grpcpp/generic/async_generic_service.h>

#include <array>
#include <atomic>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/server/call.h"
#include "common/server/wire_error.h"
#include "google/protobuf/arena.h"

namespace crm::server {

class GrpcCall;
class Poller;
struct RpcServerOptions;

// UNAVAILABLE, reason SERVER_STOPPING.
absl::Status ServerStopping();

// What the calls share; implemented by the server.
class CallHost {
 public:
  virtual ~CallHost() = default;
  // Null: no such method.
  virtual const ServedMethod* FindMethod(const std::string& path) const = 0;
  virtual void OnAccepted(GrpcCall& call, Poller& poller) = 0;
  virtual void OnRequestRead(GrpcCall& call, Poller& poller, bool ok) = 0;
  virtual void OnGone() = 0;
  virtual bool stopping() const = 0;
  virtual const RpcServerOptions& options() const = 0;
  virtual db::Pool* pool() const = 0;
  virtual const Clock& clock() const = 0;
};

// Lives from the moment it waits for a call until gRPC has told that the call is over and the
// answer is sent.
class GrpcCall final : public Call {
 public:
  // What a completion queue gives back.
  struct Tag {
    enum class Event { kAccepted, kRequestRead, kStreamMoved, kDone, kSent };
    GrpcCall* call;
    Event event;
  };

  explicit GrpcCall(CallHost& host);

  // Waits for the next call of a client.
  void Wait(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue);
  void On(Tag::Event event, bool ok, Poller& poller);
  // On the poller's thread: the answer that was given to Send.
  void Finish();

  const std::string& path() const { return grpc_context_.method(); }
  // Which method, when, until when.
  void Start(const ServedMethod& method);
  // Of a call that was let in: what its messages need.
  void MakeMessages();
  void ReadRequest();
  // At once: a call that was not let in, whose answer is the same for everybody.
  void Refuse(const WireError& error);

  // For streams, from a thread of their own; each waits until gRPC is done with the message.
  bool WriteMessage(const google::protobuf::Message& message);
  enum class ReadResult { kMessage, kEnd, kCut, kMalformed };
  ReadResult ReadMessage(google::protobuf::Message& message);
  // CANCELLED: the client is gone; DEADLINE_EXCEEDED; UNAUTHENTICATED: the token has expired
  // meanwhile; UNAVAILABLE: the server is stopping. OK otherwise.
  absl::Status Interruption() const;

  // Call:
  CallHeaders Headers() const override;
  absl::Status ParseRequest() override;
  bool Gone() const override { return gone_.load(); }
  void Send(const absl::Status& status) override;

 private:
  void OnDone();
  void OnStreamMoved(bool ok);
  // A cut stream ends like a complete one at first; the notice of the cut comes right after.
  bool AwaitCancelNotice();
  // Whether the read or write that was started succeeded.
  bool AwaitStream();
  void Release();
  std::string_view Metadata(const char* key) const;

  static constexpr size_t kFirstArenaBlock = 2048;

  CallHost& host_;
  grpc::GenericServerContext grpc_context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer buffer_;  // the request, later the answer
  grpc::Status status_;
  bool answer_has_message_ = false;
  Poller* poller_ = nullptr;  // that accepted the call
  alignas(8) std::array<char, kFirstArenaBlock> first_block_;
  google::protobuf::Arena arena_;

  Tag accepted_{this, Tag::Event::kAccepted};
  Tag request_read_{this, Tag::Event::kRequestRead};
  Tag stream_moved_{this, Tag::Event::kStreamMoved};
  Tag done_{this, Tag::Event::kDone};
  Tag sent_{this, Tag::Event::kSent};

  // The end of the call and the end of the answer.
  std::atomic<int> outstanding_{2};
  std::atomic<bool> gone_{false};

  Mutex mutex_;
  bool moved_ ABSL_GUARDED_BY(mutex_) = false;
  bool moved_ok_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_RPC_SERVER_CALL_H_
