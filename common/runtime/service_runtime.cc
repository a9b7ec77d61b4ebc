#include "common/runtime/service_runtime.h"

#include <unistd.h>

#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/event_log.h"
#include "common/event/outbox.h"
#include "common/event/retention.h"
#include "common/job/steps.h"
#include "common/metrics/certificate_collector.h"
#include "common/report_export/report_exporter.h"
#include "common/runtime/embedded_platform_migrations.h"
#include "common/runtime/job_log.h"
#include "crm/event/v1/event.pb.h"

namespace crm::runtime {
namespace {

constexpr absl::Duration kIdempotencyAge = absl::Hours(24);
constexpr absl::Duration kReloadEvery = absl::Seconds(15);
// Of four streams, so many may be of people who watch.
constexpr int kWatchersOfFour = 3;
// People look at what is streamed; each stream reads for itself.
constexpr absl::Duration kGatherOwnEvents = absl::Milliseconds(100);

// Names this process in leases: unique among live ones and across restarts.
std::string MakeHolder(const std::string& program) {
  char host[64] = "";
  gethostname(host, sizeof(host) - 1);
  return absl::StrCat(std::string(host).substr(0, 24), "/", program.substr(0, 16), "/", getpid(),
                      "/", absl::ToUnixMillis(absl::Now()) % 1'000'000);
}

db::PoolOptions PoolOptionsOf(const config::ServiceOptions& options, const db::Address& address) {
  db::PoolOptions pool;
  pool.address = address;
  pool.max_connections = options.database_connections;
  return pool;
}

server::RpcServerOptions ServerOptionsOf(const config::ServiceOptions& options) {
  server::RpcServerOptions server;
  server.listen = options.listen;
  server.tls = {options.tls_certificate, options.tls_key, options.tls_client_ca};
  server.pollers = options.pollers;
  server.workers = options.workers;
  server.max_queue = options.max_queue;
  server.max_streams = options.max_streams;
  server.reflection = options.reflection;
  server.metadata_version = CRM_VERSION;
  return server;
}

// What is wrong with a file says which setting names it.
absl::Status InSetting(std::string_view setting, const absl::Status& status) {
  if (status.ok()) return status;
  return Error(status.code(), ErrorReason(status),
               absl::StrCat(ToAbsl(setting), ": ", status.message()))
      .Meta("setting", setting);
}

template <typename T>
absl::StatusOr<T> InSetting(std::string_view setting, absl::StatusOr<T> value) {
  if (!value.ok()) return InSetting(setting, value.status());
  return value;
}

job::JobBody PurgeJob(std::function<absl::StatusOr<int64_t>()> purge) {
  return job::InSteps([purge = std::move(purge)]() -> absl::StatusOr<job::Progress> {
    CRM_ASSIGN_OR_RETURN(const int64_t purged, purge());
    return purged > 0 ? job::Progress::kMore : job::Progress::kDone;
  });
}

}  // namespace

std::vector<db::Migration> MigrationsOf(std::string_view folder,
                                        std::span<const EmbeddedFile> files) {
  // Names live as long as the program, like the files.
  static std::deque<std::string>& names = *new std::deque<std::string>;
  std::vector<db::Migration> migrations;
  for (const EmbeddedFile& file : files) {
    names.push_back(absl::StrCat(ToAbsl(folder), "/", ToAbsl(file.name)));
    migrations.push_back({names.back(), file.content});
  }
  return migrations;
}

const google::protobuf::ServiceDescriptor* ServiceDescriptorOf(const std::string& name) {
  return google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
}

std::vector<db::Migration> AllMigrations(const ServiceInfo& info) {
  std::vector<db::Migration> all = MigrationsOf("platform", embedded::platform_migrations());
  all.insert(all.end(), info.migrations.begin(), info.migrations.end());
  return all;
}

ServiceRuntime::ServiceRuntime(const ServiceInfo& info, config::ServiceOptions options,
                               const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      program_(info.program),
      holder_(MakeHolder(info.program)),
      log_({.service = info.program,
            .level = log::ParseLevel(options_.log_level).value_or(log::Level::kInfo)}),
      metrics_server_(options_.metrics_listen,
                      {.service = info.program, .version = CRM_VERSION, .commit = CRM_COMMIT}),
      db_metrics_(metrics_server_.registry()),
      job_metrics_(metrics_server_.registry(), clock),
      job_log_(std::make_unique<JobLog>(log_, job_metrics_)),
      watch_(log_),
      peers_(options_) {}

ServiceRuntime::~ServiceRuntime() {
  Stop();
  metrics_server_.Stop();  // a scrape reads the pool
}

absl::StatusOr<std::unique_ptr<ServiceRuntime>> ServiceRuntime::Create(
    const ServiceInfo& info, config::ServiceOptions options, const Clock& clock) {
  std::unique_ptr<ServiceRuntime> runtime(new ServiceRuntime(info, std::move(options), clock));
  CRM_RETURN_IF_ERROR(runtime->Open(info));
  return runtime;
}

absl::Status ServiceRuntime::Open(const ServiceInfo& info) {
  CRM_ASSIGN_OR_RETURN(const db::Address address,
                       InSetting("database-url", db::Address::Parse(options_.database_url)));
  pool_ = std::make_unique<db::Pool>(PoolOptionsOf(options_, address), &db_metrics_);
  metrics_server_.Add(std::make_shared<metrics::PoolCollector>(*pool_));
  const std::vector<db::Migration> migrations = AllMigrations(info);
  if (options_.migrate_at_start) {
    CRM_RETURN_IF_ERROR(db::Migrate(*pool_, migrations, [this](std::string_view line) {
      log_.Write(log::Level::kInfo, line);
    }));
  }
  CRM_RETURN_IF_ERROR(db::CheckSchema(*pool_, migrations));
  if (!options_.peer_ca.empty()) {
    CRM_RETURN_IF_ERROR(server::CheckAuthorities("peer-ca", options_.peer_ca));
  }
  WatchCertificates(address);
  CRM_RETURN_IF_ERROR(LoadKeysAndRoles());

  jobs_ = std::make_unique<job::JobRunner>(clock_, job_log_.get());
  CRM_RETURN_IF_ERROR(ClaimNode());
  AddReloadJob();
  AddPlatformJobs();
  return absl::OkStatus();
}

void ServiceRuntime::WatchCertificates(const db::Address& database) {
  using Kind = metrics::CertificateFile::Kind;
  std::vector<metrics::CertificateFile> files;
  const auto watch = [&files](const char* setting, const std::string& path, Kind kind) {
    if (!path.empty()) files.push_back({setting, path, kind});
  };
  watch("tls-certificate", options_.tls_certificate, Kind::kChain);
  watch("tls-client-ca", options_.tls_client_ca, Kind::kAuthorities);
  watch("peer-ca", options_.peer_ca, Kind::kAuthorities);
  watch("database-url", database.ssl_ca, Kind::kAuthorities);
  metrics_server_.Add(std::make_shared<metrics::CertificateCollector>(std::move(files)));
}

absl::Status ServiceRuntime::LoadKeysAndRoles() {
  CRM_ASSIGN_OR_RETURN(keyring_, InSetting("key-file", crypto::Keyring::Load(options_.key_file)));
  CRM_ASSIGN_OR_RETURN(jwks_,
                       InSetting("jwks-file", auth::JwksFile::Load(options_.jwks_file, clock_)));
  tokens_ = std::make_unique<auth::TokenVerifier>(
      auth::TokenRules{.issuer = options_.issuer, .audience = options_.audience}, *jwks_, clock_);
  CRM_ASSIGN_OR_RETURN(auto policy,
                       InSetting("roles-file", auth::Policy::Load(options_.roles_file)));
  policy_ = std::make_unique<auth::CurrentPolicy>(std::move(policy));
  return absl::OkStatus();
}

// Token keys and certificates look after themselves: they are read when somebody connects or calls.
void ServiceRuntime::AddReloadJob() {
  watch_.AddFile("roles-file", options_.roles_file,
                 [this] { return policy_->Reload(options_.roles_file); });
  watch_.AddFile("key-file", options_.key_file, [this] { return keyring_->Reload(); });
  reload_job_ = &jobs_->Add({.name = "reload-settings", .interval = kReloadEvery}, watch_.Job());
}

absl::Status ServiceRuntime::ClaimNode() {
  if (options_.node >= 0) {
    ids_ = std::make_unique<IdGenerator>(clock_, options_.node);
    return absl::OkStatus();
  }
  node_ =
      std::make_unique<job::NodeLease>(job::NodeLeaseOptions{.holder = holder_}, *pool_, clock_);
  CRM_ASSIGN_OR_RETURN(const job::NodeClaim claim, node_->Claim());
  ids_ = std::make_unique<IdGenerator>(clock_, claim.node);
  if (claim.used_until != absl::InfinitePast()) ids_->ObserveTime(claim.used_until);
  jobs_->Add({.name = "node-lease", .interval = job::NodeLease::kRenewEvery},
             node_->RenewalJob([this] {
               log_.Write(log::Level::kError, "node number lost to another process: stopping");
               RequestStop();
             }));
  return absl::OkStatus();
}

void ServiceRuntime::AddPlatformJobs() {
  sequencer_ = std::make_unique<event::Sequencer>(
      event::SequencerOptions{
          .holder = holder_,
          .on_sequenced = [this](int64_t position) { position_signal_.Announce(position); }},
      *pool_, clock_);
  own_events_ = std::make_unique<event::OwnEvents>(
      event::FollowerOptions{.source = program_, .gather = kGatherOwnEvents}, *pool_,
      position_signal_, options_.max_streams * kWatchersOfFour / 4);
  event_metrics_ = std::make_shared<metrics::EventCollector>(*sequencer_);
  metrics_server_.Add(event_metrics_);
  job::PeriodicJob& sequencing =
      jobs_->Add(event::Sequencer::DefaultJobOptions(), sequencer_->Job());
  committer_ = std::make_unique<db::GroupCommitter>(
      *pool_,
      db::GroupCommitterOptions{.threads = options_.committers,
                                .outbox = event::MakeOutboxHook(*ids_, clock_),
                                .on_committed_events = [&sequencing] { sequencing.Notify(); }});
  jobs_->Add({.name = "purge-outbox", .interval = absl::Minutes(10)}, PurgeJob([this] {
               return event::PurgeOutbox(*pool_, clock_.Now() - options_.event_retention);
             }));
  jobs_->Add({.name = "purge-idempotency", .interval = absl::Minutes(10)}, PurgeJob([this] {
               return event::PurgeIdempotency(*pool_, clock_.Now() - kIdempotencyAge);
             }));
}

absl::Status ServiceRuntime::Start() {
  server_ = std::make_unique<server::RpcServer>(
      ServerOptionsOf(options_), server::RpcServerParts{.clock = &clock_,
                                                        .tokens = tokens_.get(),
                                                        .policy = policy_.get(),
                                                        .staff = staff_,
                                                        .involved = involved_,
                                                        .pool = pool_.get(),
                                                        .committer = committer_.get(),
                                                        .keyring = keyring_.get(),
                                                        .metrics = &metrics_server_.registry(),
                                                        .log = &log_});
  tables_.push_back(EventTable());
  CRM_ASSIGN_OR_RETURN(auto exports, report_export::ReportExportTable(
                                         tables_, {.policy = policy_.get(),
                                                   .staff = staff_,
                                                   .pool = pool_.get(),
                                                   .committer = committer_.get(),
                                                   .metrics = &metrics_server_.registry(),
                                                   .log = &log_,
                                                   .zone = options_.time_zone}));
  if (exports.has_value()) tables_.push_back(*std::move(exports));
  for (const server::MethodTable& table : tables_) server_->Add(table);
  CRM_RETURN_IF_ERROR(Listen());
  started_ = true;
  jobs_->Start();
  server_->SetServing(true);
  metrics_server_.SetReady(true);
  log_.Write(log::Level::kInfo, "serving",
             {{"port", server_->port()}, {"metrics_port", metrics_port()}});
  return absl::OkStatus();
}

absl::Status ServiceRuntime::Listen() {
  if (!options_.metrics_listen.empty()) CRM_RETURN_IF_ERROR(metrics_server_.Start());
  absl::Status status = server_->Start();
  if (!status.ok()) metrics_server_.Stop();  // the service, whose readers it shows, goes first
  return status;
}

server::MethodTable ServiceRuntime::EventTable() {
  events_ = std::make_unique<event::EventService>(event::FollowerOptions{.source = program_},
                                                  *pool_, position_signal_);
  server::MethodTable table(ServiceDescriptorOf("crm.event.v1.EventService"));
  using crm::event::v1::StreamEventsRequest;
  using crm::event::v1::StreamEventsResponse;
  table.ServerStream<StreamEventsRequest, StreamEventsResponse>(
      "StreamEvents", [this](server::CallContext&, const StreamEventsRequest& request,
                             server::StreamWriter<StreamEventsResponse>& writer) {
        return events_->Serve(request, writer);
      });
  using crm::event::v1::EventPosition;
  using crm::event::v1::GetEventPositionRequest;
  table.Unary<GetEventPositionRequest, EventPosition>(
      "GetEventPosition",
      [](server::CallContext& call,
         const GetEventPositionRequest&) -> absl::StatusOr<EventPosition> {
        CRM_ASSIGN_OR_RETURN(db::Connection* const db, call.Db());
        CRM_ASSIGN_OR_RETURN(const int64_t newest, event::NewestPosition(*db));
        EventPosition position;
        position.set_newest_position(newest);
        return position;
      });
  return table;
}

void ServiceRuntime::Stop() {
  if (!started_) return;
  started_ = false;
  log_.Write(log::Level::kInfo, "stopping");
  metrics_server_.SetReady(false);
  server_->SetServing(false);
  server_->Shutdown(options_.shutdown_grace);
  jobs_->Stop();
  committer_.reset();
  sequencer_->Release().IgnoreError();  // expires by itself
  if (node_ != nullptr) node_->Release().IgnoreError();
  metrics_server_.Stop();
  log_.Write(log::Level::kInfo, "stopped");
  log_.Flush();
}

std::vector<std::string> ServiceRuntime::services() const {
  std::vector<std::string> names;
  for (const server::MethodTable& table : tables_) names.push_back(table.service()->full_name());
  return names;
}

void ServiceRuntime::RequestStop() {
  MutexLock lock(&stop_mutex_);
  stop_requested_ = true;
}

void ServiceRuntime::WaitForStop() {
  MutexLock lock(&stop_mutex_);
  stop_mutex_.Await(absl::Condition(&stop_requested_));
}

}  // namespace crm::runtime
