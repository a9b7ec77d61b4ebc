#include "common/testdb/tcp_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace crm::testing {
namespace {

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int NewSocket() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) Die("tcp relay: socket");
  return fd;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// Two ends and what has been read last.
class Line {
 public:
  using Verdict = TcpRelay::Verdict;

  Line(int client, int server) : client_(client), server_(server) {}
  ~Line() {
    close(client_);
    close(server_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  // False: the line is to be cut.
  bool FromClient(const TcpRelay::Judge& judge) {
    const std::string_view sent = Read(client_);
    if (sent.empty()) return false;
    const Verdict verdict = judge(sent);
    cut_answer_ = verdict == Verdict::kCutAnswer;
    return verdict != Verdict::kCut && SendAll(server_, sent);
  }
  bool FromServer() {
    const std::string_view answer = Read(server_);
    return !answer.empty() && !cut_answer_ && SendAll(client_, answer);
  }

 private:
  std::string_view Read(int fd) {
    const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
    return {buffer_.data(), got > 0 ? static_cast<size_t>(got) : 0};
  }

  const int client_;
  const int server_;
  bool cut_answer_ = false;
  std::array<char, 65536> buffer_;
};

}  // namespace

TcpRelay::TcpRelay(int server_port, Judge judge)
    : server_port_(server_port),
      judge_(std::move(judge)),
      listener_(NewSocket()),
      stop_event_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (stop_event_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, SOMAXCONN) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    Die("tcp relay: listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TcpRelay::~TcpRelay() {
  const uint64_t one = 1;
  if (write(stop_event_, &one, sizeof(one)) != sizeof(one)) Die("tcp relay: stop");
  acceptor_.join();
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  close(listener_);
  close(stop_event_);
}

void TcpRelay::Accept() {
  std::array<pollfd, 2> ready{{{stop_event_, POLLIN, 0}, {listener_, POLLIN, 0}}};
  while (poll(ready.data(), ready.size(), -1) > 0 && ready[0].revents == 0) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++connections_;
    MutexLock lock(&mutex_);
    threads_.emplace_back([this, client] { Serve(client); });
  }
}

void TcpRelay::Serve(int client) {
  const int server = NewSocket();
  Line line(client, server);
  const sockaddr_in address = Loopback(server_port_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return;
  std::array<pollfd, 3> ready{{{stop_event_, POLLIN, 0}, {client, POLLIN, 0}, {server, POLLIN, 0}}};
  while (poll(ready.data(), ready.size(), -1) > 0 && ready[0].revents == 0) {
    if (ready[1].revents != 0 && !line.FromClient(judge_)) return;
    if (ready[2].revents != 0 && !line.FromServer()) return;
  }
}

}  // namespace crm::testing
