#include "common/metrics/event_metrics.h"

#include <utility>

#include "common/metrics/sample.h"

namespace crm::metrics {
namespace {

double Number(int64_t value) { return static_cast<double>(value); }

}  // namespace

void EventCollector::AddReader(std::string source, const event::EventReader& reader) {
  MutexLock lock(&mutex_);
  readers_.insert_or_assign(std::move(source), &reader);
}

std::vector<prometheus::MetricFamily> EventCollector::Collect() const {
  const event::SequencerStats stats = sequencer_.stats();
  std::vector<prometheus::MetricFamily> families = {
      Sample("crm_event_newest_position", Number(stats.newest_position)),
      Sample("crm_event_sequencer_holding", stats.holding ? 1 : 0),
      // What another replica has given positions to meanwhile is no backlog.
      Sample("crm_event_unsequenced", stats.holding ? Number(stats.unsequenced) : 0),
      Sample("crm_events_sequenced_total", Number(stats.events))};
  AddReaders(families);
  return families;
}

void EventCollector::AddReaders(std::vector<prometheus::MetricFamily>& families) const {
  prometheus::MetricFamily applied = EmptyFamily("crm_events_applied_total");
  prometheus::MetricFamily lag = EmptyFamily("crm_event_reader_lag");
  prometheus::MetricFamily position = EmptyFamily("crm_event_reader_position");
  prometheus::MetricFamily reading = EmptyFamily("crm_event_reader_reading");
  {
    MutexLock lock(&mutex_);
    for (const auto& [source, reader] : readers_) {
      const event::EventReaderStats stats = reader->stats();
      const Labels labels = {{"source", source}};
      AddSample(applied, labels, Number(stats.events));
      AddSample(lag, labels, stats.reading ? Number(stats.lag()) : 0);
      AddSample(position, labels, Number(stats.position));
      AddSample(reading, labels, stats.reading ? 1 : 0);
    }
  }
  for (auto* family : {&applied, &lag, &position, &reading}) {
    if (!family->metric.empty()) families.push_back(std::move(*family));
  }
}

}  // namespace crm::metrics
