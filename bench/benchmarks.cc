#include "bench/benchmarks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "crm/customer/v1/customer_service.pb.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;

constexpr int kCustomersOnPage = 50;
constexpr int64_t kDeepPage = 10'000;
constexpr int kLargestPage = 1000;

}  // namespace

absl::StatusOr<double> Bench::Once(const std::string& name,
                                   const std::function<absl::StatusOr<double>()>& measure) {
  const auto known = yardsticks_.find(name);
  if (known != yardsticks_.end()) return known->second;
  CRM_ASSIGN_OR_RETURN(const double value, measure());
  yardsticks_[name] = value;
  return value;
}

absl::StatusOr<double> Bench::SysbenchRate(const std::string& script, int threads) {
  return Once(absl::StrCat(script, threads), [&]() -> absl::StatusOr<double> {
    CRM_ASSIGN_OR_RETURN(const Rate rate, sysbench_.Run(script, threads));
    return rate.per_second;
  });
}

absl::StatusOr<double> Bench::LoneEchoMillis() {
  return Once("echo", [this] { return echo_.LoneMillis(settings_.time / 2); });
}

absl::StatusOr<double> Bench::LoneSelectMillis() {
  return Once("select", [this] { return bench::LoneSelectMillis(settings_, settings_.time / 2); });
}

absl::StatusOr<double> Bench::LoneInsertMillis() {
  return Once("insert", [this] { return bench::LoneInsertMillis(settings_, settings_.time / 2); });
}

absl::StatusOr<double> Bench::LoadData(const std::string& csv) {
  return Once("load data", [&] { return LoadDataSeconds(settings_, csv); });
}

absl::StatusOr<Figure> Bench::FigureOf(const std::string& name) {
  const auto known = figures_.find(name);
  if (known != figures_.end()) return known->second;
  for (const Benchmark& benchmark : AllBenchmarks()) {
    if (benchmark.info.name != name) continue;
    CRM_ASSIGN_OR_RETURN(Figure figure, benchmark.run(*this));
    figures_[name] = figure;
    return figure;
  }
  return absl::NotFoundError(absl::StrCat("no benchmark ", name));
}

absl::StatusOr<Clients> Bench::ConnectToArchive() {
  return ConnectClients(archive_.address(), archive_.token(), settings_.connections);
}

absl::StatusOr<FilledService*> Bench::Filled(const Filling& filling) {
  if (filled_ == nullptr || filled_->name() != filling.name) {
    filled_.reset();
    CRM_ASSIGN_OR_RETURN(filled_, FilledService::Open(settings_, filling));
  }
  return filled_.get();
}

absl::StatusOr<Figure> Bench::Load(int outstanding, const CallKind& call) {
  CRM_ASSIGN_OR_RETURN(const Clients clients, ConnectToArchive());
  return Load(clients, archive_.service(), outstanding, call);
}

absl::StatusOr<Figure> Bench::LoadOn(FilledService& service, int outstanding,
                                     const CallKind& call) {
  CRM_ASSIGN_OR_RETURN(const Clients clients, service.Connect());
  return Load(clients, service.service().process(), outstanding, call);
}

absl::StatusOr<Figure> Bench::Load(const Clients& clients, Process& service, int outstanding,
                                   const CallKind& call) {
  const Meter meter(settings_, service);
  const LoadResult result = KeepOutstanding(clients, outstanding, settings_.time, call);
  if (result.failed > 0) return result.first_failure;
  if (result.answered.count() == 0) return absl::UnavailableError("no call was answered");
  Figure figure;
  figure.value = result.per_second();
  meter.Fill(result, kCountedShare, figure);
  if (const size_t refused = result.refused.count() + static_cast<size_t>(result.late);
      refused > 0) {
    figure.note = absl::StrCat(refused, " calls refused or late");
  }
  return figure;
}

absl::StatusOr<std::string> Bench::DeepPageToken() {
  if (!deep_token_.empty()) return deep_token_;
  const int64_t pages = std::min(kDeepPage, archive_.rows() / kCustomersOnPage / 2);
  CRM_ASSIGN_OR_RETURN(const Clients clients, ConnectToArchive());
  v1::ListCustomersRequest request;
  for (int64_t left = (pages - 1) * kCustomersOnPage; left > 0; left -= request.page_size()) {
    request.set_page_size(static_cast<int32_t>(std::min<int64_t>(left, kLargestPage)));
    CRM_ASSIGN_OR_RETURN(auto page,
                         (clients.usual->Call<v1::ListCustomersRequest, v1::ListCustomersResponse>(
                             "/crm.customer.v1.CustomerService/ListCustomers", request)));
    request.set_page_token(std::move(*page.mutable_next_page_token()));
  }
  deep_token_ = request.page_token();
  return deep_token_;
}

Meter::Meter(const Settings& settings, Process& service)
    : service_(service),
      database_pid_(settings.database_pid),
      service_before_(ProcessorTimeOf(service.pid())),
      database_before_(ProcessorTimeOf(database_pid_)) {
  service_.ResetPeakMemory();
}

void Meter::Fill(const LoadResult& result, double counted, Figure& figure) const {
  const double calls = std::max(1.0, static_cast<double>(result.answered.count()) / counted);
  const auto each = [&](pid_t pid, absl::Duration before) {
    return absl::ToDoubleMicroseconds(ProcessorTimeOf(pid) - before) / calls;
  };
  figure.p50_ms = result.answered.Millis(0.5);
  figure.p99_ms = result.answered.Millis(0.99);
  figure.peak_mb = service_.PeakMemoryMb();
  figure.service_micros = each(service_.pid(), service_before_);
  figure.database_micros = each(database_pid_, database_before_);
  figure.client_micros = result.client_micros;
}

const std::vector<Benchmark>& AllBenchmarks() {
  static const auto& all = *[] {
    auto* const list = new std::vector<Benchmark>;
    for (auto part : {SlaBenchmarks(), CustomerBenchmarks(), ListAndSearchBenchmarks(),
                      PipelineBenchmarks(), OverloadBenchmarks(), ImportBenchmarks()}) {
      for (Benchmark& benchmark : part) list->push_back(std::move(benchmark));
    }
    return list;
  }();
  return all;
}

}  // namespace crm::bench
