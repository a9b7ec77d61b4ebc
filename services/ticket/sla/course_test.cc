#include "services/ticket/sla/course.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/ticket/sla/test_history.h"

namespace crm::ticket::sla {
namespace {

using ::testing::Optional;

absl::Time Tuesday(const std::string& clock) { return At("2025-09-02 " + clock); }

// Of the first response, 2 h from 08:00 on.
class SlaCourse : public ::testing::Test {
 protected:
  Reading Turn() const { return history_.Read(Tuesday("23:00"))[Clock::kFirstResponse]; }
  std::optional<absl::Time> After(const std::string& from) const {
    return Course(history_.events()).After(Turn(), Tuesday(from));
  }
  std::optional<absl::Time> After(const std::string& from, int hours) const {
    return Course(history_.events()).After(Turn(), Tuesday(from), absl::Hours(hours), *hours_);
  }

  const CalendarPtr hours_ = AlwaysOpen();
  const Policy policy_ = PolicyOf(absl::Hours(2), AlwaysOpen());
  TestHistory history_{Tuesday("08:00"), policy_};
};

TEST_F(SlaCourse, WhatRunsComesToEverything) {  // TIC-8
  EXPECT_THAT(After("10:00"), Optional(Tuesday("10:00")));
  EXPECT_THAT(After("10:00", 4), Optional(Tuesday("14:00")));
}

TEST_F(SlaCourse, TimeInWhichItStandsStillDoesNotCount) {  // TIC-8
  history_.MovedTo(Tuesday("11:00"), Status::kWaitingForCustomer);
  EXPECT_EQ(After("10:00", 4), std::nullopt);
  EXPECT_EQ(After("12:00"), std::nullopt);
  EXPECT_THAT(After("10:00", 1), Optional(Tuesday("11:00")));
  history_.MovedTo(Tuesday("15:00"), Status::kInProgress);
  EXPECT_THAT(After("10:00", 4), Optional(Tuesday("18:00")));
  EXPECT_THAT(After("12:00"), Optional(Tuesday("15:00")));
}

TEST_F(SlaCourse, ItEndsWithTheClock) {  // TIC-8
  history_.Happened(Tuesday("13:00"), EventKind::kAgentReplied);
  EXPECT_THAT(After("10:00", 3), Optional(Tuesday("13:00")));
  EXPECT_EQ(After("10:00", 4), std::nullopt);
  EXPECT_EQ(After("14:00"), std::nullopt);
}

TEST_F(SlaCourse, OnlyWorkingTimeOfTheCalendarCounts) {  // TIC-5, TIC-8
  const CalendarPtr office = OfficeHours();
  EXPECT_THAT(Course(history_.events()).After(Turn(), Tuesday("11:00"), absl::Hours(2), *office),
              Optional(Tuesday("14:00")));
}

TEST_F(SlaCourse, DoneAndMergedTicketsComeToNothing) {  // TIC-8, TIC-16
  TestHistory done = history_;
  done.MovedTo(Tuesday("09:00"), Status::kDone);
  EXPECT_EQ(Course(done.events()).After(Turn(), Tuesday("10:00")), std::nullopt);
  history_.Happened(Tuesday("09:00"), EventKind::kMerged);
  EXPECT_EQ(After("10:00"), std::nullopt);
  history_.Happened(Tuesday("20:00"), EventKind::kUnmerged);
  EXPECT_THAT(After("10:00"), Optional(Tuesday("20:00")));
}

}  // namespace
}  // namespace crm::ticket::sla
