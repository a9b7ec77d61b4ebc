// WatchReminders over gRPC: what is due, what becomes due, going on after a disconnect.
#include <set>

#include "absl/strings/numbers.h"
#include "services/sales/reminder_test_fixture.h"
#include "services/sales/timers.h"

namespace crm::sales {
namespace {

class WatchTest : public ReminderTest {
 protected:
  class Stream {
   public:
    Stream(crm::testing::Replica& replica, const std::string& token,
           const v1::WatchRemindersRequest& request)
        : stream_(replica.channel().ServerStream("/crm.sales.v1.ReminderService/WatchReminders",
                                                 request,
                                                 {.timeout = absl::Minutes(2), .token = token})) {}

    // The text of the next reminder; `caught up` at the end of what was due at the beginning.
    std::string Next() {
      v1::WatchRemindersResponse response;
      if (!stream_.Next(response)) return absl::StrCat("end: ", ErrorReason(stream_.Finish()));
      if (response.position() != 0) position_ = response.position();
      return response.has_reminder() ? response.reminder().text() : "caught up";
    }
    int64_t position() const { return position_; }
    void Cancel() { stream_.Cancel(); }

   private:
    client::AnyServerStream stream_;
    int64_t position_ = 0;
  };

  Stream Watch(const std::string& token, int64_t after = 0, const std::string& team = "") {
    v1::WatchRemindersRequest request;
    request.set_after_position(after);
    request.set_team(team);
    return Stream(harness_.replica(), token, request);
  }
  std::string Make(const std::string& text, absl::Duration due = absl::ZeroDuration(),
                   const std::string& role = "") {
    v1::Reminder reminder = About(opportunity_, Now() + due, text);
    reminder.set_assignee_role(role);
    return Must(Remind(reminder)).number();
  }
  void MakeDue(const std::string& text) { ASSERT_TRUE(Fires(Make(text))); }

