// The benchmarks: what is called, and what it is compared with.
#ifndef CRM_BENCH_BENCHMARKS_H_
#define CRM_BENCH_BENCHMARKS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/archive.h"
#include "bench/filled_service.h"
#include "bench/load.h"
#include "bench/report.h"
#include "bench/settings.h"
#include "bench/yardsticks.h"

namespace crm::bench {

// What the benchmarks of one archive share. Yardsticks and figures are measured when first asked
// for in a round, so that both sides of a ratio come from the same minute. Not thread-safe.
class Bench {
 public:
  Bench(const Settings& settings, Archive& archive, const Sysbench& sysbench,
        const EchoServer& echo, FreshNumbers& fresh)
      : settings_(settings), archive_(archive), sysbench_(sysbench), echo_(echo), fresh_(fresh) {}

  void StartRound() {
    yardsticks_.clear();
    figures_.clear();
    filled_.reset();
  }

  const Settings& settings() const { return settings_; }
  Archive& archive() { return archive_; }
  FreshNumbers& fresh() { return fresh_; }

  absl::StatusOr<double> SysbenchRate(const std::string& script, int threads);
  absl::StatusOr<double> LoneEchoMillis();
  absl::StatusOr<double> LoneSelectMillis();
  absl::StatusOr<double> LoneInsertMillis();
  // Seconds of LOAD DATA for a file.
  absl::StatusOr<double> LoadData(const std::string& csv);

  // The figure of another benchmark in this round, measured now if it has not been.
  absl::StatusOr<Figure> FigureOf(const std::string& name);

  // Keeps `outstanding` calls going and fills what every load has; the value is calls a second.
  // Any failed call is an error.
  absl::StatusOr<Figure> Load(int outstanding, const CallKind& call);

  // The service beside the archive, opened when first asked for. It is there until another one is,
  // or the next round: an idle service would take its share of the machine from the others.
  absl::StatusOr<FilledService*> Filled(const Filling& filling);
  // Load on it instead of the archive.
  absl::StatusOr<Figure> LoadOn(FilledService& service, int outstanding, const CallKind& call);

  // The token of the page at the depth that deep lists are measured at.
  absl::StatusOr<std::string> DeepPageToken();

 private:
  absl::StatusOr<double> Once(const std::string& name,
                              const std::function<absl::StatusOr<double>()>& measure);
  // Made for each load: a server ends connections that have become old.
  absl::StatusOr<Clients> ConnectToArchive();
  absl::StatusOr<Figure> Load(const Clients& clients, Process& service, int outstanding,
                              const CallKind& call);

  const Settings& settings_;
  Archive& archive_;
  const Sysbench& sysbench_;
  const EchoServer& echo_;
  FreshNumbers& fresh_;
  std::string deep_token_;
  std::map<std::string, double> yardsticks_;
  std::map<std::string, Figure> figures_;
  std::unique_ptr<FilledService> filled_;
};

struct Benchmark {
  BenchmarkInfo info;
  std::function<absl::StatusOr<Figure>(Bench&)> run;
};

// In the order in which they run: those that add customers come last.
const std::vector<Benchmark>& AllBenchmarks();

// What the service and the database use of the machine from its construction to Fill.
class Meter {
 public:
  Meter(const Settings& settings, Process& service);
  // `counted`: what part of all calls the result holds.
  void Fill(const LoadResult& result, double counted, Figure& figure) const;

 private:
  Process& service_;
  const int database_pid_;
  const absl::Duration service_before_;
  const absl::Duration database_before_;
};

// The parts of AllBenchmarks(), by subject.
std::vector<Benchmark> CustomerBenchmarks();
std::vector<Benchmark> ListAndSearchBenchmarks();
std::vector<Benchmark> ImportBenchmarks();
std::vector<Benchmark> OverloadBenchmarks();
std::vector<Benchmark> SlaBenchmarks();
std::vector<Benchmark> PipelineBenchmarks();

// `calls` requests for CreateCustomer, each of a customer that nobody has created.
CallKind CreateCalls(Bench& bench, size_t calls);

}  // namespace crm::bench

#endif  // CRM_BENCH_BENCHMARKS_H_
