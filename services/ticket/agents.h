// Service agents: who is there, with what they have to do (TIC-7). Kept in memory on every replica,
// about a second old: choosing an agent costs an intake nothing. Tickets are counted of those
// agents only whose load has changed.
#ifndef CRM_SERVICES_TICKET_AGENTS_H_
#define CRM_SERVICES_TICKET_AGENTS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/db/connection.h"
#include "common/db/pool.h"
#include "common/db/write_set.h"
#include "common/replica/staff_copy.h"
#include "crm/ticket/v1/agent_service.pb.h"
#include "services/ticket/assignment_rules.h"
#include "services/ticket/load_changes.h"

namespace crm::ticket {

// Thread-safe.
class Agents {
 public:
  // Of an agent whose capacity nobody has set.
  static constexpr int64_t kDefaultCapacity = 20;

  // Reads who is there, and counts what those have whose load has changed. One thread at a time.
  absl::Status Follow(db::Pool& pool);
  // By user id.
  std::vector<v1::ServiceAgent> All() const;
  // Those who take tickets: active here and in the directory, with a role that
  // works on tickets.
  std::vector<Candidate> Candidates(const replica::Staff& staff) const;

  // Has just got a ticket from this replica.
  void NoteAssigned(const std::string& user_id);
  void Note(const v1::ServiceAgent& agent);

  // As committed; absent if they have never said where they are.
  static absl::StatusOr<std::optional<v1::ServiceAgent>> Find(db::Connection& db,
                                                              std::string_view user_id);
  static void Write(db::WriteSet& writes, const v1::ServiceAgent& agent);

 private:
  using ById = std::map<std::string, v1::ServiceAgent>;

  void NoteChanged(const ChangedLoads& changed);
  // Those to be counted; what changes from now on is counted the next time.
  std::set<std::string> TakeUncounted(const ById& agents);
  // Where what the events up to the position tell of has come.
  static absl::Status CountLoads(db::Connection& db, int64_t position,
                                 const std::set<std::string>& users, ById& agents);
  // The agents as they were read, with the loads of `counted`; others keep theirs.
  void Install(ById agents, const std::set<std::string>& counted);

  LoadChanges load_changes_;  // of the thread of Follow
  mutable Mutex mutex_;
  ById agents_ ABSL_GUARDED_BY(mutex_);
  // Whose load may not be what it says.
  std::set<std::string> uncounted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_AGENTS_H_
