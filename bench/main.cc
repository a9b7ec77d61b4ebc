// crm-bench: measures the suite against the database it runs on (QUA-1 to QUA-4). bench/run.sh
// starts the database and calls this.
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/benchmarks.h"
#include "common/base/status_macros.h"

namespace crm::bench {
namespace {

constexpr int64_t kDecade = 10;

bool IsWanted(const Settings& settings, const BenchmarkInfo& info) {
  return absl::StartsWith(info.name, settings.only);
}

void Tell(int round, std::string_view what) {
  std::cerr << "round " << round + 1 << ": " << what << "\n";
}

// Measures what is wanted, round after round.
absl::Status Measure(
    const Settings& settings, Bench& bench, const std::function<bool(const BenchmarkInfo&)>& wanted,
    const std::function<void(const BenchmarkInfo&, absl::StatusOr<Figure>)>& tell) {
  for (int round = 0; round < settings.rounds; ++round) {
    bench.StartRound();
    for (const Benchmark& benchmark : AllBenchmarks()) {
      if (!wanted(benchmark.info)) continue;
      Tell(round, benchmark.info.name);
      tell(benchmark.info, bench.FigureOf(benchmark.info.name));
      if (!bench.archive().service().Running()) {
        return absl::InternalError(
            absl::StrCat("crm-customer has ended during ", benchmark.info.name));
      }
    }
  }
  return absl::OkStatus();
}

// Archives of different sizes are kept side by side.
absl::StatusOr<std::unique_ptr<Archive>> OpenArchive(const Settings& settings, int64_t rows) {
  return Archive::Open(settings, absl::StrCat("crm_bench_", rows), rows);
}

absl::Status MeasureSmall(const Settings& settings, const Sysbench& sysbench,
                          const EchoServer& echo, FreshNumbers& fresh, Report& report) {
  CRM_ASSIGN_OR_RETURN(const auto archive, OpenArchive(settings, settings.rows / kDecade));
  Bench bench(settings, *archive, sysbench, echo, fresh);
  return Measure(
      settings, bench,
      [&](const BenchmarkInfo& info) {
        return info.growth != Growth::kNotMeasured && IsWanted(settings, info);
      },
      [&](const BenchmarkInfo& info, const absl::StatusOr<Figure>& figure) {
        if (figure.ok()) report.AddSmall(info, *figure);
      });
}

absl::Status MeasureLarge(const Settings& settings, const Sysbench& sysbench,
                          const EchoServer& echo, FreshNumbers& fresh, Report& report) {
  CRM_ASSIGN_OR_RETURN(const auto archive, OpenArchive(settings, settings.rows));
  Bench bench(settings, *archive, sysbench, echo, fresh);
  report.Note(absl::StrFormat("crm-customer served %d customers after %.1f s", archive->rows(),
                              absl::ToDoubleSeconds(archive->start_time())));
  return Measure(
      settings, bench, [&](const BenchmarkInfo& info) { return IsWanted(settings, info); },
      [&](const BenchmarkInfo& info, const absl::StatusOr<Figure>& figure) {
        figure.ok() ? report.Add(info, *figure)
                    : report.Skip(info, std::string(figure.status().message()));
      });
}

// What the load generator itself can do.
absl::Status MeasureClient(const Settings& settings, const EchoServer& echo, Report& report) {
  CRM_ASSIGN_OR_RETURN(const LoadResult result, echo.Load(64, settings.time));
  report.Note(absl::StrFormat(
      "load generator: %.0f bare echoes/s at 64 outstanding, %.1f us of processor time a call",
      result.per_second(), result.client_micros));
  return absl::OkStatus();
}

std::string FirstLineOf(const std::string& path, const std::string& beginning) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, beginning)) return line;
  }
  return "";
}

std::string Variable(db::Connection& connection, const std::string& name) {
  auto rows = connection.Select({"variable", "SELECT @@" + name}, {});
  return rows.ok() && rows->Next() ? rows->String(0) : "?";
}

