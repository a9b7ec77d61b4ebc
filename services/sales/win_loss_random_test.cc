// Won and lost beside a slow computation over the opportunities themselves: imported, closed, lost
// again, handed over and corrected at random, asked about in every way.
#include <map>
#include <random>
#include <set>

#include "common/text/decimal.h"
#include "crm/sales/v1/history.pb.h"
#include "crm/sales/v1/insight.pb.h"
#include "services/sales/amount_rules.h"
#include "services/sales/report_posting.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

constexpr int kRows = 150;
constexpr int kChanges = 60;
constexpr int kQuestions = 25;
const char* const kNames[] = {"甲公司", "乙公司", "丙公司", "", "Ünïcode's \"Co\""};
const char* const kSources[] = {"website", "referral", ""};
const char* const kAmounts[] = {"", "0", "9999.99", "10000", "99999.99", "250000", "1000000"};
const char* const kProducts[] = {"数据平台", "报表", ""};

struct Person {
  const char* id;
  const char* team;
  const char* manager;
  const char* role;
};
constexpr Person kStaff[] = {{"li", "east", "zhao", "sales_representative"},
                             {"han", "west", "qian", "sales_director"},
                             {"wang", "east", "", "sales_representative"},
                             {"lin", "west", "zhao", "sales_representative"}};

// How much of the journals has been added up into cells when reports are read.
enum class Posted { kNothing, kSome, kAll };

