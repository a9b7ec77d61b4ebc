// How far events have come: those that wait for their position, and how far readers lag behind
// (PLT-20, PLT-26). Read when it is scraped.
//
//   auto events = std::make_shared<EventCollector>(sequencer);
//   events->AddReader("customer", reader);
//   metrics_server.Add(events);
#ifndef CRM_COMMON_METRICS_EVENT_METRICS_H_
#define CRM_COMMON_METRICS_EVENT_METRICS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/event/reader.h"
#include "common/event/sequencer.h"
#include "prometheus/collectable.h"

namespace crm::metrics {

// Thread-safe.
class EventCollector : public prometheus::Collectable {
 public:
  // The sequencer and the readers outlive the last scrape.
  explicit EventCollector(const event::Sequencer& sequencer) : sequencer_(sequencer) {}

  // `source` names the service or the purpose: one of a few.
  void AddReader(std::string source, const event::EventReader& reader);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void AddReaders(std::vector<prometheus::MetricFamily>& families) const;

  const event::Sequencer& sequencer_;
  mutable Mutex mutex_;
  std::map<std::string, const event::EventReader*> readers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_EVENT_METRICS_H_
