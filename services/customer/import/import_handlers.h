// ImportService: takes files, tells how imports go. The work is done by import_runner.h.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_HANDLERS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/group_committer.h"
#include "common/numbering/number_allocator.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/import.pb.h"
#include "services/customer/import/import_runner.h"
#include "services/customer/import/import_store.h"
#include "services/customer/import/progress_signal.h"

namespace crm::customer::import {

class ImportHandlers {
 public:
  static constexpr int64_t kMaxFileBytes = int64_t{512} << 20;

  struct Parts {
    const Clock& clock;
    IdGenerator& ids;
    crypto::Keyring& keyring;
    numbering::NumberAllocator& numbers;
    absl::TimeZone zone;
    db::OutboxHook outbox;
    const ImportStore& store;
    const ImportKinds& kinds;
    const CustomerOwners& owners;
    const auth::CurrentPolicy& policy;
    const ProgressSignal& progress;
    std::function<void()> wake;  // there is a job to do
  };

  explicit ImportHandlers(Parts parts) : parts_(std::move(parts)) {}

  void Register(server::MethodTable& table);

 private:
  class Upload;
  using CallContext = server::CallContext;

  absl::StatusOr<v1::ImportJob> Create(CallContext& call,
                                       server::StreamReader<v1::CreateImportRequest>& reader);
  absl::StatusOr<v1::ImportJob> Get(CallContext& call, const v1::GetImportRequest& request);
  absl::StatusOr<v1::ListImportsResponse> List(CallContext& call,
                                               const v1::ListImportsRequest& request);
  absl::Status Watch(CallContext& call, const v1::WatchImportRequest& request,
                     server::StreamWriter<v1::ImportJob>& writer);
  absl::StatusOr<v1::ListImportIssuesResponse> ListIssues(
      CallContext& call, const v1::ListImportIssuesRequest& request);
  absl::Status Download(CallContext& call, const v1::DownloadRejectedRequest& request,
                        server::StreamWriter<v1::FileChunk>& writer);
  absl::StatusOr<v1::ImportJob> Cancel(CallContext& call, const v1::CancelImportRequest& request);
  absl::StatusOr<v1::GetImportSampleResponse> GetSample(CallContext& call,
                                                        const v1::GetImportSampleRequest& request);
  absl::StatusOr<v1::ImportJob> MarkSample(CallContext& call,
                                           const v1::MarkImportSampleRequest& request);

  // What the cells of a job's file are masked by for this caller; null: not at all.
  const FieldCatalog* MaskFor(const CallContext& call, const v1::ImportJob& job) const;
  // Source and archive side by side, with the marks.
  absl::StatusOr<std::vector<v1::ImportSampleRow>> Compare(
      db::Connection& db, const StoredImport& import,
      const std::vector<SampleCandidate>& sample) const;

  const Parts parts_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_HANDLERS_H_
