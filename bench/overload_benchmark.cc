// Four times more creations than the service can do (PLT-9, QUA-7).
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/benchmarks.h"
#include "common/base/status_macros.h"

namespace crm::bench {
namespace {

constexpr double kTimesCapacity = 4;
constexpr double kMostRefusalMillis = 10;
constexpr absl::Duration kDeadline = absl::Seconds(2);
constexpr int kMostOutstanding = 20'000;
// A connection carries a thousand calls at a time, as the server tells it; what is beyond waits in
// the client and would be measured as if the server were slow to refuse.
constexpr int kTimesConnections = 8;

double PerSecond(size_t calls, const LoadResult& result) {
  return static_cast<double>(calls) / absl::ToDoubleSeconds(result.elapsed);
}

absl::StatusOr<Figure> Overload(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(const Figure capacity, bench.FigureOf("archive.create.256"));
  const double rate = capacity.value * kTimesCapacity;
  CallKind call = CreateCalls(
      bench, static_cast<size_t>(rate * absl::ToDoubleSeconds(bench.settings().time)) + 1);
  call.timeout = kDeadline;
  CRM_ASSIGN_OR_RETURN(const Clients clients,
                       ConnectClients(bench.archive().address(), bench.archive().token(),
                                      kTimesConnections * bench.settings().connections));
  const Meter meter(bench.settings(), bench.archive().service());
  const LoadResult result = KeepRate(clients, rate, kMostOutstanding, bench.settings().time, call);
  if (result.failed > 0) return result.first_failure;
  Figure figure;
  meter.Fill(result, 1, figure);
  figure.value = result.refused.Millis(0.5);
  figure.yardstick = kMostRefusalMillis;
  const size_t late = static_cast<size_t>(result.late);
  figure.note = absl::StrFormat(
      "asked %.0f/s, sent %.0f/s, accepted %.0f/s of %.0f/s, accepted but late %d, %.0f MB before",
      rate, PerSecond(result.answered.count() + result.refused.count() + late, result),
      PerSecond(result.answered.count(), result), capacity.value, late, capacity.peak_mb);
  return figure;
}

}  // namespace

std::vector<Benchmark> OverloadBenchmarks() {
  return {{{"archive.overload",
            "ms",
            "10 ms for a refusal at the median; p50 and p99 of the accepted",
            {Target::Kind::kAtMost, 1}},
           Overload}};
}

}  // namespace crm::bench
