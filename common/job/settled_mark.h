// A mark (once_per_mark.h) of what a replica goes by, once it has stood for a while: work over all
// rows that begins before every replica goes by the same leaves what the others still write by the
// old.
//
//   if (terms.See(RevisionInForce(), clock.Now())) job.Notify();   // the thread that follows
//   …
//   if (terms.Get() == SettledMark::kNone) return absl::InfiniteFuture();   // the job
#ifndef CRM_COMMON_JOB_SETTLED_MARK_H_
#define CRM_COMMON_JOB_SETTLED_MARK_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace crm::job {

// See belongs to one thread.
class SettledMark {
 public:
  // No mark has stood for so long since the start. Marks are not negative.
  static constexpr int64_t kNone = -1;

  explicit SettledMark(absl::Duration settle) : settle_(settle) {}

  // `mark` is that of now. True once for each that has stood long enough.
  bool See(int64_t mark, absl::Time now) {
    if (mark != seen_) {
      seen_ = mark;
      since_ = now;
    }
    if (settled_ == seen_ || now < since_ + settle_) return false;
    settled_ = seen_;
    return true;
  }

  int64_t Get() const { return settled_; }

 private:
  const absl::Duration settle_;
  int64_t seen_ = kNone;
  absl::Time since_;
  std::atomic<int64_t> settled_{kNone};
};

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_SETTLED_MARK_H_
