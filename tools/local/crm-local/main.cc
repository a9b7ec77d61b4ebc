// crm-local: keys, tokens and roles for running the services on one's own machine.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "tools/local/crm-local/local_files.h"

namespace {

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "crm-local: " << status.message() << "\n";
  return 1;
}

int PrintToken(const std::string& folder, const crm::auth::TokenRequest& request) {
  const absl::StatusOr<std::string> token =
      crm::local::MakeToken(folder, request, crm::SystemClock());
  if (!token.ok()) {
    const int code = Report(token.status());
    std::cerr << "crm-local: run `crm-local keys " << folder << "` first\n";
    return code;
  }
  std::cout << *token << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Keys, tokens and roles for a local run. Not for deployments.");
  app.require_subcommand(1);
  std::string folder;
  crm::auth::TokenRequest request;
  double hours = 8;
  bool service = false;

  CLI::App* keys = app.add_subcommand(
      "keys", "make keys.json, jwks.json and issuer.pem in a folder; what is there stays");
  keys->add_option("folder", folder, "where")->required();

  CLI::App* token = app.add_subcommand("token", "print a token signed by the folder's issuer");
  token->add_option("folder", folder, "where `keys` has been")->required();
  token->add_option("--user", request.subject, "user id, or the name of a service")->required();
  token->add_option("--role", request.roles, "role from the roles file; repeat for more")
      ->allow_extra_args(false);
  token->add_option("--team", request.team, "team id");
  token->add_option("--hours", hours, "how long it is good for")
      ->check(CLI::Range(0.01, 24.0 * 366))
      ->capture_default_str();
  token->add_flag("--service", service, "of a program, not a person");

  CLI::App* roles =
      app.add_subcommand("roles", "write roles.json, the default roles, or print them");
  roles->add_option("folder", folder, "where; without it they are printed");
  CLI11_PARSE(app, argc, argv);

  if (keys->parsed()) return Report(crm::local::MakeKeys(folder, crm::SystemClock()));
  if (token->parsed()) {
    request.lifetime = absl::Hours(1) * hours;
    if (service) request.kind = crm::auth::CallerKind::kService;
    return PrintToken(folder, request);
  }
  if (!folder.empty()) return Report(crm::local::WriteRoles(folder));
  std::cout << crm::local::DefaultRoles();
  return 0;
}
