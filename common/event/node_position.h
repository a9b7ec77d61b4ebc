// Reads that belong to a position of the events, where the database may be a cluster: connections
// of a pool may be of different nodes, and a node may be behind the one that told the position.
//
//   CRM_ASSIGN_OR_RETURN(const int64_t position, event::NewestPosition(*one));
//   …
//   CRM_RETURN_IF_ERROR(event::WaitForPosition(*other, position));
//   // what `other` reads from here on has all that the events up to the position tell of
//
// Positions are given by transactions of their own, after those that they are given to, and a node
// applies transactions in the order of the cluster: one that has the position has what came before
// it. A look-up by key where no node lags.
#ifndef CRM_COMMON_EVENT_NODE_POSITION_H_
#define CRM_COMMON_EVENT_NODE_POSITION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/db/connection.h"

namespace crm::event {

// Errors: UNAVAILABLE, reason DATABASE_NODE_BEHIND, if the node does not get there in that time;
// those of the database.
absl::Status WaitForPosition(db::Connection& connection, int64_t position,
                             absl::Duration patience = absl::Seconds(2));

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_NODE_POSITION_H_
