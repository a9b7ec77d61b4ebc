// The engine against the slow model, on random calendars, policies and histories (QUA-11).
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/calendar/random_calendar.h"
#include "services/ticket/sla/course.h"
#include "services/ticket/sla/explain.h"
#include "services/ticket/sla/slow_model.h"

namespace crm::ticket::sla {
namespace {

using calendar::BusinessCalendar;
using calendar::Dice;

constexpr int kWorlds = 125;
constexpr int kCasesPerWorld = 800;
constexpr int kDays = 45;
constexpr int kMinutes = 15;
constexpr int64_t kStepsOfDay = 24 * 60 / kMinutes;

// Calendars in one window of time.
struct World {
  SlowTime time;
  std::vector<std::shared_ptr<const BusinessCalendar>> calendars;
  OpenStepsOf open;
};

World RandomWorld(Dice& dice) {
  World world;
  const calendar::RandomWindow window = PickWindow(dice);
  absl::TimeZone zone;
  absl::LoadTimeZone(window.zone, &zone);
  world.time = {absl::FromCivil(window.first - 5, zone), absl::Minutes(kMinutes),
                static_cast<int>(kDays * kStepsOfDay)};
  for (const std::string& name : {window.zone, std::string("Asia/Shanghai")}) {
    const calendar::v1::Calendar definition = RandomCalendar(dice, {name, window.first}, kMinutes);
    auto compiled = BusinessCalendar::Compile(definition);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    world.calendars.push_back(std::make_shared<const BusinessCalendar>(*std::move(compiled)));
    const calendar::SlowCalendar slow(definition);
    OpenSteps& open = world.open[world.calendars.back().get()];
    for (int i = 0; i < world.time.steps; ++i) open.push_back(slow.IsOpen(world.time.At(i)));
  }
  world.calendars.push_back(std::make_shared<const BusinessCalendar>(BusinessCalendar::Always()));
  world.open[world.calendars.back().get()].assign(static_cast<size_t>(world.time.steps), true);
  return world;
}

StatusSet RandomPauses(Dice& dice) {
  static const std::vector<StatusSet> sets = {{Status::kWaitingForCustomer},
                                              {Status::kWaitingForCustomer, Status::kToBeConfirmed},
                                              {Status::kUnassigned, Status::kWaitingForCustomer},
                                              {}};
  return dice.Pick(sets);
}

Policy RandomPolicy(Dice& dice, const World& world) {
  Policy policy;
  policy.warning_percent = dice.Pick(std::vector<int>{75, 75, 50, 0});
  for (ClockRule& rule : policy.rules) {
    if (dice.OneIn(8)) continue;
    rule.target = absl::Hours(dice.OneIn(2) ? dice.Roll(1, 8) : dice.Roll(1, 50));
    rule.calendar = dice.Pick(world.calendars);
    rule.paused_in = RandomPauses(dice);
  }
  return policy;
}

struct Case {
  std::vector<Policy> policies;
  std::vector<Event> history;
  int now = 0;
};

Event RandomEvent(Dice& dice, const std::vector<Policy>& policies) {
  static const std::vector<EventKind> kinds = {EventKind::kStatusChanged,
                                               EventKind::kStatusChanged,
                                               EventKind::kStatusChanged,
                                               EventKind::kAgentReplied,
                                               EventKind::kAgentReplied,
                                               EventKind::kCustomerReplied,
                                               EventKind::kCustomerReplied,
                                               EventKind::kPolicyApplied,
                                               EventKind::kMerged,
                                               EventKind::kUnmerged,
                                               EventKind::kArrivedOnSite,
                                               EventKind::kAssigned,
                                               EventKind::kSplit};
  Event event;
  event.kind = dice.Pick(kinds);
  event.status = static_cast<Status>(dice.Roll(0, 5));
  event.policy = &dice.Pick(policies);
  return event;
}

Case RandomCase(Dice& dice, const World& world) {
  Case made;
  for (int i = 0; i < 3; ++i) made.policies.push_back(RandomPolicy(dice, world));
  const int opened = static_cast<int>(dice.Roll(2 * kStepsOfDay, 20 * kStepsOfDay));
  Event opening = RandomEvent(dice, made.policies);
  opening.kind = EventKind::kOpened;
  opening.time = world.time.At(opened);
  opening.sequence = 1;
  if (!dice.OneIn(10)) opening.status = Status::kUnassigned;
  made.history.push_back(opening);
  // Hours or days between events, often none; now and then something from before the opening.
  const int64_t longest_gap = dice.OneIn(2) ? 8 * 60 / kMinutes : kStepsOfDay;
  int at = opened - (dice.OneIn(10) ? 4 : 0);
  for (int64_t left = dice.Roll(0, 12); left > 0; --left) {
    Event event = RandomEvent(dice, made.policies);
    at += static_cast<int>(dice.OneIn(4) ? 0 : dice.Roll(0, longest_gap));
    event.time = world.time.At(at);
    made.history.push_back(event);
  }
  // In any order, and at equal times in an order of its own.
  std::vector<int64_t> sequences;
  for (size_t i = 1; i < made.history.size(); ++i) {
    sequences.insert(sequences.begin() + dice.Roll(0, static_cast<int64_t>(i) - 1),
                     static_cast<int64_t>(i) + 1);
  }
  for (size_t i = 1; i < made.history.size(); ++i) made.history[i].sequence = sequences[i - 1];
  if (dice.OneIn(3)) std::reverse(made.history.begin(), made.history.end());
  made.now = static_cast<int>(dice.Roll(opened - kStepsOfDay / 4, at + 3 * kStepsOfDay));
  made.now = std::clamp(made.now, 0, world.time.steps - static_cast<int>(kStepsOfDay));
  return made;
}

// What the random cases were about: a generator that misses something proves nothing about it.
struct Coverage {
  int explained = 0;
  int courses = 0;
  int running = 0;
  int paused = 0;
  int met = 0;
  int late_and_open = 0;
  int late_and_ended = 0;
  int merged = 0;
  int earlier_turns = 0;
  int judged_by_a_later_policy = 0;

