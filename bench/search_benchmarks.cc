// Lists and searches.
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/benchmarks.h"
#include "common/base/status_macros.h"
#include "common/text/unicode.h"
#include "crm/customer/v1/customer_service.pb.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;
using google::protobuf::Message;

constexpr std::array<const char*, 6> kCommonParts = {"科技", "有限",     "公司",
                                                     "北京", "信息技术", "技有限"};
constexpr char kLegalForm[] = "有限";

CallKind ListCalls(std::string page_token) {
  return {.method = "/crm.customer.v1.CustomerService/ListCustomers",
          .request = &v1::ListCustomersRequest::default_instance(),
          .response = &v1::ListCustomersResponse::default_instance(),
          .fill = [page_token = std::move(page_token)](absl::BitGen&, Message& request) {
            static_cast<v1::ListCustomersRequest&>(request).set_page_token(page_token);
          }};
}

CallKind SearchCalls(std::function<std::string(absl::BitGen&)> query) {
  return {.method = "/crm.customer.v1.CustomerService/SearchCustomers",
          .request = &v1::SearchCustomersRequest::default_instance(),
          .response = &v1::SearchCustomersResponse::default_instance(),
          .fill = [query = std::move(query)](absl::BitGen& random, Message& request) {
            static_cast<v1::SearchCustomersRequest&>(request).set_query(query(random));
          }};
}

absl::StatusOr<Figure> FirstPage(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(const double echo, bench.LoneEchoMillis());
  CRM_ASSIGN_OR_RETURN(const double select, bench.LoneSelectMillis());
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(1, ListCalls("")));
  figure.value = figure.p50_ms;
  figure.yardstick = echo + select;
  return figure;
}

absl::StatusOr<Figure> DeepPage(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(std::string token, bench.DeepPageToken());
  CRM_ASSIGN_OR_RETURN(const Figure first, bench.FigureOf("archive.list.page1"));
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(1, ListCalls(std::move(token))));
  figure.value = figure.p50_ms;
  figure.yardstick = first.p50_ms;
  return figure;
}

absl::StatusOr<Figure> Search(Bench& bench, std::function<std::string(absl::BitGen&)> query) {
  CRM_ASSIGN_OR_RETURN(const Figure point, bench.FigureOf("archive.get.1"));
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.Load(1, SearchCalls(std::move(query))));
  figure.value = figure.p99_ms;
  figure.yardstick = point.p99_ms;
  return figure;
}

// What a customer's name has before its legal form: city, name of its own, trade; a person's name.
std::string RarePart(Archive& archive, absl::BitGen& random) {
  const std::vector<std::string>& names = archive.names();
  const std::string& name = names[absl::Uniform<size_t>(random, 0, names.size())];
  return name.substr(0, name.find(kLegalForm));
}

absl::StatusOr<Figure> RareSearch(Bench& bench) {
  Archive& archive = bench.archive();
  return Search(bench, [&archive](absl::BitGen& random) { return RarePart(archive, random); });
}

absl::StatusOr<Figure> CommonSearch(Bench& bench) {
  return Search(bench, [](absl::BitGen& random) {
    return std::string(kCommonParts[absl::Uniform<size_t>(random, 0, kCommonParts.size())]);
  });
}

}  // namespace

std::vector<Benchmark> ListAndSearchBenchmarks() {
  using Kind = Target::Kind;
  // The same at any depth, but for noise.
  constexpr double kSame = 1.2;
  constexpr double kMostSearch = 20;
  std::vector<Benchmark> list;
  list.push_back({{"archive.list.page1",
                   "ms",
                   "a lone bare gRPC echo + a lone select of one row",
                   {},
                   Growth::kLogarithmic},
                  FirstPage});
  list.push_back({{"archive.list.page10000",
                   "ms",
                   "archive.list.page1",
                   {Kind::kAtMost, kSame},
                   Growth::kLogarithmic},
                  DeepPage});
  list.push_back({{"archive.search.rare",
                   "ms p99",
                   "p99 of archive.get.1",
                   {Kind::kAtMost, kMostSearch},
                   Growth::kLogarithmic},
                  RareSearch});
  list.push_back({{"archive.search.common",
                   "ms p99",
                   "p99 of archive.get.1",
                   {Kind::kAtMost, kMostSearch},
                   Growth::kLogarithmic},
                  CommonSearch});
  return list;
}

}  // namespace crm::bench
