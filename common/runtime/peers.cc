#include "common/runtime/peers.h"

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::runtime {

absl::StatusOr<client::Channel*> Peers::Find(const std::string& service) {
  const auto address = options_.peers.find(service);
  if (address == options_.peers.end()) {
    return Error(absl::StatusCode::kFailedPrecondition, "PEER_UNKNOWN",
                 absl::StrCat("peers: says nothing about ", service))
        .Meta("setting", "peers");
  }
  MutexLock lock(&mutex_);
  std::unique_ptr<client::Channel>& channel = channels_[service];
  if (channel == nullptr) {
    client::ConnectOptions connect = {.address = address->second, .ca = options_.peer_ca};
    if (!options_.peer_ca.empty()) {
      connect.certificate = options_.tls_certificate;
      connect.private_key = options_.tls_key;
    }
    CRM_ASSIGN_OR_RETURN(channel, client::Channel::Connect(std::move(connect)));
  }
  return channel.get();
}

client::CallOptions Peers::Options(absl::Duration timeout) const {
  client::CallOptions call{.timeout = timeout};
  if (!options_.peer_token_file.empty()) {
    // Without it the call is refused, and the refusal tells why.
    std::ifstream file(options_.peer_token_file);
    file >> call.token;
  }
  return call;
}

}  // namespace crm::runtime
