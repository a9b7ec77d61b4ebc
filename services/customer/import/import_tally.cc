#include "services/customer/import/import_tally.h"

#include <algorithm>
#include <string>

namespace crm::customer::import {
namespace {

constexpr int kMaxUnknownProducts = 200;

void AddCleanings(const CleaningCounts& counts, v1::ImportReport& report) {
  for (size_t i = 0; i < kCleaningCount; ++i) {
    const int64_t count = counts.all()[i];
    if (count == 0) continue;
    auto* cleanings = report.mutable_cleanings();
    auto at = std::find_if(cleanings->begin(), cleanings->end(), [&](const auto& cleaning) {
      return cleaning.rule() == kCleaningNames[i];
    });
    v1::CleaningCount* cleaning = at == cleanings->end() ? cleanings->Add() : &*at;
    cleaning->set_rule(std::string(kCleaningNames[i]));
    cleaning->set_count(cleaning->count() + count);
  }
}

void AddProducts(const std::vector<std::string>& names, v1::ImportReport& report) {
  for (const std::string& name : names) {
    const auto& known = report.unknown_products();
    if (known.size() >= kMaxUnknownProducts) return;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      report.add_unknown_products(name);
    }
  }
}

double Percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void CountOutcome(RowOutcome outcome, v1::ImportJob& job) {
  switch (outcome) {
    case RowOutcome::kCreated:
      return job.set_created(job.created() + 1);
    case RowOutcome::kUpdated:
      return job.set_updated(job.updated() + 1);
    case RowOutcome::kMerged:
      return job.set_merged(job.merged() + 1);
    case RowOutcome::kSkipped:
      return job.set_skipped(job.skipped() + 1);
    case RowOutcome::kRejected:
      return job.set_rejected(job.rejected() + 1);
  }
}

}  // namespace

void StartReport(const ColumnPlan& plan, int64_t header_line, v1::ImportJob& job) {
  v1::ImportReport& report = *job.mutable_report();
  report.set_header_line(header_line);
  for (const ColumnPlan::Column& column : plan.columns()) {
    v1::ImportColumn& shown = *report.add_columns();
    shown.set_header(column.header);
    shown.set_field(column.field_name());
    shown.set_origin(column.origin);
    shown.set_unit(column.unit);
  }
}

void AddBatch(const ParsedBatch& batch, const BatchChange& change, int32_t row_weight,
              v1::ImportJob& job) {
  v1::ImportReport& report = *job.mutable_report();
  job.set_rows_read(job.rows_read() + static_cast<int64_t>(batch.rows.size()));
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    const ParsedRow& row = *batch.rows[i];
    const RowResult& result = change.results[i];
    CountOutcome(result.outcome, job);
    if (result.outcome == RowOutcome::kRejected) continue;
    if (result.incomplete) report.set_incomplete(report.incomplete() + 1);
    report.set_values_left_out(report.values_left_out() + static_cast<int64_t>(row.issues.size()));
    report.set_weight_total(report.weight_total() + row_weight);
    report.set_weight_before(report.weight_before() + row.weight_before);
    report.set_weight_after(report.weight_after() + row.weight_after);
  }
  for (const v1::ImportIssue& issue : change.issues) {
    if (!issue.row_rejected()) report.set_values_left_out(report.values_left_out() + 1);
  }
  report.set_completeness_before(Percent(report.weight_before(), report.weight_total()));
  report.set_completeness_after(Percent(report.weight_after(), report.weight_total()));
  report.set_duplicates_in_file(report.duplicates_in_file() + change.duplicates_in_file);
  report.set_duplicates_in_archive(report.duplicates_in_archive() + change.duplicates_in_archive);
  AddCleanings(batch.counts.cleanings, report);
  AddProducts(change.unknown_products, report);
  const std::vector<int64_t>& filled = batch.counts.filled;
  for (size_t i = 0; i < filled.size() && i < static_cast<size_t>(report.columns_size()); ++i) {
    v1::ImportColumn& column = *report.mutable_columns(static_cast<int>(i));
    column.set_filled(column.filled() + filled[i]);
  }
}

void SetProgress(const ParsedBatch& batch, int64_t rows, absl::Duration took, v1::ImportJob& job) {
  v1::ImportProgress& progress = *job.mutable_progress();
  const double seconds = absl::ToDoubleSeconds(took);
  if (seconds > 0) progress.set_rows_per_second(static_cast<double>(rows) / seconds);
  if (batch.last) {
    progress.set_fraction(1);
    progress.set_rows_total(job.rows_read());
    progress.set_seconds_left(0);
    return;
  }
  if (batch.progress.total <= 0) return;
  progress.set_fraction(std::min(
      1.0, static_cast<double>(batch.progress.done) / static_cast<double>(batch.progress.total)));
  if (progress.fraction() <= 0) return;
  progress.set_rows_total(
      static_cast<int64_t>(static_cast<double>(job.rows_read()) / progress.fraction()));
  if (progress.rows_per_second() > 0) {
    progress.set_seconds_left(static_cast<int64_t>(
        static_cast<double>(progress.rows_total() - job.rows_read()) / progress.rows_per_second()));
  }
}

}  // namespace crm::customer::import
