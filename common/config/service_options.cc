#include "common/config/service_options.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::config {
namespace {

std::optional<std::string> CheckAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(absl::string_view(text).substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    return "must be host:port with a port from 0 to 65535";
  }
  return std::nullopt;
}

std::optional<std::string> CheckDatabaseUrl(const std::string& text) {
  if (absl::StartsWith(text, "mysql://")) return std::nullopt;
  return "must be mysql://user:password@host:port/database";
}

std::optional<std::string> CheckTimeZone(const std::string& text) {
  absl::TimeZone zone;
  if (absl::LoadTimeZone(text, &zone)) return std::nullopt;
  return "must be a time zone of the IANA database, such as Asia/Shanghai";
}

absl::Status Missing(std::string_view setting, std::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_SETTING",
               absl::StrCat(ToAbsl(setting), ": ", ToAbsl(why)))
      .Meta("setting", setting);
}

}  // namespace

void ServiceOptions::Register(OptionSet& set) {
  set.Text("listen", &listen, "Address for gRPC, host:port.", CheckAddress);
  set.Text("metrics-listen", &metrics_listen, "Address for /metrics, host:port.", CheckAddress);
  set.Secret("database-url", &database_url,
             "Database: mysql://user:password@host:port/database?socket=PATH&ssl_ca=PATH.",
             CheckDatabaseUrl);
  set.Integer("database-connections", &database_connections, 2, 1000,
              "Most connections to the database.");
  set.Switch("migrate-at-start", &migrate_at_start, "Apply missing migrations before serving.");
  set.Text("key-file", &key_file, "Master keys for encryption at rest.");
  set.Text("jwks-file", &jwks_file, "Public keys of the token issuer, reloaded when changed.");
  set.Text("issuer", &issuer, "Issuer that tokens must have.");
  set.Text("audience", &audience, "Audience that tokens must have.");
  set.Text("roles-file", &roles_file, "Roles and what they may do.");
  set.Text("tls-certificate", &tls_certificate,
           "PEM certificate chain; empty = plain text, on this machine only.");
  set.Text("tls-key", &tls_key, "PEM private key of the certificate.");
  set.Text("tls-client-ca", &tls_client_ca, "PEM: clients must present a certificate of it.");
  set.Integer("node", &node, -1, 511, "Node number in row keys; -1 = lease a free one.");
  set.Choice("log-level", &log_level, {"debug", "info", "warning", "error", "off"},
             "Log level; read again from the configuration file while running.");
  set.Text("time-zone", &time_zone_name, "Time zone of business dates.", CheckTimeZone);
  set.Integer("pollers", &pollers, 1, 256, "Threads that poll gRPC and answer batched reads.");
  set.Integer("workers", &workers, 1, 1024, "Threads for other unary calls.");
  set.Integer("committers", &committers, 1, 64, "Threads that commit changes.");
  set.Integer("max-queue", &max_queue, 1, 100'000, "Calls that may wait; more are refused.");
  set.Integer("max-streams", &max_streams, 1, 10'000, "Streaming calls at a time.");
  set.Switch("reflection", &reflection, "Serve gRPC reflection.");
  set.Duration("shutdown-grace", &shutdown_grace, absl::ZeroDuration(), absl::Hours(1),
               "Time for calls in progress to finish at shutdown.");
  set.Duration("event-retention", &event_retention, absl::Minutes(1), absl::Hours(24 * 3650),
               "How long events are kept for readers.");
  set.Map("peers", &peers, "Addresses of other services, such as customer=dns:///customer:7001.");
  set.Text("peer-token-file", &peer_token_file,
           "File with the token for calls to other services, read again for each call; empty = the "
           "certificate is shown.");
  set.Text("peer-ca", &peer_ca, "PEM: other services must present a certificate of it.");
  set.Switch("listen-plain-text", &listen_plain_text,
             "Serve other machines without TLS, as behind a mesh.");
  set.Switch("peers-plain-text", &peers_plain_text,
             "Call other services on other machines without TLS.");
  set.Switch("database-plain-text", &database_plain_text,
             "Reach a database on another machine without TLS.");
  set.Command(kMigrateCommand, "Apply missing migrations and exit.");
}

absl::Status ServiceOptions::Check() {
  if (database_url.empty()) {
    return Missing("database-url",
                   "is required: set CRM_DATABASE_URL, `database-url` in the configuration file or "
                   "--database-url-file");
  }
  if (tls_certificate.empty() != tls_key.empty()) {
    return Missing(tls_certificate.empty() ? "tls-certificate" : "tls-key",
                   "is required: certificate and key belong together");
  }
  if (!tls_client_ca.empty() && tls_certificate.empty()) {
    return Missing("tls-certificate", "is required with tls-client-ca");
  }
  if (!jwks_file.empty() && issuer.empty()) {
    return Missing("issuer", "is required with jwks-file");
  }
  if (!absl::LoadTimeZone(time_zone_name, &time_zone)) {
    return Missing("time-zone", "is not a time zone of the IANA database");
  }
  return absl::OkStatus();
}

absl::StatusOr<ServiceCommand> ParseServiceCommand(ProgramInfo info, ServiceOptions defaults,
                                                   int argc, const char* const* argv,
                                                   const Environment& environment) {
  ServiceCommand command;
  command.options = std::move(defaults);
  OptionSet set(std::move(info));
  command.options.Register(set);
  CRM_ASSIGN_OR_RETURN(ParseOutcome outcome, set.Parse(argc, argv, environment));
  if (outcome.text.has_value()) {
    command.action = ServiceCommand::Action::kPrint;
    command.text = *std::move(outcome.text);
    return command;
  }
  if (outcome.command == kMigrateCommand) command.action = ServiceCommand::Action::kMigrate;
  CRM_RETURN_IF_ERROR(command.options.Check());
  return command;
}

}  // namespace crm::config
