// From the lead to the first follow-up, over gRPC: what it is, and the report on it.
#include "crm/sales/v1/history.pb.h"
#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FirstFollowUpTest : public ReminderTest {
 protected:
  absl::Time FirstFollowUp(const std::string& number) {
    const v1::Opportunity opportunity = Must(Get(number, Steward()));
    return opportunity.has_first_follow_up_time()
               ? record::TimeOf(opportunity.first_follow_up_time())
               : absl::InfinitePast();
  }
  std::string New() { return Must(Create(Draft())).number(); }
  // A lead that came at that time.
  std::string Lead(const std::string& time, const std::string& source = "website",
                   const std::string& token = "") {
    v1::Opportunity draft = Draft();
    draft.set_source_channel(source);
    record::SetTime(At(time), *draft.mutable_lead_time());
    return Must(Create(draft, token)).number();
  }
  absl::StatusOr<v1::GetLeadFollowUpResponse> Ask(const v1::GetLeadFollowUpRequest& request,
                                                  const std::string& token = "") {
    return Call<v1::GetLeadFollowUpResponse>("SalesReportService/GetLeadFollowUp", request,
                                             token.empty() ? Steward() : token);
  }
  // "group leads followed-up neglected rate hours" of each line.
  std::vector<std::string> Report(const std::string& from, const std::string& to,
                                  v1::LeadGroup group = v1::LEAD_GROUP_UNSPECIFIED,
                                  const std::string& token = "") {
    v1::GetLeadFollowUpRequest request;
    request.set_from_month(from);
    request.set_to_month(to);
    request.set_group(group);
    return Texts(Must(Ask(request, token)));
  }
  static std::vector<std::string> Texts(const v1::GetLeadFollowUpResponse& response) {
    std::vector<std::string> lines;
    for (const v1::LeadFollowUpLine& line : response.lines()) {
      lines.push_back(absl::StrCat(
          line.group(), line.group().empty() ? "" : " ", line.lead_count(), " ",
          line.followed_up_count(), " ", line.neglected_count(), " ", line.follow_up_rate(), " ",
          line.has_mean_follow_up_hours() ? absl::StrCat(line.mean_follow_up_hours()) : "-"));
    }
    return lines;
  }
};

TEST_F(FirstFollowUpTest, IsTheFirstThingAPersonDoes) {  // SAL-15
  const std::string moved = New();
  const std::string changed = New();
  const std::string reminded = New();
  EXPECT_EQ(FirstFollowUp(moved), absl::InfinitePast());
  Advance(absl::Hours(2));
  const absl::Time first = Now();
  Must(Move(moved, "needs_analysis", "", "2026-03-20T11:00:00+08:00"));
  v1::Opportunity patch;
  patch.set_number(changed);
  patch.set_name("数据平台一期");
  Must(Update(patch, {"name"}));
  Must(Complete(Must(Remind(About(reminded, Now()))).number()));
  EXPECT_EQ(FirstFollowUp(moved), At("2026-03-20T11:00:00+08:00"));  // when the stage was entered
  EXPECT_EQ(FirstFollowUp(changed), first);
  EXPECT_EQ(FirstFollowUp(reminded), first);
  Advance(absl::Hours(2));
  patch.set_name("数据平台二期");
  Must(Update(patch, {"name"}));
  EXPECT_EQ(FirstFollowUp(changed), first);
}

TEST_F(FirstFollowUpTest, IsNotWhatNobodyDid) {  // SAL-15
  const std::string number = New();
  v1::Opportunity patch;
  patch.set_number(number);
  patch.set_name("数据平台一期");
  Must(Update(patch, {"name"}, "", harness_.TokenOfService("crm-erp")));
  EXPECT_EQ(FirstFollowUp(number), absl::InfinitePast());
  patch.set_name("数据平台一期");  // nothing changes
  Must(Update(patch, {"name"}));
  EXPECT_EQ(FirstFollowUp(number), absl::InfinitePast());
  Must(Lose(number));
  EXPECT_EQ(FirstFollowUp(number), absl::InfinitePast());
  EXPECT_THAT(Report("2026-03", "2026-03"), ElementsAre("1 0 1 0 -"));
}

