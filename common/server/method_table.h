// RPC name → handler. A service registers plain functions; nothing of gRPC reaches them.
//
//   MethodTable table(CustomerService::descriptor());   // from the proto's file descriptor
//   table.Batch<GetCustomerRequest, Customer>("GetCustomer", …);
//   table.Unary<CreateCustomerRequest, Customer>(
//       "CreateCustomer", [&](CallContext& call, const CreateCustomerRequest& request) {
//         return handlers.Create(call, request);
//       });
//
// Registering checks the message types against the proto; the server refuses to start when an RPC
// has no handler or declares no permission (PLT-13).
#ifndef CRM_COMMON_SERVER_METHOD_TABLE_H_
#define CRM_COMMON_SERVER_METHOD_TABLE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/server/call_context.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace crm::server {

// One call of a batch. The handler sets `status`, or fills `response`.
struct BatchItem {
  CallContext* call;
  const google::protobuf::Message* request;
  google::protobuf::Message* response;
  absl::Status status;
};

// Sends the messages of a server stream. Blocks while the client is slow; false once the client is
// gone, the deadline has passed or the server is shutting down: return then.
class AnyStreamWriter {
 public:
  virtual ~AnyStreamWriter() = default;
  virtual bool Write(const google::protobuf::Message& message) = 0;
  virtual bool Cancelled() const { return !Interruption().ok(); }
  // Why the stream has to end before the handler is done; OK while it has not.
  virtual absl::Status Interruption() const = 0;
};

template <typename Response>
class StreamWriter {
 public:
  explicit StreamWriter(AnyStreamWriter& writer) : writer_(writer) {}
  bool Write(const Response& message) { return writer_.Write(message); }
  bool Cancelled() const { return writer_.Cancelled(); }

 private:
  AnyStreamWriter& writer_;
};

// Reads the messages of a client stream; false at its end. Each message is validated by its
// declarations; the first bad one ends the stream with its error in `status`.
class AnyStreamReader {
 public:
  virtual ~AnyStreamReader() = default;
  virtual bool Read(google::protobuf::Message& message) = 0;
  virtual absl::Status status() const = 0;
};

template <typename Request>
class StreamReader {
 public:
  explicit StreamReader(AnyStreamReader& reader) : reader_(reader) {}
  bool Read(Request& message) { return reader_.Read(message); }
  absl::Status status() const { return reader_.status(); }

 private:
  AnyStreamReader& reader_;
};

enum class MethodKind {
  kUnary,
  kBatch,
  // Answered by the polling thread itself and never shed: must not wait for anything.
  kInline,
  kServerStream,
  kClientStream,
  kBidiStream
};

inline bool IsStream(MethodKind kind) {
  return kind == MethodKind::kServerStream || kind == MethodKind::kClientStream ||
         kind == MethodKind::kBidiStream;
}

struct MethodEntry {
  using Unary = std::function<absl::Status(CallContext&, const google::protobuf::Message&,
                                           google::protobuf::Message&)>;
  // All calls of one method that are waiting, answered with one query. `connection` is the polling
  // thread's own: short reads only, by key.
  using Batch = std::function<void(db::Connection& connection, absl::Span<BatchItem> calls)>;
  using ServerStream =
      std::function<absl::Status(CallContext&, const google::protobuf::Message&, AnyStreamWriter&)>;
  using ClientStream =
      std::function<absl::Status(CallContext&, AnyStreamReader&, google::protobuf::Message&)>;
  using BidiStream = std::function<absl::Status(CallContext&, AnyStreamReader&, AnyStreamWriter&)>;

  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  const google::protobuf::Message* request_prototype = nullptr;
  const google::protobuf::Message* response_prototype = nullptr;
  MethodKind kind = MethodKind::kUnary;
  Unary unary;
  Batch batch;
  ServerStream server_stream;
  ClientStream client_stream;
  BidiStream bidi_stream;
};

class MethodTable {
 public:
  // `undeclared`: the permission of RPCs whose proto is not ours and declares none.
  explicit MethodTable(const google::protobuf::ServiceDescriptor* service,
                       std::string undeclared = "")
      : service_(service), undeclared_(std::move(undeclared)) {}

