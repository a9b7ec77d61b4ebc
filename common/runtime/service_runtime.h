// Everything a service of the suite is made of besides its handlers: configuration, database, keys,
// tokens, group commit, events, background jobs, metrics, the gRPC server, and an orderly start and
// stop (PLT-25 to PLT-28).
//
//   int main(int argc, char** argv) {
//     return crm::runtime::Run(
//         {.program = "crm-customer", .summary = "Customer archive", .migrations = Migrations()},
//         argc, argv, [](ServiceRuntime& runtime) { return CustomerService::Create(runtime); });
//   }
#ifndef CRM_COMMON_RUNTIME_SERVICE_RUNTIME_H_
#define CRM_COMMON_RUNTIME_SERVICE_RUNTIME_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/auth/jwks.h"
#include "common/auth/jwt.h"
#include "common/auth/policy.h"
#include "common/base/clock.h"
#include "common/base/embedded_file.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/config/service_options.h"
#include "common/crypto/keyring.h"
#include "common/db/group_committer.h"
#include "common/db/migrator.h"
#include "common/db/pool.h"
#include "common/event/event_service.h"
#include "common/event/own_events.h"
#include "common/event/position_signal.h"
#include "common/event/sequencer.h"
#include "common/job/node_lease.h"
#include "common/job/periodic.h"
#include "common/log/logger.h"
#include "common/metrics/db_metrics.h"
#include "common/metrics/event_metrics.h"
#include "common/metrics/job_metrics.h"
#include "common/metrics/metrics_server.h"
#include "common/runtime/peers.h"
#include "common/runtime/settings_watch.h"
#include "common/schema/mask.h"
#include "common/server/method_table.h"
#include "common/server/rpc_server.h"

namespace crm::runtime {

class JobLog;

struct ServiceInfo {
  std::string program;  // "crm-customer"
  std::string summary;
  // Of the service itself; those of the platform come before them.
  std::vector<db::Migration> migrations;
};

// The files of a migrations folder, embedded in the program. Called at start, by one thread.
std::vector<db::Migration> MigrationsOf(std::string_view folder,
                                        std::span<const EmbeddedFile> files);

// The declaration of a service in the protos linked into the program; null if there is none.
const google::protobuf::ServiceDescriptor* ServiceDescriptorOf(const std::string& name);

// Platform and service migrations.
std::vector<db::Migration> AllMigrations(const ServiceInfo& info);

// What a service adds; destroyed before the runtime.
class Service {
 public:
  virtual ~Service() = default;
};

class ServiceRuntime {
 public:
  // Connects, checks the schema, loads keys, tokens and roles, leases a node number. `clock`
  // outlives the runtime. Errors name the setting or file.
  static absl::StatusOr<std::unique_ptr<ServiceRuntime>> Create(const ServiceInfo& info,
                                                                config::ServiceOptions options,
                                                                const Clock& clock);
  ~ServiceRuntime();

  const config::ServiceOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }
  db::Pool& pool() { return *pool_; }
  db::GroupCommitter& committer() { return *committer_; }
  crypto::Keyring& keyring() { return *keyring_; }
  IdGenerator& ids() { return *ids_; }
  job::JobRunner& jobs() { return *jobs_; }
  // For handlers that stream what changes.
  const event::OwnEvents& own_events() const { return *own_events_; }
  log::Logger& log() { return log_; }
  auth::CurrentPolicy& policy() { return *policy_; }
  auth::TokenVerifier& tokens() { return *tokens_; }
  prometheus::Registry& metrics() { return metrics_server_.registry(); }
  metrics::MetricsServer& metrics_server() { return metrics_server_; }
  Peers& peers() { return peers_; }
  // Names this process in leases.
  const std::string& holder() const { return holder_; }
  absl::TimeZone zone() const { return options_.time_zone; }

  // Full names of the services added so far.
  std::vector<std::string> services() const;

