// A history read once: the phases of the ticket, and what each clock waited for and when. No
// working time yet. An inner part of the engine; callers use evaluate.h and explain.h.
#ifndef CRM_SERVICES_TICKET_SLA_STORY_H_
#define CRM_SERVICES_TICKET_SLA_STORY_H_

#include <array>
#include <optional>
#include <span>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "services/ticket/sla/history.h"
#include "services/ticket/sla/policy.h"

namespace crm::ticket::sla {

// Why a clock does not run.
enum class Pause : uint8_t {
  kNone,
  kStatus,    // the policy pauses it in the ticket's status
  kDone,      // the ticket is done or closed
  kMerged,    // the ticket is merged into another
  kNoTarget,  // the policy of that time does not have the clock
};

// [from, next phase): nothing changes that pauses a clock or that it is measured by.
struct Phase {
  absl::Time from;
  Status status = Status::kUnassigned;
  bool merged = false;
  const Policy* policy = nullptr;  // never null

  Pause PauseOf(Clock clock) const;
};

// One turn of a clock: from what starts it to what ends it.
struct Cycle {
  Clock clock = Clock::kFirstResponse;
  int number = 1;  // of this clock
  absl::Time started;
  std::optional<absl::Time> met;
  // In force when it was met; of one that is open, at the end of the story.
  const Policy* policy = nullptr;
};

class Story {
 public:
  // What is known at `until`: later events do not count. Without an opening there is no story.
  Story(std::span<const Event> history, absl::Time until);

  // Empty if the ticket was not open yet.
  const absl::InlinedVector<Phase, 8>& phases() const { return phases_; }
  // First instant after a phase; the last one has no end.
  absl::Time PhaseEnd(size_t index) const {
    return index + 1 < phases_.size() ? phases_[index + 1].from : absl::InfiniteFuture();
  }
  // In the order in which they started.
  const absl::InlinedVector<Cycle, 8>& cycles() const { return cycles_; }
  // The `number`-th of a clock, 0 = the last one; null if there is none.
  const Cycle* Find(Clock clock, int number) const;

 private:
  void Tell(std::span<const Event> history, absl::Time until);
  void Apply(const Event& event, absl::Time time);
  void ChangeStatus(Status status, absl::Time time);
  void AnswerCustomer(absl::Time time);
  void Enter(const Phase& phase);
  void Start(Clock clock, absl::Time time);
  // Does nothing if the clock does not wait.
  void Meet(Clock clock, absl::Time time);
  Cycle* Open(Clock clock);

  absl::InlinedVector<Phase, 8> phases_;
  absl::InlinedVector<Cycle, 8> cycles_;
  std::array<int, kClocks.size()> last_ = {-1, -1, -1, -1, -1};  // index of the last cycle
  bool answered_ = false;
};

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_STORY_H_
