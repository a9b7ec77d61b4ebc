// A platform metric without labels whose value is read when it is scraped.
//
//   return {Sample("process_open_fds", CountOpenFiles())};
#ifndef CRM_COMMON_METRICS_SAMPLE_H_
#define CRM_COMMON_METRICS_SAMPLE_H_

#include <string_view>

#include "prometheus/metric_family.h"

namespace crm::metrics {

prometheus::MetricFamily Sample(std::string_view name, double value);

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_SAMPLE_H_
