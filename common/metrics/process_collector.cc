#include "common/metrics/process_collector.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/metrics/sample.h"

namespace crm::metrics {
namespace {

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A container sees its own control group; outside of one this is the root, which has no limit.
double MemoryLimit() {
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  // A group without a limit says a number larger than any machine (version 1).
  return std::min(machine, MemoryLimitOf("/sys/fs/cgroup").value_or(machine));
}

// Field numbers of proc(5), counted from 1.
constexpr size_t kUserTicks = 14;
constexpr size_t kSystemTicks = 15;
constexpr size_t kThreads = 20;
constexpr size_t kStartTicks = 22;
constexpr size_t kVirtualBytes = 23;
constexpr size_t kResidentPages = 24;

class ProcessStat {
 public:
  // The program's name, field 2, is in parentheses and may hold anything: count from its end.
  explicit ProcessStat(const std::string& text)
      : fields_(absl::StrSplit(text.substr(text.rfind(')') + 2), ' ')) {}

  std::optional<double> Get(size_t number) const {
    constexpr size_t kFirst = 3;
    int64_t value = 0;
    if (number - kFirst >= fields_.size() || !absl::SimpleAtoi(fields_[number - kFirst], &value)) {
      return std::nullopt;
    }
    return static_cast<double>(value);
  }

 private:
  std::vector<std::string> fields_;
};

std::optional<double> BootTimeSeconds() {
  const auto text = ReadFile("/proc/stat");
  if (!text.has_value()) return std::nullopt;
  for (const auto line : absl::StrSplit(*text, '\n')) {
    int64_t seconds = 0;
    if (line.substr(0, 6) == "btime " && absl::SimpleAtoi(line.substr(6), &seconds)) {
      return static_cast<double>(seconds);
    }
  }
  return std::nullopt;
}

std::optional<double> OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return std::nullopt;
  return static_cast<double>(std::distance(begin(files), end(files)));
}

std::optional<double> MaxFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> operator+(std::optional<double> a, std::optional<double> b) {
  if (!a.has_value() || !b.has_value()) return std::nullopt;
  return *a + *b;
}

std::optional<double> operator*(std::optional<double> a, double b) {
  if (!a.has_value()) return std::nullopt;
  return *a * b;
}

}  // namespace

std::optional<double> MemoryLimitOf(const std::string& folder) {
  for (const char* file : {"/memory.max", "/memory/memory.limit_in_bytes"}) {
    const auto text = ReadFile(folder + file);
    int64_t bytes = 0;
    if (text.has_value() && absl::SimpleAtoi(*text, &bytes)) return static_cast<double>(bytes);
  }
  return std::nullopt;
}

std::vector<prometheus::MetricFamily> ProcessCollector::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&families](std::string_view name, std::optional<double> value) {
    if (value.has_value()) families.push_back(Sample(name, *value));
  };
  add("process_open_fds", OpenFiles());
  add("process_max_fds", MaxFiles());
  add("process_memory_limit_bytes", MemoryLimit());
  std::error_code error;
  const auto disk = std::filesystem::space(std::filesystem::temp_directory_path(error), error);
  if (!error) {
    add("process_temporary_free_bytes", static_cast<double>(disk.available));
    add("process_temporary_size_bytes", static_cast<double>(disk.capacity));
  }

  const auto text = ReadFile("/proc/self/stat");
  if (!text.has_value() || text->rfind(") ") == std::string::npos) return families;
  const ProcessStat stat(*text);
  const double seconds_per_tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  add("process_cpu_seconds_total",
      (stat.Get(kUserTicks) + stat.Get(kSystemTicks)) * seconds_per_tick);
  add("process_threads", stat.Get(kThreads));
  add("process_virtual_memory_bytes", stat.Get(kVirtualBytes));
  add("process_resident_memory_bytes",
      stat.Get(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  add("process_start_time_seconds", BootTimeSeconds() + stat.Get(kStartTicks) * seconds_per_tick);
  return families;
}

}  // namespace crm::metrics
