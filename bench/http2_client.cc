#include "bench/http2_client.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace crm::bench {
namespace {

constexpr size_t kFrameHeader = 5;  // a flag and the length, before each message
constexpr size_t kReadBytes = 256 << 10;
constexpr int32_t kWindow = (1u << 31) - 1;

struct PendingCall {
  std::string path;
  std::string timeout;
  std::string request;  // with its frame header
  size_t sent = 0;
  size_t received = 0;
  int grpc_status = -1;
  std::string grpc_message;
  Http2Client::Done done;
};

std::string Frame(const google::protobuf::Message& message) {
  std::string frame(kFrameHeader, '\0');
  message.AppendToString(&frame);
  const auto size = static_cast<uint32_t>(frame.size() - kFrameHeader);
  for (size_t i = 0; i < 4; ++i) frame[1 + i] = static_cast<char>(size >> (24 - 8 * i));
  return frame;
}

// At most eight digits and a unit.
std::string TimeoutHeader(absl::Duration timeout) {
  const int64_t millis = std::max<int64_t>(1, absl::ToInt64Milliseconds(timeout));
  return absl::StrCat(std::min<int64_t>(millis, 99'999'999), "m");
}

absl::Status StatusOf(const PendingCall& call) {
  if (call.grpc_status < 0) return absl::UnavailableError("the call ended without a status");
  if (call.grpc_status > 0) {
    return absl::Status(static_cast<absl::StatusCode>(call.grpc_status), call.grpc_message);
  }
  if (call.received < kFrameHeader) return absl::InternalError("an answer without a message");
  return absl::OkStatus();
}

nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

absl::StatusOr<int> OpenSocket(const std::string& address) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(address, ':');
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(parts.first.c_str(), parts.second.c_str(), &hints, &found) != 0) {
    return absl::UnavailableError(absl::StrCat("no such address: ", address));
  }
  const int socket_fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  const bool connected =
      socket_fd >= 0 && connect(socket_fd, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (!connected) {
    if (socket_fd >= 0) close(socket_fd);
    return absl::UnavailableError(absl::StrCat("cannot connect to ", address));
  }
  const int on = 1;
  setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket_fd;
}

}  // namespace

class Http2Client::Impl {
 public:
  Impl(int socket_fd, std::string authority, const std::string& token)
      : socket_(socket_fd),
        wake_(eventfd(0, 0)),
        authority_(std::move(authority)),
        authorization_(token.empty() ? "" : absl::StrCat("Bearer ", token)) {
    OpenSession();
    thread_ = std::thread(&Impl::Run, this);
  }

  ~Impl() {
    stop_.store(true);
    Wake();
    thread_.join();
    nghttp2_session_del(session_);
    close(socket_);
    close(wake_);
  }

