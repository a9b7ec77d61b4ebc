// Calls unary gRPC methods over HTTP/2 at a few microseconds a call, so that a load on a machine
// that the server shares costs the server little. gRPC's own client, which users have, costs as
// much processor time for a call as gRPC's server; whoever measures what a server can do wants
// neither that nor a second machine. It speaks what gRPC speaks (docs of the protocol:
// PROTOCOL-HTTP2): the message with its length before it, grpc-timeout, grpc-status in the
// trailers.
//
// Answers are checked for their status and their length, not parsed.
//
//   CRM_ASSIGN_OR_RETURN(auto client, Http2Client::Connect("127.0.0.1:7001", token));
//   client->Call("/crm.customer.v1.CustomerService/GetCustomer", request, absl::Seconds(30),
//                [](const absl::Status& status) { … });
#ifndef CRM_BENCH_HTTP2_CLIENT_H_
#define CRM_BENCH_HTTP2_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace crm::bench {

// One connection and one thread. Thread-safe.
class Http2Client {
 public:
  using Done = std::function<void(const absl::Status&)>;

  // "host:port"; an empty token sends none.
  static absl::StatusOr<std::unique_ptr<Http2Client>> Connect(const std::string& address,
                                                              const std::string& token);
  // Ends when all calls have.
  ~Http2Client();

  // `done` runs on the client's thread; what is called from there goes out together.
  void Call(const std::string& path, const google::protobuf::Message& request,
            absl::Duration timeout, Done done);

 private:
  class Impl;
  explicit Http2Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace crm::bench

#endif  // CRM_BENCH_HTTP2_CLIENT_H_
