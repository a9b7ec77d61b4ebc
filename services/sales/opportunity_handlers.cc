#include "services/sales/opportunity_handlers.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/run_list.h"
#include "common/resource/update.h"
#include "services/sales/amount_rules.h"
#include "services/sales/entry_actions.h"
#include "services/sales/stage_rules.h"
#include "services/sales/time_rules.h"

namespace crm::sales {
namespace {

// What counts in reports stays as it was when the opportunity was closed.
absl::Status CheckClosedUnchanged(const v1::Opportunity& before, const v1::Opportunity& after) {
  const bool same = before.amount() == after.amount() && before.currency() == after.currency() &&
                    before.exchange_rate() == after.exchange_rate() &&
                    before.contract_amount() == after.contract_amount() &&
                    before.contract_date() == after.contract_date();
  return same ? absl::OkStatus() : CheckOpen(before);
}

}  // namespace

void OpportunityHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateOpportunityRequest, v1::Opportunity>("CreateOpportunity",
                                                             bind(&OpportunityHandlers::Create));
  table.Unary<v1::GetOpportunityRequest, v1::Opportunity>("GetOpportunity",
                                                          bind(&OpportunityHandlers::Get));
  table.Unary<v1::BatchGetOpportunitiesRequest, v1::BatchGetOpportunitiesResponse>(
      "BatchGetOpportunities", bind(&OpportunityHandlers::BatchGet));
  table.Unary<v1::ListOpportunitiesRequest, v1::ListOpportunitiesResponse>(
      "ListOpportunities", bind(&OpportunityHandlers::List));
  table.Unary<v1::UpdateOpportunityRequest, v1::Opportunity>("UpdateOpportunity",
                                                             bind(&OpportunityHandlers::Update));
  table.Unary<v1::ListOpportunityHistoryRequest, v1::ListOpportunityHistoryResponse>(
      "ListOpportunityHistory", bind(&OpportunityHandlers::History));
}

