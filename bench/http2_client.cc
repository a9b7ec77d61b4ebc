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
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/http2_frames.h"

namespace crm::bench {
namespace {

constexpr size_t kReadBytes = 256 << 10;

struct PendingCall {
  std::string path;
  std::string timeout;
  std::string request;  // with its length before it
  size_t received = 0;
  int grpc_status = -1;
  std::string grpc_message;
  Http2Client::Done done;
};

std::string Frame(const google::protobuf::Message& message) {
  std::string frame(kMessageHeader, '\0');
  message.AppendToString(&frame);
  const auto size = static_cast<uint32_t>(frame.size() - kMessageHeader);
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
  if (call.received < kMessageHeader) return absl::InternalError("an answer without a message");
  return absl::OkStatus();
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
    AppendPreface(out_);
    thread_ = std::thread(&Impl::Run, this);
  }

  ~Impl() {
    stop_.store(true);
    Wake();
    thread_.join();
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
    if (call->request.size() > kLargestRequest) {
      return call->done(absl::InvalidArgumentError("the request is too large for this client"));
    }
    if (std::this_thread::get_id() == thread_id_.load()) {
      queued_.push_back(std::move(call));
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      if (!closed_) {
        waiting_.push_back(std::exchange(call, nullptr));
        if (waiting_.size() > 1) return;  // woken already
      }
    }
    if (call != nullptr) return call->done(Lost());
    Wake();
  }

 private:
  static absl::Status Lost() { return absl::UnavailableError("the connection is lost"); }

  void Wake() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
  }

  void Run() {
    thread_id_.store(std::this_thread::get_id());
    std::vector<uint8_t> buffer(kReadBytes);
    for (;;) {
      TakeWaiting();
      SendQueued();
      if (broken_ || (stop_.load() && open_.empty() && queued_.empty())) break;
      Await();
      Receive(buffer);
    }
    Close();
  }

  void Await() {
    std::array<pollfd, 2> files = {{{socket_, POLLIN, 0}, {wake_, POLLIN, 0}}};
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
    for (auto& call : calls) queued_.push_back(std::move(call));
  }

  // As many as the server lets in, in as few packets as it takes.
  void SendQueued() {
    while (!queued_.empty() && open_.size() < server_.max_streams &&
           static_cast<int64_t>(queued_.front()->request.size()) <= server_.window) {
      std::unique_ptr<PendingCall> call = std::move(queued_.front());
      queued_.pop_front();
      Begin(std::move(call));
    }
    for (size_t sent = 0; sent < out_.size() && !broken_;) {
      const ssize_t size = send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) broken_ = true;
      sent += static_cast<size_t>(std::max<ssize_t>(size, 0));
    }
    out_.clear();
  }

  void Begin(std::unique_ptr<PendingCall> call) {
    next_stream_ += 2;
    headers_.Append(next_stream_,
                    {{":path", call->path},
                     {":authority", authority_},
                     {"te", "trailers"},
                     {"content-type", "application/grpc"},
                     {"grpc-timeout", call->timeout},
                     {"authorization", authorization_}},
                    out_);
    AppendData(next_stream_, call->request, out_);
    server_.window -= static_cast<int64_t>(call->request.size());
    open_.emplace(next_stream_, std::move(call));
  }

  void Receive(std::vector<uint8_t>& buffer) {
    const ssize_t size = recv(socket_, buffer.data() + kept_, buffer.size() - kept_, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
      broken_ = true;
      return;
    }
    size_t end = kept_ + static_cast<size_t>(size);
    size_t begin = 0;
    while (const size_t taken = TakeFrame({buffer.data() + begin, end - begin})) begin += taken;
    kept_ = end - begin;
    std::copy(buffer.data() + begin, buffer.data() + end, buffer.data());
  }

  // Bytes of the first frame; 0: it is not complete yet.
  size_t TakeFrame(absl::Span<const uint8_t> bytes) {
    const std::optional<FrameView> frame = FirstFrame(bytes);
    if (!frame.has_value()) return 0;
    On(*frame);
    return kFrameHeader + frame->payload.size();
  }

  void On(const FrameView& frame) {
    switch (frame.type) {
      case NGHTTP2_DATA:
        received_ += frame.payload.size();
        if (const auto found = open_.find(frame.stream); found != open_.end()) {
          found->second->received += frame.payload.size();
        }
        GiveWindowBack();
        break;
      case NGHTTP2_HEADERS:
        OnHeaders(frame);
        break;
      case NGHTTP2_RST_STREAM:
        return End(frame.stream);
      case NGHTTP2_SETTINGS:
        if ((frame.flags & NGHTTP2_FLAG_ACK) != 0) return;
        server_.Take(frame.payload);
        return AppendSettingsAck(out_);
      case NGHTTP2_PING:
        if ((frame.flags & NGHTTP2_FLAG_ACK) == 0) AppendPong(frame.payload, out_);
        return;
      case NGHTTP2_WINDOW_UPDATE:
        if (frame.stream == 0) server_.window += WindowIncrement(frame.payload);
        return;
      case NGHTTP2_GOAWAY:
      case NGHTTP2_CONTINUATION:  // gRPC's headers are shorter than a frame
        broken_ = true;
        return;
      default:
        return;
    }
    if ((frame.flags & NGHTTP2_FLAG_END_STREAM) != 0) End(frame.stream);
  }

  void OnHeaders(const FrameView& frame) {
    const auto found = open_.find(frame.stream);
    const bool read =
        inflater_.Read(frame.payload, [&](std::string_view name, absl::string_view value) {
          if (found == open_.end()) return;
          PendingCall& call = *found->second;
          if (name == "grpc-status" && !absl::SimpleAtoi(value, &call.grpc_status)) {
            call.grpc_status = -1;
          }
          if (name == "grpc-message") call.grpc_message = std::string(value);
        });
    if (!read) broken_ = true;
  }

  void GiveWindowBack() {
    if (received_ < kOwnWindow / 2) return;
    AppendWindowUpdate(received_, out_);
    received_ = 0;
  }

  void End(int32_t stream) {
    auto node = open_.extract(stream);
    if (node.empty()) return;
    const PendingCall& call = *node.mapped();
    call.done(StatusOf(call));
  }

  // The connection is over. What the callers start now ends at once.
  void Close() {
    for (;;) {
      auto open = std::exchange(open_, {});
      auto queued = std::exchange(queued_, {});
      for (auto& [stream, call] : open) call->done(Lost());
      for (auto& call : queued) call->done(Lost());
      const std::lock_guard lock(mutex_);
      closed_ = open_.empty() && queued_.empty() && waiting_.empty();
      if (closed_) return;
      for (auto& call : waiting_) queued_.push_back(std::move(call));
      waiting_.clear();
    }
  }

  const int socket_;
  const int wake_;
  const std::string authority_;
  const std::string authorization_;

  // Of the thread:
  std::string out_;
  size_t kept_ = 0;      // bytes of a frame that is not complete
  size_t received_ = 0;  // not given back to the server's window
  int32_t next_stream_ = -1;
  ServerLimits server_;
  HeaderWriter headers_;
  HeaderReader inflater_;
  bool broken_ = false;
  absl::flat_hash_map<int32_t, std::unique_ptr<PendingCall>> open_;
  std::deque<std::unique_ptr<PendingCall>> queued_;

  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::unique_ptr<PendingCall>> waiting_;
  bool closed_ = false;
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
