#include "common/testing/service_harness.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/key_file.h"
#include "common/source_tree/source_tree.h"

namespace crm::testing {
namespace {

constexpr char kIssuer[] = "https://issuer.test";
constexpr char kAudience[] = "crm";

// 2026-03-20 10:00 in Shanghai, a Friday.
const absl::Time kStart = absl::FromUnixSeconds(1'773'972'000);

void Require(const absl::Status& status, std::string_view what) {
  if (status.ok()) return;
  std::cerr << "test harness: " << what << ": " << status << std::endl;
  std::abort();
}

template <typename T>
T Take(absl::StatusOr<T> value, std::string_view what) {
  Require(value.status(), what);
  return *std::move(value);
}

std::string MakeDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "crm-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Require(absl::InternalError(pattern), "mkdtemp");
  return pattern;
}

std::string AddressUrl(const db::Address& address) {
  std::string url = absl::StrCat("mysql://", address.user);
  if (!address.password.empty()) absl::StrAppend(&url, ":", address.password);
  absl::StrAppend(&url, "@", address.host, ":", address.port, "/", address.database);
  if (!address.socket.empty()) absl::StrAppend(&url, "?socket=", address.socket);
  return url;
}

}  // namespace

Replica::Replica(const runtime::ServiceInfo& info, const runtime::ServiceFactory& factory,
                 const config::ServiceOptions& options, const Clock& clock)
    : runtime_(Take(runtime::ServiceRuntime::Create(info, options, clock), "runtime")),
      service_(Take(factory(*runtime_), "service")) {
  Require(runtime_->Start(), "start");
  channel_ = Take(client::Channel::Connect(
                      {.address = absl::StrCat("127.0.0.1:", port()), .own_connection = true}),
                  "channel");
}

Replica::~Replica() {
  channel_.reset();
  runtime_->Stop();
}

ServiceHarness::ServiceHarness(runtime::ServiceInfo info, runtime::ServiceFactory factory,
                               const std::function<void(config::ServiceOptions&)>& adjust)
    : info_(std::move(info)), factory_(std::move(factory)), clock_(kStart) {
  directory_ = MakeDirectory();
  issuer_ = std::make_unique<auth::LocalIssuer>(auth::LocalIssuer::Create(kIssuer, kAudience));
  database_ = std::make_unique<TestDatabase>(runtime::AllMigrations(info_));

  options_.database_url = AddressUrl(database_->address());
  options_.key_file = directory_ + "/keys.json";
  options_.jwks_file = directory_ + "/jwks.json";
  options_.issuer = kIssuer;
  options_.audience = kAudience;
  options_.roles_file = SourceFile("common/auth/default_roles.json");
  options_.log_level = "error";
  options_.shutdown_grace = absl::Seconds(2);  // a server waits in proportion for the last calls
  options_.metrics_listen = "";                // stopping that server takes seconds
  Require(options_.Check(), "options");
  Require(crypto::GenerateKeyFile(options_.key_file, clock_), "key file");
  Require(issuer_->WriteFiles(options_.jwks_file, directory_ + "/issuer.pem"), "issuer");
  if (adjust) adjust(options_);
  StartReplica();
}

ServiceHarness::~ServiceHarness() {
  replicas_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Replica& ServiceHarness::StartReplica() { return StartReplica(options_); }

Replica& ServiceHarness::StartReplica(const config::ServiceOptions& options) {
  replicas_.push_back(std::make_unique<Replica>(info_, factory_, options, clock_));
  return *replicas_.back();
}

std::string ServiceHarness::TokenOf(std::string_view user, std::vector<std::string> roles,
                                    std::string_view team) const {
  return issuer_->Issue(
      {.subject = std::string(user), .roles = std::move(roles), .team = std::string(team)},
      clock_.Now());
}

std::string ServiceHarness::TokenOfService(std::string_view name,
                                           std::vector<std::string> roles) const {
  return issuer_->Issue(
      {.subject = std::string(name), .roles = std::move(roles), .kind = auth::CallerKind::kService},
      clock_.Now());
}

}  // namespace crm::testing
