// What the tests of the sales service share: the service over gRPC on a real database, with a
// customer of the archive in its copy.
#ifndef CRM_SERVICES_SALES_SALES_TEST_FIXTURE_H_
#define CRM_SERVICES_SALES_SALES_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/record/times.h"
#include "common/replica/customer_copy.h"
#include "common/replica/staff_copy.h"
#include "common/testing/expectations.h"
#include "common/testing/service_harness.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "crm/sales/v1/pipeline_service.pb.h"
#include "crm/sales/v1/report_service.pb.h"
#include "services/sales/sales_service.h"

namespace crm::sales {

inline constexpr char kCustomer[] = "CRM2026000001";

using crm::testing::Metadata;
using crm::testing::Violations;

inline absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

class SalesTest : public ::testing::Test {
 protected:
  SalesTest() {
    harness_.clock().Set(At("2026-03-20T10:00:00+08:00"));
    crm::customer::v1::Customer customer;
    customer.set_number(kCustomer);
    customer.set_etag("v1");
    customer.set_kind(crm::customer::v1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name("上海云帆科技有限公司");
    db::WriteSet writes;
    replica::KeepCustomer(customer, writes);
    Commit(std::move(writes));
  }

  void Commit(db::WriteSet writes) {
    const absl::Status status = harness_.replica().runtime().committer().Commit(
        std::move(writes), absl::Now() + absl::Seconds(10));
    EXPECT_TRUE(status.ok()) << status;
  }

  // Tokens of the moment: tests move the clock by weeks.
  std::string Rep(const std::string& user = "rep", const std::string& team = "east") {
    return harness_.TokenOf(user, {"sales_representative"}, team);
  }
  std::string Director(const std::string& team = "east") {
    return harness_.TokenOf("director", {"sales_director"}, team);
  }
  std::string Steward() { return harness_.TokenOf("steward", {"data_steward"}); }

  // `method`: "AdvanceStage" of OpportunityService, or "PipelineService/GetPipeline".
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(std::string_view method, const Request& request,
                                const std::string& token = "") {
    const bool of_other = method.find('/') != std::string_view::npos;
    return harness_.Call<Request, Response>(
        token.empty() ? Rep() : token,
        absl::StrCat("crm.sales.v1.", of_other ? "" : "OpportunityService/", std::string(method)),
        request);
  }
  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *std::move(value) : T();
  }

  v1::Opportunity Draft(const std::string& name = "云帆数据平台",
                        const std::string& amount = "100000") {
    v1::Opportunity opportunity;
    opportunity.set_customer(kCustomer);
    opportunity.set_name(name);
    opportunity.set_amount(amount);
    opportunity.set_expected_close_date("2026-06-30");
    opportunity.set_source_channel("website");
    record::SetTime(At("2026-03-01T09:00:00+08:00"), *opportunity.mutable_lead_time());
    return opportunity;
  }
  absl::StatusOr<v1::Opportunity> Create(v1::Opportunity opportunity, const std::string& token = "",
                                         const std::string& request_id = "") {
    v1::CreateOpportunityRequest request;
    *request.mutable_opportunity() = std::move(opportunity);
    request.set_request_id(request_id);
    return Call<v1::Opportunity>("CreateOpportunity", request, token);
  }
  absl::StatusOr<v1::Opportunity> Get(const std::string& number, const std::string& token = "") {
    v1::GetOpportunityRequest request;
    request.set_opportunity(number);
    return Call<v1::Opportunity>("GetOpportunity", request, token);
  }
  absl::StatusOr<v1::Opportunity> Update(const v1::Opportunity& patch,
                                         const std::vector<std::string>& paths,
                                         const std::string& amount_reason = "",
                                         const std::string& token = "") {
    v1::UpdateOpportunityRequest request;
    *request.mutable_opportunity() = patch;
    request.set_amount_reason(amount_reason);
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call<v1::Opportunity>("UpdateOpportunity", request, token);
  }
  absl::StatusOr<v1::Opportunity> Advance(const std::string& number) {
    v1::AdvanceStageRequest request;
    request.set_opportunity(number);
    return Call<v1::Opportunity>("AdvanceStage", request);
  }
  absl::StatusOr<v1::Opportunity> Move(const std::string& number, const std::string& stage,
                                       const std::string& reason = "",
                                       const std::string& enter_time = "") {
    v1::MoveStageRequest request;
    request.set_opportunity(number);
    request.set_stage(stage);
    request.set_reason(reason);
    if (!enter_time.empty()) record::SetTime(At(enter_time), *request.mutable_enter_time());
    return Call<v1::Opportunity>("MoveStage", request);
  }
  v1::StageHistory History(const std::string& number, const std::string& date = "") {
    v1::GetStageHistoryRequest request;
    request.set_opportunity(number);
    request.set_date(date);
    return Must(Call<v1::StageHistory>("GetStageHistory", request));
  }
  absl::StatusOr<v1::Opportunity> Win(const std::string& number) {
    v1::WinOpportunityRequest request;
    request.set_opportunity(number);
    request.set_reason(v1::WIN_REASON_PRODUCT);
    request.set_note("方案最契合");
    return Call<v1::Opportunity>("WinOpportunity", request);
  }
  absl::StatusOr<v1::Opportunity> Lose(const std::string& number,
                                       v1::LossReason reason = v1::LOSS_REASON_COMPETITOR,
                                       const std::string& lost_to = "竞品甲") {
    v1::LoseOpportunityRequest request;
    request.set_opportunity(number);
    request.set_reason(reason);
    request.set_note("价格谈不拢");
    request.set_lost_to(lost_to);
    return Call<v1::Opportunity>("LoseOpportunity", request);
  }
  absl::StatusOr<v1::Opportunity> Decide(const std::string& method, const std::string& number,
                                         const std::string& note, const std::string& token) {
    v1::DecideRequest request;
    request.set_opportunity(number);
    request.set_note(note);
    return Call<v1::Opportunity>(method, request, token);
  }
  absl::StatusOr<v1::Pipeline> UpdatePipeline(const v1::Pipeline& pipeline,
                                              const std::vector<std::string>& paths) {
    v1::UpdatePipelineRequest request;
    *request.mutable_pipeline() = pipeline;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call<v1::Pipeline>("PipelineService/UpdatePipeline", request, Steward());
  }
  v1::Pipeline GetPipeline(const std::string& code) {
    v1::GetPipelineRequest request;
    request.set_pipeline(code);
    return Must(Call<v1::Pipeline>("PipelineService/GetPipeline", request));
  }
  // Through every stage to won.
  v1::Opportunity MakeWon(const std::string& number, const std::string& contract_amount) {
    for (const char* stage :
         {"needs_analysis", "solution_demo", "negotiation", "contract_signing"}) {
      Must(Move(number, stage));
    }
    v1::Opportunity contract;
    contract.set_number(number);
    contract.set_contract_amount(contract_amount);
    contract.set_contract_date("2026-03-20");
    Must(Update(contract, {"contract_amount", "contract_date"}));
    Must(Decide("ApproveContract", number, "", Director()));
    return Must(Win(number));
  }

  crm::testing::ServiceHarness harness_{Info(), SalesService::Create};
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SALES_TEST_FIXTURE_H_
