// Works off imports (CUS-31, PLT-22): any replica claims a job, goes on where the last one stopped,
// and commits batch by batch, each with the job's counters and position in one transaction. Who was
// believed dead and comes back fails at its next commit: every commit checks the job's version.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_RUNNER_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_RUNNER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/job/steps.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/import_metrics.h"
#include "services/customer/import/import_source.h"
#include "services/customer/import/import_store.h"
#include "services/customer/import/progress_signal.h"

namespace crm::customer::import {

// The kinds that can be imported.
using ImportKinds = std::map<v1::ImportKind, std::unique_ptr<ImportKind>>;

struct RunnerOptions {
  std::string holder;  // names this process
  SourceOptions source;
  absl::Duration lease = absl::Seconds(30);  // well above the time of a batch
  // Runs without progress after which a job is given up, whatever the cause: a database that is
  // away for some minutes is waited for.
  int64_t max_attempts = 20;
  // The same where waiting does not help: the database refuses what is to be written, or a part of
  // the service fails.
  int64_t max_refusals = 3;
  // For tests: called before each commit with the rows done so far; an error ends the run at once
  // and leaves everything as a killed process would.
  std::function<absl::Status(int64_t rows)> before_commit;
};

// RunDue belongs to one thread at a time.
class ImportRunner {
 public:
  struct Parts {
    const Clock& clock;
    db::Pool& pool;
    db::OutboxHook outbox;
    const ImportStore& store;
    const ImportKinds& kinds;
    ProgressSignal& progress;
    ImportMetrics& metrics;
  };

  ImportRunner(Parts parts, RunnerOptions options)
      : parts_(std::move(parts)), options_(std::move(options)) {}

  // Works until no job is due. The body of the job `import`.
  absl::StatusOr<absl::Time> RunDue(const std::stop_token& stop);

  // Removes files of imports that ended a day ago. The body of the job `import-purge`.
  absl::StatusOr<job::Progress> Purge();

 private:
  class Run;

  absl::StatusOr<std::optional<StoredImport>> ClaimNext();

  const Parts parts_;
  const RunnerOptions options_;
};

// What a job says about its rows.
ImportContext ContextOf(const StoredImport& import, absl::Time now);

// The state that a verification asks for.
v1::ImportState StateAfter(const v1::ImportVerification& verification);
void SetAccuracy(v1::ImportVerification& verification);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_RUNNER_H_
