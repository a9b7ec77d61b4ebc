#include "tools/crmctl/progress_bar.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/absl_view.h"
#include "common/text/unicode.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

constexpr absl::Duration kBetweenDraws = absl::Milliseconds(100);
constexpr size_t kWidestBar = 40;
constexpr size_t kNarrowestBar = 10;
constexpr size_t kWidthUnknown = 80;
constexpr int kEighths = 8;
constexpr std::array<std::string_view, 8> kPartBlocks = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
constexpr std::array<std::string_view, 8> kLevels = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

}  // namespace

std::string Bar(double fraction, size_t width) {
  const double clamped = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0;
  const auto eighths = static_cast<size_t>(clamped * static_cast<double>(width) * kEighths);
  std::string bar;
  for (size_t i = 0; i < eighths / kEighths; ++i) bar += "█";
  bar += kPartBlocks[eighths % kEighths];
  const size_t used = eighths / kEighths + (eighths % kEighths > 0 ? 1 : 0);
  return bar.append(width - used, ' ');
}

std::string Sparkline(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, value);
  std::string line;
  for (const double value : values) {
    const double share = largest > 0 ? std::max(value, 0.0) / largest : 0;
    line += kLevels[static_cast<size_t>(std::lround(share * (kLevels.size() - 1)))];
  }
  return line;
}

std::string Grouped(int64_t number) {
  const std::string digits = absl::StrCat(number);
  const size_t first = number < 0 ? 1 : 0;
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

std::string ByteSize(int64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  auto size = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return absl::StrFormat("%.1f %s", size, kUnits[unit]);
}

std::string ClockTime(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(std::max(duration, absl::ZeroDuration()));
  if (seconds < 3600) return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
  return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

ProgressBar::ProgressBar(Console& console, Language language, Options options)
    : console_(console), language_(language), options_(std::move(options)) {}

void ProgressBar::Update(const Progress& progress) {
  const absl::Time now = console_.clock.Now();
  if (!start_) start_ = now;
  progress_ = progress;
  if (now - drawn_ < kBetweenDraws) return;
  drawn_ = now;
  if (progress.done > 0) rates_.push_back(PerSecond());
  if (console_.err_is_terminal) Draw();
}

void ProgressBar::Finish() {
  if (finished_ || !start_) return;
  finished_ = true;
  if (console_.err_is_terminal) {
    Draw();
    console_.err << "\n" << std::flush;
    return;
  }
  console_.err << options_.title << ": " << Figures() << "\n" << std::flush;
}

double ProgressBar::Fraction() const {
  if (progress_.fraction) return std::clamp(*progress_.fraction, 0.0, 1.0);
  if (progress_.total <= 0) return 0;
  return std::clamp(static_cast<double>(progress_.done) / static_cast<double>(progress_.total), 0.0,
                    1.0);
}

double ProgressBar::PerSecond() const {
  if (progress_.per_second) return *progress_.per_second;
  const double seconds = absl::ToDoubleSeconds(console_.clock.Now() - *start_);
  return seconds > 0 ? static_cast<double>(progress_.done) / seconds : 0;
}

std::optional<absl::Duration> ProgressBar::Left() const {
  if (progress_.left) return progress_.left;
  const double rate = PerSecond();
  if (rate <= 0 || progress_.total <= progress_.done) return std::nullopt;
  return absl::Seconds(static_cast<double>(progress_.total - progress_.done) / rate);
}

std::string ProgressBar::Amount(int64_t number) const {
  return options_.unit == Unit::kBytes ? ByteSize(number) : Grouped(number);
}

std::string ProgressBar::Figures() const {
  const bool rows = options_.unit == Unit::kRows;
  std::string figures = Amount(progress_.done);
  if (progress_.total > 0) absl::StrAppend(&figures, "/", Amount(progress_.total));
  if (rows) absl::StrAppend(&figures, " ", ToAbsl(Say(language_, "行", "rows")));
  const double rate = PerSecond();
  if (rate > 0) {
    absl::StrAppend(
        &figures, "  ", Amount(std::llround(rate)),
        ToAbsl(rows ? Say(language_, " 行/秒", " rows/s") : Say(language_, "/秒", "/s")));
  }
  const std::optional<absl::Duration> left = Left();
  if (!finished_ && left) {
    absl::StrAppend(&figures, "  ", ToAbsl(Say(language_, "剩余 ", "left ")), ClockTime(*left));
  }
  return figures;
}

std::string ProgressBar::Line() const {
  const std::string percent = absl::StrFormat("%3d%%", std::lround(Fraction() * 100));
  const std::string figures = Figures();
  const size_t width = console_.width > 0 ? console_.width : kWidthUnknown;
  // Title, blank, bar, blank, percent, two blanks, figures; the last column stays free.
  const size_t rest =
      text::DisplayWidth(options_.title) + percent.size() + text::DisplayWidth(figures) + 5;
  const size_t room = width > rest ? width - rest : 0;
  const size_t bar = std::clamp(room, kNarrowestBar, kWidestBar);
  return FitToWidth(
      absl::StrCat(options_.title, " ", Bar(Fraction(), bar), " ", percent, "  ", figures),
      width - 1);
}

void ProgressBar::Draw() { console_.err << "\r" << Line() << "\x1b[K" << std::flush; }

}  // namespace crm::cli
