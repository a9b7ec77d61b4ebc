// crm-import-bench ROWS: imports a bulk file over gRPC into a private database and prints the
// rates.
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/import.pb.h"
#include "services/customer/customer_service.h"
#include "tools/examples/example_files.h"

namespace {

namespace v1 = crm::customer::v1;
using crm::testing::ServiceHarness;

constexpr char kService[] = "/crm.customer.v1.ImportService/";
constexpr size_t kChunk = size_t{1} << 20;

int Fail(const absl::Status& status) {
  std::cerr << "crm-import-bench: " << status << "\n";
  return 1;
}

absl::StatusOr<v1::ImportJob> Send(ServiceHarness& harness, const std::string& token,
                                   const std::string& path) {
  auto stream = harness.replica().channel().ClientStream(
      std::string(kService) + "CreateImport",
      {.timeout = absl::InfiniteDuration(), .token = token});
  v1::CreateImportRequest request;
  request.mutable_spec()->set_kind(v1::IMPORT_KIND_CUSTOMER);
  request.mutable_spec()->set_file_name("bulk.csv");
  stream.Write(request);
  std::ifstream file(path, std::ios::binary);
  std::string buffer(kChunk, '\0');
  while (file.read(buffer.data(), kChunk) || file.gcount() > 0) {
    request.set_chunk(buffer.substr(0, static_cast<size_t>(file.gcount())));
    if (!stream.Write(request)) break;
  }
  v1::ImportJob job;
  if (absl::Status status = stream.Finish(job); !status.ok()) return status;
  return job;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  int64_t rows = 0;
  if (argc != 2 || !absl::SimpleAtoi(argv[1], &rows) || rows < 1) {
    std::cerr << "usage: crm-import-bench ROWS\n";
    return 2;
  }
  const char* folder = std::getenv("TMPDIR");
  const std::string path =
      std::string(folder != nullptr ? folder : "/tmp") + "/crm-import-bulk.csv";
  if (absl::Status status =
          crm::examples::WriteBulk({.path = path, .rows = rows, .seed = 7, .first_number = 0});
      !status.ok()) {
    return Fail(status);
  }
  ServiceHarness harness(crm::customer::Info(), crm::customer::CustomerService::Create);
  const std::string token = harness.TokenOf("steward", {"data_steward"});

  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const absl::Time start = absl::Now();
  auto sent = Send(harness, token, path);
  std::remove(path.c_str());
  if (!sent.ok()) return Fail(sent.status());
  const absl::Duration upload = absl::Now() - start;

  v1::WatchImportRequest watch;
  watch.set_import(sent->number());
  auto stream = harness.replica().channel().ServerStream(
      std::string(kService) + "WatchImport", watch,
      {.timeout = absl::InfiniteDuration(), .token = token});
  v1::ImportJob job;
  while (stream.Next(job)) {
  }
  if (absl::Status status = stream.Finish(); !status.ok()) return Fail(status);
  const absl::Duration total = absl::Now() - start;
  rusage after{};
  getrusage(RUSAGE_SELF, &after);

  v1::ListImportIssuesRequest list;
  list.set_import(job.number());
  list.set_page_size(1000);
  const auto issues = harness.Call<v1::ListImportIssuesRequest, v1::ListImportIssuesResponse>(
      token, "crm.customer.v1.ImportService/ListImportIssues", list);
  std::map<std::string, int> rules;
  const v1::ListImportIssuesResponse found = issues.value_or(v1::ListImportIssuesResponse());
  for (const auto& issue : found.issues()) {
    ++rules[issue.field() + " " + issue.rule()];
  }
  for (const auto& [rule, count] : rules) std::cout << rule << ": " << count << "\n";

  for (const auto& family : harness.replica().runtime().metrics().Collect()) {
    if (family.name != "crm_db_statement_seconds" && family.name != "crm_import_batch_seconds") {
      continue;
    }
    for (const auto& metric : family.metric) {
      if (metric.histogram.sample_sum < 0.02) continue;
      std::cout << family.name << " "
                << (metric.label.empty() ? std::string() : metric.label.front().value) << ": "
                << metric.histogram.sample_sum << " s, " << metric.histogram.sample_count << "\n";
    }
  }

  const double cpu = Seconds(after.ru_utime) + Seconds(after.ru_stime) - Seconds(before.ru_utime) -
                     Seconds(before.ru_stime);
  std::cout << "rows " << job.rows_read() << ", created " << job.created() << ", merged "
            << job.merged() << ", rejected " << job.rejected() << ", state "
            << v1::ImportState_Name(job.state()) << "\n"
            << "upload " << upload << ", total " << total << ", rows/s (rows only) "
            << job.progress().rows_per_second() << ", rows/s (all) "
            << static_cast<double>(rows) / absl::ToDoubleSeconds(total) << "\n"
            << "our processor time per row " << cpu / static_cast<double>(rows) * 1e6
            << " us, peak memory " << after.ru_maxrss / 1024 << " MB\n";
  return 0;
}
