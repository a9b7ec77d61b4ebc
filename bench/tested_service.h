// A service under test: a database of its own and the real program on it, as a process of its own
// with its default options.
//
//   TestedService service(settings, "crm-ticket", "crm_bench_ticket_1000000");
//   CRM_RETURN_IF_ERROR(service.MakeDatabase());
//   CRM_RETURN_IF_ERROR(service.Migrate());
//   CRM_RETURN_IF_ERROR(service.Start());
//   ConnectClients(service.address(), service.Token("bench", {"service_manager"}), 2)
#ifndef CRM_BENCH_TESTED_SERVICE_H_
#define CRM_BENCH_TESTED_SERVICE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/process.h"
#include "bench/settings.h"
#include "common/auth/local_issuer.h"
#include "common/db/pool.h"

namespace crm::bench {

class TestedService {
 public:
  // `program`: such as crm-ticket. The database need not exist yet.
  static absl::StatusOr<std::unique_ptr<TestedService>> Make(const Settings& settings,
                                                             std::string program,
                                                             std::string database);

  // A new, empty one.
  absl::Status MakeDatabase();
  // Also of a database that an earlier run has made: the schema may have grown since.
  absl::Status Migrate();
  // Returns when the service serves.
  absl::Status Start();
  void Stop() { process_.reset(); }
  // Stops the service and removes the database.
  absl::Status Drop();

  // Rows of a table; nothing if there is no such database or table.
  absl::StatusOr<int64_t> Count(const std::string& table);

  std::string Token(std::string_view user, std::vector<std::string> roles,
                    std::string_view team = "") const;
  // Where keys are kept: they are good for all databases of the directory.
  std::string KeyFile() const;

  const Settings& settings() const { return settings_; }
  const std::string& address() const { return address_; }
  Process& process() { return *process_; }
  db::Pool& pool() { return *pool_; }
  absl::Duration start_time() const { return start_time_; }  // of the service until it served

 private:
  TestedService(const Settings& settings, std::string program, std::string database);

  absl::Status WriteKeys();
  absl::Status AwaitServing();
  std::string File(const std::string& name) const;
  std::vector<std::string> Environment() const;

  const Settings& settings_;
  const std::string program_;
  const std::string database_;
  const auth::LocalIssuer issuer_;
  std::string address_;
  std::unique_ptr<db::Pool> pool_;
  std::unique_ptr<Process> process_;
  absl::Duration start_time_;
};

// Runs a statement as an administrator, no database chosen.
absl::Status RunAsAdministrator(const Settings& settings, const std::string& sql);

}  // namespace crm::bench

#endif  // CRM_BENCH_TESTED_SERVICE_H_
