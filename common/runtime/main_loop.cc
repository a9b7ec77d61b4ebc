// Run(): the command line, signals and exit status around a ServiceRuntime.
#include <csignal>
#include <iostream>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "common/base/status_macros.h"
#include "common/runtime/plain_text.h"
#include "common/runtime/service_runtime.h"

namespace crm::runtime {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

int Fail(const absl::Status& status, int exit_status) {
  std::cerr << status.message() << '\n';
  return exit_status;
}

int MigrateOnly(const ServiceInfo& info, const config::ServiceOptions& options) {
  auto address = db::Address::Parse(options.database_url);
  if (!address.ok()) return Fail(address.status(), kBadUsage);
  db::PoolOptions pool_options;
  pool_options.address = *address;
  pool_options.max_connections = 2;
  db::Pool pool(pool_options);
  const absl::Status status = db::Migrate(pool, AllMigrations(info),
                                          [](std::string_view line) { std::cout << line << '\n'; });
  return status.ok() ? kOk : Fail(status, kFailed);
}

config::ProgramInfo ProgramOf(const ServiceInfo& info) {
  return {.program = info.program, .summary = info.summary, .version = CRM_VERSION};
}

// Reads the command line, the environment and the file once more: only the file can have changed.
OptionsSource ReadAgain(const ServiceInfo& info, int argc, const char* const* argv) {
  return [&info, argc, argv]() -> absl::StatusOr<config::ServiceOptions> {
    CRM_ASSIGN_OR_RETURN(config::ServiceCommand command,
                         config::ParseServiceCommand(ProgramOf(info), config::ServiceOptions(),
                                                     argc, argv, config::ProcessEnvironment()));
    return std::move(command.options);
  };
}

// Signals are taken by one thread, so that no handler has to be async-signal-safe.
std::jthread WaitForSignals(ServiceRuntime& runtime, const sigset_t& signals) {
  return std::jthread([&runtime, signals](const std::stop_token& stop) {
    const timespec pause{0, 200'000'000};
    while (!stop.stop_requested()) {
      const int signal = sigtimedwait(&signals, nullptr, &pause);
      if (signal == SIGHUP) {
        runtime.Reload();
      } else if (signal > 0) {
        return runtime.RequestStop();
      }
    }
  });
}

int Serve(const ServiceInfo& info, const config::ServiceOptions& options,
          const OptionsSource& options_source, const ServiceFactory& factory) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every thread made from here on
  std::signal(SIGPIPE, SIG_IGN);

  // Looking for lock cycles costs each lock and belongs to tests.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);

  SystemClock clock;
  auto runtime = ServiceRuntime::Create(info, options, clock);
  if (!runtime.ok()) return Fail(runtime.status(), kFailed);
  (*runtime)->SetOptionsSource(options_source);
  auto service = factory(**runtime);
  if (!service.ok()) return Fail(service.status(), kFailed);
  if (absl::Status status = (*runtime)->Start(); !status.ok()) return Fail(status, kFailed);
  const std::jthread watcher = WaitForSignals(**runtime, signals);
  (*runtime)->WaitForStop();
  (*runtime)->Stop();
  return kOk;
}

}  // namespace

int Run(const ServiceInfo& info, int argc, const char* const* argv, const ServiceFactory& factory) {
  auto command = config::ParseServiceCommand(ProgramOf(info), config::ServiceOptions(), argc, argv,
                                             config::ProcessEnvironment());
  if (!command.ok()) return Fail(command.status(), kBadUsage);
  if (command->action == config::ServiceCommand::Action::kPrint) {
    std::cout << command->text;
    return kOk;
  }
  const bool migrates = command->action == config::ServiceCommand::Action::kMigrate;
  const absl::Status encrypted =
      migrates ? CheckDatabaseEncrypted(command->options) : CheckEncrypted(command->options);
  if (!encrypted.ok()) return Fail(encrypted, kBadUsage);
  if (migrates) return MigrateOnly(info, command->options);
  return Serve(info, command->options, ReadAgain(info, argc, argv), factory);
}

}  // namespace crm::runtime
