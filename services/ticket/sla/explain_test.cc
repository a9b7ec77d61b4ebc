#include "services/ticket/sla/explain.h"

#include <gtest/gtest.h>

#include "services/ticket/sla/test_history.h"

namespace crm::ticket::sla {
namespace {

Segment Hours(const std::string& from, const std::string& to, SegmentKind kind, bool projected) {
  return {At(from), At(to), kind, Pause::kNone, Status::kUnassigned, "", projected};
}

absl::Duration WorkingTime(const std::vector<Segment>& segments) {
  absl::Duration sum;
  for (const Segment& segment : segments) {
    if (segment.kind == SegmentKind::kWorking) sum += segment.to - segment.from;
  }
  return sum;
}

TEST(SlaExplain, SegmentsOverABreakAPauseAndAHoliday) {  // TIC-15
  const Policy policy = PolicyOf(absl::Hours(8), OfficeHours());
  TestHistory history(At("2025-09-30 08:30"), policy, Status::kInProgress);
  history.MovedTo(At("2025-09-30 10:00"), Status::kWaitingForCustomer);
  history.MovedTo(At("2025-09-30 13:00"), Status::kInProgress);
  const auto explanation = Explain(history.events(), Clock::kResolution, At("2025-09-30 17:30"));
  ASSERT_TRUE(explanation.has_value());
  Segment paused = Hours("2025-09-30 10:00", "2025-09-30 13:00", SegmentKind::kPaused, false);
  paused.pause = Pause::kStatus;
  paused.status = Status::kWaitingForCustomer;
  Segment holiday = Hours("2025-10-01 00:00", "2025-10-09 00:00", SegmentKind::kHoliday, true);
  holiday.holiday = "国庆节";
  EXPECT_EQ(explanation->segments,
            (std::vector<Segment>{
                Hours("2025-09-30 08:30", "2025-09-30 09:00", SegmentKind::kClosed, false),
                Hours("2025-09-30 09:00", "2025-09-30 10:00", SegmentKind::kWorking, false), paused,
                Hours("2025-09-30 13:00", "2025-09-30 17:30", SegmentKind::kWorking, false),
                Hours("2025-09-30 17:30", "2025-09-30 18:00", SegmentKind::kWorking, true),
                Hours("2025-09-30 18:00", "2025-10-01 00:00", SegmentKind::kClosed, true), holiday,
                Hours("2025-10-09 00:00", "2025-10-09 09:00", SegmentKind::kClosed, true),
                Hours("2025-10-09 09:00", "2025-10-09 11:00", SegmentKind::kWorking, true)}));
  EXPECT_EQ(explanation->reading.due, At("2025-10-09 11:00"));
  EXPECT_EQ(WorkingTime(explanation->segments), absl::Hours(8));
}

TEST(SlaExplain, ReopenedAndMergedTimeIsPaused) {  // TIC-15, TIC-16
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(At("2025-09-02 08:00"), policy);
  history.MovedTo(At("2025-09-02 10:00"), Status::kDone);
  history.MovedTo(At("2025-09-02 12:00"), Status::kInProgress);
  history.Happened(At("2025-09-02 13:00"), EventKind::kMerged);
  history.Happened(At("2025-09-02 15:00"), EventKind::kUnmerged);
  const auto explanation = Explain(history.events(), Clock::kResolution, At("2025-09-02 16:00"));
  ASSERT_TRUE(explanation.has_value());
  std::vector<Pause> pauses;
  for (const Segment& segment : explanation->segments) pauses.push_back(segment.pause);
  EXPECT_EQ(pauses, (std::vector<Pause>{Pause::kNone, Pause::kDone, Pause::kNone, Pause::kMerged,
                                        Pause::kNone, Pause::kNone}));
  EXPECT_TRUE(explanation->segments.back().projected);
  EXPECT_EQ(WorkingTime(explanation->segments), absl::Hours(8));
}

TEST(SlaExplain, ALateClockIsExplainedUpToItsDueTime) {  // TIC-15
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(At("2025-09-02 08:00"), policy);
  history.MovedTo(At("2025-09-02 20:00"), Status::kDone);
  const auto explanation = Explain(history.events(), Clock::kResolution, At("2025-09-03 08:00"));
  ASSERT_TRUE(explanation.has_value());
  EXPECT_EQ(explanation->segments,
            (std::vector<Segment>{
                Hours("2025-09-02 08:00", "2025-09-02 16:00", SegmentKind::kWorking, false)}));
  EXPECT_EQ(explanation->reading.state, State::kBreached);
}

TEST(SlaExplain, ATurnThatHasEnded) {  // TIC-15
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(At("2025-09-02 08:00"), policy);
  for (const char* clock : {"09:00", "11:00"}) {
    history.Happened(At(std::string("2025-09-02 ") + clock), EventKind::kAgentReplied);
    history.Happened(At(std::string("2025-09-02 ") + clock), EventKind::kCustomerReplied);
  }
  const absl::Time now = At("2025-09-02 12:00");
  const auto first = Explain(history.events(), Clock::kNextResponse, now, 1);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->reading.met_at, At("2025-09-02 11:00"));
  const auto last = Explain(history.events(), Clock::kNextResponse, now);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->reading.cycle, 2);
  EXPECT_EQ(Explain(history.events(), Clock::kNextResponse, now, 3), std::nullopt);
}

TEST(SlaExplain, NothingToExplain) {  // TIC-15
  Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  policy.rule(Clock::kOnSiteArrival) = {};
  const TestHistory history(At("2025-09-02 08:00"), policy);
  const absl::Time now = At("2025-09-02 09:00");
  EXPECT_FALSE(Explain(history.events(), Clock::kOnSiteArrival, now).has_value());
  EXPECT_FALSE(Explain(history.events(), Clock::kNextResponse, now).has_value());
  EXPECT_FALSE(Explain({}, Clock::kResolution, now).has_value());
}

TEST(SlaExplain, NeverDueIsExplainedUpToNow) {  // TIC-15
  const CalendarPtr once = CalendarOf(R"pb(
    time_zone: "Asia/Shanghai"
    exceptions {
      date: "2025-09-02"
      kind: DAY_KIND_WORKING_DAY
      ranges { from: "09:00" to: "12:00" }
    }
  )pb");
  const Policy policy = PolicyOf(absl::Hours(4), once);
  const TestHistory history(At("2025-09-02 08:00"), policy);
  const auto explanation = Explain(history.events(), Clock::kResolution, At("2025-09-02 13:00"));
  ASSERT_TRUE(explanation.has_value());
  EXPECT_EQ(explanation->reading.due, std::nullopt);
  EXPECT_EQ(explanation->segments.back().to, At("2025-09-02 13:00"));
  EXPECT_EQ(WorkingTime(explanation->segments), absl::Hours(3));
}

}  // namespace
}  // namespace crm::ticket::sla
