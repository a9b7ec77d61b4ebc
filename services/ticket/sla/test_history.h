// Builders of policies and histories for tests.
#ifndef CRM_SERVICES_TICKET_SLA_TEST_HISTORY_H_
#define CRM_SERVICES_TICKET_SLA_TEST_HISTORY_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/calendar/business_calendar.h"
#include "google/protobuf/text_format.h"
#include "services/ticket/sla/evaluate.h"

namespace crm::ticket::sla {

using CalendarPtr = std::shared_ptr<const calendar::BusinessCalendar>;

inline CalendarPtr AlwaysOpen() {
  return std::make_shared<const calendar::BusinessCalendar>(calendar::BusinessCalendar::Always());
}

inline CalendarPtr CalendarOf(const std::string& text) {
  calendar::v1::Calendar definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &definition)) << text;
  auto calendar = calendar::BusinessCalendar::Compile(definition);
  EXPECT_TRUE(calendar.ok()) << calendar.status();
  return std::make_shared<const calendar::BusinessCalendar>(*std::move(calendar));
}

// Monday to Friday, 09:00 to 12:00 and 13:00 to 18:00 in Shanghai; 国庆节 of 2025 with its make-up
// days.
inline CalendarPtr OfficeHours() {
  return CalendarOf(R"pb(
    time_zone: "Asia/Shanghai"
    weekly_hours {
      days: [ WEEKDAY_MONDAY, WEEKDAY_TUESDAY, WEEKDAY_WEDNESDAY, WEEKDAY_THURSDAY, WEEKDAY_FRIDAY ]
      ranges { from: "09:00" to: "12:00" }
      ranges { from: "13:00" to: "18:00" }
    }
    exceptions { date: "2025-10-01" last_date: "2025-10-08" kind: DAY_KIND_HOLIDAY name: "国庆节" }
    exceptions { date: "2025-09-28" kind: DAY_KIND_WORKING_DAY }
    exceptions { date: "2025-10-11" kind: DAY_KIND_WORKING_DAY }
  )pb");
}

// All five clocks with the same target.
inline Policy PolicyOf(absl::Duration target, const CalendarPtr& calendar) {
  Policy policy;
  for (ClockRule& rule : policy.rules) {
    rule.target = target;
    rule.calendar = calendar;
  }
  return policy;
}

// Wall clock in Shanghai.
inline absl::Time At(const std::string& text) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, zone, &time, &error)) << text << error;
  return time;
}

// A history in the order in which it is told.
class TestHistory {
 public:
  TestHistory(absl::Time opened, const Policy& policy, Status status = Status::kUnassigned) {
    Add({opened, 0, EventKind::kOpened, status, &policy});
  }

  TestHistory& MovedTo(absl::Time time, Status status) {
    return Add({time, 0, EventKind::kStatusChanged, status, nullptr});
  }
  TestHistory& PolicyApplied(absl::Time time, const Policy& policy) {
    return Add({time, 0, EventKind::kPolicyApplied, Status::kUnassigned, &policy});
  }
  TestHistory& Happened(absl::Time time, EventKind kind) {
    return Add({time, 0, kind, Status::kUnassigned, nullptr});
  }

  const std::vector<Event>& events() const { return events_; }
  Evaluation Read(absl::Time now) const { return Evaluate(events_, now); }

 private:
  TestHistory& Add(Event event) {
    event.sequence = static_cast<int64_t>(events_.size()) + 1;
    events_.push_back(event);
    return *this;
  }

  std::vector<Event> events_;
};

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_TEST_HISTORY_H_