  // For the service to call before Start: serves a service of the protos with what the handlers
  // register, `void Register(server::MethodTable&)`, one after the other.
  template <typename... Handlers>
  void Serve(const std::string& service, Handlers&... handlers) {
    server::MethodTable table(ServiceDescriptorOf(service));
    (handlers.Register(table), ...);
    tables_.push_back(std::move(table));
  }
  // May come later than the handlers, but before Start.
  void SetStaffDirectory(const server::StaffDirectory* staff) { staff_ = staff; }
  // The same: who sees what plain because they work on it.
  void SetInvolvedStaff(const schema::InvolvedStaff* involved) { involved_ = involved; }
  // Shows the reader's lag. It may be destroyed after Stop.
  void AddReader(std::string source, const event::EventReader& reader) {
    event_metrics_->AddReader(std::move(source), reader);
  }
  // Where settings that may change at run time come from; none without it.
  void SetOptionsSource(OptionsSource source) { watch_.SetOptionsSource(std::move(source)); }

  // Opens the port; serving once this returns OK.
  absl::Status Start();
  int port() const { return server_->port(); }
  // 0 if metrics are not served (an empty `metrics_listen`).
  int metrics_port() const { return options_.metrics_listen.empty() ? 0 : metrics_server_.port(); }
  // Not serving, drain, stop jobs and metrics. Idempotent.
  void Stop();

  // Looks soon, from any thread, whether roles, keys or the log level have changed (SIGHUP); that
  // is done now and then anyway.
  void Reload() { reload_job_->Notify(); }

  // Makes the process end in order, from any thread (a lost node lease).
  void RequestStop();
  // Blocks until RequestStop or a signal.
  void WaitForStop();

 private:
  ServiceRuntime(const ServiceInfo& info, config::ServiceOptions options, const Clock& clock);
  absl::Status Open(const ServiceInfo& info);
  absl::Status ClaimNode();
  absl::Status LoadKeysAndRoles();
  void WatchCertificates(const db::Address& database);
  void AddReloadJob();
  void AddPlatformJobs();
  absl::Status Listen();
  server::MethodTable EventTable();

  const config::ServiceOptions options_;
  const Clock& clock_;
  const std::string program_;
  const std::string holder_;
  log::Logger log_;
  metrics::MetricsServer metrics_server_;
  metrics::DbMetrics db_metrics_;
  metrics::JobMetrics job_metrics_;
  const std::unique_ptr<JobLog> job_log_;
  SettingsWatch watch_;
  Peers peers_;
  std::unique_ptr<db::Pool> pool_;
  std::unique_ptr<crypto::Keyring> keyring_;
  std::unique_ptr<auth::JwksFile> jwks_;
  std::unique_ptr<auth::TokenVerifier> tokens_;
  std::unique_ptr<auth::CurrentPolicy> policy_;
  std::unique_ptr<job::NodeLease> node_;
  std::unique_ptr<IdGenerator> ids_;
  std::unique_ptr<job::JobRunner> jobs_;
  job::PeriodicJob* reload_job_ = nullptr;
  event::PositionSignal position_signal_;
  std::unique_ptr<event::Sequencer> sequencer_;
  std::shared_ptr<metrics::EventCollector> event_metrics_;
  std::unique_ptr<event::EventService> events_;
  std::unique_ptr<event::OwnEvents> own_events_;
  std::unique_ptr<db::GroupCommitter> committer_;
  std::unique_ptr<server::RpcServer> server_;
  std::vector<server::MethodTable> tables_;
  const server::StaffDirectory* staff_ = nullptr;
  const schema::InvolvedStaff* involved_ = nullptr;
  Mutex stop_mutex_;
  bool stop_requested_ ABSL_GUARDED_BY(stop_mutex_) = false;
  bool started_ = false;
};

using ServiceFactory = std::function<absl::StatusOr<std::unique_ptr<Service>>(ServiceRuntime&)>;

// The whole of main: parses the command line, migrates or serves, stops on SIGTERM and SIGINT.
// Gives the exit status.
int Run(const ServiceInfo& info, int argc, const char* const* argv, const ServiceFactory& factory);

}  // namespace crm::runtime

#endif  // CRM_COMMON_RUNTIME_SERVICE_RUNTIME_H_
