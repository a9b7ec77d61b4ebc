// Whose load has changed: agents who got, lost or finished a ticket, found in the service's own
// events (TIC-7), whichever replica changed it. Costs one look-up where nothing has.
#ifndef CRM_SERVICES_TICKET_LOAD_CHANGES_H_
#define CRM_SERVICES_TICKET_LOAD_CHANGES_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/db/pool.h"

namespace crm::ticket {

struct ChangedLoads {
  // At first, and after more was missed than is kept.
  bool of_everybody = false;
  std::set<std::string> users;
  // Of the events that tell it: loads are to be counted where they have come.
  int64_t position = 0;
};

// Not thread-safe.
class LoadChanges {
 public:
  // Since the last time.
  absl::StatusOr<ChangedLoads> Read(db::Pool& pool);

 private:
  absl::StatusOr<ChangedLoads> StartOver(db::Pool& pool);

  std::optional<int64_t> position_;  // up to which it was read
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_LOAD_CHANGES_H_
