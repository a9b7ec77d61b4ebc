// Internal row keys: 63-bit, time-ordered, unique without asking the database.
//
// Layout, high to low: 42 bits of milliseconds since 2020-01-01 UTC (until 2159), 9 bits of node
// (leased from the database, common/db/node_lease.h), 12 bits of counter. Keys of one node rise
// strictly, also when the clock steps back; when the counter of a millisecond is used up, the next
// millisecond is borrowed.
#ifndef CRM_COMMON_BASE_IDS_H_
#define CRM_COMMON_BASE_IDS_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crm {

// Thread-safe, lock-free.
class IdGenerator {
 public:
  static constexpr int kNodeBits = 9;
  static constexpr int kCounterBits = 12;
  static constexpr int kMaxNode = (1 << kNodeBits) - 1;

  // `node` in [0, kMaxNode]; two live generators never share one.
  IdGenerator(const Clock& clock, int node);

  int64_t Next();
  int node() const { return static_cast<int>(node_); }

  // Keys made from now on sort after anything another node made at `time`: a change that follows
  // from a row carries a later key than the change that wrote the row, whatever the clocks say.
  void ObserveTime(absl::Time time);

  // The node that made a key.
  static int NodeOf(int64_t id) { return static_cast<int>(id >> kCounterBits) & kMaxNode; }

  // When a key was made, to the millisecond.
  static absl::Time TimeOf(int64_t id);

 private:
  static int64_t TicksOf(absl::Time time);

  const Clock& clock_;
  const int64_t node_;
  // Milliseconds and counter of the last key, without the node.
  std::atomic<int64_t> last_{0};
};

}  // namespace crm

#endif  // CRM_COMMON_BASE_IDS_H_
