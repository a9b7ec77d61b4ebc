#include <map>
#include <random>

#include "common/replica/staff_copy.h"
#include "common/text/decimal.h"
#include "crm/sales/v1/history.pb.h"
#include "crm/sales/v1/insight.pb.h"
#include "services/sales/amount_rules.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kMethod[] = "HistoryService/ImportOpportunities";
constexpr char kOther[] = "CRM2026000002";

class HistoryTest : public SalesTest {
 protected:
  HistoryTest() {
    db::WriteSet writes;
    crm::customer::v1::Customer customer;
    customer.set_number(kOther);
    customer.set_etag("v1");
    customer.set_full_name("苏州恒远机械有限公司");
    replica::KeepCustomer(customer, writes);
    for (const auto& [id, name, team, head] : {std::tuple{"u-li", "李雷", "east", "u-zhao"},
                                               std::tuple{"u-han", "韩梅梅", "west", "u-qian"},
                                               std::tuple{"u-wang1", "王伟", "east", "u-zhao"},
                                               std::tuple{"u-wang2", "王伟", "west", ""}}) {
      crm::customer::v1::StaffUser user;
      user.set_user_id(id);
      user.set_name(name);
      user.set_team(team);
      user.set_supervisor(head);
      user.set_status(crm::customer::v1::STAFF_STATUS_ACTIVE);
      replica::StaffCopy::Keep(user, 1, writes);
    }
    replica::StaffCopy::MarkChanged(writes);
    Commit(std::move(writes));
    // What was there when it started is known from the start.
    replica_ = &harness_.StartReplica();
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> CallReplica(const std::string& method, const Request& request,
                                       const std::string& token) {
    return harness_.CallOn<Request, Response>(*replica_, token, "crm.sales.v1." + method, request);
  }

  // A won one with all its dates.
  static v1::HistoricOpportunity Row(const std::string& number) {
    v1::HistoricOpportunity row;
    row.set_line(2);
    row.set_source_system("oldcrm");
    row.set_external_number(number);
    row.set_customer(kCustomer);
    row.set_owner("李雷");
    row.set_amount("5000");
    row.set_source_channel("website");
    row.set_stage("won");
    SetAt("2025-11-03T09:00:00+08:00", *row.mutable_lead_time());
    AddStay("lead_confirmed", "2025-11-03T09:00:00+08:00", row);
    AddStay("needs_analysis", "2025-11-20T09:00:00+08:00", row);
    SetAt("2026-02-10T17:00:00+08:00", *row.mutable_close_time());
    return row;
  }
  static void SetAt(const std::string& time, google::protobuf::Timestamp& out) {
    record::SetTime(At(time), out);
  }
  static void AddStay(const std::string& stage, const std::string& time,
                      v1::HistoricOpportunity& row) {
    v1::HistoricStay& stay = *row.add_stays();
    stay.set_stage(stage);
    SetAt(time, *stay.mutable_enter_time());
  }

  absl::StatusOr<v1::ImportOpportunitiesResponse> Import(
      const v1::ImportOpportunitiesRequest& request, const std::string& token = "") {
    return CallReplica<v1::ImportOpportunitiesResponse>(kMethod, request,
                                                        token.empty() ? Steward() : token);
  }
  // As a dry run.
  v1::HistoricOutcome Send(const v1::HistoricOpportunity& row,
                           v1::MissingFields missing = v1::MISSING_FIELDS_REJECT) {
    v1::ImportOpportunitiesRequest request;
    *request.add_rows() = row;
    request.set_missing(missing);
    request.set_validate_only(true);
    return Must(Import(request)).outcomes(0);
  }
  v1::HistoricOutcome Take(const v1::HistoricOpportunity& row,
                           v1::MissingFields missing = v1::MISSING_FIELDS_REJECT) {
    v1::ImportOpportunitiesRequest request;
    *request.add_rows() = row;
    request.set_missing(missing);
    return Must(Import(request)).outcomes(0);
  }
  static std::vector<std::string> Problems(const v1::HistoricOutcome& outcome) {
    std::vector<std::string> problems;
    for (const v1::HistoricProblem& problem : outcome.problems()) {
      problems.push_back(absl::StrCat(problem.field(), " ", problem.rule()));
    }
    return problems;
  }
  v1::StageHistory MovesOf(const std::string& number) {
    v1::GetStageHistoryRequest request;
    request.set_opportunity(number);
    return Must(Call<v1::StageHistory>("GetStageHistory", request, Steward()));
  }
  crm::testing::Replica* replica_ = nullptr;

  bool HasWonEvent() {
    const auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
    const auto rows = (*db)->Select(
        {"won_events", "SELECT 1 FROM outbox WHERE INSTR(payload, 'opportunity.won') > 0"}, {});
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() && rows->size() > 0;
  }
};

// SAL-1, SAL-3, SAL-4: with its own dates, and nothing of it late.
TEST_F(HistoryTest, TakesOverAWonOneWithItsOwnDates) {
  const v1::HistoricOutcome outcome = Take(Row("A-1"));
  ASSERT_EQ(outcome.state(), v1::HistoricOutcome::STATE_IMPORTED) << outcome.DebugString();
  const v1::Opportunity taken = Must(Get(outcome.opportunity(), Steward()));
  EXPECT_EQ(taken.source_system(), "oldcrm");
  EXPECT_EQ(taken.external_number(), "A-1");
  EXPECT_EQ(taken.owner(), "u-li");
  EXPECT_EQ(taken.team(), "east");
  EXPECT_EQ(taken.stage(), "won");
  EXPECT_EQ(taken.probability(), 100);
  EXPECT_EQ(taken.furthest_stage(), "won");
  EXPECT_EQ(taken.base_amount(), "5000.00");
  EXPECT_EQ(taken.contract_amount(), "5000.00");
  EXPECT_EQ(taken.contract_date(), "2026-02-10");
  EXPECT_EQ(taken.expected_close_date(), "2026-02-10");
  EXPECT_EQ(record::TimeOf(taken.close_time()), At("2026-02-10T17:00:00+08:00"));

  const v1::StageHistory history = MovesOf(taken.number());
  ASSERT_EQ(history.moves_size(), 3);
  EXPECT_EQ(history.moves(0).dwell_days(), 17);
  EXPECT_EQ(history.moves(1).from_stage(), "lead_confirmed");
  EXPECT_EQ(history.moves(1).dwell_days(), 82);
  EXPECT_EQ(history.moves(2).stage(), "won");
  for (const v1::StageMove& move : history.moves()) EXPECT_FALSE(move.late());
  EXPECT_FALSE(HasWonEvent());
}

TEST_F(HistoryTest, EachIsTakenOnce) {  // SAL-1, PLT-10
  const std::string number = Take(Row("A-1")).opportunity();
  v1::HistoricOpportunity other = Row("A-1");
  other.set_amount("9");
  const v1::HistoricOutcome again = Take(other);
  EXPECT_EQ(again.state(), v1::HistoricOutcome::STATE_EXISTS);
  EXPECT_EQ(again.opportunity(), number);
  EXPECT_EQ(Must(Get(number, Steward())).amount(), "5000.00");

  v1::ImportOpportunitiesRequest twice;
  *twice.add_rows() = Row("A-2");
  *twice.add_rows() = Row("A-2");
  const auto response = Must(Import(twice));
  EXPECT_EQ(response.outcomes(0).state(), v1::HistoricOutcome::STATE_IMPORTED);
  EXPECT_THAT(Problems(response.outcomes(1)), ElementsAre("external_number DUPLICATE_IN_CALL"));
  other.set_source_system("another");
  EXPECT_EQ(Take(other).state(), v1::HistoricOutcome::STATE_IMPORTED);
}

TEST_F(HistoryTest, LostAndOpenOnes) {  // SAL-4, SAL-8
  v1::HistoricOpportunity lost = Row("L-1");
  lost.set_stage("输单");
  lost.set_amount("0");
  lost.set_loss_reason(v1::LOSS_REASON_PRICE);
  lost.set_lost_to("竞品甲");
  const v1::Opportunity as_lost = Must(Get(Take(lost).opportunity(), Steward()));
  EXPECT_EQ(as_lost.stage_kind(), v1::STAGE_KIND_LOST);
  EXPECT_EQ(as_lost.last_open_stage(), "needs_analysis");
  EXPECT_EQ(as_lost.furthest_stage(), "needs_analysis");
  EXPECT_EQ(as_lost.loss_reason(), v1::LOSS_REASON_PRICE);
  EXPECT_EQ(as_lost.base_amount(), "0.00");

  v1::HistoricOpportunity open = Row("O-1");
  open.clear_close_time();
  open.set_stage("Needs Analysis");  // by its English name
  open.set_expected_close_date("2026-09-01");
  const v1::Opportunity as_open = Must(Get(Take(open).opportunity(), Steward()));
  EXPECT_EQ(as_open.stage(), "needs_analysis");
  EXPECT_EQ(as_open.probability(), 30);
  EXPECT_EQ(record::TimeOf(as_open.stage_enter_time()), At("2025-11-20T09:00:00+08:00"));

  // Of the stage it is in now nothing may be known.
  open.set_external_number("O-2");
  open.set_stage("negotiation");
  const v1::HistoricOutcome later = Take(open, v1::MISSING_FIELDS_ACCEPT);
  EXPECT_EQ(record::TimeOf(Must(Get(later.opportunity(), Steward())).stage_enter_time()),
            At("2025-11-20T09:00:00+08:00"));

  // And it goes on like any other.
  v1::AdvanceStageRequest advance;
  advance.set_opportunity(as_open.number());
  EXPECT_EQ(Must(Call<v1::Opportunity>("AdvanceStage", advance, Steward())).stage(),
            "solution_demo");
}

// SAL-7: one that comes in its contract stage is approved and won like any other.
TEST_F(HistoryTest, AnOpenOneInTheContractStageAsksForApproval) {
  v1::HistoricOpportunity row = Row("C-1");
  row.clear_close_time();
  row.set_stage("contract_signing");
  row.set_expected_close_date("2026-09-01");
  SetAt("2026-01-05T09:00:00+08:00", *row.mutable_stage_enter_time());
  const std::string number = Take(row).opportunity();
  const v1::Opportunity taken = Must(Get(number, Steward()));
  EXPECT_TRUE(taken.committed());
  EXPECT_EQ(taken.contract_approval(), v1::APPROVAL_STATUS_PENDING);
  EXPECT_EQ(taken.furthest_stage(), "contract_signing");
  EXPECT_EQ(record::TimeOf(taken.stage_enter_time()), At("2026-01-05T09:00:00+08:00"));

  v1::Opportunity contract;
  contract.set_number(number);
  contract.set_contract_amount("5000");
  contract.set_contract_date("2026-03-20");
  Must(Update(contract, {"contract_amount", "contract_date"}, "", Steward()));
  EXPECT_EQ(Must(Decide("ApproveContract", number, "", Director())).contract_approval(),
            v1::APPROVAL_STATUS_APPROVED);
  v1::WinOpportunityRequest win;
  win.set_opportunity(number);
  win.set_reason(v1::WIN_REASON_PRODUCT);
  win.set_note("方案最契合");
  EXPECT_EQ(Must(Call<v1::Opportunity>("WinOpportunity", win, Steward())).stage_kind(),
            v1::STAGE_KIND_WON);
}

TEST_F(HistoryTest, NamesWhatIsWrongInEachRow) {  // PLT-7
  v1::ImportOpportunitiesRequest request;
  const auto add = [&](int line, auto change) {
    v1::HistoricOpportunity& row = *request.add_rows();
    row = Row(absl::StrCat("E-", line));
    row.set_line(line);
    change(row);
  };
  add(2, [](auto& row) { row.set_owner("无此人"); });
  add(3, [](auto& row) { row.set_owner("王伟"); });
  add(5, [](auto& row) {
    row.clear_customer();
    row.set_customer_name("没有这家公司");
  });
  add(6, [](auto& row) { row.set_stage("nowhere"); });
  add(7, [](auto& row) { SetAt("2026-09-01T00:00:00Z", *row.mutable_close_time()); });
  add(8, [](auto& row) { SetAt("2025-11-19T00:00:00Z", *row.mutable_close_time()); });
  add(9, [](auto& row) { row.clear_close_time(); });
  add(10, [](auto& row) { row.set_stage("needs_analysis"); });
  add(11, [](auto& row) { AddStay("lost", "2026-01-01T00:00:00Z", row); });
  add(12, [](auto& row) { AddStay("solution_demo", "2025-11-19T00:00:00Z", row); });
  add(13, [](auto& row) { row.set_amount("-5"); });
  add(14, [](auto& row) { row.set_currency("USD"); });
  add(15, [](auto& row) { row.clear_external_number(); });
  add(16, [](auto&) {});
  add(17, [](auto& row) {
    row.set_stage("negotiation");
    row.set_expected_close_date("2026-09-01");
    row.clear_close_time();
  });
  const auto response = Must(Import(request));
  std::map<int64_t, std::vector<std::string>> problems;
  for (const auto& outcome : response.outcomes()) problems[outcome.line()] = Problems(outcome);
  EXPECT_THAT(problems[2], ElementsAre("owner OWNER_UNKNOWN"));
  EXPECT_THAT(problems[3], ElementsAre("owner OWNER_AMBIGUOUS"));
  EXPECT_THAT(problems[5], ElementsAre("customer_name CUSTOMER_UNKNOWN"));
  EXPECT_THAT(problems[6], ElementsAre("stage STAGE_UNKNOWN"));
  EXPECT_THAT(problems[7], ElementsAre("close_time TIME_IN_FUTURE"));
  EXPECT_THAT(problems[8], ElementsAre("close_time TIME_BEFORE_LAST_MOVE"));
  EXPECT_THAT(problems[9],
              UnorderedElementsAre("close_time REQUIRED", "expected_close_date REQUIRED"));
  EXPECT_THAT(problems[10], ElementsAre("close_time CLOSE_TIME_OF_OPEN"));
  EXPECT_THAT(problems[11], ElementsAre("stays[2].stage STAY_NOT_OPEN"));
  EXPECT_THAT(problems[12], ElementsAre("stays[2].enter_time TIME_BEFORE_LAST_MOVE"));
  ASSERT_EQ(problems[13].size(), 1u);
  EXPECT_EQ(problems[13].front().substr(0, 7), "amount ");
  EXPECT_THAT(problems[14], ElementsAre("exchange_rate RATE_REQUIRED"));
  EXPECT_THAT(problems[17], ElementsAre("stage_enter_time STAYS_END_ELSEWHERE"));
  EXPECT_THAT(problems[15], ElementsAre("external_number REQUIRED"));
  // The good one among them is taken over.
  EXPECT_EQ(response.outcomes(13).state(), v1::HistoricOutcome::STATE_IMPORTED);
}

// What is not known stays unknown, if that was said to be right.
TEST_F(HistoryTest, TakesIncompleteOnesOnlyWhenAsked) {  // SAL-1
  v1::HistoricOpportunity row;
  row.set_source_system("oldcrm");
  row.set_external_number("P-1");
  row.set_stage("lead_confirmed");
  EXPECT_THAT(Problems(Send(row)),
              UnorderedElementsAre("customer REQUIRED", "owner REQUIRED", "amount REQUIRED",
                                   "source_channel REQUIRED", "lead_time REQUIRED",
                                   "expected_close_date REQUIRED"));
  const v1::HistoricOutcome outcome = Take(row, v1::MISSING_FIELDS_ACCEPT);
  ASSERT_EQ(outcome.state(), v1::HistoricOutcome::STATE_IMPORTED) << outcome.DebugString();
  const v1::Opportunity taken = Must(Get(outcome.opportunity(), Steward()));
  EXPECT_EQ(taken.name(), "P-1");
  EXPECT_EQ(taken.customer(), "");
  EXPECT_EQ(taken.amount(), "");
  EXPECT_FALSE(taken.has_lead_time());

  // A risk can be noted without completing it; its first amount needs no reason.
  v1::Opportunity patch;
  patch.set_number(taken.number());
  patch.set_risk("预算未定");
  EXPECT_EQ(Must(Update(patch, {"risk"}, "", Steward())).risk(), "预算未定");
  patch.set_amount("800");
  const v1::Opportunity completed = Must(Update(patch, {"amount"}, "", Steward()));
  EXPECT_EQ(completed.base_amount(), "800.00");
  EXPECT_EQ(completed.amount_reference(), "800.00");

  // Its customer can be set, once.
  patch.set_customer("CRM2099999999");
  EXPECT_FALSE(Update(patch, {"customer"}, "", Steward()).ok());
  patch.set_customer(kOther);
  EXPECT_EQ(Must(Update(patch, {"risk"}, "", Steward())).customer(), "");  // not named
  EXPECT_EQ(Must(Update(patch, {"customer"}, "", Steward())).customer(), kOther);
  patch.set_customer(kCustomer);
  EXPECT_THAT(Violations(Update(patch, {"customer"}, "", Steward()).status()),
              ElementsAre("update_mask.paths[0] FIELD_IMMUTABLE"));

  v1::GetFunnelRequest funnel;
  const auto response =
      Must(Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel", funnel, Steward()));
  EXPECT_EQ(response.funnel().stages(0).opportunities(), 1);
  EXPECT_EQ(response.funnel().stages(0).amount(), "800.00");
}

TEST_F(HistoryTest, ADryRunWritesNothing) {  // PLT-10
  EXPECT_EQ(Send(Row("D-1")).state(), v1::HistoricOutcome::STATE_IMPORTED);
  EXPECT_EQ(Take(Row("D-1")).state(), v1::HistoricOutcome::STATE_IMPORTED);
}

TEST_F(HistoryTest, NeedsThePermissionAndTheScope) {  // PLT-13
  v1::ImportOpportunitiesRequest request;
  *request.add_rows() = Row("S-1");
  EXPECT_EQ(Import(request, Rep()).status().code(), absl::StatusCode::kPermissionDenied);
  // A director imports for the own teams only.
  EXPECT_EQ(Must(Import(request, Director("east"))).outcomes(0).state(),
            v1::HistoricOutcome::STATE_IMPORTED);
  request.mutable_rows(0)->set_external_number("S-2");
  EXPECT_THAT(Problems(Must(Import(request, Director("west"))).outcomes(0)),
              ElementsAre("owner OWNER_OUT_OF_SCOPE"));
  request.set_pipeline("nowhere");
  EXPECT_EQ(Import(request).status().code(), absl::StatusCode::kNotFound);
}

// Of customers and opportunities of others an import tells nothing, not even that they are there.
TEST_F(HistoryTest, DoesNotShowWhatIsOthers) {  // PLT-13
  db::WriteSet writes;
  for (const auto& [number, name, owner, team] :
       {std::tuple{"CRM2026000003", "西部客户", "u-han", "west"},
        std::tuple{"CRM2026000004", "西部公海客户", "", "west"},
        std::tuple{"CRM2026000005", "同名客户", "u-han", "west"},
        std::tuple{"CRM2026000006", "同名客户", "u-li", "east"}}) {
    crm::customer::v1::Customer customer;
    customer.set_number(number);
    customer.set_etag("v1");
    customer.set_full_name(name);
    customer.set_owner(owner);
    customer.set_team(team);
    replica::KeepCustomer(customer, writes);
  }
  Commit(std::move(writes));

  v1::ImportOpportunitiesRequest request;
  const auto add = [&](const std::string& customer, const std::string& name) {
    v1::HistoricOpportunity& row = *request.add_rows();
    row = Row(absl::StrCat("C-", request.rows_size()));
    row.set_customer(customer);
    row.set_customer_name(name);
  };
  add("CRM2026000003", "");
  add("", "西部客户");
  add("", "西部公海客户");
  add("", "同名客户");
  const auto response = Must(Import(request, Director("east")));
  EXPECT_THAT(Problems(response.outcomes(0)), ElementsAre("customer CUSTOMER_UNKNOWN"));
  EXPECT_THAT(Problems(response.outcomes(1)), ElementsAre("customer_name CUSTOMER_UNKNOWN"));
  EXPECT_THAT(Problems(response.outcomes(2)), ElementsAre("customer_name CUSTOMER_UNKNOWN"));
  ASSERT_EQ(response.outcomes(3).state(), v1::HistoricOutcome::STATE_IMPORTED);
  EXPECT_EQ(Must(Get(response.outcomes(3).opportunity(), Steward())).customer(), "CRM2026000006");
  // Whoever may read all of them has to say which one.
  request.mutable_rows(3)->set_external_number("C-5");
  EXPECT_THAT(Problems(Must(Import(request)).outcomes(3)),
              ElementsAre("customer_name CUSTOMER_AMBIGUOUS"));

  // It is there, but which one it is only those learn who may see it.
  request.mutable_rows(3)->set_external_number("C-4");
  const auto again = Must(Import(request, Director("west")));
  EXPECT_EQ(again.outcomes(3).state(), v1::HistoricOutcome::STATE_EXISTS);
  EXPECT_EQ(again.outcomes(3).opportunity(), "");
  EXPECT_EQ(Must(Import(request, Director("east"))).outcomes(3).opportunity(),
            response.outcomes(3).opportunity());
}

// What is not known of their stages would make every later stage look certain.
TEST_F(HistoryTest, ThoseWithoutStagesDoNotCalibrate) {  // SAL-16
  v1::ImportOpportunitiesRequest request;
  for (const char* stage : {"won", "lost"}) {
    for (int i = 0; i < 4; ++i) {
      v1::HistoricOpportunity& row = *request.add_rows();
      row = Row(absl::StrCat(stage, i));
      row.set_stage(stage);
      if (i > 0) row.clear_stays();
    }
  }
  const auto imported = Must(Import(request));
  for (const auto& outcome : imported.outcomes()) {
    ASSERT_EQ(outcome.state(), v1::HistoricOutcome::STATE_IMPORTED) << outcome.DebugString();
  }
  const v1::Opportunity known = Must(Get(imported.outcomes(4).opportunity(), Steward()));
  const v1::Opportunity unknown = Must(Get(imported.outcomes(5).opportunity(), Steward()));
  EXPECT_EQ(known.furthest_stage(), "needs_analysis");
  EXPECT_EQ(unknown.furthest_stage(), "");

  v1::GetCalibrationRequest calibrate;
  calibrate.mutable_period()->set_from_date("2026-02-01");
  calibrate.mutable_period()->set_to_date("2026-02-28");
  calibrate.mutable_period()->set_min_sample(1);
  const auto lines = Must(CallReplica<v1::GetCalibrationResponse>("InsightService/GetCalibration",
                                                                  calibrate, Steward()));
  ASSERT_EQ(lines.lines_size(), 5);
  const std::vector<int> closed = {2, 2, 1, 1, 1};
  for (int i = 0; i < lines.lines_size(); ++i) {
    EXPECT_EQ(lines.lines(i).closed_count(), closed[static_cast<size_t>(i)]) << i;
    EXPECT_EQ(lines.lines(i).won_count(), 1) << i;
  }

  // The funnel counts them: all began, four were won.
  const auto funnel = Must(Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel",
                                                       v1::GetFunnelRequest(), Steward()));
  EXPECT_EQ(funnel.funnel().stages(0).reached(), 8);
  EXPECT_EQ(funnel.funnel().stages(1).reached(), 5);
  EXPECT_EQ(funnel.funnel().stages(2).reached(), 4);

  // Opened again, it is ours, and its stages are known from then on.
  v1::ReopenOpportunityRequest reopen;
  reopen.set_opportunity(unknown.number());
  reopen.set_reason("客户恢复预算");
  EXPECT_TRUE(unknown.closed_before_import());
  const auto again = Must(Call<v1::Opportunity>("ReopenOpportunity", reopen, Steward()));
  EXPECT_FALSE(again.closed_before_import());
  EXPECT_EQ(again.furthest_stage(), "lead_confirmed");
}

// Random history against a slow count: win rate by owner, product, manager and team; cycle; funnel.
TEST_F(HistoryTest, ReportsAgreeWithTheRows) {  // SAL-12, SAL-15
  std::mt19937 random(20260321);
  const auto pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  struct Sum {
    int won = 0, lost = 0;
    int64_t cents = 0;
    double days = 0;
  };
  std::map<std::string, std::map<std::string, Sum>> expected;  // group → name
  std::map<std::string, int> stages;
  v1::ImportOpportunitiesRequest request;
  request.set_missing(v1::MISSING_FIELDS_ACCEPT);
  const std::vector<std::string> owners = {"李雷", "韩梅梅", "u-wang1"};
  const std::map<std::string, std::string> managers = {
      {"李雷", "u-zhao"}, {"韩梅梅", "u-qian"}, {"u-wang1", "u-zhao"}};
  const std::map<std::string, std::string> teams = {
      {"李雷", "east"}, {"韩梅梅", "west"}, {"u-wang1", "east"}};
  const std::map<std::string, std::string> ids = {
      {"李雷", "u-li"}, {"韩梅梅", "u-han"}, {"u-wang1", "u-wang1"}};
  for (int i = 0; i < 300; ++i) {
    v1::HistoricOpportunity& row = *request.add_rows();
    row.set_source_system("random");
    row.set_external_number(absl::StrCat("R-", i));
    const std::string owner = owners[static_cast<size_t>(pick(3))];
    row.set_owner(owner);
    const std::string product = absl::StrCat("产品", pick(3));
    row.add_products()->set_product_name(product);
    if (pick(4) == 0) row.set_customer_name("苏州恒远机械有限公司");
    const char* const stage = std::vector<const char*>{"lead_confirmed", "needs_analysis", "won",
                                                       "lost"}[static_cast<size_t>(pick(4))];
    row.set_stage(stage);
    ++stages[stage];
    const absl::Time lead = At("2025-03-01T00:00:00+08:00") + absl::Hours(pick(24 * 200));
    record::SetTime(lead, *row.mutable_lead_time());
    const bool won = std::string(stage) == "won";
    if (!won && std::string(stage) != "lost") continue;
    const absl::Time close = lead + absl::Minutes(pick(60 * 24 * 90));
    record::SetTime(close, *row.mutable_close_time());
    const int64_t cents = won ? 100 * (1 + pick(5000)) : 0;
    row.set_amount(text::FormatDecimal(cents, 2));
    for (const auto& [group, name] :
         std::map<std::string, std::string>{{"OWNER", ids.at(owner)},
                                            {"PRODUCT", product},
                                            {"MANAGER", managers.at(owner)},
                                            {"TEAM", teams.at(owner)}}) {
      Sum& sum = expected[group][name];
      (won ? sum.won : sum.lost) += 1;
      sum.cents += cents;
      if (won) sum.days += absl::FDivDuration(close - lead, absl::Hours(24));
    }
  }
  const v1::ImportOpportunitiesResponse imported = Must(Import(request));
  for (const auto& outcome : imported.outcomes()) {
    ASSERT_EQ(outcome.state(), v1::HistoricOutcome::STATE_IMPORTED) << outcome.DebugString();
  }
  for (const auto& [group, names] : expected) {
    v1::GetWinLossRequest report;
    report.set_from_date("2025-01-01");
    report.set_to_date("2026-03-20");
    v1::WinLossGroup by;
    ASSERT_TRUE(v1::WinLossGroup_Parse("WIN_LOSS_GROUP_" + group, &by));
    report.set_group(by);
    const auto response = Must(
        CallReplica<v1::GetWinLossResponse>("SalesReportService/GetWinLoss", report, Steward()));
    ASSERT_EQ(response.lines_size(), static_cast<int>(names.size())) << group;
    for (const v1::WinLossLine& line : response.lines()) {
      ASSERT_EQ(names.count(line.group()), 1u) << group << line.group();
      const Sum& sum = names.at(line.group());
      EXPECT_EQ(line.won_count(), sum.won) << line.group();
      EXPECT_EQ(line.lost_count(), sum.lost) << line.group();
      EXPECT_EQ(line.won_amount(), text::FormatDecimal(sum.cents, 2)) << line.group();
      EXPECT_DOUBLE_EQ(line.win_rate(), static_cast<double>(sum.won) / (sum.won + sum.lost));
      EXPECT_NEAR(line.mean_cycle_days(), sum.days / sum.won, 1e-3) << line.group();
    }
  }
  const auto funnel = Must(Call<v1::GetFunnelResponse>("SalesReportService/GetFunnel",
                                                       v1::GetFunnelRequest(), Steward()));
  for (const v1::FunnelStage& stage : funnel.funnel().stages()) {
    EXPECT_EQ(stage.opportunities(), stages[stage.stage()]) << stage.stage();
  }
}

}  // namespace
}  // namespace crm::sales
