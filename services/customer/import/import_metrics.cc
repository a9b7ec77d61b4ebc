#include "services/customer/import/import_metrics.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace crm::customer::import {
namespace {

using metrics::Definition;
using metrics::Type;

constexpr std::array kMetrics = {
    Definition{"crm_import_batch_seconds", Type::kHistogram, "",
               "Time from a parsed batch of rows to its commit."},
    Definition{"crm_import_jobs", Type::kGauge, "state",
               "Imports of this process: running now, and ended since its start by state."},
    Definition{"crm_import_rows_total", Type::kCounter, "outcome",
               "Rows of imports by what became of them."},
};

constexpr std::array kOutcomes = {"created", "updated", "merged", "skipped", "rejected"};

std::string LabelOf(v1::ImportState state) {
  const std::string name = v1::ImportState_Name(state);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "IMPORT_STATE_"));
}

}  // namespace

absl::Span<const Definition> ImportMetrics::Definitions() { return kMetrics; }

ImportMetrics::ImportMetrics(prometheus::Registry& registry)
    : batch_seconds_(
          &metrics::HistogramFamily(registry, kMetrics[0]).Add({}, metrics::LatencyBuckets())),
      jobs_(metrics::GaugeFamily(registry, kMetrics[1])) {
  auto& rows = metrics::CounterFamily(registry, kMetrics[2]);
  for (size_t i = 0; i < kOutcomes.size(); ++i) rows_[i] = &rows.Add({{"outcome", kOutcomes[i]}});
}

void ImportMetrics::CountRows(RowOutcome outcome, int64_t rows) {
  rows_[static_cast<size_t>(outcome)]->Increment(static_cast<double>(rows));
}

void ImportMetrics::ObserveBatch(absl::Duration took) {
  batch_seconds_->Observe(absl::ToDoubleSeconds(took));
}

void ImportMetrics::CountEnd(v1::ImportState state) {
  jobs_.Add({{"state", LabelOf(state)}}).Increment();
}

void ImportMetrics::SetRunning(int64_t jobs) {
  jobs_.Add({{"state", LabelOf(v1::IMPORT_STATE_RUNNING)}}).Set(static_cast<double>(jobs));
}

}  // namespace crm::customer::import
