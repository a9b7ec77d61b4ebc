#include "services/ticket/queue_watch.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/own_events.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr db::Query kChanges{"ticket_change_at_version", R"sql(
  SELECT history.changes
  FROM ticket
  JOIN history ON history.resource_id = ticket.id
  WHERE ticket.number = ? AND history.version = ?)sql"};

// What selections look at.
constexpr std::array<std::string_view, 4> kPlaceFields = {"assignee", "team", "status",
                                                          "escalated_to"};

bool ChangesPlace(const crm::event::v1::Event& event) {
  return std::any_of(
      event.changed_fields().begin(), event.changed_fields().end(), [](const std::string& field) {
        return std::find(kPlaceFields.begin(), kPlaceFields.end(), field) != kPlaceFields.end();
      });
}

}  // namespace

absl::StatusOr<bool> QueueWatch::Tell(const crm::event::v1::Event& event,
                                      v1::WatchQueueResponse& message) {
  CRM_ASSIGN_OR_RETURN(v1::Ticket ticket, event::PayloadOf<v1::Ticket>(event));
  const std::string number = ticket.number();
  const auto known = known_.find(number);
  if (known != known_.end() && event.version() <= known->second.version) return false;
  const bool listed = selection_.Has(ticket);
  bool was_listed = false;
  if (!listed) {
    CRM_ASSIGN_OR_RETURN(was_listed, WasListed(event, ticket));
  }
  if (listed || IsOpen(ticket.status())) {
    known_[number] = {event.version(), listed};
  } else {
    known_.erase(number);
  }
  if (listed) *message.add_tickets() = std::move(ticket);
  if (was_listed) message.add_removed(number);
  return listed || was_listed;
}

absl::StatusOr<bool> QueueWatch::WasListed(const crm::event::v1::Event& event,
                                           const v1::Ticket& after) const {
  const auto known = known_.find(after.number());
  if (known != known_.end()) return known->second.listed;
  if (knows_all_ || !ChangesPlace(event)) return false;
  CRM_ASSIGN_OR_RETURN(const crm::types::v1::ChangeList changes, read_changes_(event));
  return selection_.Has(BeforeChange(after, changes));
}

absl::StatusOr<crm::types::v1::ChangeList> ReadTicketChanges(db::Connection& db,
                                                             const std::string& number,
                                                             int64_t version) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kChanges, {number, version}));
  crm::types::v1::ChangeList changes;
  if (rows.Next() && !changes.ParseFromString(rows.String(0))) {
    return Error(absl::StatusCode::kDataLoss, "STORED_VALUE_MALFORMED",
                 "a history entry cannot be read");
  }
  return changes;
}

}  // namespace crm::ticket
