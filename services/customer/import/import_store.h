// The tables of imports: jobs, chunks, issues, rejected rows, samples.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_STORE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/resource_table.h"
#include "common/tabular/table.h"
#include "crm/customer/v1/import.pb.h"
#include "crm/customer/v1/import_state.pb.h"

namespace crm::customer::import {

inline constexpr std::string_view kImportType = "crm.customer.v1.ImportJob";

// A job with what only the service knows of it.
struct StoredImport {
  resource::RowKey key;
  v1::ImportJob job;
  std::string holder;
  absl::Time lease_until = absl::UnixEpoch();
  tabular::Position position;  // everything before is committed; {} = nothing
  int64_t attempts = 0;
  std::string content_hash;
  v1::ImportScope scope;
};

// A row for the sample check.
struct SampleCandidate {
  int64_t line = 0;
  int64_t rank_hash = 0;
  int64_t resource_id = 0;
  int64_t resource_version = 0;
  v1::ImportSampleSource source;
  v1::ImportSampleMarks marks;
};

// Thread-safe.
class ImportStore {
 public:
  explicit ImportStore(crypto::Keyring& keyring);

  const resource::ResourceTable& table() const { return table_; }
  const std::string& columns() const { return columns_; }

  void Insert(db::WriteSet& writes, const StoredImport& import,
              const std::optional<std::string>& request_key) const;

  // NOT_FOUND if there is none in scope.
  absl::StatusOr<StoredImport> Get(db::Connection& db, std::string_view number,
                                   const auth::RowScope& scope) const;
  absl::StatusOr<std::optional<StoredImport>> FindByRequestKey(db::Connection& db,
                                                               const std::string& key) const;
  absl::StatusOr<std::optional<StoredImport>> GetById(db::Connection& db, int64_t id) const;

  // Takes the oldest job that nobody works on; nothing if there is none.
  absl::StatusOr<std::optional<StoredImport>> Claim(db::Connection& db, std::string_view holder,
                                                    absl::Time now, absl::Duration term) const;
  // Writes the job as it is `after`, only if nobody else has written it since.
  void Update(db::WriteSet& writes, resource::RowKey key, const v1::ImportJob& before,
              const v1::ImportJob& after) const;
  // How far a claimed job is. After Update, in one transaction with it.
  void Advance(db::WriteSet& writes, int64_t id, const tabular::Position& position,
               absl::Time lease_until) const;
  // Goes on holding it, without having come further; false if another one holds it.
  absl::StatusOr<bool> Renew(db::Connection& db, int64_t id, std::string_view holder,
                             absl::Time lease_until) const;
  // Lets others have it at once.
  absl::Status Release(db::Connection& db, int64_t id, std::string_view holder) const;

  // Chunks are encrypted here.
  absl::Status AddChunk(db::Connection& db, int64_t job_id, int64_t sequence, absl::Time now,
                        std::string_view data) const;
  // In order; DATA_LOSS if they are not `bytes` together.
  absl::Status ReadChunks(db::Connection& db, int64_t job_id, int64_t bytes,
                          const std::function<absl::Status(std::string_view)>& sink) const;
  absl::Status DeleteChunks(db::Connection& db, int64_t job_id) const;
  // Chunks older than `before` of jobs that have ended or were never made. Gives how many.
  absl::StatusOr<int64_t> PurgeChunks(db::Connection& db, absl::Time before) const;

  void AddIssue(db::WriteSet& writes, int64_t job_id, int64_t line, int64_t sequence,
                const v1::ImportIssue& issue) const;
  void AddRejected(db::WriteSet& writes, int64_t job_id, int64_t line,
                   const v1::ImportCells& cells) const;
  void AddSample(db::WriteSet& writes, int64_t job_id, const SampleCandidate& candidate) const;
  // What an earlier run of a dry run has reported.
  absl::Status DeleteFindings(db::Connection& db, int64_t job_id) const;

  struct IssuePlace {
    int64_t line = 0;
    int64_t sequence = 0;
  };
  struct PlacedIssue {
    IssuePlace place;
    v1::ImportIssue issue;
  };
  // After `after`, in order.
  absl::StatusOr<std::vector<PlacedIssue>> ReadIssues(db::Connection& db, int64_t job_id,
                                                      IssuePlace after, int limit) const;
  struct RejectedRow {
    int64_t line = 0;
    v1::ImportCells cells;
  };
  absl::StatusOr<std::vector<RejectedRow>> ReadRejected(db::Connection& db, int64_t job_id,
                                                        int64_t after_line, int limit) const;

  // Makes the `count` candidates of lowest rank the sample and drops the others.
  absl::Status ChooseSample(db::Connection& db, int64_t job_id, int64_t count) const;
  absl::StatusOr<std::vector<SampleCandidate>> ReadSample(db::Connection& db, int64_t job_id,
                                                          int64_t after_line, int limit) const;
  absl::StatusOr<std::optional<SampleCandidate>> ReadSampleRow(db::Connection& db, int64_t job_id,
                                                               int64_t line) const;
  void MarkSample(db::WriteSet& writes, int64_t job_id, int64_t line,
                  const v1::ImportSampleMarks& marks) const;

 private:
  absl::StatusOr<std::optional<StoredImport>> ReadOne(db::Rows rows) const;
  absl::StatusOr<SampleCandidate> ReadCandidate(const db::Rows& rows, int64_t job_id) const;

  resource::ResourceTable table_;
  std::string columns_;
  crypto::Keyring& keyring_;
};

bool HasEnded(v1::ImportState state);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_STORE_H_