  void Count(const Reading& reading) {
    running += reading.state == State::kRunning ? 1 : 0;
    paused += reading.state == State::kPaused ? 1 : 0;
    met += reading.state == State::kMet ? 1 : 0;
    const bool late = reading.state == State::kBreached;
    late_and_open += late && !reading.met_at.has_value() ? 1 : 0;
    late_and_ended += late && reading.met_at.has_value() ? 1 : 0;
  }
};

class Comparison {
 public:
  Comparison(const World& world, const Case& made, Coverage& coverage)
      : world_(world), case_(made), coverage_(coverage) {}

  void Run() {
    const absl::Time now = world_.time.At(case_.now);
    const Evaluation evaluation = Evaluate(case_.history, now);
    SlowModel model(world_.time, world_.open);
    model.Walk(case_.history, case_.now);
    if (now < Opened()) {
      for (const Clock clock : kClocks) EXPECT_EQ(evaluation[clock].cycle, 0);
      return;
    }
    EXPECT_EQ(evaluation.merged, model.merged());
    coverage_.merged += evaluation.merged ? 1 : 0;
    coverage_.earlier_turns += static_cast<int>(evaluation.earlier.size());
    for (const Clock clock : kClocks) {
      Compare(model, clock, model.clock(clock), evaluation[clock]);
    }
    ASSERT_EQ(evaluation.earlier.size(), model.earlier().size());
    for (const auto& [clock, slow] : model.earlier()) {
      const Reading* reading = FindTurn(evaluation, clock, slow.turn);
      ASSERT_NE(reading, nullptr);
      Compare(model, clock, slow, *reading);
    }
  }

 private:
  absl::Time Opened() const {
    return std::find_if(case_.history.begin(), case_.history.end(),
                        [](const Event& event) { return event.kind == EventKind::kOpened; })
        ->time;
  }

  static const Reading* FindTurn(const Evaluation& evaluation, Clock clock, int turn) {
    for (const Reading& reading : evaluation.earlier) {
      if (reading.clock == clock && reading.cycle == turn) return &reading;
    }
    return nullptr;
  }

