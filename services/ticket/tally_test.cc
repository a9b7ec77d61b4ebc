// What reports count, and the rows of sums that it is in: TIC-11.
#include "services/ticket/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "services/ticket/packed_counts.h"
#include "services/ticket/sum_days.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TicketClass kFault{v1::TICKET_TYPE_FAULT, v1::TICKET_PRIORITY_HIGH,
                         crm::customer::v1::TIER_KEY};

std::vector<Tally> Unpack(std::string_view bytes) {
  std::vector<Tally> tallies;
  EXPECT_TRUE(ReadPackedCounts(bytes, [&](const Tally& tally) { tallies.push_back(tally); }).ok());
  return tallies;
}

// TIC-11: the longer it took, the wider the bucket; none overlaps another.
TEST(Tally, BucketsOfDurations) {
  const auto minutes = [](absl::Duration duration) { return MinutesOf(BucketOf(duration)); };
  EXPECT_EQ(minutes(absl::Seconds(59)), 0);
  EXPECT_EQ(minutes(absl::Minutes(119) + absl::Seconds(59)), 119);
  EXPECT_EQ(minutes(absl::Minutes(120)), 120);
  EXPECT_EQ(minutes(absl::Minutes(129)), 120);
  EXPECT_EQ(minutes(absl::Hours(48) - absl::Seconds(1)), 48 * 60 - 10);
  EXPECT_EQ(minutes(absl::Hours(48)), 48 * 60);
  EXPECT_EQ(minutes(absl::Hours(30 * 24) - absl::Seconds(1)), 30 * 24 * 60 - 60);
  EXPECT_EQ(minutes(absl::Hours(30 * 24)), 30 * 24 * 60);
  EXPECT_EQ(minutes(absl::Hours(31 * 24) - absl::Seconds(1)), 30 * 24 * 60);
  EXPECT_EQ(minutes(absl::Hours(365 * 24)), 365 * 24 * 60);
  // Clocks of two replicas that differ.
  EXPECT_EQ(minutes(absl::Seconds(-90)), 0);
  for (int64_t bucket = 0; bucket < 3000; ++bucket) {
    EXPECT_EQ(BucketOf(absl::Minutes(MinutesOf(bucket))), bucket);
    EXPECT_EQ(BucketOf(absl::Minutes(MinutesOf(bucket + 1)) - absl::Seconds(1)), bucket);
  }
}