  void Call(const std::string& path, const google::protobuf::Message& request,
            absl::Duration timeout, Done done) {
    auto call = std::make_unique<PendingCall>();
    call->path = path;
    call->timeout = TimeoutHeader(timeout);
    call->request = Frame(request);
    call->done = std::move(done);
    if (std::this_thread::get_id() == thread_id_.load()) return Submit(std::move(call));
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(call));
    }
    Wake();
  }

 private:
  void OpenSession() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const std::array<nghttp2_settings_entry, 2> settings = {
        {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
  }

  void Wake() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
  }

  void Run() {
    thread_id_.store(std::this_thread::get_id());
    std::vector<uint8_t> buffer(kReadBytes);
    while (!(stop_.load() && open_.empty()) && !broken_) {
      TakeWaiting();
      SendAll();
      Await();
      Receive(buffer);
    }
    TakeWaiting();
    FailAll();
  }

  void Await() {
    std::array<pollfd, 2> files = {{{socket_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    if (stop_.load() && open_.empty()) return;
    poll(files.data(), files.size(), -1);
    if ((files[1].revents & POLLIN) != 0) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t bytes = read(wake_, &count, sizeof(count));
    }
  }

  void TakeWaiting() {
    std::vector<std::unique_ptr<PendingCall>> calls;
    {
      const std::lock_guard lock(mutex_);
      calls.swap(waiting_);
    }
    for (auto& call : calls) Submit(std::move(call));
  }

  void Submit(std::unique_ptr<PendingCall> call) {
    std::array<nghttp2_nv, 8> headers = {Header(":method", "POST"),
                                         Header(":scheme", "http"),
                                         Header(":path", call->path),
                                         Header(":authority", authority_),
                                         Header("te", "trailers"),
                                         Header("content-type", "application/grpc"),
                                         Header("grpc-timeout", call->timeout),
                                         Header("authorization", authorization_)};
    const size_t count = headers.size() - (authorization_.empty() ? 1 : 0);
    nghttp2_data_provider body;
    body.source.ptr = call.get();
    body.read_callback = ReadBody;
    PendingCall* const owned = call.release();  // until OnClose
    open_.insert(owned);
    const int32_t stream =
        nghttp2_submit_request(session_, nullptr, headers.data(), count, &body, owned);
    if (stream < 0) End(owned, absl::UnavailableError(nghttp2_strerror(stream)));
  }

  // Everything that is ready in as few packets as it takes.
  void SendAll() {
    out_.clear();
    const uint8_t* data = nullptr;
    for (;;) {
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size < 0) broken_ = true;
      if (size <= 0) break;
      out_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    for (size_t sent = 0; sent < out_.size();) {
      const ssize_t size = send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) {
        broken_ = true;
        return;
      }
      sent += static_cast<size_t>(size);
    }
  }

  void Receive(std::vector<uint8_t>& buffer) {
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0 ||
        nghttp2_session_mem_recv(session_, buffer.data(), static_cast<size_t>(size)) < 0) {
      broken_ = true;
    }
  }

  // The connection is gone. What the callers start now ends at once.
  void FailAll() {
    while (!open_.empty()) End(*open_.begin(), absl::UnavailableError("the connection is lost"));
  }

  void End(PendingCall* finished, const absl::Status& status) {
    const std::unique_ptr<PendingCall> call(finished);
    open_.erase(finished);
    call->done(status);
  }

  static PendingCall* CallOf(nghttp2_session* session, int32_t stream) {
    return static_cast<PendingCall*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t, uint8_t* buffer, size_t room, uint32_t* flags,
                          nghttp2_data_source* source, void*) {
    auto& call = *static_cast<PendingCall*>(source->ptr);
    const size_t size = std::min(room, call.request.size() - call.sent);
    std::memcpy(buffer, call.request.data() + call.sent, size);
    call.sent += size;
    if (call.sent == call.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void*) {
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const absl::string_view text(reinterpret_cast<const char*>(value), value_size);
    PendingCall* const call = CallOf(session, frame->hd.stream_id);
    if (call == nullptr) return 0;
    if (key == "grpc-status" && !absl::SimpleAtoi(text, &call->grpc_status)) call->grpc_status = -1;
    if (key == "grpc-message") call->grpc_message = std::string(text);
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t*, size_t size,
                    void*) {
    if (PendingCall* const call = CallOf(session, stream)) call->received += size;
    return 0;
  }

  static int OnClose(nghttp2_session* session, int32_t stream, uint32_t, void* self) {
    if (PendingCall* const call = CallOf(session, stream)) {
      static_cast<Impl*>(self)->End(call, StatusOf(*call));
    }
    return 0;
  }

  const int socket_;
  const int wake_;
  const std::string authority_;
  const std::string authorization_;
  nghttp2_session* session_ = nullptr;
  std::string out_;
  bool broken_ = false;
  absl::flat_hash_set<PendingCall*> open_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::unique_ptr<PendingCall>> waiting_;
  std::atomic<std::thread::id> thread_id_;
  std::thread thread_;
};

Http2Client::Http2Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Http2Client::~Http2Client() = default;

absl::StatusOr<std::unique_ptr<Http2Client>> Http2Client::Connect(const std::string& address,
                                                                  const std::string& token) {
  absl::StatusOr<int> socket_fd = OpenSocket(address);
  if (!socket_fd.ok()) return std::move(socket_fd).status();
  return std::unique_ptr<Http2Client>(
      new Http2Client(std::make_unique<Impl>(*socket_fd, address, token)));
}

void Http2Client::Call(const std::string& path, const google::protobuf::Message& request,
                       absl::Duration timeout, Done done) {
  impl_->Call(path, request, timeout, std::move(done));
}

}  // namespace crm::bench
