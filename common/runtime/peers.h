// The other services, as this one calls them: PLT-12, PLT-21.
//
//   CRM_ASSIGN_OR_RETURN(client::Channel* const customer, runtime.peers().Find("customer"));
//   customer->Call<GetCustomerRequest, Customer>(kGet, request, runtime.peers().Options(kTimeout));
//
// Connections are made at the first call and kept. Thread-safe.
#ifndef CRM_COMMON_RUNTIME_PEERS_H_
#define CRM_COMMON_RUNTIME_PEERS_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/client/channel.h"
#include "common/config/service_options.h"

namespace crm::runtime {

class Peers {
 public:
  // `options` outlives the peers.
  explicit Peers(const config::ServiceOptions& options) : options_(options) {}

  // `service`: a name in the setting `peers`. FAILED_PRECONDITION, reason PEER_UNKNOWN, if it is
  // not there; TLS_FILES_INVALID.
  absl::StatusOr<client::Channel*> Find(const std::string& service);

  // With the token of this service, which may have been replaced since the last call.
  client::CallOptions Options(absl::Duration timeout) const;

 private:
  const config::ServiceOptions& options_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<client::Channel>> channels_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::runtime

#endif  // CRM_COMMON_RUNTIME_PEERS_H_
