// Decides at arrival whether a call may wait for its turn or is refused at once (PLT-9).
//
// Two bounds, both known without looking at the request:
//  * how many calls of a lane are waiting or being worked on (the queue's memory);
//  * how long this one would wait: calls in the lane × the lane's recent time per call ÷ its
//    threads. It may be at most `max_wait` and half of what is left until the call's deadline.
// The second keeps goodput up under overload. A queue bounded by number alone grows, when handlers
// are slow, until every call in it expires just before or while it is worked on, and the server
// does nothing but useless work; a call admitted here has, unless calls become twice as slow while
// it waits, enough time left to be answered. First in, first out stays fair and needs no timers; an
// expired call is dropped when its turn comes. A refusal costs no parsing, no token check and no
// thread hand-over, so refusing three calls of four leaves most of the processor to the fourth.
//
// Both look at calls that have been seen. Where a flood takes more of the processor than refusing
// leaves, calls wait unseen, before the pollers, and even a refusal comes late. So the pollers tell
// whether they find an end of what waits for them: as long as they do not, the workers' lane gets
// fewer and fewer places, down to its threads, and its work leaves the processor to the pollers.
//
//   if (!admission.TryEnter(Lane::kWorkers, remaining, call.place)) return Refuse(call);
//
// Thread-safe, lock-free.
#ifndef CRM_COMMON_SERVER_ADMISSION_H_
#define CRM_COMMON_SERVER_ADMISSION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/time/time.h"

namespace crm::server {

// Calls that wait for the same threads.
enum class Lane { kWorkers, kBatch, kStreams };

struct LaneLimits {
  int threads = 1;
  int max_calls = 1;  // waiting and being worked on
  absl::Duration max_wait = absl::InfiniteDuration();
};

class Admission {
 public:
  // Held by an admitted call until it is answered.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      Leave();
      count_ = std::exchange(other.count_, nullptr);
      return *this;
    }
    ~Place() { Leave(); }

    bool held() const { return count_ != nullptr; }
    void Leave() {
      if (count_ != nullptr) std::exchange(count_, nullptr)->fetch_sub(1);
    }

   private:
    friend class Admission;
    explicit Place(std::atomic<int>* count) : count_(count) {}
    std::atomic<int>* count_ = nullptr;
  };

  Admission(LaneLimits workers, LaneLimits batch, LaneLimits streams);

  // A place that is not held = refused. `remaining`: until the call's deadline.
  Place TryEnter(Lane lane, absl::Duration remaining);
  // How long a thread of the lane worked on `calls` calls.
  void Observe(Lane lane, absl::Duration worked, size_t calls);
  // Whether a poller, at `now`, could take all that had arrived for it.
  void Arrivals(bool all_taken, absl::Time now);

  int calls(Lane lane) const { return lanes_[Index(lane)].calls.load(); }

 private:
  struct LaneState {
    explicit LaneState(LaneLimits lane_limits) : limits(lane_limits) {}
    const LaneLimits limits;
    std::atomic<int> places{limits.max_calls};
    std::atomic<int> calls{0};
    std::atomic<int64_t> nanos_per_call{0};  // moving average
  };

  static size_t Index(Lane lane) { return static_cast<size_t>(lane); }

  std::array<LaneState, 3> lanes_;
  std::atomic<int64_t> places_changed_{0};  // Unix microseconds
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_ADMISSION_H_
