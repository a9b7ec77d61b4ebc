#include "services/sales/history_handlers.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "common/filter/in_scope.h"
#include "common/record/times.h"
#include "services/sales/history_references.h"
#include "services/sales/opportunity_batch.h"

namespace crm::sales {
namespace {

using schema::Violation;

// System and number there.
using External = std::pair<std::string, std::string>;

External ExternalOf(const v1::HistoricOpportunity& row) {
  return {row.source_system(), row.external_number()};
}

void Refuse(const std::vector<Violation>& violations, schema::Language language,
            v1::HistoricOutcome& outcome) {
  outcome.set_state(v1::HistoricOutcome::STATE_REFUSED);
  for (const Violation& violation : violations) {
    v1::HistoricProblem& problem = *outcome.add_problems();
    problem.set_field(violation.field);
    problem.set_rule(violation.rule);
    problem.set_mend(language == schema::Language::kChinese ? violation.mend_zh
                                                            : violation.mend_en);
  }
}

absl::Status FindOfSystem(db::Connection& db, const std::string& system,
                          absl::Span<const std::string> numbers, const auth::RowScope& scope,
                          std::map<External, std::string>& found) {
  filter::Fragment query{
      "SELECT external_number, number, owner, team FROM opportunity WHERE source_system = ?",
      {system}};
  query.And(InNumbers("external_number", numbers));
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db.Select({"opportunity_by_external", query.sql}, query.values));
  while (rows.Next()) {
    v1::Opportunity existing;
    existing.set_owner(rows.String(2));
    existing.set_team(rows.String(3));
    found[{system, rows.String(0)}] = filter::InScope(existing, scope) ? rows.String(1) : "";
  }
  return absl::OkStatus();
}

// Numbers of those that are there already; empty for those of others.
absl::StatusOr<std::map<External, std::string>> FindExisting(
    db::Connection& db, const std::vector<v1::HistoricOpportunity>& rows,
    const auth::RowScope& scope) {
  std::map<std::string, std::vector<std::string>> by_system;
  for (const v1::HistoricOpportunity& row : rows) {
    if (row.source_system().empty() || row.external_number().empty()) continue;
    by_system[row.source_system()].push_back(row.external_number());
  }
  std::map<External, std::string> found;
  for (const auto& [system, numbers] : by_system) {
    CRM_RETURN_IF_ERROR(FindOfSystem(db, system, numbers, scope, found));
  }
  return found;
}

// What becomes of each row of one call.
class Decision {
 public:
  Decision(const server::CallContext& call, const v1::ImportOpportunitiesRequest& request,
           const Pipelines& pipelines, const HistoryReferences& references, absl::TimeZone zone)
      : scope_(call.scope()),
        pipeline_(request.pipeline()),
        pipelines_(pipelines),
        references_(references),
        rules_{.now = call.now(),
               .zone = zone,
               .missing = request.missing(),
               .actor = call.caller().id} {}

  // `violations`: what is known to be wrong with it.
  TakenOver On(v1::HistoricOpportunity& row, std::vector<Violation> violations) {
    references_.Resolve(row, violations);
    TakenOver taken = TakeOver(row, PipelineOf(row), rules_);
    if (!filter::InScope(taken.opportunity, scope_)) {
      violations.push_back({"owner", "OWNER_OUT_OF_SCOPE",
                            "use an owner or a team within your own scope", "超出您的权限范围"});
    }
    violations.insert(violations.end(), taken.violations.begin(), taken.violations.end());
    if (violations.empty() && !seen_.insert(ExternalOf(row)).second) {
      violations.push_back(
          {"external_number", "DUPLICATE_IN_CALL", "send each opportunity once", "同一批中重复"});
    }
    taken.violations = std::move(violations);
    return taken;
  }

