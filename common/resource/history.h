// The history of every resource (CUS-11) and what a stale etag means (PLT-6).
//
// The creation itself writes no history row: the resource carries who created it, when and how, and
// ListHistory tells it from there. Each later change writes one row.
#ifndef CRM_COMMON_RESOURCE_HISTORY_H_
#define CRM_COMMON_RESOURCE_HISTORY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/resource_table.h"
#include "crm/types/v1/history.pb.h"

namespace crm::resource {

struct ChangeSource {
  absl::Time time;
  std::string actor;  // user id or service name
  std::string via;    // RPC method or job number
};

// Notes that `key.version` of a resource came about by `changes`.
void AddHistory(db::WriteSet& writes, std::string_view resource_type, RowKey key,
                const ChangeSource& source, const crm::types::v1::ChangeList& changes);

// Newest first: versions below `before_version` (0 = from the newest), at most `limit`.
absl::StatusOr<std::vector<crm::types::v1::HistoryEntry>> ReadHistory(db::Connection& db,
                                                                      int64_t resource_id,
                                                                      int64_t before_version,
                                                                      int limit);

// A write that carries an etag: OK if the row is still at that version, or if none of the fields it
// writes has changed since; else ABORTED, reason ETAG_STALE, metadata `changed_fields`. Empty etag:
// OK (the last writer wins on the fields it names). INVALID_ARGUMENT if malformed or from the
// future.
absl::Status CheckEtag(db::Connection& db, RowKey current, std::string_view etag,
                       std::string_view etag_path, const std::vector<std::string>& written_fields);

}  // namespace crm::resource

#endif  // CRM_COMMON_RESOURCE_HISTORY_H_