  const std::string opportunity_ = Must(Create(Draft())).number();
};

TEST_F(WatchTest, BeginsWithWhatIsDueAndUndone) {  // SAL-10
  MakeDue("甲");
  const std::string done = Make("已办");
  ASSERT_TRUE(Fires(done));
  Must(Complete(done));
  MakeDue("乙");
  Make("以后", absl::Hours(1));
  Stream stream = Watch(Rep());
  EXPECT_EQ(stream.Next(), "甲");
  EXPECT_EQ(stream.Next(), "乙");
  EXPECT_EQ(stream.Next(), "caught up");
  Advance(absl::Hours(1));
  EXPECT_EQ(stream.Next(), "以后");
}

TEST_F(WatchTest, GoesOnWhereTheClientWas) {  // SAL-10
  Stream first = Watch(Rep());
  EXPECT_EQ(first.Next(), "caught up");
  MakeDue("听到");
  EXPECT_EQ(first.Next(), "听到");
  first.Cancel();
  MakeDue("错过一");
  const std::string done = Make("错过但已办");
  ASSERT_TRUE(Fires(done));
  Must(Complete(done));
  MakeDue("错过二");
  Stream second = Watch(Rep(), first.position());
  EXPECT_EQ(second.Next(), "错过一");
  EXPECT_EQ(second.Next(), "错过二");
}

TEST_F(WatchTest, ReachesThePeopleOfARole) {  // SAL-10
  Stream manager = Watch(ProductManager());
  Stream rep = Watch(Rep());
  EXPECT_EQ(manager.Next(), "caught up");
  EXPECT_EQ(rep.Next(), "caught up");
  Must(Move(opportunity_, "needs_analysis"));
  Must(Move(opportunity_, "solution_demo"));
  EXPECT_EQ(manager.Next(), "准备方案演示");
  MakeDue("只给销售");
  EXPECT_EQ(rep.Next(), "只给销售");
}

TEST_F(WatchTest, OfARoleReachesThoseWhoMayReadTheOpportunity) {  // SAL-10, PLT-13
  Stream other = Watch(Rep("other", "east"));
  Stream owner = Watch(Rep());
  EXPECT_EQ(other.Next(), "caught up");
  EXPECT_EQ(owner.Next(), "caught up");
  ASSERT_TRUE(Fires(Make("销售跟进", absl::ZeroDuration(), "sales_representative")));
  EXPECT_EQ(owner.Next(), "销售跟进");
  v1::Reminder own = About("", Now(), "自己的");
  own.set_ticket("SR202603001");
  Must(Remind(own, Rep("other", "east")));
  EXPECT_EQ(other.Next(), "自己的");
}

TEST_F(WatchTest, ShowsSupervisorsATeam) {  // SAL-10, PLT-13
  MakeDue("东区");
  Stream east = Watch(Director("east"), 0, "east");
  EXPECT_EQ(east.Next(), "东区");
  EXPECT_EQ(east.Next(), "caught up");
  EXPECT_EQ(Watch(Director("east"), 0, "west").Next(), "end: TEAM_OUT_OF_SCOPE");
  EXPECT_EQ(Watch(Rep(), 0, "east").Next(), "end: TEAM_OUT_OF_SCOPE");
  EXPECT_EQ(Watch(Steward(), 0, "nowhere").Next(), "end: RESOURCE_NOT_FOUND");
  EXPECT_EQ(Watch(Director("east")).Next(), "caught up");  // not theirs
}

TEST_F(WatchTest, TellsAgainWhatWasPutOff) {  // SAL-10
  Stream stream = Watch(Rep());
  EXPECT_EQ(stream.Next(), "caught up");
  const std::string number = Make("回访");
  EXPECT_EQ(stream.Next(), "回访");
  Must(Snooze(number, Now() + absl::Hours(1)));
  MakeDue("其间");
  EXPECT_EQ(stream.Next(), "其间");
  Advance(absl::Hours(1));
  EXPECT_EQ(stream.Next(), "回访");
}

TEST_F(WatchTest, SaysThatAPositionIsOfAnotherTime) {  // SAL-10
  EXPECT_EQ(Watch(Rep(), 1'000'000'000).Next(), "end: POSITION_AHEAD");
}

// After an outage the earliest come first: nobody hears of a later one before the claim that an
// earlier one was in is done.
TEST_F(WatchTest, HearsInTheOrderOfDueTimes) {  // SAL-10
  constexpr int kReminders = 2 * job::Timers::kClaimAtOnce + 50;
  for (int i = 0; i < kReminders; ++i) {
    const int second = i * 7 % kReminders;
    Make(absl::StrCat(second), absl::Hours(1) + absl::Seconds(second));
  }
  Stream stream = Watch(Rep());
  EXPECT_EQ(stream.Next(), "caught up");
  Advance(absl::Hours(2));
  for (int i = 0; i < kReminders; ++i) {
    int heard = -1;
    ASSERT_TRUE(absl::SimpleAtoi(stream.Next(), &heard));
    EXPECT_EQ(heard / job::Timers::kClaimAtOnce, i / job::Timers::kClaimAtOnce);
  }
}

// A client that is cut off again and again, and comes back to another replica.
TEST_F(WatchTest, NothingIsLostOverManyDisconnects) {  // SAL-10
  constexpr int kReminders = 90;
  crm::testing::Replica* const replicas[] = {&harness_.replica(), &harness_.StartReplica()};
  std::set<std::string> wanted;
  for (int i = 0; i < kReminders; ++i) {
    wanted.insert(absl::StrCat(i));
    Make(absl::StrCat(i), absl::Minutes(1 + i));
  }
  std::set<std::string> heard;
  v1::WatchRemindersRequest request;
  for (int round = 0; heard.size() < kReminders; ++round) {
    ASSERT_LT(round, kReminders);
    Stream stream(*replicas[round % 2], Rep(), request);
    if (round == 0) {
      EXPECT_EQ(stream.Next(), "caught up");
    }
    Advance(absl::Minutes(8));  // some become due while it listens, some while it is away
    for (int i = 0; i < 5 && heard.size() < kReminders; ++i) {
      const std::string text = stream.Next();
      ASSERT_EQ(wanted.count(text), 1u) << text;
      heard.insert(text);
    }
    request.set_after_position(stream.position());
    stream.Cancel();
  }
  EXPECT_EQ(heard, wanted);
}

// A client that does not read holds up neither the service nor the others.
TEST_F(WatchTest, ASlowClientHoldsUpNobody) {  // SAL-10
  Stream slow = Watch(Rep());
  Stream quick = Watch(Rep());
  EXPECT_EQ(quick.Next(), "caught up");
  constexpr int kReminders = 200;
  const std::string text(480, 'x');
  for (int i = 0; i < kReminders; ++i) Make(text);
  for (int i = 0; i < kReminders; ++i) EXPECT_EQ(quick.Next(), text);
  EXPECT_TRUE(Read("RM202603000001").ok());
}

}  // namespace
}  // namespace crm::sales
