#include "common/metrics/definition.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"

namespace crm::metrics {
namespace {

constexpr std::array kPlatformMetrics = {
    Definition{"crm_build_info", Type::kGauge, "service,version,commit", "Always 1."},
    Definition{"crm_db_acquire_seconds", Type::kHistogram, "",
               "Time until a connection was borrowed from the pool."},
    Definition{"crm_db_acquire_failures_total", Type::kCounter, "",
               "Connections that could not be borrowed in time."},
    Definition{"crm_db_pool_in_use", Type::kGauge, "", "Borrowed connections."},
    Definition{"crm_db_pool_max", Type::kGauge, "", "Most connections of the pool."},
    Definition{"crm_db_pool_open", Type::kGauge, "", "Open connections, borrowed or idle."},
    Definition{"crm_db_retries_total", Type::kCounter, "reason",
               "Transactions and statements that were run again."},
    Definition{"crm_db_statement_errors_total", Type::kCounter, "query",
               "Statements that failed, by query name."},
    Definition{"crm_db_statement_seconds", Type::kHistogram, "query",
               "Time of a statement, by query name."},
    Definition{"crm_event_newest_position", Type::kGauge, "",
               "Position of the newest event that readers can see, as far as this replica knows."},
    Definition{"crm_event_reader_lag", Type::kGauge, "source",
               "Events that this replica, if it is the one that reads them, has yet to apply."},
    Definition{"crm_event_reader_position", Type::kGauge, "source",
               "Position of the newest event that has been applied by this replica."},
    Definition{"crm_event_reader_reading", Type::kGauge, "source",
               "1 on the replica that reads these events, 0 on the others."},
    Definition{"crm_event_sequencer_holding", Type::kGauge, "",
               "1 on the replica that gives events their positions, 0 on the others."},
    Definition{"crm_event_unsequenced", Type::kGauge, "",
               "Groups of committed events that wait for their position; 0 on replicas that do not "
               "give positions."},
    Definition{"crm_events_applied_total", Type::kCounter, "source",
               "Events applied by this replica."},
    Definition{"crm_events_sequenced_total", Type::kCounter, "",
               "Events that this replica has given their position."},
    Definition{
        "crm_idempotent_replays_total", Type::kCounter, "grpc_service,grpc_method",
        "Calls answered with the stored answer of an earlier call with the same request id."},
    Definition{"crm_job_failures_total", Type::kCounter, "job_name", "Runs of a job that failed."},
    Definition{"crm_job_interval_seconds", Type::kGauge, "job_name",
               "Longest pause between two runs of a job that works."},
    Definition{"crm_job_last_success_timestamp_seconds", Type::kGauge, "job_name",
               "End of the last run without failure, in seconds since 1970 UTC; the start of the "
               "process before the first."},
    Definition{"crm_job_seconds", Type::kHistogram, "job_name", "Time that a run of a job took."},
    Definition{
        "crm_report_exports_total", Type::kCounter, "grpc_service,grpc_method,format,outcome",
        "Exports of reports by what became of them: done, denied, refused (a wrong request), "
        "busy, cut (by the client) or failed."},
    Definition{"crm_rpc_conflict_reruns_total", Type::kCounter, "grpc_service,grpc_method",
               "Handlers that were run again after a conflict at commit."},
    Definition{"crm_rpc_in_flight", Type::kGauge, "grpc_service,grpc_method",
               "Calls that have started and not ended."},
    Definition{"crm_rpc_queue_wait_seconds", Type::kHistogram, "grpc_service",
               "Time between the arrival of a call and the start of its handler."},
    Definition{"crm_rpc_shed_total", Type::kCounter, "grpc_service,grpc_method",
               "Calls refused at once because too many were waiting."},
    Definition{"crm_rpc_slo_limit_seconds", Type::kGauge, "grpc_service,grpc_method",
               "Longest acceptable response time of a method."},
    Definition{"crm_rpc_slo_objective_seconds", Type::kGauge, "grpc_service,grpc_method",
               "Goal for the response time of a method."},
    Definition{"crm_rpc_slo_total", Type::kCounter, "grpc_service,grpc_method,within",
               "Ended calls by response time: within the goal, within the limit only, or missed "
               "(too slow, or failed by the server's fault)."},
    Definition{
        "crm_tls_certificate_expiry_timestamp_seconds", Type::kGauge, "setting",
        "End of the certificates in the file that a setting names, in seconds since 1970 UTC; only "
        "with TLS. Of a chain the first, of authorities the last."},
    Definition{"grpc_server_handled_total", Type::kCounter, "grpc_service,grpc_method,grpc_code",
               "Ended calls by code."},
    Definition{"grpc_server_handling_seconds", Type::kHistogram, "grpc_service,grpc_method",
               "Time from the arrival of a call to its answer."},
    Definition{"grpc_server_started_total", Type::kCounter, "grpc_service,grpc_method",
               "Calls that arrived."},
    Definition{"process_cpu_seconds_total", Type::kCounter, "", "Processor time used."},
    Definition{"process_max_fds", Type::kGauge, "", "Most open file descriptors allowed."},
    Definition{"process_memory_limit_bytes", Type::kGauge, "",
               "Memory that the process may use: its container's limit, or the machine's memory."},
    Definition{"process_open_fds", Type::kGauge, "", "Open file descriptors."},
    Definition{"process_resident_memory_bytes", Type::kGauge, "", "Resident memory."},
    Definition{"process_start_time_seconds", Type::kGauge, "", "Start, in seconds since 1970 UTC."},
    Definition{"process_temporary_free_bytes", Type::kGauge, "",
               "Room left on the disk of temporary files (TMPDIR)."},
    Definition{"process_temporary_size_bytes", Type::kGauge, "",
               "Size of the disk of temporary files (TMPDIR)."},
    Definition{"process_threads", Type::kGauge, "", "Threads of the process."},
    Definition{"process_virtual_memory_bytes", Type::kGauge, "", "Virtual memory."},
};

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kCounter:
      return "counter";
    case Type::kGauge:
      return "gauge";
    case Type::kHistogram:
      return "histogram";
  }
  return "";
}

