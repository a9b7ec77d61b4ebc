// The journal of the sums and its posting, on a real database.
#include "services/sales/report_posting.h"

#include <atomic>
#include <thread>

#include "crm/sales/v1/insight.pb.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

class PostingTest : public SalesTest {
 protected:
  PostingTest() { harness_.replica().runtime().jobs().Stop(); }  // the test posts

  static void Post(crm::testing::Replica& replica) {
    const absl::Status posted = ReportPosting(replica.runtime()).PostAll();
    EXPECT_TRUE(posted.ok()) << posted;
  }
  void Post() { Post(harness_.replica()); }

  int64_t Count(const std::string& sql) {
    auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
    auto rows = (*db)->Select({"test_count", sql}, {});
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() && rows->Next() ? rows->Int(0) : -1;
  }
  int64_t Journal() { return Count("SELECT COUNT(*) FROM report_journal"); }
  int64_t ClosedJournal() { return Count("SELECT COUNT(*) FROM closed_journal"); }

  v1::Funnel Funnel() {
    return Must(Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel", v1::GetFunnelRequest(),
                                            Steward()))
        .funnel();
  }
  std::string Bottlenecks() {
    v1::GetBottlenecksRequest request;
    request.set_from_month("2026-01");
    request.set_to_month("2026-12");
    return Must(Call<v1::GetBottlenecksResponse>("InsightService/GetBottlenecks", request,
                                                 Steward()))
        .DebugString();
  }
};

TEST_F(PostingTest, ChangesNoReport) {  // SAL-12, SAL-14
  for (int i = 0; i < 5; ++i) {
    const std::string number = Must(Create(Draft())).number();
    harness_.clock().Advance(absl::Hours(30));
    if (i > 0) Must(Advance(number));
    if (i > 2) Must(Lose(number));
  }
  ASSERT_GT(Journal(), 0);
  const std::string funnel = Funnel().DebugString();
  const std::string bottlenecks = Bottlenecks();
  EXPECT_THAT(bottlenecks, Not(IsEmpty()));
  Post();
  EXPECT_EQ(Journal(), 0);
  EXPECT_EQ(Funnel().DebugString(), funnel);
  EXPECT_EQ(Bottlenecks(), bottlenecks);
  Post();  // of nothing
  EXPECT_EQ(Funnel().DebugString(), funnel);
}

// What counts nowhere else than before writes nothing.
TEST_F(PostingTest, OnlyWhatCountsIsJournalled) {  // SAL-12, SAL-15
  const std::string number = Must(Create(Draft())).number();
  EXPECT_EQ(Journal(), 1);
  v1::Opportunity patch;
  patch.set_number(number);
  patch.set_name("数据平台二期");
  Must(Update(patch, {"name"}));
  EXPECT_EQ(Journal(), 3);  // the first follow-up of the lead
  patch.set_name("数据平台三期");
  Must(Update(patch, {"name"}));
  EXPECT_EQ(Journal(), 3);
  Must(Advance(number));
  EXPECT_EQ(Journal(), 5);
}

TEST_F(PostingTest, OnlyClosedOnesAreToldApart) {  // SAL-15, SAL-16
  v1::Opportunity draft = Draft();
  for (const char* name : {"甲公司", "乙公司"}) {
    draft.add_competitors()->set_name(name);
    draft.mutable_competitors(draft.competitors_size() - 1)->set_advantage("本地服务");
  }
  const std::string number = Must(Create(draft)).number();
  Must(Advance(number));
  EXPECT_EQ(ClosedJournal(), 0);
  Must(Lose(number, v1::LOSS_REASON_PRICE, "甲公司"));
  EXPECT_EQ(ClosedJournal(), 8);  // each part, and the second competitor
  // Only what has become another: a competitor more.
  v1::Opportunity patch = draft;
  patch.set_number(number);
  patch.set_name("数据平台二期");
  patch.add_competitors()->set_name("丙公司");
  patch.mutable_competitors(2)->set_advantage("本地服务");
  Must(Update(patch, {"name", "competitors"}));
  EXPECT_EQ(ClosedJournal(), 9);
  Post();
  EXPECT_EQ(ClosedJournal(), 0);
  v1::ReopenOpportunityRequest reopen;
  reopen.set_opportunity(number);
  reopen.set_reason("客户重新招标");
  Must(Call<v1::Opportunity>("ReopenOpportunity", reopen));
  EXPECT_EQ(ClosedJournal(), 9);  // taken out
  Post();
  EXPECT_EQ(Count("SELECT COUNT(*) FROM closed_cell"), 27);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM closed_cell WHERE closed <> 0 OR amount <> 0 OR cycles <> 0"
                  " OR cycle_seconds <> 0"),
            0);
}