 private:
  const v1::Pipeline& PipelineOf(const v1::HistoricOpportunity& row) const {
    if (pipeline_.empty()) return pipelines_.ForTeam(row.team());
    return pipelines_.Find(pipeline_)->message;
  }

  const auth::RowScope& scope_;
  const std::string& pipeline_;
  const Pipelines& pipelines_;
  const HistoryReferences& references_;
  const HistoryRules rules_;
  std::set<External> seen_;
};

}  // namespace

void HistoryHandlers::Register(server::MethodTable& table) {
  table.Unary<v1::ImportOpportunitiesRequest, v1::ImportOpportunitiesResponse>(
      "ImportOpportunities",
      [this](CallContext& call, const v1::ImportOpportunitiesRequest& request) {
        return Import(call, request);
      });
}

absl::StatusOr<v1::ImportOpportunitiesResponse> HistoryHandlers::Import(
    CallContext& call, const v1::ImportOpportunitiesRequest& request) {
  const auto pipelines = sales_.pipelines.Get();
  if (!request.pipeline().empty() && pipelines->Find(request.pipeline()) == nullptr) {
    return NotFound("crm.sales.v1.Pipeline", request.pipeline());
  }
  std::vector<v1::HistoricOpportunity> rows(request.rows().begin(), request.rows().end());
  std::vector<std::vector<Violation>> violations;
  for (v1::HistoricOpportunity& row : rows) {
    violations.push_back(schema::NormalizeResource(row, call.now()));
    for (Violation& each : CheckIdentified(row)) violations.back().push_back(std::move(each));
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  HistoryReferences references(sales_, *policy_.Get(), call.caller());
  CRM_RETURN_IF_ERROR(references.Load(*db, rows, call.writes()));
  CRM_ASSIGN_OR_RETURN(const auto existing, FindExisting(*db, rows, call.scope()));
  if (!call.validate_only()) {
    CRM_RETURN_IF_ERROR(sales_.numbers.Prepare(call.now(), request.rows_size()));
  }
  Decision decision(call, request, *pipelines, references, sales_.zone);
  v1::ImportOpportunitiesResponse response;
  for (size_t i = 0; i < rows.size(); ++i) {
    v1::HistoricOutcome& outcome = *response.add_outcomes();
    outcome.set_line(rows[i].line());
    if (const auto known = existing.find(ExternalOf(rows[i])); known != existing.end()) {
      outcome.set_state(v1::HistoricOutcome::STATE_EXISTS);
      outcome.set_opportunity(known->second);
      continue;
    }
    const TakenOver taken = decision.On(rows[i], std::move(violations[i]));
    if (taken.violations.empty()) {
      CRM_RETURN_IF_ERROR(Write(call, taken, outcome));
    } else {
      Refuse(taken.violations, call.language(), outcome);
    }
  }
  return response;
}

absl::Status HistoryHandlers::Write(CallContext& call, const TakenOver& taken,
                                    v1::HistoricOutcome& outcome) {
  outcome.set_state(v1::HistoricOutcome::STATE_IMPORTED);
  if (call.validate_only()) return absl::OkStatus();
  v1::Opportunity opportunity = taken.opportunity;
  CRM_ASSIGN_OR_RETURN(std::string number, sales_.numbers.Next(call.now()));
  opportunity.set_number(std::move(number));
  const resource::ChangeSource source{call.now(), call.caller().id, "import"};
  const StoredOpportunity created = sales_.Create(call.writes(), std::move(opportunity), source);
  sales_.history.AddPast(call.writes(), created.key.id, taken.moves);
  for (const v1::StageMove& move : taken.moves) {
    if (!move.has_leave_time()) continue;
    sales_.journal.AddStay(call.writes(), created.message,
                           {.stage = move.stage(),
                            .enter = record::TimeOf(move.enter_time()),
                            .leave = record::TimeOf(move.leave_time())});
  }
  outcome.set_opportunity(created.message.number());
  return absl::OkStatus();
}

}  // namespace crm::sales
