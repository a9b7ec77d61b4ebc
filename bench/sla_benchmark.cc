// Due times of SLA clocks, computed from histories: processor only, no service and no database.
#include <ctime>
#include <memory>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/benchmarks.h"
#include "common/base/status_macros.h"
#include "common/calendar/business_calendar.h"
#include "services/ticket/sla/evaluate.h"

namespace crm::bench {
namespace {

namespace sla = ticket::sla;
using calendar::BusinessCalendar;

constexpr double kGoal = 1'000'000;  // due times a second on one core
constexpr int kTickets = 4096;
constexpr int64_t kYears = 10;

// Office hours with a break, ten years of holidays and make-up days, a zone whose clocks change.
calendar::v1::Calendar OfficeHours() {
  calendar::v1::Calendar definition;
  definition.set_time_zone("Europe/Berlin");
  calendar::v1::WeeklyHours& weekly = *definition.add_weekly_hours();
  for (int day = 1; day <= 5; ++day) weekly.add_days(static_cast<calendar::v1::Weekday>(day));
  for (const auto& [from, to] : {std::pair("09:00", "12:00"), std::pair("13:00", "18:00")}) {
    calendar::v1::HourRange& range = *weekly.add_ranges();
    range.set_from(from);
    range.set_to(to);
  }
  const absl::CivilDay first(2020, 1, 1);
  for (absl::CivilDay day = first; day < first + kYears * 365; day += 15) {
    calendar::v1::DayException& exception = *definition.add_exceptions();
    exception.set_date(absl::FormatCivilTime(day));
    exception.set_kind(day.day() % 3 == 0 ? calendar::v1::DAY_KIND_WORKING_DAY
                                          : calendar::v1::DAY_KIND_HOLIDAY);
  }
  return definition;
}

struct Ticket {
  std::vector<sla::Event> history;
  absl::Time now;
};

// Answered, waited for the customer once, not resolved.
Ticket MakeTicket(std::mt19937_64& random, const sla::Policy& policy) {
  const auto later = [&](absl::Time time, absl::Duration longest) {
    return time + absl::Microseconds(random() % absl::ToInt64Microseconds(longest));
  };
  const absl::Time opened = later(absl::FromCivil(absl::CivilDay(2020, 1, 1), absl::UTCTimeZone()),
                                  absl::Hours(24 * 365 * (kYears - 1)));
  const absl::Time answered = later(opened, absl::Hours(8));
  const absl::Time waiting = later(answered, absl::Hours(24));
  const absl::Time resumed = later(waiting, absl::Hours(48));
  Ticket ticket;
  ticket.history = {{opened, 1, sla::EventKind::kOpened, sla::Status::kUnassigned, &policy},
                    {opened, 2, sla::EventKind::kStatusChanged, sla::Status::kInProgress},
                    {answered, 3, sla::EventKind::kAgentReplied},
                    {waiting, 4, sla::EventKind::kStatusChanged, sla::Status::kWaitingForCustomer},
                    {resumed, 5, sla::EventKind::kStatusChanged, sla::Status::kInProgress}};
  ticket.now = later(resumed, absl::Hours(24));
  return ticket;
}

// Of this thread: others on the machine do not count.
absl::Duration ProcessorTime() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

// As many due times as there are readings with one.
int64_t CountDue(const sla::Evaluation& evaluation) {
  int64_t due = 0;
  for (const sla::Reading& reading : evaluation.clocks) due += reading.due.has_value() ? 1 : 0;
  return due;
}

absl::StatusOr<Figure> SlaDue(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(BusinessCalendar compiled, BusinessCalendar::Compile(OfficeHours()));
  const auto hours = std::make_shared<const BusinessCalendar>(std::move(compiled));
  sla::Policy policy;
  policy.rule(sla::Clock::kFirstResponse) = {absl::Hours(4), hours};
  policy.rule(sla::Clock::kOnSiteArrival) = {absl::Hours(24), hours};
  policy.rule(sla::Clock::kResolution) = {absl::Hours(72), hours};
  std::mt19937_64 random(1);
  std::vector<Ticket> tickets;
  tickets.reserve(kTickets);
  for (int i = 0; i < kTickets; ++i) tickets.push_back(MakeTicket(random, policy));
  int64_t due = 0;
  int64_t evaluations = 0;
  const absl::Duration begin = ProcessorTime();
  while (ProcessorTime() - begin < bench.settings().time) {
    for (const Ticket& ticket : tickets) due += CountDue(Evaluate(ticket.history, ticket.now));
    evaluations += kTickets;
  }
  const double seconds = absl::ToDoubleSeconds(ProcessorTime() - begin);
  Figure figure;
  figure.value = static_cast<double>(due) / seconds;
  figure.yardstick = kGoal;
  figure.client_micros = seconds * 1e6 / static_cast<double>(due);
  figure.note = absl::StrCat("each with warning, elapsed and state; ",
                             static_cast<int64_t>(static_cast<double>(evaluations) / seconds),
                             " tickets/s with three clocks each");
  return figure;
}

}  // namespace

std::vector<Benchmark> SlaBenchmarks() {
  return {{{"ticket.sla_due",
            "/s",
            "1 000 000 due times a second on one core",
            {Target::Kind::kAtLeast, 1}},
           SlaDue}};
}

}  // namespace crm::bench