absl::StatusOr<std::string> Circumstances(const Settings& settings) {
  db::PoolOptions options;
  options.address = settings.database;
  db::Pool pool(options);
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(absl::InfiniteFuture()));
  utsname system = {};
  uname(&system);
  const std::string model = FirstLineOf("/proc/cpuinfo", "model name");
  return absl::StrCat(
      "machine: ", std::thread::hardware_concurrency(), " processors,",
      model.substr(std::min(model.size(), model.find(':') + 1)), ", ",
      FirstLineOf("/proc/meminfo", "MemTotal"), ", Linux ", system.release,
      "\nload average at the start: ", FirstLineOf("/proc/loadavg", ""),
      "\ndatabase: ", Variable(*connection, "version"),
      ", innodb_flush_log_at_trx_commit=", Variable(*connection, "innodb_flush_log_at_trx_commit"),
      ", innodb_buffer_pool_size=", Variable(*connection, "innodb_buffer_pool_size"),
      ", innodb_log_file_size=", Variable(*connection, "innodb_log_file_size"),
      "\nthe database, crm-customer (default options) and the load generator share the machine",
      "\n", settings.rows, " customers, medians of ", settings.rounds, " rounds of ",
      absl::FormatDuration(settings.time), " each, ", settings.connections,
      " client connections\n\n");
}

absl::Status Run(const Settings& settings) {
  CRM_ASSIGN_OR_RETURN(const std::string circumstances, Circumstances(settings));
  CRM_ASSIGN_OR_RETURN(const Sysbench sysbench, Sysbench::Prepare(settings));
  CRM_ASSIGN_OR_RETURN(const EchoServer echo, EchoServer::Start(settings));
  FreshNumbers fresh(absl::StrCat(settings.directory, "/next_number"));
  Report report(settings);
  CRM_RETURN_IF_ERROR(MeasureClient(settings, echo, report));
  CRM_RETURN_IF_ERROR(MeasureLarge(settings, sysbench, echo, fresh, report));
  if (settings.growth && settings.rounds > 1) {
    CRM_RETURN_IF_ERROR(MeasureSmall(settings, sysbench, echo, fresh, report));
  }
  std::cout << circumstances << report.Table();
  return report.Write(absl::StrCat(settings.directory, "/results.json"));
}

}  // namespace
}  // namespace crm::bench

int main(int argc, char** argv) {
  CLI::App app("Measures the suite against the database it runs on. Called by bench/run.sh.");
  crm::bench::Settings settings;
  std::string database_url;
  std::string serve_echo;
  bool quick = false;
  app.add_option("--only", settings.only, "run the benchmarks whose names begin so");
  app.add_option("--rows", settings.rows, "customers in the archive")
      ->check(CLI::Range(int64_t{1000}, int64_t{50'000'000}))
      ->capture_default_str();
  app.add_option("--connections", settings.connections, "connections of the load generator")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  double seconds = absl::ToDoubleSeconds(settings.time);
  app.add_option("--seconds", seconds, "length of one load")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("--rounds", settings.rounds, "figures are medians of so many")
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  app.add_flag("--quick", quick, "one short round, one size");
  app.add_option("--directory", settings.directory, "where archives, logs and results are kept");
  app.add_option("--programs", settings.programs, "folder of the programs");
  app.add_option("--roles", settings.roles, "roles file of the service");
  app.add_option("--database-url", database_url, "an administrator of the database server");
  app.add_option("--database-pid", settings.database_pid, "process of the database server");
  app.add_option("--serve-echo", serve_echo, "be the echo server at this address");
  CLI11_PARSE(app, argc, argv);

  if (!serve_echo.empty()) return crm::bench::ServeEcho(serve_echo);
  settings.time = absl::Seconds(seconds);
  if (quick) {
    settings.rounds = 1;
    settings.time = absl::Seconds(1);
    settings.growth = false;
  }
  const auto address = crm::db::Address::Parse(database_url);
  absl::Status status = address.status();
  if (address.ok()) {
    settings.database = *address;
    status = crm::bench::Run(settings);
  }
  if (!status.ok()) std::cerr << "crm-bench: " << status.message() << "\n";
  std::cout.flush();
  // Threads of gRPC that end by themselves may still run: they must not meet static objects that
  // exit() destroys.
  std::_Exit(status.ok() ? 0 : 1);
}