  std::optional<absl::Time> TimeAt(std::optional<int> step) const {
    if (!step.has_value()) return std::nullopt;
    return world_.time.At(*step);
  }

  // The end of the step with which `span` is charged; nothing = not in the window.
  std::optional<absl::Time> Reached(const std::vector<int>& charged, absl::Duration span) const {
    const auto steps = static_cast<size_t>(span / world_.time.step);
    if (charged.size() < steps) return std::nullopt;
    return world_.time.At(charged[steps - 1] + 1);
  }

  void Compare(const SlowModel& model, Clock clock, const SlowClock& slow,
               const Reading& reading) const {
    SCOPED_TRACE(absl::StrCat("clock ", static_cast<int>(clock), ", turn ", slow.turn));
    ASSERT_EQ(reading.cycle, slow.turn);
    if (slow.turn > 0) {
      EXPECT_EQ(reading.started, world_.time.At(slow.started));
      EXPECT_EQ(reading.met_at, TimeAt(slow.ended));
    }
    if (slow.turn > 0 && model.TargetOf(clock, slow).has_value()) {
      CompareMeasured(model, clock, slow, reading);
    } else {
      EXPECT_EQ(reading.state, State::kInactive);
    }
  }

  void CompareMeasured(const SlowModel& model, Clock clock, const SlowClock& slow,
                       const Reading& reading) const {
    const absl::Duration target = *model.TargetOf(clock, slow);
    coverage_.Count(reading);
    coverage_.judged_by_a_later_policy += target != model.FirstTargetOf(clock) ? 1 : 0;
    EXPECT_EQ(reading.target, target);
    EXPECT_EQ(reading.elapsed, world_.time.step * static_cast<int>(slow.charged.size()));
    EXPECT_EQ(reading.remaining, target - reading.elapsed);
    const std::vector<int> charged =
        model.ChargedUpTo(clock, slow, static_cast<size_t>(target / world_.time.step));
    const absl::Duration mark = target * model.WarningPercentOf(slow) / 100;
    if (model.WarningPercentOf(slow) == 0) {
      EXPECT_EQ(reading.warning, std::nullopt);
    } else if (const auto warning = Reached(charged, mark); warning.has_value()) {
      EXPECT_EQ(reading.warning, warning);
    }
    CompareCourse(slow, reading);
    const std::optional<absl::Time> due = Reached(charged, target);
    if (due.has_value()) {
      EXPECT_EQ(reading.due, due);
      CompareExplanation(reading, charged);
    }
    const absl::Time end = world_.time.At(slow.ended.value_or(case_.now));
    const bool late = due.has_value() && end > *due;
    EXPECT_EQ(reading.breached_at, late ? due : std::nullopt);
    EXPECT_EQ(reading.state, late                     ? State::kBreached
                             : slow.ended.has_value() ? State::kMet
                             : model.IsPaused(clock)  ? State::kPaused
                                                      : State::kRunning);
  }

  // From start to due time without gaps, and the working segments are the charged steps.
  void CompareExplanation(const Reading& reading, const std::vector<int>& charged) const {
    const auto explanation =
        Explain(case_.history, reading.clock, world_.time.At(case_.now), reading.cycle);
    ASSERT_TRUE(explanation.has_value());
    absl::Time at = reading.started;
    absl::Duration worked;
    size_t next = 0;
    for (const Segment& segment : explanation->segments) {
      ASSERT_EQ(segment.from, at);
      ASSERT_LT(segment.from, segment.to);
      at = segment.to;
      if (segment.kind != SegmentKind::kWorking) continue;
      worked += segment.to - segment.from;
      for (absl::Time step = segment.from; step < segment.to; step += world_.time.step) {
        ASSERT_EQ(step, world_.time.At(charged[next++]));
      }
    }
    EXPECT_EQ(at, *reading.due);
    EXPECT_EQ(worked, reading.target);
    ++coverage_.explained;
  }

