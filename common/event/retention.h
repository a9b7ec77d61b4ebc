// Removes what is no longer needed, in small transactions by primary key: no long locks, no gap
// locks. Each call is one of them; call again while rows are found. Safe on several replicas at
// once.
#ifndef CRM_COMMON_EVENT_RETENTION_H_
#define CRM_COMMON_EVENT_RETENTION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/pool.h"

namespace crm::event {

// Events of before `before`, oldest first, never one that has no position yet. Gives the rows
// removed.
absl::StatusOr<int64_t> PurgeOutbox(db::Pool& pool, absl::Time before);

// Answers of calls made before `before` (PLT-5: at least 24 h ago).
absl::StatusOr<int64_t> PurgeIdempotency(db::Pool& pool, absl::Time before);

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_RETENTION_H_