class WinLossRandomTest : public SalesTest, public ::testing::WithParamInterface<Posted> {
 protected:
  WinLossRandomTest() {
    EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone_));
    db::WriteSet writes;
    for (const Person& person : kStaff) {
      crm::customer::v1::StaffUser user;
      user.set_user_id(person.id);
      user.set_team(person.team);
      user.set_supervisor(person.manager);
      user.add_roles(person.role);
      user.set_status(crm::customer::v1::STAFF_STATUS_ACTIVE);
      replica::StaffCopy::Keep(user, 1, writes);
    }
    replica::StaffCopy::MarkChanged(writes);
    Commit(std::move(writes));
    harness_.replica().runtime().jobs().Stop();
    // What was there when it started is known from the start; the test posts.
    replica_ = &harness_.StartReplica();
    replica_->runtime().jobs().Stop();
    harness_.clock().Set(At("2026-04-20T10:00:00+08:00"));
    Import();
    if (GetParam() == Posted::kSome) Post();
    for (int i = 0; i < kChanges; ++i) Change(numbers_[Below(kRows)]);
    if (GetParam() == Posted::kAll) Post();
    for (const std::string& number : numbers_) all_.push_back(Must(Get(number, Steward())));
  }

  size_t Below(size_t end) { return random_() % end; }
  template <typename T, size_t kCount>
  const T& Any(const T (&values)[kCount]) {
    return values[Below(kCount)];
  }
  void Post() { ASSERT_TRUE(ReportPosting(replica_->runtime()).PostAll().ok()); }
  template <typename Response, typename Request>
  absl::StatusOr<Response> CallReplica(const std::string& method, const Request& request) {
    return harness_.CallOn<Request, Response>(*replica_, Steward(), "crm.sales.v1." + method,
                                              request);
  }

  // A time near midnight of the business zone, where UTC has another day.
  absl::Time SomeTime() {
    const absl::CivilDay day = absl::CivilDay(2025, 11, 1) + static_cast<int>(Below(170));
    return absl::FromCivil(day, zone_) + absl::Minutes(Below(2) == 0 ? 10 : 1430);
  }
  v1::HistoricOpportunity Row(int i) {
    v1::HistoricOpportunity row;
    row.set_line(i + 2);
    row.set_source_system("oldcrm");
    row.set_external_number(absl::StrCat(i));
    if (Below(8) != 0) row.set_owner(Any(kStaff).id);
    if (Below(3) == 0) row.set_team(Any(kStaff).team);  // of then
    row.set_amount(Any(kAmounts));
    row.set_source_channel(Any(kSources));
    if (const char* product = Any(kProducts); *product != '\0') {
      row.add_products()->set_product_name(product);
    }
    for (size_t n = Below(3); n > 0; --n) AddCompetitor(Any(kNames), *row.mutable_competitors());
    const absl::Time close = SomeTime();
    if (Below(4) != 0) {
      record::SetTime(close - absl::Hours(Below(3000)) - absl::Milliseconds(Below(2000)),
                      *row.mutable_lead_time());
    }
    if (Below(2) != 0 && row.has_lead_time()) {
      v1::HistoricStay& stay = *row.add_stays();
      stay.set_stage(Below(2) == 0 ? "needs_analysis" : "negotiation");
      *stay.mutable_enter_time() = row.lead_time();
    }
    const size_t state = Below(5);
    row.set_stage(state == 0 ? "lead_confirmed" : state < 3 ? "won" : "lost");
    if (state == 0) return row;
    record::SetTime(close, *row.mutable_close_time());
    if (state < 3) {
      row.set_win_reason(static_cast<v1::WinReason>(Below(4)));
    } else {
      row.set_loss_reason(static_cast<v1::LossReason>(Below(4)));
      row.set_lost_to(Any(kNames));
    }
    return row;
  }
  template <typename Competitors>
  static void AddCompetitor(const std::string& name, Competitors& competitors) {
    if (name.empty()) return;
    v1::Competitor& competitor = *competitors.Add();
    competitor.set_name(name);
    competitor.set_advantage("本地服务");
  }
  void Import() {
    v1::ImportOpportunitiesRequest request;
    for (int i = 0; i < kRows; ++i) *request.add_rows() = Row(i);
    request.set_missing(v1::MISSING_FIELDS_ACCEPT);
    const auto imported = Must(CallReplica<v1::ImportOpportunitiesResponse>(
        "HistoryService/ImportOpportunities", request));
    for (const v1::HistoricOutcome& outcome : imported.outcomes()) {
      ASSERT_FALSE(outcome.opportunity().empty()) << outcome.DebugString();
      numbers_.push_back(outcome.opportunity());
    }
  }

  void Change(const std::string& number) {
    const v1::Opportunity before = Must(Get(number, Steward()));
    switch (Below(4)) {
      case 0:
        return HandOver(number);
      case 1:
        return Correct(number);
      default:
        return before.stage_kind() == v1::STAGE_KIND_LOST ? Reopen(number) : LoseOpen(before);
    }
  }
  void HandOver(const std::string& number) {
    v1::TransferOpportunitiesRequest request;
    request.set_opportunity(number);
    request.set_to_owner(Any(kStaff).id);
    Must(CallReplica<v1::TransferOpportunitiesResponse>("OpportunityService/TransferOpportunities",
                                                        request));
  }
  // What may be said later of a closed one.
  void Correct(const std::string& number) {
    v1::Opportunity patch;
    patch.set_number(number);
    patch.set_source_channel(kSources[Below(2)]);
    AddCompetitor(Any(kNames), *patch.mutable_competitors());
    patch.add_products()->set_product_name(kProducts[Below(2)]);
    record::SetTime(SomeTime() - absl::Hours(4000), *patch.mutable_lead_time());
    Must(Update(patch, {"source_channel", "competitors", "products", "lead_time"}, "", Steward()));
  }
  void Reopen(const std::string& number) {
    v1::ReopenOpportunityRequest request;
    request.set_opportunity(number);
    request.set_reason("客户重新招标");
    Must(Call<v1::Opportunity>("ReopenOpportunity", request, Steward()));
  }
  void LoseOpen(const v1::Opportunity& opportunity) {
    if (opportunity.stage_kind() != v1::STAGE_KIND_OPEN) return;
    v1::LoseOpportunityRequest lose;
    lose.set_opportunity(opportunity.number());
    lose.set_reason(Below(2) == 0 ? v1::LOSS_REASON_PRICE : v1::LOSS_REASON_COMPETITOR);
    lose.set_note("输单");
    lose.set_lost_to(Any(kNames));
    Must(Call<v1::Opportunity>("LoseOpportunity", lose, Steward()));
  }

  // What an opportunity counts under, the slow way.
  static std::string BandOf(const v1::Opportunity& each) {
    if (each.base_amount().empty()) return "";
    const int64_t cents = CentsOf(each.base_amount());
    if (cents < 10'000'00) return "<10000";
    if (cents < 100'000'00) return "10000-100000";
    return cents < 1'000'000'00 ? "100000-1000000" : ">=1000000";
  }
  static std::string ReasonOf(const v1::Opportunity& each) {
    if (each.win_reason() != 0) return v1::WinReason_Name(each.win_reason());
    return each.loss_reason() != 0 ? v1::LossReason_Name(each.loss_reason()) : "";
  }
  static std::string ManagerOf(const v1::Opportunity& each) {
    for (const Person& person : kStaff) {
      if (each.owner() == person.id) return person.manager;
    }
    return "";
  }
  static std::set<std::string> GroupsOf(const v1::Opportunity& each, v1::WinLossGroup group) {
    switch (group) {
      case v1::WIN_LOSS_GROUP_REASON:
        return {ReasonOf(each)};
      case v1::WIN_LOSS_GROUP_COMPETITOR: {
        std::set<std::string> names;
        for (const v1::Competitor& competitor : each.competitors()) names.insert(competitor.name());
        if (!each.lost_to().empty()) names.insert(each.lost_to());
        if (names.empty()) names.insert("");
        return names;
      }
      case v1::WIN_LOSS_GROUP_SOURCE:
        return {each.source_channel()};
      case v1::WIN_LOSS_GROUP_OWNER:
        return {each.owner()};
      case v1::WIN_LOSS_GROUP_AMOUNT_BAND:
        return {BandOf(each)};
      case v1::WIN_LOSS_GROUP_PRODUCT:
        return {each.main_product()};
      case v1::WIN_LOSS_GROUP_MANAGER:
        return {ManagerOf(each)};
      case v1::WIN_LOSS_GROUP_TEAM:
        return {each.team()};
      default:
        return {""};
    }
  }

  bool IsMeant(const v1::Opportunity& each, const v1::GetWinLossRequest& request) const {
    if (!each.has_close_time()) return false;
    const std::string day =
        absl::FormatCivilTime(absl::ToCivilDay(record::TimeOf(each.close_time()), zone_));
    const auto fits = [](const std::string& wanted, const std::string& is) {
      return wanted.empty() || wanted == is;
    };
    return day >= request.from_date() && day <= request.to_date() &&
           fits(request.owner(), each.owner()) && fits(request.team(), each.team()) &&
           fits(request.source_channel(), each.source_channel());
  }

  struct Sums {
    int64_t won = 0, won_cents = 0, lost = 0, lost_cents = 0, cycles = 0, cycle_seconds = 0;

    void Add(const v1::Opportunity& each) {
      const bool is_won = each.stage_kind() == v1::STAGE_KIND_WON;
      (is_won ? won : lost) += 1;
      (is_won ? won_cents : lost_cents) += CentsOf(each.base_amount());
      if (!is_won || !each.has_lead_time()) return;
      ++cycles;
      cycle_seconds += absl::ToInt64Seconds(record::TimeOf(each.close_time()) -
                                            record::TimeOf(each.lead_time()));
    }
    std::string Text() const {
      const double days =
          cycles == 0 ? -1
                      : static_cast<double>(cycle_seconds) / 86400 / static_cast<double>(cycles);
      return absl::StrCat(won, " ", text::FormatDecimal(won_cents, 2), " ", lost, " ",
                          text::FormatDecimal(lost_cents, 2), " ",
                          static_cast<double>(won) / static_cast<double>(won + lost), " ", days);
    }
  };
  using Lines = std::map<std::string, std::string>;

  template <typename MaySee>
  Lines Slowly(const v1::GetWinLossRequest& request, const MaySee& may_see) const {
    std::map<std::string, Sums> groups;
    for (const v1::Opportunity& each : all_) {
      if (!may_see(each) || !IsMeant(each, request)) continue;
      for (const std::string& group : GroupsOf(each, request.group())) groups[group].Add(each);
    }
    Lines lines;
    for (const auto& [group, sums] : groups) lines[group] = sums.Text();
    return lines;
  }
  Lines Ask(const v1::GetWinLossRequest& request, const std::string& token) {
    const auto response = Must(harness_.CallOn<v1::GetWinLossRequest, v1::GetWinLossResponse>(
        *replica_, token, "crm.sales.v1.SalesReportService/GetWinLoss", request));
    Lines lines;
    for (const v1::WinLossLine& line : response.lines()) {
      lines[line.group()] = absl::StrCat(
          line.won_count(), " ", line.won_amount(), " ", line.lost_count(), " ", line.lost_amount(),
          " ", line.win_rate(), " ", line.has_mean_cycle_days() ? line.mean_cycle_days() : -1);
    }
    return lines;
  }

  // Any days: of a month, over whole ones, to the present day or beyond.
  v1::GetWinLossRequest SomeQuestion() {
    const absl::CivilDay from = absl::CivilDay(2025, 10, 20) + static_cast<int>(Below(190));
    absl::CivilDay to = from + static_cast<int>(Below(Below(2) == 0 ? 30 : 200));
    v1::GetWinLossRequest request;
    request.set_from_date(
        absl::FormatCivilTime(Below(2) == 0 ? from : absl::CivilDay(absl::CivilMonth(from))));
    request.set_to_date(
        absl::FormatCivilTime(Below(2) == 0 ? to : absl::CivilDay(absl::CivilMonth(to) + 1) - 1));
    if (Below(3) == 0) request.set_owner(Any(kStaff).id);
    if (Below(3) == 0) request.set_team(Any(kStaff).team);
    if (Below(3) == 0) request.set_source_channel(kSources[Below(2)]);
    return request;
  }

  std::mt19937 random_{20260420};
  absl::TimeZone zone_;
  crm::testing::Replica* replica_ = nullptr;
  std::vector<std::string> numbers_;
  std::vector<v1::Opportunity> all_;
};

