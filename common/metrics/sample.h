// A platform metric whose value is read when it is scraped; without labels:
//
//   return {Sample("process_open_fds", CountOpenFiles())};
//
// One with labels is made of several:
//
//   prometheus::MetricFamily lag = EmptyFamily("crm_event_reader_lag");
//   AddSample(lag, {{"source", "customer"}}, 3);
#ifndef CRM_COMMON_METRICS_SAMPLE_H_
#define CRM_COMMON_METRICS_SAMPLE_H_

#include <map>
#include <string>
#include <string_view>

#include "prometheus/metric_family.h"

namespace crm::metrics {

using Labels = std::map<std::string, std::string>;

prometheus::MetricFamily Sample(std::string_view name, double value);

prometheus::MetricFamily EmptyFamily(std::string_view name);
void AddSample(prometheus::MetricFamily& family, const Labels& labels, double value);

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_SAMPLE_H_
