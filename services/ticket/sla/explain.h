// Why a clock is due when it is due (TIC-15): the segments of time between its start and its due
// time.
//
//   for (const Segment& segment : Explain(history, Clock::kResolution, now)->segments) …
#ifndef CRM_SERVICES_TICKET_SLA_EXPLAIN_H_
#define CRM_SERVICES_TICKET_SLA_EXPLAIN_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/ticket/sla/evaluate.h"

namespace crm::ticket::sla {

enum class SegmentKind : uint8_t {
  kWorking,  // the only one that is charged
  kClosed,
  kHoliday,
  kPaused,
};

// [from, to), never empty.
struct Segment {
  absl::Time from;
  absl::Time to;
  SegmentKind kind = SegmentKind::kWorking;
  // Of a paused one: why, and the ticket's status.
  Pause pause = Pause::kNone;
  Status status = Status::kUnassigned;
  // Name of a holiday, if it has one.
  std::string holiday;
  // Has not come to pass: it lies after now, or after the end of the clock.
  bool projected = false;

  bool operator==(const Segment&) const = default;
};

struct Explanation {
  Reading reading;
  // From the start to the due time without gaps; working segments add up to the target. If the
  // clock is never due, to its end or now; working segments add up to what is charged.
  std::vector<Segment> segments;
};

// Of the `cycle`-th turn of a clock, 0 = the last one. Nothing if there is none, or if its policy
// does not have the clock. Takes time by the days between start and due time.
std::optional<Explanation> Explain(std::span<const Event> history, Clock clock, absl::Time now,
                                   int cycle = 0);

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_EXPLAIN_H_
