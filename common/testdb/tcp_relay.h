// Stands between a client and a server on this machine and cuts connections where a test wants it:
// before something reaches the server, or after the server did it and before the client knows.
//
//   TcpRelay relay(address.port, [](std::string_view sent) {
//     return IsCommit(sent) ? TcpRelay::Verdict::kCutAnswer : TcpRelay::Verdict::kPass;
//   });
//   address.port = relay.port();
#ifndef CRM_COMMON_TESTDB_TCP_RELAY_H_
#define CRM_COMMON_TESTDB_TCP_RELAY_H_

#include <atomic>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"

namespace crm::testing {

// What does not work ends the test binary with a message. Thread-safe.
class TcpRelay {
 public:
  enum class Verdict {
    kPass,
    kCut,        // the server does not get it
    kCutAnswer,  // the client does not get the answer
  };
  // Judges each piece that a client sends, on a thread of the relay. A client that waits for an
  // answer before it goes on sends one request a piece.
  using Judge = std::function<Verdict(std::string_view sent)>;

  explicit TcpRelay(
      int server_port, Judge judge = [](std::string_view) { return Verdict::kPass; });
  ~TcpRelay();
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  // On 127.0.0.1.
  int port() const { return port_; }
  // So far.
  int connections() const { return connections_; }

 private:
  void Accept();
  void Serve(int client);

  const int server_port_;
  const Judge judge_;
  int listener_ = -1;
  int stop_event_ = -1;  // readable from the destructor on
  int port_ = 0;
  std::atomic<int> connections_{0};
  Mutex mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTDB_TCP_RELAY_H_
