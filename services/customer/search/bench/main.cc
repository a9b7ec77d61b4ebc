// Prints what the name index costs at a million customers (CUS-25, QUA-3, QUA-4): load time, bytes
// for each customer, and the latency of rare, frequent and pathological queries, alone and beside a
// writer of 5 000 changes a second.
//
//   name-index-bench [customers] [queries of each kind]
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/text/unicode.h"
#include "services/customer/search/name_index.h"

namespace crm::customer {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr uint32_t kOwners = 5000;
constexpr uint32_t kTeams = 100;
constexpr uint32_t kLonelyOwner = kOwners;  // has ten customers
constexpr uint32_t kHitsWanted = 20;
constexpr uint32_t kChangesPerSecond = 5000;

double Microseconds(SteadyClock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

// What a shared machine takes away does not count.
double ThreadCpuMicroseconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double Percentile(std::vector<double>& values, size_t percent) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

// Names as companies have them: place, two to four characters of their own, trade, legal form. Own
// characters are unevenly frequent.
class CompanyNames {
 public:
  explicit CompanyNames(uint32_t seed) : random_(seed) {}

  std::string Next() {
    static const std::vector<std::string> places = {"北京",   "上海", "深圳市", "广州市", "杭州",
                                                    "成都市", "武汉", "南京",   "苏州市", "西安"};
    static const std::vector<std::string> trades = {"科技", "贸易", "信息技术", "电子商务", "实业",
                                                    "建设", "餐饮", "网络科技", "医药",     "物流"};
    static const std::vector<std::string> forms = {"有限公司", "有限公司",     "有限公司",
                                                   "有限公司", "股份有限公司", "有限责任公司",
                                                   "公司",     "集团"};
    std::string name = Below(4) == 0 ? "" : Pick(places);
    name += Own(2 + Below(3)) + Pick(trades) + Pick(forms);
    return name;
  }

  std::string Own(uint32_t characters) {
    std::string own;
    for (uint32_t i = 0; i < characters; ++i) {
      text::AppendUtf8(U'一' + Below(1 + Below(1 + Below(6000))), own);
    }
    return own;
  }

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

 private:
  const std::string& Pick(const std::vector<std::string>& pieces) {
    return pieces[Below(static_cast<uint32_t>(pieces.size()))];
  }

  std::mt19937 random_;
};

uint32_t OwnerOf(uint32_t customer, CompanyNames& names) {
  return customer % 100'000 == 50 ? kLonelyOwner : names.Below(kOwners);
}

void Fill(NameIndex& index, uint32_t customers, size_t& name_bytes) {
  CompanyNames names(1);
  std::vector<std::string> made;
  std::vector<uint32_t> owners;
  for (uint32_t i = 0; i < customers; ++i) {
    made.push_back(names.Next());
    owners.push_back(OwnerOf(i, names));
    name_bytes += made.back().size();
  }
  const auto start = SteadyClock::now();
  NameIndex::Load load(index);
  for (uint32_t i = 0; i < customers; ++i) {
    load.Add((int64_t{i} + 1) << 22, made[i], owners[i], owners[i] % kTeams);
  }
  const auto added = SteadyClock::now();
  load.Finish();
  const double add_seconds = Microseconds(added - start) / 1e6;
  const double seconds = Microseconds(SteadyClock::now() - start) / 1e6;
  std::printf("load: %.2f s (rows %.2f s), %.0f rows/s\n", seconds, add_seconds,
              customers / seconds);
}

struct Kind {
  const char* label;
  std::function<std::string(CompanyNames&)> query;
  ScopeFilter scope = ScopeFilter::All();
};

std::function<std::string(CompanyNames&)> Always(std::string query) {
  return [query = std::move(query)](CompanyNames&) { return query; };
}

std::vector<Kind> Kinds() {
  const std::vector<uint32_t> ten_teams = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  return {
      {"rare: 3 own characters", [](CompanyNames& n) { return n.Own(3); }},
      {"rare: 2 own characters", [](CompanyNames& n) { return n.Own(2); }},
      {"one own character", [](CompanyNames& n) { return n.Own(1); }},
      {"a full name", [](CompanyNames& n) { return n.Next(); }},
      {"own + trade, two words", [](CompanyNames& n) { return n.Own(1) + " 科技"; }},
      {"科技", Always("科技")},
      {"有限", Always("有限")},
      {"北京", Always("北京")},
      {"技有限公", Always("技有限公")},
      {"有 (one character)", Always("有")},
      {"owner of 200: 有限", Always("有限"), ScopeFilter::Owner(17)},
      {"pathological: 科技上海", Always("科技上海")},
      {"pathological: 司有 (never)", Always("司有")},
      {"pathological: 北京 上海", Always("北京 上海")},
      {"pathological: 公 司 有 限", Always("公 司 有 限")},
      {"pathological: 贸易 网络 科技", Always("贸易 网络 科技")},
      {"pathological: 京 海 州 技", Always("京 海 州 技")},
      {"owner of 10: 有限", Always("有限"), ScopeFilter::Owner(kLonelyOwner)},
      {"owner of none: 有", Always("有"), ScopeFilter::Owner(kOwners + 1)},
      {"10 teams of 1%: 北京 贸易", Always("北京 贸易"), ScopeFilter::OwnerAndTeams(17, ten_teams)},
  };
}

void Measure(const NameIndex& index, const Kind& kind, uint32_t queries) {
  CompanyNames names(2);
  std::vector<double> times;
  std::vector<double> cpu_times;
  size_t hits = 0;
  for (uint32_t i = 0; i < queries; ++i) {
    const std::string query = kind.query(names);
    const auto start = SteadyClock::now();
    const double cpu_start = ThreadCpuMicroseconds();
    hits += index.Find(query, kind.scope, kHitsWanted).size();
    cpu_times.push_back(ThreadCpuMicroseconds() - cpu_start);
    times.push_back(Microseconds(SteadyClock::now() - start));
  }
  std::printf("  %9.1f %9.1f %9.1f %9.1f %7.1f  %s\n", Percentile(times, 50), Percentile(times, 99),
              Percentile(cpu_times, 50), Percentile(cpu_times, 99),
              static_cast<double>(hits) / queries, kind.label);
}

void MeasureAll(const NameIndex& index, const char* title, uint32_t queries) {
  std::printf("%s\n  %9s %9s %9s %9s %7s\n", title, "p50 us", "p99 us", "cpu p50", "cpu p99",
              "hits");
  for (const Kind& kind : Kinds()) Measure(index, kind, queries);
}

// Half renames of old customers, half new ones, fifty at a time, and a merge every second.
void Write(NameIndex& index, uint32_t customers, const std::atomic<bool>& done,
           std::atomic<uint64_t>& written) {
  constexpr uint32_t kBatch = 50;
  CompanyNames names(3);
  auto next = SteadyClock::now();
  for (uint32_t batch = 0; !done; ++batch) {
    for (uint32_t i = 0; i < kBatch; ++i) {
      const uint32_t row = i % 2 == 0 ? names.Below(customers) : customers + batch * kBatch + i;
      const uint32_t owner = names.Below(kOwners);
      index.Upsert((int64_t{row} + 1) << 22, names.Next(), owner, owner % kTeams);
    }
    written += kBatch;
    next += std::chrono::microseconds(1'000'000 * kBatch / kChangesPerSecond);
    std::this_thread::sleep_until(next);
  }
}

void MergeEverySecond(NameIndex& index, const std::atomic<bool>& done) {
  while (!done) {
    const auto start = SteadyClock::now();
    if (index.MergeChanges()) {
      const double milliseconds = Microseconds(SteadyClock::now() - start) / 1e3;
      if (milliseconds > 500) std::printf("  (a merge of %.0f ms)\n", milliseconds);
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

void PrintStats(const NameIndex& index) {
  const NameIndex::Stats stats = index.stats();
  std::printf("%zu customers, %zu segments, %zu changes unmerged, %.1f bytes a customer\n",
              stats.customers, stats.segments, stats.changes_unmerged,
              static_cast<double>(stats.memory_bytes) / static_cast<double>(stats.customers));
}

void Run(uint32_t customers, uint32_t queries) {
  NameIndex index;
  size_t name_bytes = 0;
  Fill(index, customers, name_bytes);
  std::printf("names: %.1f bytes on average\n", static_cast<double>(name_bytes) / customers);
  PrintStats(index);
  MeasureAll(index, "alone", queries);
  std::atomic<bool> done = false;
  std::atomic<uint64_t> written = 0;
  std::thread writer([&] { Write(index, customers, done, written); });
  std::thread merger([&] { MergeEverySecond(index, done); });
  const auto start = SteadyClock::now();
  MeasureAll(index, "beside a writer", queries);
  const double seconds = Microseconds(SteadyClock::now() - start) / 1e6;
  done = true;
  writer.join();
  merger.join();
  std::printf("%.0f changes/s\n", static_cast<double>(written) / seconds);
  PrintStats(index);
}

}  // namespace
}  // namespace crm::customer

int main(int argc, char** argv) {
  uint32_t customers = 1'000'000;
  uint32_t queries = 20'000;
  if (argc > 1 && !absl::SimpleAtoi(argv[1], &customers)) return 2;
  if (argc > 2 && !absl::SimpleAtoi(argv[2], &queries)) return 2;
  crm::customer::Run(customers, queries);
  return 0;
}
