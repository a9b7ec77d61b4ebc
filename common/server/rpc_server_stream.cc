#include "common/server/rpc_server_stream.h"

#include "common/error/error.h"

namespace crm::server {

bool GrpcStreamWriter::Write(const google::protobuf::Message& message) {
  return call_.WriteMessage(message);
}

bool GrpcStreamReader::Read(google::protobuf::Message& message) {
  if (ended_) return false;
  switch (call_.ReadMessage(message)) {
    case GrpcCall::ReadResult::kMessage:
      status_ = pipeline_.Validate(call_, message);
      break;
    case GrpcCall::ReadResult::kEnd:
      ended_ = true;
      break;
    case GrpcCall::ReadResult::kCut:
      status_ = Error(absl::StatusCode::kCancelled, "STREAM_CUT",
                      "the stream ended before the client had ended it");
      break;
    case GrpcCall::ReadResult::kMalformed:
      status_ = Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
                      "a message of the stream is not of the method's type");
      break;
  }
  ended_ = ended_ || !status_.ok();
  return !ended_;
}

}  // namespace crm::server