// TIC-11: an age in full seconds is never shorter than it is.
TEST(Tally, OpenOnesByTheSecond) {
  const absl::Time second = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_EQ(OpenTally(second, kFault).value, 1'700'000'000);
  EXPECT_EQ(OpenTally(second + absl::Microseconds(1), kFault).value, 1'700'000'001);
}

TEST(PackedCounts, AddUp) {
  PackedCounts counts;
  EXPECT_EQ(counts.Pack(), "");
  counts.Add({.figure = Figure::kCreated, .of = kFault});
  counts.Add(DurationTally(Figure::kAnswered, absl::Minutes(5), kFault));
  counts.Add(DurationTally(Figure::kAnswered, absl::Seconds(330), kFault));
  PackedCounts more;
  ASSERT_TRUE(more.Merge(counts.Pack()).ok());
  more.Add({.figure = Figure::kCreated, .of = kFault});
  more.Add({.figure = Figure::kCreated, .of = {}});
  EXPECT_THAT(
      Unpack(more.Pack()),
      ElementsAre(
          Tally{.figure = Figure::kCreated},
          Tally{.figure = Figure::kCreated, .of = kFault, .count = 2},
          Tally{
              .figure = Figure::kAnswered, .value = 5, .of = kFault, .count = 2, .seconds = 630}));
}

TEST(PackedCounts, WhatIsTakenBackLeavesNothing) {
  PackedCounts counts;
  Tally tally = DurationTally(Figure::kResolved, absl::Hours(50), kFault);
  counts.Add(tally);
  tally.count = -1;
  tally.seconds = -tally.seconds;
  PackedCounts back;
  back.Add(tally);
  EXPECT_THAT(Unpack(back.Pack()), ElementsAre(tally));
  ASSERT_TRUE(back.Merge(counts.Pack()).ok());
  EXPECT_EQ(back.Pack(), "");
}

TEST(PackedCounts, RefusesWhatIsBroken) {
  PackedCounts counts;
  counts.Add(OpenTally(absl::FromUnixSeconds(1'700'000'000), kFault));
  const std::string bytes = counts.Pack();
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_EQ(ReadPackedCounts(bytes.substr(0, size), [](const Tally&) {}).code(),
              absl::StatusCode::kDataLoss);
  }
}

// TIC-11: whole months by themselves, days before and after; what is over before a day begins is in
// none.
TEST(SumDays, OpenWhenDaysBegin) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  const auto at = [&](int month, int day, int hour) {
    return absl::FromCivil(absl::CivilHour(2026, month, day, hour), zone);
  };
  const auto day = [](int month, int number) {
    return OpenDay{SumSeries::kOpenDay, absl::CivilDay(2026, month, number)};
  };
  EXPECT_THAT(OpenDaysOf(at(3, 5, 9), at(3, 5, 18), zone), IsEmpty());
  EXPECT_THAT(OpenDaysOf(at(3, 5, 9), at(3, 6, 0), zone), IsEmpty());
  EXPECT_THAT(OpenDaysOf(at(3, 5, 0), at(3, 6, 0), zone), ElementsAre(day(3, 5)));
  EXPECT_THAT(OpenDaysOf(at(3, 5, 9), at(3, 7, 1), zone), ElementsAre(day(3, 6), day(3, 7)));
  EXPECT_THAT(OpenDaysOf(at(1, 30, 9), at(4, 2, 1), zone),
              ElementsAre(day(1, 31), OpenDay{SumSeries::kOpenMonth, absl::CivilDay(2026, 2, 1)},
                          OpenDay{SumSeries::kOpenMonth, absl::CivilDay(2026, 3, 1)}, day(4, 1),
                          day(4, 2)));
}

// TIC-11: every day once, in as few rows as there are.
TEST(SumDays, WholeMonthsOfAPeriod) {
  const auto days = [](absl::CivilDay first, absl::CivilDay last) {
    return SumRange{SumSeries::kHappened, first, last};
  };
  const auto months = [](int first, int last) {
    return SumRange{SumSeries::kHappenedMonth, absl::CivilDay(2026, first, 1),
                    absl::CivilDay(2026, last, 1)};
  };
  const auto on = [](int month, int day) { return absl::CivilDay(2026, month, day); };
  EXPECT_THAT(RangesOf(on(3, 5), on(3, 5)), ElementsAre(days(on(3, 5), on(3, 5))));
  EXPECT_THAT(RangesOf(on(3, 2), on(3, 31)), ElementsAre(days(on(3, 2), on(3, 31))));
  EXPECT_THAT(RangesOf(on(3, 1), on(3, 30)), ElementsAre(days(on(3, 1), on(3, 30))));
  EXPECT_THAT(RangesOf(on(2, 10), on(3, 20)), ElementsAre(days(on(2, 10), on(3, 20))));
  EXPECT_THAT(RangesOf(on(2, 1), on(2, 28)), ElementsAre(months(2, 2)));
  EXPECT_THAT(RangesOf(on(1, 31), on(4, 1)),
              ElementsAre(months(2, 3), days(on(1, 31), on(1, 31)), days(on(4, 1), on(4, 1))));
  EXPECT_THAT(RangesOf(on(1, 1), on(12, 31)), ElementsAre(months(1, 12)));
}

// TIC-11: whenever it was open and whenever one looks, it is in the rows of the day exactly if it
// was open then. In a zone whose days have 23 to 25 hours, too.
TEST(SumDays, EveryDayThatItWasOpen) {
  std::mt19937 random(20261122);
  const auto pick = [&](int64_t count) {
    return std::uniform_int_distribution<int64_t>(0, count - 1)(random);
  };
  for (const char* name : {"Asia/Shanghai", "Europe/Berlin", "UTC"}) {
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone));
    const absl::CivilDay first(2026, 1, 1);
    for (int round = 0; round < 200; ++round) {
      const absl::Time since = absl::FromCivil(first + pick(60), zone) + absl::Hours(pick(24));
      const absl::Time until = since + absl::Hours(pick(24 * 120));
      const std::vector<OpenDay> rows = OpenDaysOf(since, until, zone);
      for (absl::CivilDay day = first; day < first + 200; ++day) {
        const absl::Time at = absl::FromCivil(day, zone);
        const absl::CivilDay month{absl::CivilMonth(day)};
        const auto found =
            std::count(rows.begin(), rows.end(), OpenDay{SumSeries::kOpenDay, day}) +
            std::count(rows.begin(), rows.end(), OpenDay{SumSeries::kOpenMonth, month});
        EXPECT_EQ(found, since <= at && at < until ? 1 : 0) << name << " " << day;
      }
    }
  }
}

}  // namespace
}  // namespace crm::ticket
