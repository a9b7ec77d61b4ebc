#include <CivetServer.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/crypto/openssl_ptr.h"
#include "common/metrics/certificate_collector.h"
#include "common/metrics/db_metrics.h"
#include "common/metrics/definition.h"
#include "common/metrics/job_metrics.h"
#include "common/metrics/metrics_server.h"
#include "common/metrics/process_collector.h"
#include "common/metrics/rpc_metrics.h"
#include "crm/testing/v1/echo.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"

namespace crm::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Scrape(const prometheus::Collectable& collectable) {
  return prometheus::TextSerializer().Serialize(collectable.Collect());
}

const google::protobuf::ServiceDescriptor& EchoService() {
  return *crm::testing::v1::EchoRequest::descriptor()->file()->FindServiceByName("EchoService");
}

// PEM of a certificate that signs itself.
std::string CertificateEndingAt(time_t seconds) {
  const crypto::OpenSslPtr<EVP_PKEY, EVP_PKEY_free> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const crypto::OpenSslPtr<X509, X509_free> certificate(X509_new());
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const crypto::OpenSslPtr<BIO, BIO_free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  char* text = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(bio.get(), &text));
  return {text, size};
}

// PLT-26: the table is the truth: sorted, without doubles, names carry their units.
TEST(DefinitionTest, TableIsSortedAndUnique) {
  std::set<std::string_view> seen;
  for (const Definition& each : PlatformMetrics()) {
    EXPECT_TRUE(seen.insert(each.name).second) << each.name;
    EXPECT_FALSE(each.help.empty()) << each.name;
    EXPECT_EQ(each.type == Type::kCounter, each.name.ends_with("_total")) << each.name;
    EXPECT_TRUE(each.type != Type::kHistogram || each.name.ends_with("_seconds")) << each.name;
  }
  EXPECT_THAT(Describe(PlatformMetrics()),
              HasSubstr("grpc_server_handled_total counter{grpc_service,grpc_method,grpc_code} "));
}

// PLT-26: all series of a method exist from the first scrape.
TEST(RpcMetricsTest, SeriesExistBeforeTheFirstCall) {
  prometheus::Registry registry;
  const auto* method = EchoService().FindMethodByName("BatchEcho");
  const RpcMetrics metrics(registry, {method});

  const std::string text = Scrape(registry);
  const std::string labels = R"(grpc_method="BatchEcho",grpc_service="crm.testing.v1.EchoService")";
  EXPECT_THAT(text, HasSubstr("grpc_server_started_total{" + labels + "} 0"));
  EXPECT_THAT(text, HasSubstr("crm_rpc_shed_total{" + labels + "} 0"));
  EXPECT_THAT(text, HasSubstr(R"(grpc_code="ResourceExhausted",)" + labels + "} 0"));
  EXPECT_THAT(text, HasSubstr("crm_rpc_slo_objective_seconds{" + labels + "} 0.02"));
  EXPECT_THAT(text, HasSubstr("crm_rpc_slo_limit_seconds{" + labels + "} 3"));
}

