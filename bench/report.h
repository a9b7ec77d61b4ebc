// Collects the figures of all rounds and tells them: a table for people, JSON for programs.
#ifndef CRM_BENCH_REPORT_H_
#define CRM_BENCH_REPORT_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/settings.h"

namespace crm::bench {

// What one run of a benchmark found.
struct Figure {
  double value = 0;
  double yardstick = 0;  // in the unit of `value`; 0 = there is none
  double p50_ms = 0;
  double p99_ms = 0;
  double peak_mb = 0;          // of the service, resident
  double service_micros = 0;   // processor time of the service for each call
  double database_micros = 0;  // of the database server
  double client_micros = 0;    // of this program
  std::string note = {};
};

// What value ÷ yardstick should be.
struct Target {
  enum class Kind { kNone, kAtLeast, kAtMost };
  Kind kind = Kind::kNone;
  double bound = 0;
};

// How the cost may grow from a tenth of the rows to all (QUA-4).
enum class Growth { kNotMeasured, kFlat, kLogarithmic };

struct BenchmarkInfo {
  std::string name;
  std::string unit;
  std::string yardstick;
  Target target = {};
  Growth growth = Growth::kNotMeasured;
  double most_peak_mb = 0;  // 0 = no bound
};

class Report {
 public:
  explicit Report(const Settings& settings) : settings_(settings) {}

  void Add(const BenchmarkInfo& info, Figure figure);
  // The same on the archive of a tenth of the rows.
  void AddSmall(const BenchmarkInfo& info, const Figure& figure);
  void Skip(const BenchmarkInfo& info, std::string why);
  // A line below the table.
  void Note(std::string text) { notes_.push_back(std::move(text)); }

  std::string Table() const;
  // Writes results.json.
  absl::Status Write(const std::string& path) const;

 private:
  struct Entry {
    BenchmarkInfo info;
    std::vector<Figure> figures;
    std::vector<Figure> small;
    std::string skipped;
  };
  struct Summary {
    Figure figure;  // medians; the highest peak
    double ratio = 0;
    std::optional<double> growth;
  };

  Entry& Of(const BenchmarkInfo& info);
  static Summary Summarize(const Entry& entry);
  static std::string Verdict(const Entry& entry, const Summary& summary);

  const Settings& settings_;
  std::vector<Entry> entries_;
  std::vector<std::string> notes_;
};

}  // namespace crm::bench

#endif  // CRM_BENCH_REPORT_H_
