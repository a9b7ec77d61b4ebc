#include "bench/report.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bench/latency.h"
#include "common/base/absl_view.h"

namespace crm::bench {
namespace {

// What a shared machine adds to a comparison of two runs.
constexpr double kNoise = 1.25;

double MedianOf(const std::vector<Figure>& figures, double Figure::*member) {
  std::vector<double> values;
  for (const Figure& figure : figures) values.push_back(figure.*member);
  return Median(std::move(values));
}

double HighestPeak(const std::vector<Figure>& figures) {
  double peak = 0;
  for (const Figure& figure : figures) peak = std::max(peak, figure.peak_mb);
  return peak;
}

// Three significant digits, as people read them.
std::string Short(double number) {
  if (number == 0) return "-";
  if (number >= 100) return absl::StrFormat("%.0f", number);
  if (number >= 10) return absl::StrFormat("%.1f", number);
  return absl::StrFormat("%.3g", number);
}

bool IsMet(const Target& target, double ratio) {
  switch (target.kind) {
    case Target::Kind::kNone:
      return true;
    case Target::Kind::kAtLeast:
      return ratio >= target.bound;
    case Target::Kind::kAtMost:
      return ratio <= target.bound;
  }
  return false;
}

std::string TargetText(const Target& target) {
  switch (target.kind) {
    case Target::Kind::kNone:
      return "-";
    case Target::Kind::kAtLeast:
      return absl::StrCat(">= ", target.bound);
    case Target::Kind::kAtMost:
      return absl::StrCat("<= ", target.bound);
  }
  return "-";
}

// From a tenth of the rows to all of them.
double MostGrowth(Growth growth, int64_t rows) {
  const auto n = static_cast<double>(rows);
  return kNoise * (growth == Growth::kLogarithmic ? std::log(n) / std::log(n / 10) : 1);
}

// Columns as wide as their widest cell; the first and the last read from the left.
std::string Aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      if (i == 0) {
        absl::StrAppend(&table, row[i], padding);
      } else if (i + 1 == row.size()) {
        absl::StrAppend(&table, "  ", row[i]);
      } else {
        absl::StrAppend(&table, "  ", padding, row[i]);
      }
    }
    absl::StrAppend(&table, "\n");
  }
  return table;
}

}  // namespace

Report::Entry& Report::Of(const BenchmarkInfo& info) {
  for (Entry& entry : entries_) {
    if (entry.info.name == info.name) return entry;
  }
  return entries_.emplace_back(Entry{.info = info, .figures = {}, .small = {}, .skipped = ""});
}

void Report::Add(const BenchmarkInfo& info, Figure figure) {
  Of(info).figures.push_back(std::move(figure));
}

void Report::AddSmall(const BenchmarkInfo& info, const Figure& figure) {
  Of(info).small.push_back(figure);
}

void Report::Skip(const BenchmarkInfo& info, std::string why) { Of(info).skipped = std::move(why); }

Report::Summary Report::Summarize(const Entry& entry) {
  const std::vector<Figure>& runs = entry.figures;
  Summary summary;
  summary.figure = {.value = MedianOf(runs, &Figure::value),
                    .yardstick = MedianOf(runs, &Figure::yardstick),
                    .p50_ms = MedianOf(runs, &Figure::p50_ms),
                    .p99_ms = MedianOf(runs, &Figure::p99_ms),
                    .peak_mb = HighestPeak(runs),
                    .service_micros = MedianOf(runs, &Figure::service_micros),
                    .database_micros = MedianOf(runs, &Figure::database_micros),
                    .client_micros = MedianOf(runs, &Figure::client_micros),
                    .note = runs.empty() ? "" : runs.back().note};
  const Figure& figure = summary.figure;
  if (figure.yardstick > 0) summary.ratio = figure.value / figure.yardstick;
  const double small = MedianOf(entry.small, &Figure::p50_ms);
  if (small > 0 && !runs.empty()) summary.growth = figure.p50_ms / small;
  return summary;
}

std::string Report::Verdict(const Entry& entry, const Summary& summary) {
  std::vector<std::string> verdict;
  if (!entry.skipped.empty()) verdict.push_back(absl::StrCat("SKIPPED: ", entry.skipped));
  if (entry.figures.empty()) return absl::StrJoin(verdict, "; ");
  const BenchmarkInfo& info = entry.info;
  if (info.target.kind != Target::Kind::kNone) {
    verdict.emplace_back(IsMet(info.target, summary.ratio) ? "met" : "MISSED");
  }
  if (info.most_peak_mb > 0 && summary.figure.peak_mb > info.most_peak_mb) {
    verdict.push_back(absl::StrCat("MISSED: memory over ", info.most_peak_mb, " MB"));
  }
  if (!summary.figure.note.empty()) verdict.push_back(summary.figure.note);
  return absl::StrJoin(verdict, "; ");
}

std::string Report::Table() const {
  std::vector<std::vector<std::string>> rows = {{"name", "value", "unit", "yardstick", "ratio",
                                                 "target", "p50 ms", "p99 ms", "peak MB", "growth",
                                                 "service us", "db us", "client us", "verdict"}};
  for (const Entry& entry : entries_) {
    const Summary summary = Summarize(entry);
    const Figure& figure = summary.figure;
    std::string growth = "-";
    if (summary.growth.has_value()) {
      const bool met = *summary.growth <= MostGrowth(entry.info.growth, settings_.rows);
      growth = absl::StrCat("x", Short(*summary.growth), met ? "" : " MISSED");
    }
    rows.push_back({entry.info.name, Short(figure.value), entry.info.unit, Short(figure.yardstick),
                    Short(summary.ratio), TargetText(entry.info.target), Short(figure.p50_ms),
                    Short(figure.p99_ms), Short(figure.peak_mb), growth,
                    Short(figure.service_micros), Short(figure.database_micros),
                    Short(figure.client_micros), Verdict(entry, summary)});
  }
  std::string text = Aligned(rows);
  absl::StrAppend(&text, "\nYardsticks:\n");
  for (const Entry& entry : entries_) {
    if (entry.info.yardstick.empty()) continue;
    absl::StrAppend(&text, "  ", entry.info.name, ": ", entry.info.yardstick, "\n");
  }
  for (const std::string& note : notes_) absl::StrAppend(&text, note, "\n");
  return text;
}

absl::Status Report::Write(const std::string& path) const {
  nlohmann::json results = nlohmann::json::array();
  for (const Entry& entry : entries_) {
    if (entry.figures.empty()) continue;
    const Summary summary = Summarize(entry);
    const Figure& figure = summary.figure;
    nlohmann::json result = {{"name", entry.info.name}, {"value", figure.value},
                             {"unit", entry.info.unit}, {"yardstick", figure.yardstick},
                             {"ratio", summary.ratio},  {"p50_ms", figure.p50_ms},
                             {"p99_ms", figure.p99_ms}, {"peak_mb", figure.peak_mb}};
    if (summary.growth.has_value()) result["growth"] = *summary.growth;
    results.push_back(std::move(result));
  }
  std::ofstream file(path);
  file << results.dump(2) << "\n";
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot write ", path));
}

}  // namespace crm::bench