template <typename Builder>
auto& Register(Builder builder, prometheus::Registry& registry, const Definition& definition) {
  return builder.Name(std::string(definition.name))
      .Help(std::string(definition.help))
      .Register(registry);
}

}  // namespace

absl::Span<const Definition> PlatformMetrics() { return kPlatformMetrics; }

std::string Describe(absl::Span<const Definition> definitions) {
  std::string text;
  for (const Definition& each : definitions) {
    absl::StrAppend(&text, ToAbsl(each.name), " ", ToAbsl(TypeName(each.type)), "{",
                    ToAbsl(each.labels), "} ", ToAbsl(each.help), "\n");
  }
  return text;
}

prometheus::Family<prometheus::Counter>& CounterFamily(prometheus::Registry& registry,
                                                       const Definition& definition) {
  return Register(prometheus::BuildCounter(), registry, definition);
}

prometheus::Family<prometheus::Gauge>& GaugeFamily(prometheus::Registry& registry,
                                                   const Definition& definition) {
  return Register(prometheus::BuildGauge(), registry, definition);
}

prometheus::Family<prometheus::Histogram>& HistogramFamily(prometheus::Registry& registry,
                                                           const Definition& definition) {
  return Register(prometheus::BuildHistogram(), registry, definition);
}

const Definition& PlatformMetric(std::string_view name) {
  const auto found = std::find_if(kPlatformMetrics.begin(), kPlatformMetrics.end(),
                                  [name](const Definition& each) { return each.name == name; });
  assert(found != kPlatformMetrics.end());
  return *found;
}

const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const auto* const kBuckets = new prometheus::Histogram::BucketBoundaries{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10, 30};
  return *kBuckets;
}

}  // namespace crm::metrics