// A lead that is left lying open is what the rate is for; when it is closed is of no account.
TEST_F(FirstFollowUpTest, CountsLeadsByWhenTheyCame) {          // SAL-15
  const std::string lying = Lead("2026-03-20T08:00:00+08:00");  // two hours ago
  const std::string prompt = Lead("2026-03-20T09:00:00+08:00");
  EXPECT_THAT(Report("2026-03", "2026-03"), ElementsAre("2 0 2 0 -"));
  Must(Move(prompt, "needs_analysis"));  // one hour after the lead
  EXPECT_THAT(Report("2026-03", "2026-03"), ElementsAre("2 1 1 0.5 1"));
  // Lost unseen: still a lead that nobody followed up.
  const std::string lost = Lead("2026-03-20T10:00:00+08:00");
  Must(Lose(lost));
  const std::string slow = Lead("2026-03-20T10:00:00+08:00");
  Advance(absl::Hours(3));
  Must(SalesTest::Advance(slow));
  EXPECT_THAT(Report("2026-03", "2026-03"), ElementsAre("4 2 2 0.5 2"));
  // Months of the business zone; a month later nothing has changed.
  Advance(40 * kDay);
  Lead("2026-04-01T00:00:00+08:00");
  EXPECT_THAT(Report("2026-03", "2026-03"), ElementsAre("4 2 2 0.5 2"));
  EXPECT_THAT(Report("2026-04", "2026-04"), ElementsAre("1 0 1 0 -"));
  EXPECT_THAT(Report("2026-05", "2026-12"), IsEmpty());
  // Followed up at last: 40 days and 5 hours after it came.
  Must(SalesTest::Advance(lying));
  EXPECT_THAT(Report("2026-03", "2026-03"), ElementsAre("4 3 1 0.75 323"));
  EXPECT_THAT(Report("2026-03", "2026-04", v1::LEAD_GROUP_MONTH),
              ElementsAre("2026-03 4 3 1 0.75 323", "2026-04 1 0 1 0 -"));
}

TEST_F(FirstFollowUpTest, TellsLeadsApart) {  // SAL-15, PLT-13
  const std::string li = Rep("li", "west");
  Must(Move(Lead("2026-03-20T08:00:00+08:00", "website"), "needs_analysis"));
  Lead("2026-03-20T08:00:00+08:00", "referral");
  Lead("2026-03-20T08:00:00+08:00", "referral", li);
  EXPECT_THAT(Report("2026-03", "2026-03", v1::LEAD_GROUP_OWNER),
              ElementsAre("li 1 0 1 0 -", "rep 2 1 1 0.5 2"));
  EXPECT_THAT(Report("2026-03", "2026-03", v1::LEAD_GROUP_TEAM),
              ElementsAre("east 2 1 1 0.5 2", "west 1 0 1 0 -"));
  EXPECT_THAT(Report("2026-03", "2026-03", v1::LEAD_GROUP_SOURCE),
              ElementsAre("referral 2 0 2 0 -", "website 1 1 0 1 2"));
  EXPECT_THAT(Report("2026-03", "2026-03", v1::LEAD_GROUP_MANAGER),  // nobody has one here
              ElementsAre("3 1 2 0.333333 2"));
  v1::GetLeadFollowUpRequest request;
  request.set_from_month("2026-03");
  request.set_to_month("2026-03");
  request.set_owner("rep");
  request.set_source_channel("referral");
  EXPECT_THAT(Texts(Must(Ask(request))), ElementsAre("1 0 1 0 -"));
  // Only what the caller may see.
  EXPECT_THAT(Report("2026-03", "2026-03", v1::LEAD_GROUP_UNSPECIFIED, Rep()),
              ElementsAre("2 1 1 0.5 2"));
  EXPECT_THAT(Report("2026-03", "2026-03", v1::LEAD_GROUP_UNSPECIFIED, Director("west")),
              ElementsAre("1 0 1 0 -"));
  request.set_to_month("2026-02");
  EXPECT_THAT(Violations(Ask(request).status()), ElementsAre("to_month PERIOD_BACKWARDS"));
}

// Those of another system, and of before this was recorded, are no missed follow-ups.
TEST_F(FirstFollowUpTest, LeavesOutWhatCannotBeKnown) {  // SAL-15
  v1::ImportOpportunitiesRequest request;
  request.set_missing(v1::MISSING_FIELDS_ACCEPT);
  v1::HistoricOpportunity& row = *request.add_rows();
  row.set_line(2);
  row.set_source_system("oldcrm");
  row.set_external_number("1");
  row.set_stage("lost");
  record::SetTime(At("2026-02-01T09:00:00+08:00"), *row.mutable_lead_time());
  record::SetTime(At("2026-03-10T09:00:00+08:00"), *row.mutable_close_time());
  const auto imported = Must(Call<v1::ImportOpportunitiesResponse>(
      "HistoryService/ImportOpportunities", request, Steward()));
  EXPECT_TRUE(Must(Get(imported.outcomes(0).opportunity(), Steward())).follow_up_unknown());
  EXPECT_THAT(Report("2026-02", "2026-02"), IsEmpty());
  EXPECT_FALSE(Must(Get(Lead("2026-02-02T09:00:00+08:00"))).follow_up_unknown());
  EXPECT_THAT(Report("2026-02", "2026-02"), ElementsAre("1 0 1 0 -"));
}

}  // namespace
}  // namespace crm::sales
