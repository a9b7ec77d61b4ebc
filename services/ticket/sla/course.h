// When a clock comes to something while it runs: what warnings and escalations wait for (TIC-8).
//
//   const Course course(history);
//   const auto breach = course.After(reading, *reading.due + kFirstLateMoment);
//   const auto later = course.After(reading, *breach, absl::Hours(4), calendar);
#ifndef CRM_SERVICES_TICKET_SLA_COURSE_H_
#define CRM_SERVICES_TICKET_SLA_COURSE_H_

#include <optional>
#include <span>

#include "absl/time/time.h"
#include "common/calendar/business_calendar.h"
#include "services/ticket/sla/evaluate.h"

namespace crm::ticket::sla {

// What happens at the due time is in time.
inline constexpr absl::Duration kFirstLateMoment = absl::Microseconds(1);

// The course of a ticket if nothing more happens to it. Told from its history, and never taken back
// by what happens at that instant or after it.
class Course {
 public:
  explicit Course(std::span<const Event> history) : story_(history, absl::InfiniteFuture()) {}

  // The first instant, not before `from`, at which the clock of a turn of this history runs. Hours
  // are of no account. Nothing if it ends before, or stands still until something happens.
  std::optional<absl::Time> After(const Reading& turn, absl::Time from) const;
  // The first one by which it has run for so much of the calendar's working time since `from`.
  std::optional<absl::Time> After(const Reading& turn, absl::Time from, absl::Duration time,
                                  const calendar::BusinessCalendar& calendar) const;

 private:
  Story story_;
};

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_COURSE_H_
