#include "services/sales/follow_up_handlers.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/filter.h"
#include "common/filter/scope.h"
#include "common/resource/update.h"
#include "services/sales/opportunity_batch.h"
#include "services/sales/reminder_rules.h"

namespace crm::sales {
namespace {

constexpr char kType[] = "crm.sales.v1.FollowUpRule";
constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;
constexpr size_t kMostInOneCall = 200;

// An error in the rule's own filter, whose field is that of the rule.
absl::Status InRule(const absl::Status& status) {
  if (status.ok()) return status;
  google::rpc::BadRequest bad;
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad)) continue;
    Error error(status.code(), ErrorReason(status), "the filter of the rule is not valid");
    for (google::rpc::BadRequest::FieldViolation& violation : *bad.mutable_field_violations()) {
      violation.set_field(absl::StrCat("rule.", violation.field()));
      std::move(error).Field(violation);
    }
    return error;
  }
  return status;
}

// Opportunities that have not had all of the rule's steps as they are now.
filter::Fragment LacksSteps(const StoredRule& rule) {
  std::vector<int64_t> days;
  for (const v1::FollowUpStep& step : rule.message.steps()) days.push_back(step.after_days());
  filter::Fragment lacking{
      "(SELECT COUNT(*) FROM follow_up_done AS done WHERE done.opportunity_id = opportunity.id "
      "AND done.rule_id = ?",
      {rule.key.id}};
  lacking.And(InIds("done.after_days", days));
  lacking.Append(") < ?", rule.message.steps_size());
  return lacking;
}

absl::StatusOr<int64_t> CountOf(db::Connection& db, const filter::Fragment& where) {
  const std::string sql = absl::StrCat("SELECT COUNT(*) FROM opportunity WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"follow_up_count", sql}, where.values));
  return rows.Next() ? rows.Int(0) : 0;
}

std::vector<schema::Violation> CheckSteps(const v1::FollowUpRule& rule) {
  std::vector<schema::Violation> violations;
  std::set<int> days;
  for (int i = 0; i < rule.steps_size(); ++i) {
    if (days.insert(rule.steps(i).after_days()).second) continue;
    violations.push_back({absl::StrCat("steps[", i, "].after_days"), "STEP_DUPLICATE",
                          "let each step come after another number of days", "间隔天数重复"});
  }
  return violations;
}

}  // namespace

void FollowUpHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateFollowUpRuleRequest, v1::FollowUpRule>("CreateFollowUpRule",
                                                               bind(&FollowUpHandlers::Create));
  table.Unary<v1::GetFollowUpRuleRequest, v1::FollowUpRule>("GetFollowUpRule",
                                                            bind(&FollowUpHandlers::Get));
  table.Unary<v1::ListFollowUpRulesRequest, v1::ListFollowUpRulesResponse>(
      "ListFollowUpRules", bind(&FollowUpHandlers::List));
  table.Unary<v1::UpdateFollowUpRuleRequest, v1::FollowUpRule>("UpdateFollowUpRule",
                                                               bind(&FollowUpHandlers::Update));
  table.Unary<v1::ApplyFollowUpRuleRequest, v1::ApplyFollowUpRuleResponse>(
      "ApplyFollowUpRule", bind(&FollowUpHandlers::Apply));
}

absl::Status FollowUpHandlers::Check(const CallContext& call, const v1::FollowUpRule& rule) const {
  std::vector<schema::Violation> violations = CheckSteps(rule);
  CheckAssignment({rule.assignee(), rule.assignee_role()}, call.caller(),
                  *sales_.archive.staff().Get(), *sales_.host.policy().Get(), violations);
  CRM_RETURN_IF_ERROR(record::RefuseIn("rule", std::move(violations), call.language()));
  filter::CompileOptions options = runner_.OptionsAt(call.now());
  options.language = call.language();
  return InRule(runner_.ConditionOf(rule, options).status());
}

absl::StatusOr<v1::FollowUpRule> FollowUpHandlers::Create(
    CallContext& call, const v1::CreateFollowUpRuleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto rules, store_.rules.Fresh(*db));
  StoredRule created{{}, request.rule()};
  if (rules.value->Find(created.message.code()) != nullptr) {
    return Error(absl::StatusCode::kAlreadyExists, "RULE_EXISTS", "there is such a rule")
        .Resource(kType, created.message.code());
  }
  CRM_RETURN_IF_ERROR(Check(call, created.message));
  if (call.validate_only()) return std::move(created.message);
  created.key = store_.table.Create(call.writes(), created.message, record::SourceOf(call));
  FollowUpRules after = *rules.value;
  after.Put(created);
  store_.rules.Change(call, rules, std::move(after));
  return std::move(created.message);
}

absl::StatusOr<v1::FollowUpRule> FollowUpHandlers::Get(CallContext& call,
                                                       const v1::GetFollowUpRuleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto rules, store_.rules.Fresh(*db));
  const StoredRule* found = rules.value->Find(request.rule());
  if (found == nullptr) return NotFound(kType, request.rule());
  return found->message;
}