  template <typename Request, typename Response, typename Handler>
  void Unary(std::string_view method, Handler handler) {
    AddUnary<Request, Response>(MethodKind::kUnary, method, std::move(handler));
  }
  template <typename Request, typename Response, typename Handler>
  void Inline(std::string_view method, Handler handler) {
    AddUnary<Request, Response>(MethodKind::kInline, method, std::move(handler));
  }

  // `handler(db::Connection&, absl::Span<BatchItem>)`
  template <typename Request, typename Response>
  void Batch(std::string_view method, MethodEntry::Batch handler) {
    MethodEntry entry = Entry<Request, Response>(MethodKind::kBatch);
    entry.batch = std::move(handler);
    Add(method, std::move(entry));
  }

  // `handler(CallContext&, const Request&, StreamWriter<Response>&) -> absl::Status`
  template <typename Request, typename Response, typename Handler>
  void ServerStream(std::string_view method, Handler handler) {
    MethodEntry entry = Entry<Request, Response>(MethodKind::kServerStream);
    entry.server_stream = [handler = std::move(handler)](CallContext& call,
                                                         const google::protobuf::Message& request,
                                                         AnyStreamWriter& writer) -> absl::Status {
      StreamWriter<Response> typed(writer);
      return handler(call, static_cast<const Request&>(request), typed);
    };
    Add(method, std::move(entry));
  }

  // `handler(CallContext&, StreamReader<Request>&) -> absl::StatusOr<Response>`
  template <typename Request, typename Response, typename Handler>
  void ClientStream(std::string_view method, Handler handler) {
    MethodEntry entry = Entry<Request, Response>(MethodKind::kClientStream);
    entry.client_stream = [handler = std::move(handler)](CallContext& call, AnyStreamReader& reader,
                                                         google::protobuf::Message& response) {
      StreamReader<Request> typed(reader);
      absl::StatusOr<Response> result = handler(call, typed);
      if (!result.ok()) return std::move(result).status();
      static_cast<Response&>(response) = *std::move(result);
      return absl::OkStatus();
    };
    Add(method, std::move(entry));
  }

  // `handler(CallContext&, StreamReader<Request>&, StreamWriter<Response>&) -> absl::Status`
  template <typename Request, typename Response, typename Handler>
  void BidiStream(std::string_view method, Handler handler) {
    MethodEntry entry = Entry<Request, Response>(MethodKind::kBidiStream);
    entry.bidi_stream = [handler = std::move(handler)](CallContext& call, AnyStreamReader& reader,
                                                       AnyStreamWriter& writer) -> absl::Status {
      StreamReader<Request> typed_reader(reader);
      StreamWriter<Response> typed_writer(writer);
      return handler(call, typed_reader, typed_writer);
    };
    Add(method, std::move(entry));
  }

  const google::protobuf::ServiceDescriptor* service() const { return service_; }
  // As the proto declares it, else the table's own.
  std::string PermissionOf(const google::protobuf::MethodDescriptor& method) const;
  const std::map<std::string, MethodEntry, std::less<>>& entries() const { return entries_; }
  // Names and types that do not fit the proto, RPCs without handler or permission.
  absl::Status Check() const;

 private:
  template <typename Request, typename Response>
  static MethodEntry Entry(MethodKind kind) {
    MethodEntry entry;
    entry.kind = kind;
    entry.request_prototype = &Request::default_instance();
    entry.response_prototype = &Response::default_instance();
    return entry;
  }
  template <typename Request, typename Response, typename Handler>
  void AddUnary(MethodKind kind, std::string_view method, Handler handler) {
    MethodEntry entry = Entry<Request, Response>(kind);
    entry.unary = [handler = std::move(handler)](CallContext& call,
                                                 const google::protobuf::Message& request,
                                                 google::protobuf::Message& response) {
      absl::StatusOr<Response> result = handler(call, static_cast<const Request&>(request));
      if (!result.ok()) return std::move(result).status();
      static_cast<Response&>(response) = *std::move(result);
      return absl::OkStatus();
    };
    Add(method, std::move(entry));
  }
  void Add(std::string_view method, MethodEntry entry) {
    entries_.insert_or_assign(std::string(method), std::move(entry));
  }

  const google::protobuf::ServiceDescriptor* service_;
  std::string undeclared_;
  std::map<std::string, MethodEntry, std::less<>> entries_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_METHOD_TABLE_H_
