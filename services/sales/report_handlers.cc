#include "services/sales/report_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/sales/forecast_snapshot.h"
#include "services/sales/report_rules.h"
#include "services/sales/report_store.h"

namespace crm::sales {
namespace {

// Both are ISO and compare as text.
absl::Status CheckPeriod(const std::string& from, const std::string& to, const char* field) {
  if (from.empty() || to.empty() || from <= to) return absl::OkStatus();
  return InvalidField(field, "PERIOD_BACKWARDS", "let the period end after it begins");
}

// The snapshot to read for a day that was asked for; kNow for none.
absl::StatusOr<int> SnapshotOf(db::Connection& db, const std::string& date, const char* field) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(date, &day)) return kNow;
  CRM_ASSIGN_OR_RETURN(const int found, LastSnapshot(db, DayNumber(day)));
  if (found == kNow) {
    return InvalidField(field, "NO_SNAPSHOT", "there is no snapshot of this day or an earlier one");
  }
  return found;
}

std::string DayText(int day) { return day == kNow ? "" : absl::FormatCivilTime(DayOfNumber(day)); }

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
  table.Unary<v1::GetLeadFollowUpRequest, v1::GetLeadFollowUpResponse>(
      "GetLeadFollowUp", bind(&ReportHandlers::LeadFollowUp));
}

template <typename Sum>
std::vector<Sum> ReportHandlers::OfManagers(std::vector<Sum> of_owners) const {
  const auto staff = sales_.archive.staff().Get();
  return ByManager(std::move(of_owners),
                   [&](const std::string& owner) { return staff->SupervisorOf(owner); });
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
  CRM_ASSIGN_OR_RETURN(const int as_of, SnapshotOf(*db, request.as_of(), "as_of"));
  CRM_ASSIGN_OR_RETURN(const int compared, SnapshotOf(*db, request.compare_with(), "compare_with"));
  if (as_of != kNow && compared > as_of) {
    return InvalidField("compare_with", "COMPARED_LATER", "compare with an earlier day");
  }
  CRM_ASSIGN_OR_RETURN(std::vector<v1::ForecastLine> lines,
                       ReadForecast(*db, request, as_of, call.scope()));
  v1::GetForecastResponse response;
  response.set_as_of(DayText(as_of));
  if (compared != kNow) {
    response.set_compared_with(DayText(compared));
    CRM_ASSIGN_OR_RETURN(const std::vector<v1::ForecastLine> earlier,
                         ReadForecast(*db, request, compared, call.scope()));
    const absl::CivilDay today =
        as_of == kNow ? absl::ToCivilDay(call.now(), sales_.zone) : DayOfNumber(as_of);
    lines = CompareForecasts(std::move(lines), earlier, today);
  }
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
  const ClosedPeriod period{from, to, absl::ToCivilDay(call.now(), sales_.zone), sales_.zone};
  CRM_ASSIGN_OR_RETURN(std::vector<ClosedSum> sums, ReadClosed(*db, request, period, call.scope()));
  if (request.group() == v1::WIN_LOSS_GROUP_MANAGER) sums = OfManagers(std::move(sums));
  return BuildWinLoss(sums, request.group());
}

absl::StatusOr<v1::GetLeadFollowUpResponse> ReportHandlers::LeadFollowUp(
    CallContext& call, const v1::GetLeadFollowUpRequest& request) {
  CRM_RETURN_IF_ERROR(CheckPeriod(request.from_month(), request.to_month(), "to_month"));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(std::vector<LeadSum> sums, ReadLeads(*db, request, call.scope()));
  if (request.group() == v1::LEAD_GROUP_MANAGER) sums = OfManagers(std::move(sums));
  return BuildLeadFollowUp(sums);
}

}  // namespace crm::sales