// Cells of every breadth add up to the same.
TEST_F(PostingTest, BreadthsAgree) {  // SAL-12 to SAL-16
  Must(Advance(Must(Create(Draft(), Rep("rep", "east"))).number()));
  Must(Create(Draft(), Rep("li", "west")));
  Must(Create(Draft(), Rep("li", "east")));
  Must(Lose(Must(Create(Draft(), Rep("rep", "east"))).number()));
  Post();
  for (const char* sum :
       {"opportunities) FROM funnel_cell", "open_count) FROM forecast_cell",
        "stays) FROM dwell_cell", "leads) FROM follow_up_cell", "closed) FROM closed_cell"}) {
    const auto of = [&](int breadth) {
      return Count(absl::StrCat("SELECT SUM(", sum, " WHERE breadth = ", breadth));
    };
    EXPECT_GT(of(0), 0) << sum;
    EXPECT_EQ(of(0), of(1)) << sum;
    EXPECT_EQ(of(0), of(2)) << sum;
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM forecast_cell WHERE breadth = 2"), 3);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM forecast_cell WHERE breadth = 1"), 2);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM forecast_cell WHERE breadth = 0"), 1);
}

// Two replicas that post at once, while others write and read: everything counts once, always.
TEST_F(PostingTest, EverythingCountsOnceAtEveryMoment) {  // SAL-12, PLT-22
  constexpr int kOpportunities = 30;
  crm::testing::Replica& second = harness_.StartReplica();
  second.runtime().jobs().Stop();
  std::vector<std::string> numbers;
  for (int i = 0; i < kOpportunities; ++i) numbers.push_back(Must(Create(Draft())).number());
  std::atomic<bool> writing = true;
  std::thread posters[] = {
      std::thread([&] {
        while (writing) Post(harness_.replica());
      }),
      std::thread([&] {
        while (writing) Post(second);
      }),
  };
  std::thread reader([&] {
    while (writing) {
      int64_t in_stages = 0;
      const v1::Funnel funnel = Funnel();
      for (const v1::FunnelStage& stage : funnel.stages()) in_stages += stage.opportunities();
      EXPECT_EQ(in_stages, kOpportunities);
    }
  });
  for (int step = 0; step < 3; ++step) {
    for (const std::string& number : numbers) Must(Advance(number));
  }
  writing = false;
  for (std::thread& poster : posters) poster.join();
  reader.join();
  Post();
  EXPECT_EQ(Journal(), 0);
  EXPECT_EQ(Funnel().stages(3).opportunities(), kOpportunities);
  EXPECT_EQ(Funnel().stages(3).amount(), "3000000.00");
  EXPECT_EQ(Count("SELECT SUM(opportunities) FROM funnel_cell WHERE breadth = 2"), kOpportunities);
}

TEST_F(PostingTest, TheJobPosts) {  // SAL-12
  Must(Create(Draft()));
  harness_.clock().Advance(absl::Minutes(1));  // past the lease of the one that has stopped
  harness_.StartReplica();
  EXPECT_TRUE(crm::testing::Eventually([&] { return Journal() == 0; }));
  EXPECT_EQ(Funnel().opportunities(), 1);
}

}  // namespace
}  // namespace crm::sales
