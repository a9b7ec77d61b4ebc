#include "common/testing/expectations.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/error/error.h"
#include "google/rpc/error_details.pb.h"

namespace crm::testing {

std::vector<std::string> Violations(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  std::vector<std::string> found;
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      found.push_back(absl::StrCat(violation.field(), " ", violation.reason()));
    }
  }
  return found;
}

std::string Metadata(const absl::Status& status, const std::string& key) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info) && info.metadata().count(key) > 0) return info.metadata().at(key);
  }
  return "";
}

bool Eventually(const std::function<bool()>& holds) {
  for (const absl::Time end = absl::Now() + absl::Minutes(1); absl::Now() < end;) {
    if (holds()) return true;
    std::this_thread::yield();
  }
  return false;
}

}  // namespace crm::testing
