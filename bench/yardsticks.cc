#include "bench/yardsticks.h"

#include <utility>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/archive.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "crm/testing/v1/echo.pb.h"

namespace crm::bench {
namespace {

constexpr char kTable[] = "sbtest1";
constexpr char kScripts[] = "/usr/share/sysbench/";
constexpr char kEchoMethod[] = "/crm.testing.v1.EchoService/Echo";
constexpr int kStartTries = 500;

constexpr db::Query kHasTable{"has_table", R"sql(
  SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?)sql"};
constexpr db::Query kCountRows{"count_rows", "SELECT COUNT(*) FROM sbtest1"};
constexpr db::Query kPointSelect{"point_select", "SELECT c FROM sbtest1 WHERE id = ?"};
constexpr db::Query kInsert{"insert", R"sql(
  INSERT INTO sbtest1 (k, c, pad) VALUES (?, ?, ?))sql"};

constexpr char kBulkTable[] = R"sql(
  CREATE OR REPLACE TABLE crm_bench_yardstick.bulk (
    id BIGINT NOT NULL AUTO_INCREMENT,
    kind VARCHAR(20), full_name VARCHAR(100), credit_code CHAR(18), industry VARCHAR(32),
    decision_maker VARCHAR(50), phone VARCHAR(20), email VARCHAR(200), region VARCHAR(32),
    address VARCHAR(200), tier VARCHAR(20), source_channel VARCHAR(32), created DATE,
    PRIMARY KEY (id), UNIQUE KEY bulk_phone (phone)))sql";

db::PoolOptions YardstickPool(const Settings& settings) {
  db::PoolOptions options;
  options.address = settings.database;
  options.address.database = kYardstickDatabase;
  return options;
}

absl::StatusOr<int64_t> TableRows(const Settings& settings) {
  db::Pool pool(YardstickPool(settings));
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(absl::InfiniteFuture()));
  CRM_ASSIGN_OR_RETURN(db::Rows tables,
                       connection->Select(kHasTable, {kYardstickDatabase, kTable}));
  if (!tables.Next() || tables.Int(0) == 0) return 0;
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection->Select(kCountRows, {}));
  return rows.Next() ? rows.Int(0) : 0;
}

// The number that follows `label` in the output of sysbench.
double NumberAfter(const std::string& output, const std::string& label) {
  const size_t at = output.find(label);
  return at == std::string::npos ? 0 : std::strtod(output.c_str() + at + label.size(), nullptr);
}

// p50 of `action`, one after the other.
template <typename Action>
absl::StatusOr<double> LoneMillis(const Settings& settings, absl::Duration time, Action action) {
  db::Pool pool(YardstickPool(settings));
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(absl::InfiniteFuture()));
  Latencies latencies;
  absl::BitGen random;
  for (const absl::Time end = absl::Now() + time; absl::Now() < end;) {
    const absl::Time begin = absl::Now();
    CRM_RETURN_IF_ERROR(action(*connection, random));
    latencies.Add(absl::Now() - begin);
  }
  return latencies.Millis(0.5);
}

}  // namespace

absl::StatusOr<Sysbench> Sysbench::Prepare(const Settings& settings) {
  CRM_RETURN_IF_ERROR(RunAsAdministrator(
      settings, absl::StrCat("CREATE DATABASE IF NOT EXISTS ", kYardstickDatabase)));
  Sysbench sysbench(settings);
  CRM_ASSIGN_OR_RETURN(const int64_t rows, TableRows(settings));
  if (rows >= settings.rows && rows < settings.rows * 2) return sysbench;
  CRM_RETURN_IF_ERROR(RunAsAdministrator(
      settings, absl::StrCat("DROP TABLE IF EXISTS ", kYardstickDatabase, ".", kTable)));
  std::vector<std::string> arguments = sysbench.Arguments("oltp_point_select");
  arguments.emplace_back("prepare");
  CRM_RETURN_IF_ERROR(Output(arguments).status());
  return sysbench;
}

std::vector<std::string> Sysbench::Arguments(const std::string& script) const {
  const db::Address& address = settings_.database;
  return {"sysbench",
          absl::StrCat(kScripts, script, ".lua"),
          "--db-driver=mysql",
          absl::StrCat("--mysql-host=", address.host),
          absl::StrCat("--mysql-port=", address.port),
          absl::StrCat("--mysql-user=", address.user),
          absl::StrCat("--mysql-password=", address.password),
          absl::StrCat("--mysql-db=", kYardstickDatabase),
          "--tables=1",
          absl::StrCat("--table-size=", settings_.rows)};
}

