// The bare echo: what gRPC costs by itself.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>

#include "bench/yardsticks.h"

namespace crm::bench {
namespace {

class EchoCall {
 public:
  EchoCall(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue), stream_(&context_) {
    service_.RequestCall(&context_, &stream_, &queue_, &queue_, this);
  }

  // The next step of the call; it ends with `this` being deleted.
  void Proceed(bool ok) {
    if (!ok || step_ == Step::kFinish) {
      delete this;
      return;
    }
    switch (step_) {
      case Step::kAccept:
        new EchoCall(service_, queue_);
        step_ = Step::kAnswer;
        return stream_.Read(&buffer_, this);
      case Step::kAnswer:
        step_ = Step::kFinish;
        return stream_.WriteAndFinish(buffer_, grpc::WriteOptions(), grpc::Status::OK, this);
      case Step::kFinish:
        return;
    }
  }

 private:
  enum class Step { kAccept, kAnswer, kFinish };

  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer buffer_;
  Step step_ = Step::kAccept;
};

}  // namespace

int ServeEcho(const std::string& address) {
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterAsyncGenericService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  new EchoCall(service, *queue);
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) static_cast<EchoCall*>(tag)->Proceed(ok);
  return 0;
}

}  // namespace crm::bench
