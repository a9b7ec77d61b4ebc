#include "services/sales/report_handlers.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/sales/report_rules.h"
#include "services/sales/report_store.h"

namespace crm::sales {
namespace {

// Both are ISO and compare as text.
absl::Status CheckPeriod(const std::string& from, const std::string& to, const char* field) {
  if (from.empty() || to.empty() || from <= to) return absl::OkStatus();
  return InvalidField(field, "PERIOD_BACKWARDS", "let the period end after it begins");
}

}  // namespace

void ReportHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::GetFunnelRequest, v1::GetFunnelResponse>("GetFunnel",
                                                           bind(&ReportHandlers::Funnel));
  table.Unary<v1::GetForecastRequest, v1::GetForecastResponse>("GetForecast",
                                                               bind(&ReportHandlers::Forecast));
  table.Unary<v1::GetWinLossRequest, v1::GetWinLossResponse>("GetWinLoss",
                                                             bind(&ReportHandlers::WinLoss));
}

absl::StatusOr<v1::GetFunnelResponse> ReportHandlers::Funnel(CallContext& call,
                                                             v1::GetFunnelRequest request) {
  CRM_RETURN_IF_ERROR(CheckPeriod(request.from_month(), request.to_month(), "to_month"));
  if (request.pipeline().empty()) request.set_pipeline(kDefaultPipeline);
  const auto pipelines = sales_.pipelines.Get();
  const StoredPipeline* pipeline = pipelines->Find(request.pipeline());
  if (pipeline == nullptr) return NotFound("crm.sales.v1.Pipeline", request.pipeline());
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<FunnelCell> cells,
                       ReadFunnelCells(*db, request, call.scope()));
  v1::GetFunnelResponse response;
  *response.mutable_funnel() = BuildFunnel(pipeline->message, cells, call.language());
  if (!request.by_lead_month()) return response;
  for (v1::Funnel& cohort : BuildCohorts(pipeline->message, cells, call.language())) {
    *response.add_cohorts() = std::move(cohort);
  }
  return response;
}

absl::StatusOr<v1::GetForecastResponse> ReportHandlers::Forecast(
    CallContext& call, const v1::GetForecastRequest& request) {
  CRM_RETURN_IF_ERROR(CheckPeriod(request.from_month(), request.to_month(), "to_month"));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(std::vector<v1::ForecastLine> lines,
                       ReadForecast(*db, request, call.scope()));
  v1::GetForecastResponse response;
  for (v1::ForecastLine& line : lines) *response.add_lines() = std::move(line);
  return response;
}

absl::StatusOr<v1::GetWinLossResponse> ReportHandlers::WinLoss(
    CallContext& call, const v1::GetWinLossRequest& request) {
  CRM_RETURN_IF_ERROR(CheckPeriod(request.from_date(), request.to_date(), "to_date"));
  absl::CivilDay from;
  absl::CivilDay to;
  absl::ParseCivilTime(request.from_date(), &from);
  absl::ParseCivilTime(request.to_date(), &to);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<ClosedSum> sums,
                       ReadClosed(*db, request, absl::FromCivil(from, sales_.zone),
                                  absl::FromCivil(to + 1, sales_.zone), call.scope()));
  return BuildWinLoss(sums, request.group());
}

}  // namespace crm::sales
