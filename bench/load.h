// Load on a gRPC server: a number of calls kept outstanding, or a rate kept whatever the answers.
//
//   LoadResult result = KeepOutstanding(clients, 64, absl::Seconds(3), [](absl::BitGen& random) …);
//
// One call at a time is made with the client that users have; more with a lean one, because the
// server is measured, and what the load costs it is missing from it (bench/http2_client.h).
#ifndef CRM_BENCH_LOAD_H_
#define CRM_BENCH_LOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/http2_client.h"
#include "bench/latency.h"
#include "common/client/channel.h"
#include "google/protobuf/message.h"

namespace crm::bench {

// Connections to one server, a thread each.
struct Clients {
  std::unique_ptr<client::Channel> usual;
  std::vector<std::unique_ptr<Http2Client>> lean;
};

absl::StatusOr<Clients> ConnectClients(const std::string& address, const std::string& token,
                                       int connections);

// What is called. `fill` runs on any of the clients' threads, before each call, on a request that
// holds what the last call had.
struct CallKind {
  std::string method;
  const google::protobuf::Message* request;  // prototypes
  const google::protobuf::Message* response;
  std::function<void(absl::BitGen& random, google::protobuf::Message& request)> fill;
  absl::Duration timeout = absl::Seconds(30);
};

struct LoadResult {
  absl::Duration elapsed;
  Latencies answered;  // OK
  Latencies refused;   // RESOURCE_EXHAUSTED
  int64_t late = 0;    // DEADLINE_EXCEEDED
  int64_t failed = 0;  // anything else
  absl::Status first_failure;
  double client_micros = 0;  // processor time of this process for each call

  double per_second() const {
    return static_cast<double>(answered.count()) / absl::ToDoubleSeconds(elapsed);
  }
};

// Calls without a pause: each answer starts the next call. A fifth of `time` more is run before,
// not counted.
inline constexpr double kCountedShare = 5.0 / 6;
LoadResult KeepOutstanding(const Clients& clients, int outstanding, absl::Duration time,
                           const CallKind& call);

// Starts `per_second` calls a second for `time`, evenly, and waits for the answers. Calls beyond
// `max_outstanding` are left out: then the rate is not reached.
LoadResult KeepRate(const Clients& clients, double per_second, int max_outstanding,
                    absl::Duration time, const CallKind& call);

// Processor time this process has used.
absl::Duration OwnProcessorTime();

}  // namespace crm::bench

#endif  // CRM_BENCH_LOAD_H_