TEST_P(WinLossRandomTest, AgreesWithTheOpportunities) {  // SAL-15, PLT-13
  const std::string own = Rep("li", "east");
  const std::string of_team = harness_.TokenOf("han", {"sales_director"}, "west");
  int told = 0;
  for (int i = 0; i < kQuestions; ++i) {
    v1::GetWinLossRequest request = SomeQuestion();
    for (int group = 0; group < v1::WinLossGroup_ARRAYSIZE; ++group) {
      request.set_group(static_cast<v1::WinLossGroup>(group));
      SCOPED_TRACE(request.DebugString());
      const Lines lines = Ask(request, Steward());
      told += static_cast<int>(lines.size());
      EXPECT_EQ(lines, Slowly(request, [](const v1::Opportunity&) { return true; }));
      EXPECT_EQ(Ask(request, own),
                Slowly(request, [](const v1::Opportunity& each) { return each.owner() == "li"; }));
      // Those of the team, and what is their own in another one.
      EXPECT_EQ(Ask(request, of_team), Slowly(request, [](const v1::Opportunity& each) {
                  return each.team() == "west" || each.owner() == "han";
                }));
    }
  }
  EXPECT_GT(told, kQuestions * 5);
}

TEST_P(WinLossRandomTest, CalibrationAgreesWithTheOpportunities) {  // SAL-16
  for (int i = 0; i < kQuestions; ++i) {
    const v1::GetWinLossRequest days = SomeQuestion();
    v1::GetWinLossRequest question;
    question.set_from_date(days.from_date());
    question.set_to_date(days.to_date());
    SCOPED_TRACE(question.DebugString());
    Sums sums;
    for (const v1::Opportunity& each : all_) {
      if (IsMeant(each, question) && !each.furthest_stage().empty()) sums.Add(each);
    }
    v1::GetCalibrationRequest request;
    request.mutable_period()->set_from_date(days.from_date());
    request.mutable_period()->set_to_date(days.to_date());
    const auto response =
        Must(CallReplica<v1::GetCalibrationResponse>("InsightService/GetCalibration", request));
    ASSERT_GT(response.lines_size(), 0);
    EXPECT_EQ(response.lines(0).closed_count(), sums.won + sums.lost);
    EXPECT_EQ(response.lines(0).won_count(), sums.won);
  }
}

std::string NameOf(const ::testing::TestParamInfo<Posted>& posted) {
  switch (posted.param) {
    case Posted::kNothing:
      return "Nothing";
    case Posted::kSome:
      return "Some";
    case Posted::kAll:
      return "All";
  }
  return "";
}
INSTANTIATE_TEST_SUITE_P(Posted, WinLossRandomTest,
                         ::testing::Values(Posted::kNothing, Posted::kSome, Posted::kAll), NameOf);

}  // namespace
}  // namespace crm::sales