absl::Status OpportunityHandlers::FillOwner(CallContext& call, const Pipelines& pipelines,
                                            v1::Opportunity& opportunity) const {
  const auto& caller = call.caller();
  const bool is_person = caller.kind == auth::CallerKind::kUser;
  if (opportunity.owner().empty() && is_person) opportunity.set_owner(caller.id);
  if (opportunity.owner().empty()) {
    return InvalidField("opportunity.owner", "REQUIRED",
                        "name a user of the staff directory: a program owns no opportunities");
  }
  const auto* owner = sales_.archive.staff().Get()->User(opportunity.owner());
  if (owner == nullptr && !(is_person && opportunity.owner() == caller.id)) {
    return InvalidField("opportunity.owner", "OWNER_UNKNOWN",
                        "use the id of a user of the staff directory");
  }
  if (opportunity.team().empty()) {
    opportunity.set_team(owner != nullptr ? owner->team() : caller.team);
  }
  if (opportunity.pipeline().empty()) {
    opportunity.set_pipeline(pipelines.ForTeam(opportunity.team()).code());
  } else if (pipelines.Find(opportunity.pipeline()) == nullptr) {
    return InvalidField("opportunity.pipeline", "PIPELINE_UNKNOWN", "use the code of a pipeline");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Opportunity> OpportunityHandlers::Create(
    CallContext& call, const v1::CreateOpportunityRequest& request) {
  const auto pipelines = sales_.pipelines.Get();
  v1::Opportunity opportunity = request.opportunity();
  std::vector<schema::Violation> violations = NormalizeAmounts(nullptr, opportunity);
  CheckLeadTime(call.now(), opportunity, violations);
  CRM_RETURN_IF_ERROR(record::RefuseIn("opportunity", std::move(violations), call.language()));
  CRM_RETURN_IF_ERROR(FillOwner(call, *pipelines, opportunity));
  opportunity.set_amount_reference(opportunity.amount());
  CRM_ASSIGN_OR_RETURN(
      const absl::Time enter_time,
      EnterTime(call.now(), request.has_enter_time() ? &request.enter_time() : nullptr,
                absl::InfinitePast(), "enter_time"));
  const v1::Pipeline& pipeline = sales_.PipelineOf(*pipelines, opportunity);
  EnterStage(pipeline, FirstStage(pipeline), enter_time, opportunity);
  CRM_RETURN_IF_ERROR(CheckRequiredFields(pipeline, opportunity));

  CRM_RETURN_IF_ERROR(sales_.CustomerFor(call, opportunity.customer()).status());
  if (call.validate_only()) return opportunity;
  CRM_ASSIGN_OR_RETURN(std::string number, sales_.numbers.Next(call.now()));
  opportunity.set_number(std::move(number));
  const resource::ChangeSource source = record::SourceOf(call);
  StoredOpportunity created = sales_.Create(call.writes(), std::move(opportunity), source);
  sales_.history.Add(call.writes(), created.message, {.opportunity_id = created.key.id}, source);
  CRM_RETURN_IF_ERROR(RunEntryActions(sales_, call, created.message));
  return std::move(created.message);
}

absl::StatusOr<v1::Opportunity> OpportunityHandlers::Get(CallContext& call,
                                                         const v1::GetOpportunityRequest& request) {
  CRM_ASSIGN_OR_RETURN(StoredOpportunity found, sales_.Get(call, request.opportunity()));
  return std::move(found.message);
}

absl::StatusOr<v1::BatchGetOpportunitiesResponse> OpportunityHandlers::BatchGet(
    CallContext& call, const v1::BatchGetOpportunitiesRequest& request) {
  const std::vector<std::string> numbers(request.opportunities().begin(),
                                         request.opportunities().end());
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(
      const std::vector<StoredOpportunity> found,
      record::GetByNumbers<v1::Opportunity>(*db, sales_.table, numbers, call.scope()));
  std::map<std::string_view, const v1::Opportunity*> by_number;
  for (const StoredOpportunity& each : found) by_number[each.message.number()] = &each.message;
  v1::BatchGetOpportunitiesResponse response;
  for (const std::string& number : numbers) {
    const auto hit = by_number.find(number);
    if (hit == by_number.end()) {
      response.add_missing(number);
    } else {
      *response.add_opportunities() = *hit->second;
    }
  }
  return response;
}

absl::StatusOr<v1::ListOpportunitiesResponse> OpportunityHandlers::List(
    CallContext& call, const v1::ListOpportunitiesRequest& request) {
  return record::RunList<v1::ListOpportunitiesResponse>(
      call, request,
      {.table = sales_.table.table(),
       .name = "opportunity_list",
       .count_name = "opportunity_count",
       .keyring = sales_.keyring,
       .zone = sales_.zone,
       .scope = &call.scope()},
      [](v1::ListOpportunitiesResponse& response) { return response.add_opportunities(); });
}

absl::Status OpportunityHandlers::CompleteCustomer(CallContext& call,
                                                   const v1::UpdateOpportunityRequest& request,
                                                   v1::Opportunity& after) const {
  const std::string& customer = request.opportunity().customer();
  const auto& mask = request.update_mask().paths();
  const bool written =
      mask.empty() || std::find(mask.begin(), mask.end(), "customer") != mask.end();
  if (!after.customer().empty() || customer.empty() || !written) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(sales_.CustomerFor(call, customer).status());
  after.set_customer(customer);
  return absl::OkStatus();
}

absl::StatusOr<v1::Opportunity> OpportunityHandlers::Update(
    CallContext& call, const v1::UpdateOpportunityRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before,
                       sales_.Get(call, request.opportunity().number()));
  v1::Opportunity after = before.message;
  CRM_RETURN_IF_ERROR(CompleteCustomer(call, request, after));
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.opportunity(), after, call.language()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_RETURN_IF_ERROR(resource::CheckEtag(*db, before.key, request.opportunity().etag(),
                                          "opportunity.etag", written));
  std::vector<schema::Violation> violations = NormalizeAmounts(&before.message, after);
  CheckLeadTime(call.now(), after, violations);
  CRM_RETURN_IF_ERROR(record::RefuseIn("opportunity", std::move(violations), call.language()));
  CRM_RETURN_IF_ERROR(CheckClosedUnchanged(before.message, after));
  if (auto violation = CheckAmountChange(before.message, request.amount_reason(), after)) {
    return schema::ViolationsToStatus({*std::move(violation)}, call.language());
  }
  const auto pipelines = sales_.pipelines.Get();
  ReviewContract(sales_.PipelineOf(*pipelines, after), before.message, after);
  if (call.validate_only()) return after;
  return sales_.ChangeBy(call, before, std::move(after)).message;
}

absl::StatusOr<v1::ListOpportunityHistoryResponse> OpportunityHandlers::History(
    CallContext& call, const v1::ListOpportunityHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity found, sales_.Get(call, request.opportunity()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       sales_.table.ReadHistory(*db, found.key.id, found.message,
                                                request.page_size(), request.page_token()));
  return std::move(page).As<v1::ListOpportunityHistoryResponse>();
}

}  // namespace crm::sales
