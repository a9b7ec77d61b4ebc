#include "services/ticket/load_changes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/event/event_log.h"
#include "common/event/follower.h"
#include "common/event/node_position.h"
#include "common/event/own_events.h"
#include "common/job/database_wait.h"
#include "services/ticket/queue_rules.h"
#include "services/ticket/queue_watch.h"

namespace crm::ticket {
namespace {

using crm::event::v1::Event;

bool Changes(const Event& event, const std::string& field) {
  return std::find(event.changed_fields().begin(), event.changed_fields().end(), field) !=
         event.changed_fields().end();
}

// Collects who has the tickets of events, and the events that took tickets from somebody else.
class Collector : public event::EventConsumer {
 public:
  explicit Collector(int64_t position) { found_.position = position; }

  absl::Status OnEvent(Event&& event, int64_t /*newest_position*/) override {
    const bool is_new = event.type() != "ticket.updated";
    const bool is_moved = Changes(event, "assignee");
    if (!is_new && !is_moved && !Changes(event, "status")) return absl::OkStatus();
    CRM_ASSIGN_OR_RETURN(const v1::Ticket ticket, event::PayloadOf<v1::Ticket>(event));
    if (!ticket.assignee().empty()) found_.users.insert(ticket.assignee());
    if (!is_new && is_moved) moved_.push_back(std::move(event));
    return absl::OkStatus();
  }
  void OnPosition(const event::FollowerPosition& at) override { found_.position = at.position; }
  bool Ended() const override { return false; }

  absl::StatusOr<ChangedLoads> Found(db::Pool& pool) && {
    if (moved_.empty()) return std::move(found_);
    CRM_ASSIGN_OR_RETURN(const db::Pool::Lease db, pool.Acquire(job::DatabaseDeadline()));
    CRM_RETURN_IF_ERROR(event::WaitForPosition(*db, found_.position));
    for (const Event& event : moved_) {
      CRM_ASSIGN_OR_RETURN(const auto changes,
                           ReadTicketChanges(*db, event.subject(), event.version()));
      const std::string before = BeforeChange({}, changes).assignee();
      if (!before.empty()) found_.users.insert(before);
    }
    return std::move(found_);
  }

 private:
  ChangedLoads found_;
  std::vector<Event> moved_;
};

// Events that are gone, or damaged: whatever they said, counting everybody makes up for it.
bool CannotBeRead(const absl::Status& status) {
  return absl::IsOutOfRange(status) || absl::IsDataLoss(status);
}

}  // namespace

absl::StatusOr<ChangedLoads> LoadChanges::StartOver(db::Pool& pool) {
  CRM_ASSIGN_OR_RETURN(const db::Pool::Lease db, pool.Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(position_, event::NewestPosition(*db));
  return ChangedLoads{.of_everybody = true, .users = {}, .position = *position_};
}

absl::StatusOr<ChangedLoads> LoadChanges::Read(db::Pool& pool) {
  if (!position_.has_value()) return StartOver(pool);
  const event::FollowerOptions options;
  Collector collector(*position_);
  const event::FollowFrom from{.after_position = *position_,
                               .types = {"ticket.created", "ticket.imported", "ticket.updated"},
                               .stop_at_end = true};
  const absl::Status read = event::Follower(options, from, collector).Run(pool, {});
  if (CannotBeRead(read)) return StartOver(pool);
  CRM_RETURN_IF_ERROR(read);
  absl::StatusOr<ChangedLoads> changed = std::move(collector).Found(pool);
  if (CannotBeRead(changed.status())) return StartOver(pool);
  if (changed.ok()) position_ = changed->position;
  return changed;
}

}  // namespace crm::ticket