  // By each eight hours that the clock has run since its start; the course knows all that happens
  // later.
  void CompareCourse(const SlowClock& slow, const Reading& reading) const {
    const Course course(case_.history);
    Reading turn = reading;
    // What ends the turn after now is not in the reading.
    if (!slow.ended.has_value()) turn.met_at = world_.time.At(case_.now);
    const auto every = static_cast<size_t>(absl::Hours(8) / world_.time.step);
    for (size_t ran = every; ran <= slow.ran.size(); ran += every) {
      const absl::Duration time = world_.time.step * static_cast<int>(ran);
      EXPECT_EQ(course.After(turn, reading.started, time, *world_.calendars.back()),
                world_.time.At(slow.ran[ran - 1] + 1));
      ++coverage_.courses;
    }
    const absl::Duration more = world_.time.step * static_cast<int>(slow.ran.size() + 1);
    EXPECT_EQ(course.After(turn, reading.started, more, *world_.calendars.back()), std::nullopt);
  }

  const World& world_;
  const Case& case_;
  Coverage& coverage_;
};

std::string Describe(const World& world, const Case& made) {
  std::string text = absl::StrCat("now ", absl::FormatTime(world.time.At(made.now)), "\n");
  for (const Event& event : made.history) {
    absl::StrAppend(&text, absl::FormatTime(event.time), " #", event.sequence, " kind ",
                    static_cast<int>(event.kind), " status ", static_cast<int>(event.status),
                    " policy ", event.policy - made.policies.data(), "\n");
  }
  return text;
}

TEST(SlaModel, AgreesOnAHundredThousandRandomCases) {  // TIC-5, TIC-6, TIC-15, QUA-11
  Coverage coverage;
  for (int i = 0; i < kWorlds; ++i) {
    Dice dice(static_cast<uint64_t>(1000 + i));
    const World world = RandomWorld(dice);
    for (int j = 0; j < kCasesPerWorld; ++j) {
      const Case made = RandomCase(dice, world);
      Comparison(world, made, coverage).Run();
      if (HasFailure()) {
        FAIL() << "case " << i << "." << j << "\n" << Describe(world, made);
      }
    }
  }
  EXPECT_GT(coverage.explained, 300'000);
  EXPECT_GT(coverage.courses, 300'000);
  for (const int count : {coverage.running, coverage.paused, coverage.met, coverage.late_and_open,
                          coverage.late_and_ended, coverage.merged, coverage.earlier_turns,
                          coverage.judged_by_a_later_policy}) {
    EXPECT_GT(count, 10'000);
  }
}

// Off the grid of the model: to the microsecond.
TEST(SlaModel, AtItsDueTimeExactlyTheTargetIsCharged) {  // TIC-5, TIC-6
  for (int i = 0; i < 40; ++i) {
    Dice dice(static_cast<uint64_t>(5000 + i));
    const World world = RandomWorld(dice);
    for (int j = 0; j < 500; ++j) {
      Case made = RandomCase(dice, world);
      for (Event& event : made.history) event.time += absl::Microseconds(dice.Roll(0, 1'000'000));
      const absl::Time end = world.time.At(world.time.steps);
      const Evaluation evaluation = Evaluate(made.history, end);
      for (const Reading& reading : evaluation.clocks) {
        if (reading.state != State::kRunning || !reading.due.has_value()) continue;
        const absl::Duration tick = absl::Microseconds(1);
        const Evaluation at_due = Evaluate(made.history, *reading.due);
        EXPECT_EQ(at_due[reading.clock].elapsed, reading.target) << Describe(world, made);
        EXPECT_EQ(at_due[reading.clock].state, State::kRunning) << Describe(world, made);
        const Evaluation before = Evaluate(made.history, *reading.due - tick);
        EXPECT_EQ(before[reading.clock].elapsed, reading.target - tick) << Describe(world, made);
        const Evaluation after = Evaluate(made.history, *reading.due + tick);
        EXPECT_EQ(after[reading.clock].state, State::kBreached) << Describe(world, made);
      }
      ASSERT_FALSE(HasFailure());
    }
  }
}

}  // namespace
}  // namespace crm::ticket::sla