absl::StatusOr<Rate> Sysbench::Run(const std::string& script, int threads) const {
  std::vector<std::string> arguments = Arguments(script);
  const auto seconds = std::max<int64_t>(1, absl::ToInt64Seconds(settings_.time));
  arguments.push_back(absl::StrCat("--threads=", threads));
  arguments.push_back(absl::StrCat("--time=", seconds));
  arguments.emplace_back("--percentile=99");
  arguments.emplace_back("run");
  CRM_ASSIGN_OR_RETURN(const std::string output, Output(arguments));
  const double transactions = NumberAfter(output, "transactions:");
  const double took = NumberAfter(output, "total time:");
  if (transactions == 0 || took == 0) {
    return absl::InternalError(absl::StrCat("sysbench tells no rate: ", output));
  }
  return Rate{transactions / took, NumberAfter(output, "99th percentile:")};
}

absl::StatusOr<EchoServer> EchoServer::Start(const Settings& settings) {
  const std::string address = absl::StrCat("127.0.0.1:", FreePort());
  CRM_ASSIGN_OR_RETURN(auto process, Process::Start({absl::StrCat(settings.programs, "/crm-bench"),
                                                     absl::StrCat("--serve-echo=", address)},
                                                    absl::StrCat(settings.directory, "/echo.log")));
  EchoServer server(settings, address, std::move(process));
  for (int i = 0; i < kStartTries; ++i) {
    if (server.LoneMillis(absl::Milliseconds(5)).value_or(0) > 0) return server;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return absl::UnavailableError("the echo server does not answer");
}

absl::StatusOr<LoadResult> EchoServer::Load(int outstanding, absl::Duration time) const {
  CRM_ASSIGN_OR_RETURN(const Clients clients, ConnectClients(address_, "", settings_.connections));
  return KeepOutstanding(
      clients, outstanding, time,
      {.method = kEchoMethod,
       .request = &testing::v1::EchoRequest::default_instance(),
       .response = &testing::v1::EchoResponse::default_instance(),
       .fill = [](absl::BitGen&, google::protobuf::Message& request) {
         static_cast<testing::v1::EchoRequest&>(request).set_text("CRM2026000001");
       }});
}

absl::StatusOr<double> EchoServer::LoneMillis(absl::Duration time) const {
  CRM_ASSIGN_OR_RETURN(const LoadResult result, Load(1, time));
  return result.answered.Millis(0.5);
}

absl::StatusOr<double> LoneSelectMillis(const Settings& settings, absl::Duration time) {
  return LoneMillis(settings, time, [&](db::Connection& connection, absl::BitGen& random) {
    return connection.Select(kPointSelect, {absl::Uniform(random, 1, settings.rows)}).status();
  });
}

absl::StatusOr<double> LoneInsertMillis(const Settings& settings, absl::Duration time) {
  return LoneMillis(settings, time, [&](db::Connection& connection, absl::BitGen& random) {
    return connection
        .Execute(kInsert, {absl::Uniform(random, 1, settings.rows), std::string(119, 'c'),
                           std::string(59, 'p')})
        .status();
  });
}

absl::StatusOr<double> LoadDataSeconds(const Settings& settings, const std::string& csv) {
  CRM_RETURN_IF_ERROR(RunAsAdministrator(settings, kBulkTable));
  const db::Address& address = settings.database;
  const std::string sql = absl::StrCat(
      "LOAD DATA LOCAL INFILE '", csv, "' INTO TABLE bulk CHARACTER SET utf8mb4 ",
      R"(FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' LINES TERMINATED BY '\r\n' )",
      "IGNORE 1 LINES (kind, full_name, credit_code, industry, decision_maker, phone, email, ",
      "region, address, tier, source_channel, created)");
  const absl::Time begin = absl::Now();
  CRM_RETURN_IF_ERROR(Output({"mariadb", "--no-defaults", "--local-infile=1",
                              "--host=" + address.host, absl::StrCat("--port=", address.port),
                              "--user=" + address.user, "--password=" + address.password,
                              absl::StrCat("--database=", kYardstickDatabase), "--execute=" + sql})
                          .status());
  return absl::ToDoubleSeconds(absl::Now() - begin);
}

}  // namespace crm::bench
