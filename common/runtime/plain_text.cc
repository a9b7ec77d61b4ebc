#include "common/runtime/plain_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/db/pool.h"
#include "common/error/error.h"

namespace crm::runtime {
namespace {

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// `host:port` or `[::1]:port`, perhaps behind a scheme of gRPC: `dns:///host:port`, `unix:/path`.
bool StaysOnThisMachine(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  for (const std::string_view scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (!address.starts_with(scheme)) continue;
    address.remove_prefix(scheme.size());
    break;
  }
  std::string_view host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return IsLoopback(std::string(host));
}

absl::Status Refused(std::string_view setting, std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_SETTING",
               absl::StrCat(ToAbsl(setting), ": ", ToAbsl(what)))
      .Meta("setting", setting);
}

absl::Status CheckListening(const config::ServiceOptions& options) {
  if (options.listen_plain_text || !options.tls_certificate.empty()) return absl::OkStatus();
  if (StaysOnThisMachine(options.listen)) return absl::OkStatus();
  return Refused("listen",
                 "other machines would reach it in plain text: set tls-certificate and tls-key, or "
                 "listen-plain-text if that is meant");
}

absl::Status CheckPeers(const config::ServiceOptions& options) {
  if (options.peers_plain_text || !options.peer_ca.empty()) return absl::OkStatus();
  for (const auto& [service, address] : options.peers) {
    if (StaysOnThisMachine(address)) continue;
    return Refused("peers", absl::StrCat(service,
                                         " on another machine would be called in plain text: set "
                                         "peer-ca, or peers-plain-text if that is meant"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDatabaseEncrypted(const config::ServiceOptions& options) {
  if (options.database_plain_text) return absl::OkStatus();
  const absl::StatusOr<db::Address> address = db::Address::Parse(options.database_url);
  if (!address.ok()) return Refused("database-url", ToStd(address.status().message()));
  if (!address->ssl_ca.empty() || !address->socket.empty() || IsLoopback(address->host)) {
    return absl::OkStatus();
  }
  return Refused("database-url",
                 "the database on another machine would be reached in plain text: add "
                 "?ssl_ca=PATH, or set database-plain-text if that is meant");
}

absl::Status CheckEncrypted(const config::ServiceOptions& options) {
  CRM_RETURN_IF_ERROR(CheckListening(options));
  CRM_RETURN_IF_ERROR(CheckPeers(options));
  return CheckDatabaseEncrypted(options);
}

}  // namespace crm::runtime