// PLT-26: a failure by the server's fault misses the objective however fast it was; one of the
// caller does not.
TEST(RpcMetricsTest, CountsWithinObjectiveLimitAndMissed) {
  prometheus::Registry registry;
  const auto* descriptor = EchoService().FindMethodByName("BatchEcho");
  RpcMetrics metrics(registry, {descriptor});
  MethodMetrics& method = metrics.Of(*descriptor);
  const auto call = [&method](absl::StatusCode code, absl::Duration latency) {
    method.Start();
    method.End(code, latency);
  };

  call(absl::StatusCode::kOk, absl::Milliseconds(1));
  call(absl::StatusCode::kNotFound, absl::Milliseconds(1));
  call(absl::StatusCode::kOk, absl::Milliseconds(30));
  call(absl::StatusCode::kOk, absl::Seconds(4));
  call(absl::StatusCode::kUnavailable, absl::Milliseconds(1));
  call(static_cast<absl::StatusCode>(99), absl::Milliseconds(1));

  const std::string text = Scrape(registry);
  EXPECT_THAT(text, HasSubstr(R"(EchoService",within="goal"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(EchoService",within="limit"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(EchoService",within="missed"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"({grpc_code="Unknown",)"));
  EXPECT_THAT(text, HasSubstr(R"(crm_rpc_in_flight{grpc_method="BatchEcho",)"
                              R"(grpc_service="crm.testing.v1.EchoService"} 0)"));
}

TEST(DbMetricsTest, CountsByQueryName) {
  prometheus::Registry registry;
  DbMetrics metrics(registry);
  metrics.OnStatement("customer_by_number", absl::Milliseconds(2), true);
  metrics.OnStatement("customer_by_number", absl::Milliseconds(2), false);
  metrics.OnAcquire(absl::Milliseconds(1), false);
  metrics.OnRetry("deadlock");

  const std::string text = Scrape(registry);
  EXPECT_THAT(text, HasSubstr(R"(crm_db_statement_seconds_count{query="customer_by_number"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(crm_db_statement_errors_total{query="customer_by_number"} 1)"));
  EXPECT_THAT(text, HasSubstr("crm_db_acquire_failures_total 1"));
  EXPECT_THAT(text, HasSubstr(R"(crm_db_retries_total{reason="deadlock"} 1)"));
}

// PLT-26: runs, failures, duration and the last success by job, from the first scrape.
TEST(JobMetricsTest, CountsRunsAndKeepsTheLastSuccess) {
  FakeClock clock(absl::FromUnixSeconds(1'800'000'000));
  prometheus::Registry registry;
  JobMetrics metrics(registry, clock);
  job::JobRunner runner(clock, &metrics);
  absl::Status outcome;
  job::PeriodicJob& job = runner.Add({.name = "purge", .interval = absl::Minutes(10)},
                                     [&](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                                       clock.Advance(absl::Seconds(2));
                                       if (!outcome.ok()) return outcome;
                                       return absl::InfiniteFuture();
                                     });

  EXPECT_THAT(Scrape(registry), HasSubstr(R"(crm_job_seconds_count{job_name="purge"} 0)"));
  EXPECT_THAT(Scrape(registry), HasSubstr(R"(crm_job_failures_total{job_name="purge"} 0)"));
  EXPECT_THAT(Scrape(registry), HasSubstr(R"(crm_job_interval_seconds{job_name="purge"} 600)"));
  EXPECT_THAT(Scrape(registry),
              HasSubstr(R"(crm_job_last_success_timestamp_seconds{job_name="purge"} 1800000000)"));

  job.RunOnce();
  outcome = absl::UnavailableError("database away");
  job.RunOnce();
  EXPECT_THAT(Scrape(registry), HasSubstr(R"(crm_job_seconds_count{job_name="purge"} 2)"));
  EXPECT_THAT(Scrape(registry), HasSubstr(R"(crm_job_seconds_sum{job_name="purge"} 4)"));
  EXPECT_THAT(Scrape(registry), HasSubstr(R"(crm_job_failures_total{job_name="purge"} 1)"));
  EXPECT_THAT(Scrape(registry),
              HasSubstr(R"(crm_job_last_success_timestamp_seconds{job_name="purge"} 1800000002)"));
}

TEST(ProcessCollectorTest, ReadsThisProcess) {
  const std::string text = Scrape(ProcessCollector());
  for (const char* name :
       {"process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_threads",
        "process_resident_memory_bytes", "process_start_time_seconds", "process_memory_limit_bytes",
        "process_temporary_free_bytes", "process_temporary_size_bytes"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name + " ")) << name;
  }
  EXPECT_THAT(text, Not(HasSubstr("process_resident_memory_bytes 0\n")));
}

// OPS-9: what CrmMemoryHigh compares with.
TEST(ProcessCollectorTest, TheLimitIsTheContainers) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "memory_limit_test";
  const auto write = [&folder](const std::string& file, const std::string& text) {
    std::filesystem::create_directories((folder / file).parent_path());
    std::ofstream(folder / file) << text;
  };
  EXPECT_EQ(MemoryLimitOf(folder), std::nullopt);
  write("memory/memory.limit_in_bytes", "268435456\n");
  EXPECT_EQ(MemoryLimitOf(folder), 268435456);
  write("memory.max", "536870912\n");
  EXPECT_EQ(MemoryLimitOf(folder), 536870912);
  std::filesystem::remove_all(folder / "memory");
  write("memory.max", "max\n");
  EXPECT_EQ(MemoryLimitOf(folder), std::nullopt);
  std::filesystem::remove_all(folder);
}

TEST(MetricsServerTest, SaysWhenTheAddressIsInUse) {
  MetricsServer first("127.0.0.1:0", {"customer", "1.0.0", "abc"});
  ASSERT_TRUE(first.Start().ok());
  ASSERT_GT(first.port(), 0);
  EXPECT_THAT(Scrape(first.registry()),
              HasSubstr(R"(crm_build_info{commit="abc",service="customer",version="1.0.0"} 1)"));

  MetricsServer second("127.0.0.1:" + std::to_string(first.port()), {});
  EXPECT_EQ(second.Start().code(), absl::StatusCode::kFailedPrecondition);
}

// Status line, headers and body of the answer to GET.
std::string Get(int port, const std::string& path) {
  std::array<char, 256> error{};
  const std::unique_ptr<mg_connection, decltype(&mg_close_connection)> connection(
      mg_download("127.0.0.1", port, 0, error.data(), error.size(),
                  "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path.c_str()),
      &mg_close_connection);
  if (connection == nullptr) return error.data();
  std::string answer = std::to_string(mg_get_response_info(connection.get())->status_code) + " ";
  std::array<char, 4096> part{};
  for (int got = 0; (got = mg_read(connection.get(), part.data(), part.size())) > 0;) {
    answer.append(part.data(), static_cast<size_t>(got));
  }
  return answer;
}

// PLT-10: probes are told the truth over plain HTTP, from the start to the end of serving.
TEST(MetricsServerTest, ProbesAndPrometheusHavePages) {
  MetricsServer server("127.0.0.1:0", {"customer", "1.0.0", "abc"});
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(Get(server.port(), "/livez"), "200 alive\n");
  EXPECT_EQ(Get(server.port(), "/readyz"), "503 not serving\n");
  server.SetReady(true);
  EXPECT_EQ(Get(server.port(), "/readyz"), "200 ready\n");
  server.SetReady(false);
  EXPECT_EQ(Get(server.port(), "/readyz"), "503 not serving\n");
  const std::string metrics = Get(server.port(), "/metrics");
  EXPECT_THAT(metrics, ::testing::StartsWith("200 # HELP crm_build_info "));
  EXPECT_THAT(metrics, HasSubstr("\nprocess_open_fds "));
  EXPECT_THAT(Get(server.port(), "/metrics/"), ::testing::StartsWith("404"));
}

// PLT-12, OPS-9: a chain fails with its first certificate, trust ends with the last authority; what
// cannot be read is left out, and without TLS there is nothing.
TEST(CertificateCollectorTest, TellsTheEndOfEachFile) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "certificate_collector_test";
  std::filesystem::create_directories(folder);
  const std::string path = folder / "both.pem";
  std::ofstream(path) << CertificateEndingAt(2'000'000'000) << CertificateEndingAt(1'900'000'000);
  const std::string empty = folder / "empty.pem";
  std::ofstream{empty};

  using Kind = CertificateFile::Kind;
  const std::string text = Scrape(CertificateCollector({{"tls-certificate", path, Kind::kChain},
                                                        {"peer-ca", path, Kind::kAuthorities},
                                                        {"tls-client-ca", empty, Kind::kChain},
                                                        {"absent", "/absent", Kind::kChain}}));
  const std::string name = "\ncrm_tls_certificate_expiry_timestamp_seconds";
  EXPECT_THAT(text, HasSubstr(name + R"({setting="tls-certificate"} 1900000000)"));
  EXPECT_THAT(text, HasSubstr(name + R"({setting="peer-ca"} 2000000000)"));
  EXPECT_THAT(text, Not(HasSubstr("tls-client-ca")));
  EXPECT_THAT(text, Not(HasSubstr("absent")));
  EXPECT_TRUE(CertificateCollector({}).Collect().empty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace crm::metrics
