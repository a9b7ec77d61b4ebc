// What tests of services ask of an error, and how they wait for what other threads do.
#ifndef CRM_COMMON_TESTING_EXPECTATIONS_H_
#define CRM_COMMON_TESTING_EXPECTATIONS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace crm::testing {

// "field rule" of each violation.
std::vector<std::string> Violations(const absl::Status& status);

// Of the status' ErrorInfo; empty if it has none of that key.
std::string Metadata(const absl::Status& status, const std::string& key);

// Asks again until it holds; false after a minute. What other threads and replicas do takes them a
// few seconds at most; a busy machine gets more.
bool Eventually(const std::function<bool()>& holds);

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTING_EXPECTATIONS_H_
