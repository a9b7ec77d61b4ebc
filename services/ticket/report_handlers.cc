#include "services/ticket/report_handlers.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/ticket/problem_report.h"
#include "services/ticket/report_rules.h"

namespace crm::ticket {
namespace {

constexpr int kMaxYears = 5;
constexpr int kMaxProblemMonths = 12;
constexpr int kDefaultProblems = 20;
constexpr int kMaxProblems = 100;

using Builders = std::map<std::string, FigureBuilder>;

template <typename Count>
void AddAll(const std::vector<Count>& counts, Builders& builders) {
  for (const Count& count : counts) builders[count.part].Add(count);
}

absl::Status Backwards(const char* field) {
  return InvalidField(field, "PERIOD_BACKWARDS", "let the period end after it begins");
}

// The whole days of the request.
absl::StatusOr<ReportParts> PeriodOf(const v1::GetTicketReportRequest& request,
                                     absl::TimeZone zone) {
  absl::CivilDay from;
  absl::CivilDay to;
  absl::ParseCivilTime(request.from_date(), &from);
  absl::ParseCivilTime(request.to_date(), &to);
  if (to < from) return Backwards("to_date");
  if (to > absl::CivilDay(from.year() + kMaxYears, from.month(), from.day())) {
    return InvalidField("to_date", "PERIOD_TOO_LONG", "ask for at most five years");
  }
  return ReportParts{.from = absl::FromCivil(from, zone), .to = absl::FromCivil(to + 1, zone)};
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
  CRM_ASSIGN_OR_RETURN(ReportParts period, PeriodOf(request, desk_.host.zone()));
  const ReportFilter filter{.team = request.team(),
                            .assignee = request.assignee(),
                            .type = request.type(),
                            .priority = request.priority(),
                            .tier = request.tier(),
                            .scope = call.scope()};
  v1::GetTicketReportResponse response;
  CRM_ASSIGN_OR_RETURN(*response.mutable_total(), Total(call, filter, period));
  if (request.monthly()) {
    CRM_ASSIGN_OR_RETURN(const auto months, Months(call, filter, period));
    response.mutable_months()->Add(months.begin(), months.end());
  }
  if (request.group_by() != v1::TICKET_REPORT_GROUP_UNSPECIFIED) {
    period.group = request.group_by();
    CRM_ASSIGN_OR_RETURN(const auto groups, Groups(call, filter, period));
    response.mutable_groups()->Add(groups.begin(), groups.end());
  }
  return response;
}

absl::StatusOr<v1::TicketFigures> ReportHandlers::Total(CallContext& call,
                                                        const ReportFilter& filter,
                                                        const ReportParts& whole) const {
  CRM_ASSIGN_OR_RETURN(const std::vector<v1::TicketFigures> all, Groups(call, filter, whole));
  return all.empty() ? FigureBuilder().Build("") : all.front();
}

absl::StatusOr<std::vector<v1::TicketFigures>> ReportHandlers::Groups(
    CallContext& call, const ReportFilter& filter, const ReportParts& parts) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  Builders builders;
  CRM_ASSIGN_OR_RETURN(const auto facts, CountFacts(*db, filter, parts));
  AddAll(facts, builders);
  CRM_ASSIGN_OR_RETURN(const auto clocks, CountClocks(*db, filter, parts, call.now()));
  AddAll(clocks, builders);
  CRM_ASSIGN_OR_RETURN(const auto open,
                       CountOpen(*db, filter, parts, std::min(parts.to, call.now())));
  AddAll(open, builders);
  std::vector<v1::TicketFigures> figures;
  for (const auto& [part, builder] : builders) {
    figures.push_back(builder.Build(GroupName(parts.group, part)));
  }
  std::sort(figures.begin(), figures.end(),
            [](const auto& a, const auto& b) { return a.group() < b.group(); });
  return figures;
}

absl::StatusOr<std::vector<v1::TicketFigures>> ReportHandlers::Months(CallContext& call,
                                                                      const ReportFilter& filter,
                                                                      ReportParts parts) const {
  const absl::TimeZone zone = desk_.host.zone();
  const std::vector<absl::CivilMonth> months = MonthsOf(parts.from, parts.to, zone);
  std::vector<absl::Time> ends;
  for (const absl::CivilMonth month : months) {
    const absl::Time end = absl::FromCivil(month + 1, zone);
    ends.push_back(std::min({end, parts.to, call.now()}));
    if (end < parts.to) parts.bounds.push_back(end);
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  std::vector<FigureBuilder> builders(months.size());
  const auto add = [&](const auto& counts) {
    for (const auto& count : counts) {
      size_t month = 0;
      if (absl::SimpleAtoi(count.part, &month)) builders[month].Add(count);
      if (count.part.empty()) builders.front().Add(count);  // a single month has no bounds
    }
  };
  CRM_ASSIGN_OR_RETURN(const auto facts, CountFacts(*db, filter, parts));
  add(facts);
  CRM_ASSIGN_OR_RETURN(const auto clocks, CountClocks(*db, filter, parts, call.now()));
  add(clocks);
  CRM_ASSIGN_OR_RETURN(const std::vector<int64_t> open, CountOpenAt(*db, filter, ends));
  std::vector<v1::TicketFigures> figures;
  for (size_t i = 0; i < months.size(); ++i) {
    builders[i].SetOpen(open[i]);
    figures.push_back(builders[i].Build(MonthName(months[i])));
  }
  return figures;
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
  const ProblemReport report(*db, desk_.host.keyring(), filter, desk_.host.zone());
  v1::ListFrequentProblemsResponse response;
  for (absl::CivilMonth month = *first; month <= *last; ++month) {
    CRM_ASSIGN_OR_RETURN(*response.add_months(), report.Read(month, limit));
  }
  return response;
}

}  // namespace crm::ticket
