#include "common/db/watchdog.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace crm::db {
namespace {

constexpr int64_t kRetryMicros = 500'000;

}  // namespace

Watchdog::Watchdog(Killer killer) : killer_(std::move(killer)), thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    wake_.Signal();
  }
  thread_.join();
}

std::shared_ptr<Watchdog::Slot> Watchdog::Register(Target target) {
  auto slot = std::make_shared<Slot>(std::move(target));
  MutexLock lock(&mutex_);
  slots_.push_back(slot);
  return slot;
}

void Watchdog::Unregister(const std::shared_ptr<Slot>& slot) {
  MutexLock lock(&mutex_);
  std::erase(slots_, slot);
}

void Watchdog::Hurry(int64_t deadline_micros) {
  MutexLock lock(&mutex_);
  if (deadline_micros >= next_look_.load()) return;
  next_look_.store(deadline_micros);
  wake_.Signal();
}

bool Watchdog::DisarmSlow(Slot& slot) {
  MutexLock lock(&mutex_);
  while (slot.state_.load() == kKilling) killed_.Wait(&mutex_);
  slot.state_.store(kIdle);
  return slot.kill_sent_.exchange(false);
}

void Watchdog::Run() {
  mutex_.Lock();
  while (!stop_) {
    const int64_t next = next_look_.load();
    if (next == kNever) {
      wake_.Wait(&mutex_);
      continue;
    }
    if (absl::ToUnixMicros(absl::Now()) < next) {
      wake_.WaitWithDeadline(&mutex_, absl::FromUnixMicros(next));
      continue;
    }
    const auto overdue = TakeOverdue();
    if (overdue.empty()) continue;
    mutex_.Unlock();
    Kill(overdue);
    mutex_.Lock();
    killed_.SignalAll();
  }
  mutex_.Unlock();
}

std::vector<std::shared_ptr<Watchdog::Slot>> Watchdog::TakeOverdue() {
  // A statement that is armed while we look sees kNever and queues up in Hurry behind the mutex.
  next_look_.store(kNever);
  const int64_t now = absl::ToUnixMicros(absl::Now());
  int64_t next = kNever;
  std::vector<std::shared_ptr<Slot>> overdue;
  for (const auto& slot : slots_) {
    int64_t deadline = slot->state_.load();
    if (deadline < 0) continue;
    if (deadline > now) {
      next = std::min(next, deadline);
    } else if (slot->state_.compare_exchange_strong(deadline, kKilling)) {
      overdue.push_back(slot);
    }
  }
  next_look_.store(next);
  return overdue;
}

void Watchdog::Kill(const std::vector<std::shared_ptr<Slot>>& overdue) {
  for (const auto& slot : overdue) {
    const bool sent = killer_(slot->target_);
    const int64_t again = absl::ToUnixMicros(absl::Now()) + kRetryMicros;
    MutexLock lock(&mutex_);
    // Also when it failed: it may have arrived all the same.
    slot->kill_sent_.store(true);
    slot->state_.store(sent ? kKilled : again);
    if (!sent) next_look_.store(std::min(next_look_.load(), again));
    killed_.SignalAll();
  }
}

}  // namespace crm::db
