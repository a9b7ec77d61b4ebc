// The order in which rows of the outbox that were found together get their positions.
//
// Row keys rise with time, and in one process a later change has a later key. Between processes
// clocks differ: a change made on a replica whose clock is behind can have an earlier key than the
// change it follows from. Telling IdGenerator::ObserveTime the row's last change makes that rare
// but not impossible, because the key of the earlier event was made after the time in its row. The
// version of the changed resource knows better: whoever wrote version 8 had read version 7.
#ifndef CRM_COMMON_EVENT_CAUSAL_ORDER_H_
#define CRM_COMMON_EVENT_CAUSAL_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace crm::event {

struct ResourceChange {
  std::string resource;
  int64_t version = 0;
};

// The changes of each row, rows sorted by key. Gives the order as indexes: by key, except that a
// row comes after every other that holds an earlier version of one of its resources.
std::vector<size_t> CausalOrder(absl::Span<const std::vector<ResourceChange>> rows);

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_CAUSAL_ORDER_H_
