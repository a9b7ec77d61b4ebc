// Pages of a resource's history, newest first, ending with its creation (CUS-11).
//
//   CRM_ASSIGN_OR_RETURN(HistoryPage page,
//                        ReadHistoryPage(db, key.id, request.page_token(), request.page_size(),
//                                        CreationOf(customer)));
#ifndef CRM_COMMON_RECORD_HISTORY_PAGE_H_
#define CRM_COMMON_RECORD_HISTORY_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "crm/types/v1/history.pb.h"

namespace crm::record {

struct HistoryPage {
  std::vector<crm::types::v1::HistoryEntry> entries;
  std::string next_page_token;

  // Into an answer with `entries` and `next_page_token`.
  template <typename Response>
  Response As() && {
    Response response;
    for (crm::types::v1::HistoryEntry& entry : entries) {
      *response.add_entries() = std::move(entry);
    }
    response.set_next_page_token(std::move(next_page_token));
    return response;
  }
};

// The creation has no row in the history: it is told from the resource itself.
template <typename Message>
crm::types::v1::HistoryEntry CreationOf(const Message& message) {
  crm::types::v1::HistoryEntry entry;
  entry.set_version(1);
  *entry.mutable_time() = message.create_time();
  entry.set_actor(message.creator());
  return entry;
}

// `page_size` as asked: 0 = 50, more than 1000 = 1000. No `creation`: the resource came with the
// program. INVALID_ARGUMENT for a token that was not
// given out.
absl::StatusOr<HistoryPage> ReadHistoryPage(db::Connection& db, int64_t resource_id,
                                            const std::string& page_token, int32_t page_size,
                                            std::optional<crm::types::v1::HistoryEntry> creation);

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_HISTORY_PAGE_H_
