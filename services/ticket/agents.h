// Service agents: who is there, with what they have to do (TIC-7). Kept in
// memory on every replica, at most a second old: choosing an agent costs an
// intake nothing.
#ifndef CRM_SERVICES_TICKET_AGENTS_H_
#define CRM_SERVICES_TICKET_AGENTS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/replica/staff_copy.h"
#include "crm/ticket/v1/agent_service.pb.h"
#include "services/ticket/assignment_rules.h"

namespace crm::ticket {

// Thread-safe.
class Agents {
 public:
  // Of an agent whose capacity nobody has set.
  static constexpr int64_t kDefaultCapacity = 20;

  // Reads them again.
  absl::Status Follow(db::Connection& db);
  // By user id.
  std::vector<v1::ServiceAgent> All() const;
  // Those who take tickets: active here and in the directory, with a role that
  // works on tickets.
  std::vector<Candidate> Candidates(const replica::Staff& staff) const;

  // Has got a ticket since they were read.
  void NoteAssigned(const std::string& user_id);
  void Note(const v1::ServiceAgent& agent);

  // As committed; absent if they have never said where they are.
  static absl::StatusOr<std::optional<v1::ServiceAgent>> Find(db::Connection& db,
                                                              std::string_view user_id);
  static void Write(db::WriteSet& writes, const v1::ServiceAgent& agent);

 private:
  mutable Mutex mutex_;
  std::map<std::string, v1::ServiceAgent> agents_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_AGENTS_H_
