// What the same machine and database server do without our service: the measure of all figures.
#ifndef CRM_BENCH_YARDSTICKS_H_
#define CRM_BENCH_YARDSTICKS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bench/load.h"
#include "bench/process.h"
#include "bench/settings.h"

namespace crm::bench {

struct Rate {
  double per_second = 0;
  double p99_ms = 0;
};

// sysbench on a table of the archive's size on the same server, over TCP as the service.
class Sysbench {
 public:
  // Makes the table unless an earlier run has.
  static absl::StatusOr<Sysbench> Prepare(const Settings& settings);

  // `script`: oltp_point_select …
  absl::StatusOr<Rate> Run(const std::string& script, int threads) const;

 private:
  explicit Sysbench(const Settings& settings) : settings_(settings) {}
  std::vector<std::string> Arguments(const std::string& script) const;

  const Settings& settings_;
};

// A bare gRPC server that says the request again: one thread, one completion queue, no more.
class EchoServer {
 public:
  static absl::StatusOr<EchoServer> Start(const Settings& settings);

  // p50 of a call that is alone, in milliseconds.
  absl::StatusOr<double> LoneMillis(absl::Duration time) const;
  // The client against a server that costs next to nothing: what the client can do and costs.
  absl::StatusOr<LoadResult> Load(int outstanding, absl::Duration time) const;

 private:
  EchoServer(const Settings& settings, std::string address, std::unique_ptr<Process> process)
      : settings_(settings), address_(std::move(address)), process_(std::move(process)) {}

  const Settings& settings_;
  std::string address_;
  std::unique_ptr<Process> process_;
};

// Serves as the echo server at `address` until it is killed.
int ServeEcho(const std::string& address);

// p50 of a lone statement, in milliseconds: a point select, or an insert with its commit.
absl::StatusOr<double> LoneSelectMillis(const Settings& settings, absl::Duration time);
absl::StatusOr<double> LoneInsertMillis(const Settings& settings, absl::Duration time);

// Seconds of LOAD DATA LOCAL of a file of crm-examples --bulk into a new table with its columns, a
// primary key and a unique phone.
absl::StatusOr<double> LoadDataSeconds(const Settings& settings, const std::string& csv);

}  // namespace crm::bench

#endif  // CRM_BENCH_YARDSTICKS_H_
