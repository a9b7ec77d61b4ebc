// Get, update and create.
#include <atomic>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/benchmarks.h"
#include "bench/seed.h"
#include "common/base/status_macros.h"
#include "common/schema/copy.h"
#include "crm/customer/v1/customer_service.pb.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;
using google::protobuf::Message;

constexpr int kSysbenchThreads = 8;
// More creations a second than anybody has seen.
constexpr double kMostCreations = 25'000;

const std::string& AnyNumber(Archive& archive, absl::BitGen& random) {
  return archive.numbers()[absl::Uniform<size_t>(random, 0, archive.numbers().size())];
}

CallKind GetCalls(Bench& bench) {
  Archive& archive = bench.archive();
  return {.method = "/crm.customer.v1.CustomerService/GetCustomer",
          .request = &v1::GetCustomerRequest::default_instance(),
          .response = &v1::Customer::default_instance(),
          .fill = [&archive](absl::BitGen& random, Message& request) {
            static_cast<v1::GetCustomerRequest&>(request).set_customer(AnyNumber(archive, random));
          }};
}

CallKind UpdateCalls(Bench& bench) {
  Archive& archive = bench.archive();
  return {.method = "/crm.customer.v1.CustomerService/UpdateCustomer",
          .request = &v1::UpdateCustomerRequest::default_instance(),
          .response = &v1::Customer::default_instance(),
          .fill = [&archive](absl::BitGen& random, Message& message) {
            auto& request = static_cast<v1::UpdateCustomerRequest&>(message);
            const auto anything = absl::Uniform<uint64_t>(random);
            request.Clear();
            request.mutable_customer()->set_number(AnyNumber(archive, random));
            request.mutable_customer()->set_need_description(absl::StrCat("需求", anything));
            request.mutable_update_mask()->add_paths("need_description");
            request.set_request_id(absl::StrCat("bench", anything));
          }};
}

absl::StatusOr<Figure> GetAlone(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(const double echo, bench.LoneEchoMillis());
  CRM_ASSIGN_OR_RETURN(const double select, bench.LoneSelectMillis());
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(1, GetCalls(bench)));
  figure.value = figure.p50_ms;
  figure.yardstick = echo + select;
  figure.note = absl::StrCat("echo ", echo, " ms, select ", select, " ms");
  return figure;
}

absl::StatusOr<Figure> Get(Bench& bench, int outstanding) {
  CRM_ASSIGN_OR_RETURN(const double yardstick,
                       bench.SysbenchRate("oltp_point_select", kSysbenchThreads));
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(outstanding, GetCalls(bench)));
  figure.yardstick = yardstick;
  return figure;
}

absl::StatusOr<Figure> Update(Bench& bench, int outstanding) {
  CRM_ASSIGN_OR_RETURN(const double yardstick,
                       bench.SysbenchRate("oltp_update_non_index", kSysbenchThreads));
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(outstanding, UpdateCalls(bench)));
  figure.yardstick = yardstick;
  return figure;
}

CallKind CreationsFor(Bench& bench) {
  return CreateCalls(
      bench, static_cast<size_t>(absl::ToDoubleSeconds(bench.settings().time) * kMostCreations));
}

absl::StatusOr<Figure> CreateAlone(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(const double echo, bench.LoneEchoMillis());
  CRM_ASSIGN_OR_RETURN(const double insert, bench.LoneInsertMillis());
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(1, CreationsFor(bench)));
  figure.value = figure.p50_ms;
  figure.yardstick = echo + insert;
  return figure;
}

absl::StatusOr<Figure> Create(Bench& bench, int outstanding) {
  CRM_ASSIGN_OR_RETURN(const double yardstick, bench.SysbenchRate("oltp_insert", kSysbenchThreads));
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(outstanding, CreationsFor(bench)));
  figure.yardstick = yardstick;
  return figure;
}

}  // namespace

CallKind CreateCalls(Bench& bench, size_t calls) {
  const uint64_t first = bench.fresh().Take(calls);
  auto requests = std::make_shared<std::vector<v1::CreateCustomerRequest>>(calls);
  examples::CustomerMaker maker(first, first);
  examples::Customer example;
  for (size_t i = 0; i < calls; ++i) {
    maker.Next(example);
    FillCustomer(example, *(*requests)[i].mutable_customer());
    (*requests)[i].set_request_id(absl::StrCat("bench", first + i));
  }
  auto next = std::make_shared<std::atomic<size_t>>(0);
  return {.method = "/crm.customer.v1.CustomerService/CreateCustomer",
          .request = &v1::CreateCustomerRequest::default_instance(),
          .response = &v1::Customer::default_instance(),
          // Beyond the last the first come again: answered from memory, which would show as a
          // sudden rise.
          .fill = [requests, next](absl::BitGen&, Message& request) {
            schema::CopyMessage((*requests)[next->fetch_add(1) % requests->size()], request);
          }};
}

std::vector<Benchmark> CustomerBenchmarks() {
  using Kind = Target::Kind;
  const std::string select = "sysbench oltp_point_select, 8 threads";
  const std::string insert = "sysbench oltp_insert, 8 threads";
  std::vector<Benchmark> list;
  list.push_back({{"archive.get.1",
                   "ms",
                   "a lone bare gRPC echo + a lone select",
                   {Kind::kAtMost, 2},
                   Growth::kFlat},
                  GetAlone});
  list.push_back({{"archive.get.64", "1/s", select, {Kind::kAtLeast, 0.5}, Growth::kFlat},
                  [](Bench& bench) { return Get(bench, 64); }});
  list.push_back({{"archive.get.256", "1/s", select, {Kind::kAtLeast, 0.6}, Growth::kFlat},
                  [](Bench& bench) { return Get(bench, 256); }});
  list.push_back(
      {{"archive.update.64", "1/s", "sysbench oltp_update_non_index, 8 threads", {}, Growth::kFlat},
       [](Bench& bench) { return Update(bench, 64); }});
  list.push_back(
      {{"archive.create.1", "ms", "a lone bare gRPC echo + a lone insert", {}, Growth::kFlat},
       CreateAlone});
  list.push_back({{"archive.create.64", "1/s", insert, {Kind::kAtLeast, 0.45}, Growth::kFlat},
                  [](Bench& bench) { return Create(bench, 64); }});
  list.push_back({{"archive.create.256", "1/s", insert, {}, Growth::kFlat},
                  [](Bench& bench) { return Create(bench, 256); }});
  return list;
}

}  // namespace crm::bench
