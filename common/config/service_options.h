// The settings that every service has (PLT-25). A service adds its own to the same OptionSet.
//
//   int main(int argc, char** argv) {
//     config::ServiceOptions options;
//     config::OptionSet set({.program = "customer", .summary = "…", .version = kVersion});
//     options.Register(set);
//     auto outcome = set.Parse(argc, argv, config::ProcessEnvironment());
//     …
//     if (absl::Status status = options.Check(); !status.ok()) …
#ifndef CRM_COMMON_CONFIG_SERVICE_OPTIONS_H_
#define CRM_COMMON_CONFIG_SERVICE_OPTIONS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/config/option_set.h"

namespace crm::config {

// `customer migrate`: applies what is missing of the schema, then exits (PLT-19).
inline constexpr std::string_view kMigrateCommand = "migrate";

struct ServiceOptions {
  // Addresses are host:port; port 0 picks a free one.
  std::string listen = "127.0.0.1:0";
  std::string metrics_listen = "127.0.0.1:0";

  std::string database_url;
  int database_connections = 16;
  // Apply missing migrations at start: for a local run, not for replicas.
  bool migrate_at_start = false;

  // Empty = none: what a service cannot do without them, it refuses to start without.
  std::string key_file;
  std::string jwks_file;
  std::string issuer;
  std::string audience = "crm";
  std::string roles_file;

  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;

  // -1 = lease one from the database.
  int node = -1;
  std::string log_level = "info";
  std::string time_zone_name = "Asia/Shanghai";
  absl::TimeZone time_zone = absl::UTCTimeZone();  // of the business dates; set by Check

  int pollers = 2;
  int workers = 6;
  int committers = 2;
  int max_queue = 512;
  int max_streams = 128;
  bool reflection = true;
  absl::Duration shutdown_grace = absl::Seconds(20);
  absl::Duration event_retention = absl::Hours(24 * 7);

  // Where the other services are, by name: "customer" → "dns:///customer:7001".
  std::map<std::string, std::string> peers;
  // A file with the token that this service shows them; empty = its certificate says who it is.
  std::string peer_token_file;
  // PEM: their certificates must come from it; empty = plain text.
  std::string peer_ca;

  // Each allows plain text that leaves the machine, which is refused otherwise: CheckEncrypted.
  bool listen_plain_text = false;
  bool peers_plain_text = false;
  bool database_plain_text = false;

  // Declares them all; the present values are the defaults. `this` must outlive `set.Parse`.
  void Register(OptionSet& set);

  // What no single setting can tell: required ones, pairs. Fills `time_zone`.
  absl::Status Check();
};

struct ServiceCommand {
  enum class Action { kServe, kMigrate, kPrint };
  Action action = Action::kServe;
  std::string text;  // kPrint: help or version
  ServiceOptions options;
};

// All in one for a service without settings of its own.
absl::StatusOr<ServiceCommand> ParseServiceCommand(ProgramInfo info, ServiceOptions defaults,
                                                   int argc, const char* const* argv,
                                                   const Environment& environment);

}  // namespace crm::config

#endif  // CRM_COMMON_CONFIG_SERVICE_OPTIONS_H_
