// The two directions of a stream, as handlers see them. Included by rpc_server_*.cc only.
#ifndef CRM_COMMON_SERVER_RPC_SERVER_STREAM_H_
#define CRM_COMMON_SERVER_RPC_SERVER_STREAM_H_

#include "common/server/pipeline.h"
#include "common/server/rpc_server_call.h"

namespace crm::server {

class GrpcStreamWriter : public AnyStreamWriter {
 public:
  explicit GrpcStreamWriter(GrpcCall& call) : call_(call) {}

  bool Write(const google::protobuf::Message& message) override;
  absl::Status Interruption() const override { return call_.Interruption(); }

 private:
  GrpcCall& call_;
};

class GrpcStreamReader : public AnyStreamReader {
 public:
  GrpcStreamReader(GrpcCall& call, const Pipeline& pipeline) : call_(call), pipeline_(pipeline) {}

  bool Read(google::protobuf::Message& message) override;
  absl::Status status() const override { return status_; }

 private:
  GrpcCall& call_;
  const Pipeline& pipeline_;
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_RPC_SERVER_STREAM_H_
