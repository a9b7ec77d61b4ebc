// grpc.health.v1.Health, for probes: whether the server, and each of its services, serves (PLT-10).
// Check is answered by the polling thread, past admission, so that a full queue does not look like
// a dead process. Watch is not offered: gRPC's clients take a server without it as healthy while it
// is connected, and ours leave a stopping server when it says so.
//
// Thread-safe.
#ifndef CRM_COMMON_SERVER_HEALTH_SERVICE_H_
#define CRM_COMMON_SERVER_HEALTH_SERVICE_H_

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "common/base/mutex.h"
#include "common/server/method_table.h"

namespace crm::server {

class HealthService {
 public:
  // "": the server as a whole.
  void Set(std::string_view service, bool serving);
  // Refers to this.
  MethodTable Table();

 private:
  Mutex mutex_;
  absl::flat_hash_map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_HEALTH_SERVICE_H_