absl::StatusOr<v1::ListFollowUpRulesResponse> FollowUpHandlers::List(
    CallContext& call, const v1::ListFollowUpRulesRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto rules, store_.rules.Fresh(*db));
  const int size = request.page_size() == 0 ? kDefaultPageSize
                                            : std::min<int>(request.page_size(), kMaxPageSize);
  v1::ListFollowUpRulesResponse response;
  // The token is the code of the last one on the page before.
  const auto& all = rules.value->all();
  for (auto each = all.upper_bound(request.page_token()); each != all.end(); ++each) {
    if (response.rules_size() == size) {
      response.set_next_page_token(response.rules(size - 1).code());
      break;
    }
    *response.add_rules() = each->second.message;
  }
  return response;
}

absl::StatusOr<v1::FollowUpRule> FollowUpHandlers::Update(
    CallContext& call, const v1::UpdateFollowUpRuleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto rules, store_.rules.Fresh(*db));
  const StoredRule* before = rules.value->Find(request.rule().code());
  if (before == nullptr) return NotFound(kType, request.rule().code());
  StoredRule saved = *before;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.rule(), saved.message, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before->key, request.rule().etag(), "rule.etag", written));
  CRM_RETURN_IF_ERROR(Check(call, saved.message));
  if (call.validate_only()) return std::move(saved.message);
  saved.key = store_.table.Change(call.writes(), before->key, before->message, saved.message,
                                  record::SourceOf(call));
  if (saved.key.version == before->key.version) return before->message;
  FollowUpRules after = *rules.value;
  after.Put(saved);
  store_.rules.Change(call, rules, std::move(after));
  return std::move(saved.message);
}

absl::StatusOr<filter::Fragment> FollowUpHandlers::ToApply(
    CallContext& call, const StoredRule& rule, const v1::ApplyFollowUpRuleRequest& request) const {
  filter::CompileOptions options = runner_.OptionsAt(call.now());
  options.language = call.language();
  CRM_ASSIGN_OR_RETURN(filter::Fragment where, runner_.ConditionOf(rule.message, options));
  options.plain_kinds = call.plain_kinds();
  const auto& schema = schema::MessageSchema::Of<v1::Opportunity>();
  CRM_ASSIGN_OR_RETURN(const filter::Fragment listed,
                       filter::CompileFilter(schema, request.filter(), options));
  if (!listed.empty()) where.And({absl::StrCat("(", listed.sql, ")"), listed.values});
  if (!request.opportunities().empty()) {
    const std::vector<std::string> numbers(request.opportunities().begin(),
                                           request.opportunities().end());
    where.And(InNumbers("number", numbers));
  }
  where.And(filter::ScopeCondition(schema, call.scope()));
  where.And(LacksSteps(rule));
  return where;
}

absl::StatusOr<std::vector<StoredOpportunity>> FollowUpHandlers::ReadSome(
    db::Connection& db, const filter::Fragment& where) const {
  const resource::ResourceTable& table = sales_.table.table();
  filter::Fragment select{absl::StrCat("SELECT ", table.Columns(), " FROM opportunity WHERE "), {}};
  select.Append(where);
  select.Append(" ORDER BY id LIMIT ?", kMostInOneCall + 1);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"follow_up_list", select.sql}, select.values));
  std::vector<StoredOpportunity> found(rows.size());
  for (StoredOpportunity& opportunity : found) {
    rows.Next();
    CRM_RETURN_IF_ERROR(table.Read(rows, opportunity.key, opportunity.message));
  }
  return found;
}

absl::StatusOr<v1::ApplyFollowUpRuleResponse> FollowUpHandlers::Apply(
    CallContext& call, const v1::ApplyFollowUpRuleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto rules, store_.rules.Fresh(*db));
  const StoredRule* rule = rules.value->Find(request.rule());
  if (rule == nullptr) return NotFound(kType, request.rule());
  if (rule->message.retired()) {
    return Error(absl::StatusCode::kFailedPrecondition, "RULE_RETIRED",
                 "the rule is applied no more")
        .Precondition("RULE_IN_FORCE", request.rule(), "take it back into use first");
  }
  CRM_ASSIGN_OR_RETURN(const filter::Fragment where, ToApply(call, *rule, request));
  CRM_ASSIGN_OR_RETURN(std::vector<StoredOpportunity> found, ReadSome(*db, where));
  v1::ApplyFollowUpRuleResponse response;
  if (call.validate_only()) {
    CRM_ASSIGN_OR_RETURN(const int64_t total, CountOf(*db, where));
    response.set_total(total);
  }
  response.set_more(found.size() > kMostInOneCall);
  if (response.more()) found.resize(kMostInOneCall);
  std::vector<int64_t> ids;
  for (const StoredOpportunity& each : found) ids.push_back(each.key.id);
  CRM_ASSIGN_OR_RETURN(const auto done, runner_.StepsDone(*db, *rule, ids));
  for (const StoredOpportunity& each : found) {
    response.add_opportunities(each.message.number());
    if (call.validate_only()) continue;
    const auto steps = done.find(each.key.id);
    CRM_ASSIGN_OR_RETURN(
        const int made,
        runner_.Remind(call.writes(), *rule, each,
                       steps != done.end() ? steps->second : FollowUpRunner::Steps(), call.now(),
                       record::SourceOf(call)));
    response.set_reminders(response.reminders() + made);
  }
  call.AfterCommit([this] { sales_.WakeTimers(); });
  return response;
}

}  // namespace crm::sales
