// Calls to our services, typed by the messages alone: no generated stubs, no gRPC in sight.
//
//   CRM_ASSIGN_OR_RETURN(auto channel, Channel::Connect({.address = "dns:///customer:8443",
//                                                        .token = token}));
//   auto customer = channel->Call<GetCustomerRequest, Customer>(
//       "/crm.customer.v1.CustomerService/GetCustomer", request, {.timeout = absl::Seconds(1)});
//
// Errors are those of the server with their google.rpc details (crm::ErrorReason …); a server that
// cannot be reached is UNAVAILABLE. Addresses of a headless DNS name are used in turn. Reads, and
// changes that carry a request_id, are tried again after UNAVAILABLE, at most kMaxTries times; a
// change without a request id never is, because the first try may have happened. A server that is
// about to stop refuses calls before it begins with them: these all go to another address at once.
//
// Thread-safe; a stream is used by one thread at a time.
#ifndef CRM_COMMON_CLIENT_CHANNEL_H_
#define CRM_COMMON_CLIENT_CHANNEL_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace crm::client {

struct ConnectOptions {
  std::string address = {};      // `host:port`, `dns:///name:port`, `unix:/path`
  std::string token = {};        // sent as `authorization: Bearer`; empty = none
  std::string ca = {};           // PEM file: TLS is used and the server checked against it
  std::string certificate = {};  // PEM files: shown to the server (mutual TLS)
  std::string private_key = {};
  // How often these files are looked at; new connections use what they hold.
  absl::Duration tls_reload = absl::Minutes(1);
  std::string server_name = {};  // the name in the server's certificate if it is not the address
  bool own_connection = false;   // do not share a connection with other channels to the address
};

struct CallOptions {
  absl::Duration timeout = absl::Seconds(30);
  std::string accept_language = {};
  std::string traceparent = {};
  std::string token = {};  // instead of the channel's
  bool retry = true;
};

// The messages of a server stream.
//
//   while (stream.Next(event)) Apply(event);
//   return stream.Finish();
class AnyServerStream {
 public:
  class Impl;
  explicit AnyServerStream(std::unique_ptr<Impl> impl);
  AnyServerStream(AnyServerStream&&) noexcept;
  ~AnyServerStream();  // cancels what was not read

  // False at the end; Finish() then says why.
  bool Next(google::protobuf::Message& message);
  void Cancel();
  absl::Status Finish();

 private:
  std::unique_ptr<Impl> impl_;
};

// Sends the messages of a client stream and takes the answer.
class AnyClientStream {
 public:
  class Impl;
  explicit AnyClientStream(std::unique_ptr<Impl> impl);
  AnyClientStream(AnyClientStream&&) noexcept;
  ~AnyClientStream();  // cancels what was not finished

  // False: the server has ended the call; Finish() says why.
  bool Write(const google::protobuf::Message& message);
  void Cancel();
  absl::Status Finish(google::protobuf::Message& response);

 private:
  std::unique_ptr<Impl> impl_;
};

class Channel {
 public:
  static constexpr int kMaxTries = 4;

  // Connects at the first call. FAILED_PRECONDITION, reason TLS_FILES_INVALID: a PEM file cannot be
  // read.
  static absl::StatusOr<std::unique_ptr<Channel>> Connect(ConnectOptions options);
  ~Channel();  // waits for asynchronous calls

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(std::string_view method, const Request& request,
                                const CallOptions& options = {}) {
    Response response;
    absl::Status status = CallAny(method, request, response, options);
    if (!status.ok()) return status;
    return response;
  }
  absl::Status CallAny(std::string_view method, const google::protobuf::Message& request,
                       google::protobuf::Message& response, const CallOptions& options = {});

  // Many calls at once from one thread: for load generators. `done` runs on the channel's own
  // thread and must not block; it may start further calls. Not tried again.
  template <typename Request, typename Response>
  void CallAsync(std::string_view method, const Request& request, const CallOptions& options,
                 std::function<void(absl::StatusOr<Response>)> done) {
    auto response = std::make_shared<Response>();
    google::protobuf::Message& target = *response;
    CallAnyAsync(method, request, target, options,
                 [response, done = std::move(done)](absl::Status status) {
                   status.ok() ? done(std::move(*response)) : done(std::move(status));
                 });
  }
  // `response` lives until `done` has run.
  void CallAnyAsync(std::string_view method, const google::protobuf::Message& request,
                    google::protobuf::Message& response, const CallOptions& options,
                    std::function<void(absl::Status)> done);

  AnyServerStream ServerStream(std::string_view method, const google::protobuf::Message& request,
                               const CallOptions& options = {.timeout = absl::InfiniteDuration()});
  AnyClientStream ClientStream(std::string_view method,
                               const CallOptions& options = {.timeout = absl::InfiniteDuration()});

 private:
  class Impl;
  explicit Channel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace crm::client

#endif  // CRM_COMMON_CLIENT_CHANNEL_H_
