// Imports: from the end of the upload to the complete report.
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "bench/benchmarks.h"
#include "common/base/status_macros.h"
#include "crm/customer/v1/import.pb.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;

constexpr char kService[] = "/crm.customer.v1.ImportService/";
constexpr size_t kChunkBytes = 512 << 10;
constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kTimeout = absl::Minutes(20);
constexpr int64_t kSmallFile = 1000;
constexpr double kMostSmallSeconds = 1;
constexpr double kMostPeakMb = 300;

absl::StatusOr<std::string> MakeFile(Bench& bench, int64_t rows) {
  const Settings& settings = bench.settings();
  const std::string path = absl::StrCat(settings.directory, "/bulk-", rows, ".csv");
  CRM_RETURN_IF_ERROR(
      Output({absl::StrCat(settings.programs, "/crm-examples"), absl::StrCat("--bulk=", rows),
              absl::StrCat("--first-number=", bench.fresh().Take(static_cast<uint64_t>(rows))),
              absl::StrCat("--out=", path)})
          .status());
  return path;
}

// Gives the number of the import.
absl::StatusOr<std::string> Upload(client::Channel& channel, const std::string& path) {
  client::AnyClientStream stream =
      channel.ClientStream(absl::StrCat(kService, "CreateImport"), {.timeout = kTimeout});
  v1::CreateImportRequest request;
  request.mutable_spec()->set_kind(v1::IMPORT_KIND_CUSTOMER);
  request.mutable_spec()->set_file_name(std::filesystem::path(path).filename());
  bool open = stream.Write(request);
  std::ifstream file(path, std::ios::binary);
  std::string chunk(kChunkBytes, '\0');
  while (open && (file.read(chunk.data(), kChunkBytes), file.gcount() > 0)) {
    request.set_chunk(chunk.data(), static_cast<size_t>(file.gcount()));
    open = stream.Write(request);
  }
  v1::ImportJob job;
  CRM_RETURN_IF_ERROR(stream.Finish(job));
  return job.number();
}

bool IsOver(const v1::ImportJob& job) {
  return job.state() != v1::IMPORT_STATE_QUEUED && job.state() != v1::IMPORT_STATE_RUNNING &&
         job.state() != v1::IMPORT_STATE_UNSPECIFIED;
}

absl::StatusOr<v1::ImportJob> AwaitImport(client::Channel& channel, const std::string& number) {
  v1::GetImportRequest request;
  request.set_import(number);
  while (true) {
    CRM_ASSIGN_OR_RETURN(auto job, (channel.Call<v1::GetImportRequest, v1::ImportJob>(
                                       absl::StrCat(kService, "GetImport"), request)));
    if (IsOver(job)) return job;
    absl::SleepFor(kPoll);
  }
}

struct ImportResult {
  v1::ImportJob job;
  absl::Duration took;
  double peak_mb = 0;
};

absl::StatusOr<ImportResult> Import(Archive& archive, const std::string& path, int64_t rows) {
  CRM_ASSIGN_OR_RETURN(const auto channel,
                       client::Channel::Connect({.address = archive.address(),
                                                 .token = archive.steward_token(),
                                                 .own_connection = true}));
  archive.service().ResetPeakMemory();
  CRM_ASSIGN_OR_RETURN(const std::string number, Upload(*channel, path));
  const absl::Time begin = absl::Now();
  ImportResult result;
  CRM_ASSIGN_OR_RETURN(result.job, AwaitImport(*channel, number));
  result.took = absl::Now() - begin;
  result.peak_mb = archive.service().PeakMemoryMb();
  if (result.job.state() != v1::IMPORT_STATE_SUCCEEDED || result.job.rows_read() != rows ||
      result.job.rejected() > 0) {
    return absl::InternalError(
        absl::StrCat("the import ended as ", v1::ImportState_Name(result.job.state()), ": ",
                     result.job.error_message(), " ", result.job.rejected(), " rows rejected"));
  }
  return result;
}

std::string Note(const v1::ImportJob& job) {
  return absl::StrCat("created ", job.created(), ", merged ", job.merged(), ", updated ",
                      job.updated(), ", skipped ", job.skipped());
}

absl::StatusOr<Figure> SmallImport(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(const std::string path, MakeFile(bench, kSmallFile));
  CRM_ASSIGN_OR_RETURN(const ImportResult result, Import(bench.archive(), path, kSmallFile));
  return Figure{.value = absl::ToDoubleSeconds(result.took),
                .yardstick = kMostSmallSeconds,
                .peak_mb = result.peak_mb,
                .note = Note(result.job)};
}

// Into an archive of its own, empty as the table of LOAD DATA is.
absl::StatusOr<Figure> LargeImport(Bench& bench) {
  const int64_t rows = bench.settings().rows;
  CRM_ASSIGN_OR_RETURN(const std::string path, MakeFile(bench, rows));
  CRM_ASSIGN_OR_RETURN(const double seconds, bench.LoadData(path));
  CRM_ASSIGN_OR_RETURN(const auto archive, Archive::Open(bench.settings(), "crm_bench_import", 0));
  CRM_ASSIGN_OR_RETURN(const ImportResult result, Import(*archive, path, rows));
  CRM_RETURN_IF_ERROR(archive->Drop());
  return Figure{.value = static_cast<double>(rows) / absl::ToDoubleSeconds(result.took),
                .yardstick = static_cast<double>(rows) / seconds,
                .peak_mb = result.peak_mb,
                .note = Note(result.job)};
}

}  // namespace

std::vector<Benchmark> ImportBenchmarks() {
  using Kind = Target::Kind;
  std::vector<Benchmark> list;
  list.push_back({{"archive.import.1k", "s", "a second", {Kind::kAtMost, 1}}, SmallImport});
  list.push_back({{"archive.import.1m",
                   "rows/s",
                   "LOAD DATA LOCAL of the same file, primary key and unique phone",
                   {Kind::kAtLeast, 0.1},
                   Growth::kNotMeasured,
                   kMostPeakMb},
                  LargeImport});
  return list;
}

}  // namespace crm::bench
