#include "services/ticket/report_handlers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/ticket/problem_report.h"
#include "services/ticket/report_rules.h"
#include "services/ticket/report_store.h"
#include "services/ticket/report_tables.h"

namespace crm::ticket {
namespace {

constexpr int kMaxYears = 5;
constexpr int kMaxProblemMonths = 12;
constexpr int kDefaultProblems = 20;
constexpr int kMaxProblems = 100;

absl::Status Backwards(const char* field) {
  return InvalidField(field, "PERIOD_BACKWARDS", "let the period end after it begins");
}

absl::StatusOr<ReportPeriod> PeriodOf(const v1::GetTicketReportRequest& request,
                                      absl::TimeZone zone, absl::Time now) {
  ReportPeriod period{.zone = zone, .now = now};
  absl::ParseCivilTime(request.from_date(), &period.first);
  absl::ParseCivilTime(request.to_date(), &period.last);
  const absl::CivilDay& from = period.first;
  if (period.last < from) return Backwards("to_date");
  if (period.last > absl::CivilDay(from.year() + kMaxYears, from.month(), from.day())) {
    return InvalidField("to_date", "PERIOD_TOO_LONG", "ask for at most five years");
  }
  period.instants.push_back(std::min(period.to(), now));
  return period;
}

// Adds the instants at which they end.
std::vector<absl::CivilMonth> TakeMonths(ReportPeriod& period) {
  const std::vector<absl::CivilMonth> months = MonthsOf(period.from(), period.to(), period.zone);
  for (const absl::CivilMonth month : months) {
    period.instants.push_back(
        std::min({absl::FromCivil(month + 1, period.zone), period.to(), period.now}));
  }
  return months;
}

}  // namespace

void ReportHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::GetTicketReportRequest, v1::GetTicketReportResponse>(
      "GetTicketReport", bind(&ReportHandlers::Report));
  table.Unary<v1::ListFrequentProblemsRequest, v1::ListFrequentProblemsResponse>(
      "ListFrequentProblems", bind(&ReportHandlers::Problems));
}

absl::StatusOr<v1::GetTicketReportResponse> ReportHandlers::Report(
    CallContext& call, const v1::GetTicketReportRequest& request) {
  CRM_ASSIGN_OR_RETURN(ReportPeriod period, PeriodOf(request, desk_.host.zone(), call.now()));
  const ReportFilter filter{.team = request.team(),
                            .assignee = request.assignee(),
                            .type = request.type(),
                            .priority = request.priority(),
                            .tier = request.tier(),
                            .scope = call.scope()};
  std::vector<absl::CivilMonth> months;
  if (request.monthly()) months = TakeMonths(period);
  ReportTables tables(request.group_by(), std::move(months), period.instants);
  const auto happened = [&](absl::CivilDay day, const Holder& holder, const Tally& tally) {
    tables.Happened(day, holder, tally);
  };
  const auto open = [&](size_t instant, const Holder& holder, const Tally& tally) {
    tables.Open(instant, holder, tally);
  };
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_RETURN_IF_ERROR(ReadReport(*db, filter, period, {happened, open}));
  return tables.Build();
}

absl::StatusOr<v1::ListFrequentProblemsResponse> ReportHandlers::Problems(
    CallContext& call, const v1::ListFrequentProblemsRequest& request) {
  const auto first = ParseMonth(request.from_month());
  const auto last = request.to_month().empty() ? first : ParseMonth(request.to_month());
  if (!first.has_value()) {
    return InvalidField("from_month", "MONTH_INVALID", "write a month as 2026-01");
  }
  if (!last.has_value() || *last < *first) return Backwards("to_month");
  if (*last - *first >= kMaxProblemMonths) {
    return InvalidField("to_month", "PERIOD_TOO_LONG", "ask for at most twelve months");
  }
  const ReportFilter filter{.team = request.team(), .type = request.type(), .scope = call.scope()};
  const size_t limit = static_cast<size_t>(
      request.limit() == 0 ? kDefaultProblems : std::min(request.limit(), kMaxProblems));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  ProblemReport report(*db, desk_.host.keyring(), filter);
  v1::ListFrequentProblemsResponse response;
  for (absl::CivilMonth month = *first; month <= *last; ++month) {
    CRM_ASSIGN_OR_RETURN(*response.add_months(), report.Read(month, limit));
  }
  return response;
}

}  // namespace crm::ticket
