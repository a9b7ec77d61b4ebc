// How far something long is, on one line that is drawn again and again.
//
//   ProgressBar bar(console, language, {.title = "上传", .unit = ProgressBar::Unit::kBytes});
//   bar.Update({.done = sent, .total = size});
//   bar.Finish();
//
// Where there is no terminal only Finish writes: one line without bar, for logs. Drawn at most ten
// times a second. Not thread-safe.
#ifndef CRM_TOOLS_CRMCTL_PROGRESS_BAR_H_
#define CRM_TOOLS_CRMCTL_PROGRESS_BAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tools/crmctl/console.h"

namespace crm::cli {

// `████████▌   `, `width` columns wide.
std::string Bar(double fraction, size_t width);
// `▁▂▅▇`: one column a value, relative to the largest.
std::string Sparkline(const std::vector<double>& values);
// `1,234,567`.
std::string Grouped(int64_t number);
// `12.3 MiB`.
std::string ByteSize(int64_t bytes);
// `0:07`, `12:30`, `1:02:03`.
std::string ClockTime(absl::Duration duration);

struct Progress {
  int64_t done = 0;
  int64_t total = 0;  // 0 = unknown
  // Known better than by done / total, and than by this program's clock.
  std::optional<double> fraction = std::nullopt;
  std::optional<double> per_second = std::nullopt;
  std::optional<absl::Duration> left = std::nullopt;
};

class ProgressBar {
 public:
  enum class Unit { kBytes, kRows };
  struct Options {
    std::string title;
    Unit unit = Unit::kRows;
  };

  // `console` outlives the bar.
  ProgressBar(Console& console, Language language, Options options);

  void Update(const Progress& progress);
  // Draws the last state and ends the line. Idempotent; without an Update nothing is written.
  void Finish();
  // The rates seen at Update, for a sparkline.
  const std::vector<double>& rates() const { return rates_; }

 private:
  double Fraction() const;
  double PerSecond() const;
  std::optional<absl::Duration> Left() const;
  std::string Amount(int64_t number) const;
  std::string Figures() const;
  std::string Line() const;
  void Draw();

  Console& console_;
  const Language language_;
  const Options options_;
  std::optional<absl::Time> start_;
  absl::Time drawn_ = absl::InfinitePast();
  Progress progress_;
  std::vector<double> rates_;
  bool finished_ = false;
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_PROGRESS_BAR_H_
