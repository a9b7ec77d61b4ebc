// Kills statements that run past their deadline, in the database (PLT-9). One thread per pool, with
// a connection of its own that is made when first needed.
//
// Arming costs two atomic accesses: the thread is woken only when a statement's deadline is earlier
// than its next look. A kill never hits a later statement: Disarm waits for one that is under way.
// Thread-safe; one Slot belongs to one connection.
#ifndef CRM_COMMON_DB_WATCHDOG_H_
#define CRM_COMMON_DB_WATCHDOG_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"

namespace crm::db {

class Watchdog {
 public:
  // Which connection of which server. Behind a proxy two connections may reach two servers, whose
  // connection numbers mean different things.
  struct Target {
    std::string server;
    int64_t connection_id = 0;
  };
  // Sends KILL QUERY; false when that failed and is worth another try.
  using Killer = std::function<bool(const Target&)>;

  class Slot {
   public:
    explicit Slot(Target target) : target_(std::move(target)) {}

   private:
    friend class Watchdog;
    const Target target_;
    // Deadline in microseconds since the Unix epoch, or one of the states below.
    std::atomic<int64_t> state_{kIdle};
    // Written by the watchdog between kKilling and the next state.
    std::atomic<bool> kill_sent_{false};
  };

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  explicit Watchdog(Killer killer);
  ~Watchdog();

  std::shared_ptr<Slot> Register(Target target);
  void Unregister(const std::shared_ptr<Slot>& slot);

  // Around one statement. `deadline_micros` of kNever is free of charge.
  void Arm(Slot& slot, int64_t deadline_micros) {
    if (deadline_micros == kNever) return;
    slot.state_.store(deadline_micros);
    if (deadline_micros < next_look_.load()) Hurry(deadline_micros);
  }
  // True when a kill may have been sent since Arm: the statement, or the next one, sees it.
  bool Disarm(Slot& slot, int64_t deadline_micros) {
    if (deadline_micros == kNever) return false;
    int64_t expected = deadline_micros;
    if (slot.state_.compare_exchange_strong(expected, kIdle)) return false;
    return DisarmSlow(slot);
  }

 private:
  static constexpr int64_t kIdle = kNever;
  static constexpr int64_t kKilling = -1;
  static constexpr int64_t kKilled = -2;

  void Hurry(int64_t deadline_micros);
  bool DisarmSlow(Slot& slot);
  void Run();
  std::vector<std::shared_ptr<Slot>> TakeOverdue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Kill(const std::vector<std::shared_ptr<Slot>>& overdue);

  const Killer killer_;
  Mutex mutex_;
  CondVar wake_;
  CondVar killed_;
  std::vector<std::shared_ptr<Slot>> slots_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<int64_t> next_look_{kNever};  // written under mutex_
  std::thread thread_;
};

}  // namespace crm::db

#endif  // CRM_COMMON_DB_WATCHDOG_H_
