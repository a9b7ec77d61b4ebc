// Sales pipeline and service tickets: what is written all day, and the page that everybody opens.
#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/benchmarks.h"
#include "common/base/status_macros.h"
#include "common/record/times.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "crm/sales/v1/report_service.pb.h"
#include "crm/ticket/v1/ticket_service.pb.h"

namespace crm::bench {
namespace {

namespace sales = crm::sales::v1;
namespace ticket = crm::ticket::v1;
using google::protobuf::Message;

constexpr int kOutstanding = 64;
constexpr int kSysbenchThreads = 8;
constexpr int kAgents = 40;
constexpr int kRepresentatives = 500;
// More stage moves a second than anybody has seen.
constexpr double kMostMoves = 12'000;
constexpr char kOpenWork[] = "status != CLOSED AND status != DONE";

CallKind CreateTickets() {
  return {.method = "/crm.ticket.v1.TicketService/CreateTicket",
          .request = &ticket::CreateTicketRequest::default_instance(),
          .response = &ticket::Ticket::default_instance(),
          .fill = [](absl::BitGen& random, Message& message) {
            auto& request = static_cast<ticket::CreateTicketRequest&>(message);
            const auto any = absl::Uniform<uint64_t>(random);
            ticket::Ticket& made = *request.mutable_ticket();
            made.set_customer(BenchCustomer(any));
            made.set_requester_name("王建国");
            made.set_requester_phone("13800138001");
            made.set_channel("phone");
            made.set_type(any % 3 == 0 ? ticket::TICKET_TYPE_COMPLAINT : ticket::TICKET_TYPE_FAULT);
            made.set_priority(any % 7 == 0 ? ticket::TICKET_PRIORITY_HIGH
                                           : ticket::TICKET_PRIORITY_MEDIUM);
            made.set_subject("打印机无法联网");
            made.set_description("打印机无法联网，重启后依旧。");
            request.set_request_id(absl::StrCat("bench", any));
          }};
}

CallKind WorkListPages() {
  return {.method = "/crm.ticket.v1.TicketService/ListTickets",
          .request = &ticket::ListTicketsRequest::default_instance(),
          .response = &ticket::ListTicketsResponse::default_instance(),
          .fill = [](absl::BitGen&, Message& message) {
            static_cast<ticket::ListTicketsRequest&>(message).set_filter(kOpenWork);
          }};
}

CallKind CreateOpportunities() {
  const auto today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  return {.method = "/crm.sales.v1.OpportunityService/CreateOpportunity",
          .request = &sales::CreateOpportunityRequest::default_instance(),
          .response = &sales::Opportunity::default_instance(),
          .fill = [today](absl::BitGen& random, Message& message) {
            auto& request = static_cast<sales::CreateOpportunityRequest&>(message);
            const auto any = absl::Uniform<uint64_t>(random);
            sales::Opportunity& made = *request.mutable_opportunity();
            made.set_customer(BenchCustomer(any));
            made.set_name("数据平台");
            made.set_owner(absl::StrCat("rep", any % kRepresentatives));
            made.set_amount(absl::StrCat(1000 + any % 1'000'000));
            made.set_expected_close_date(
                absl::FormatCivilTime(today + 1 + static_cast<int64_t>(any % 360)));
            made.set_source_channel(any % 2 == 0 ? "website" : "referral");
            record::SetTime(absl::Now() - absl::Hours(24 * (1 + any % 360)),
                            *made.mutable_lead_time());
            request.set_request_id(absl::StrCat("bench", any));
          }};
}

// Each opportunity once.
absl::StatusOr<CallKind> StageMoves(Bench& bench, FilledService& service) {
  const auto calls =
      static_cast<int64_t>(absl::ToDoubleSeconds(bench.settings().time) * kMostMoves);
  absl::BitGen random;
  const int64_t first =
      absl::Uniform<int64_t>(random, 0, std::max<int64_t>(1, bench.settings().rows - calls));
  CRM_ASSIGN_OR_RETURN(auto found, service.Numbers(first, calls));
  const auto numbers = std::make_shared<const std::vector<std::string>>(std::move(found));
  const auto next = std::make_shared<std::atomic<size_t>>(0);
  return CallKind{.method = "/crm.sales.v1.OpportunityService/AdvanceStage",
                  .request = &sales::AdvanceStageRequest::default_instance(),
                  .response = &sales::Opportunity::default_instance(),
                  .fill = [numbers, next](absl::BitGen& bits, Message& message) {
                    auto& request = static_cast<sales::AdvanceStageRequest&>(message);
                    request.set_opportunity((*numbers)[next->fetch_add(1) % numbers->size()]);
                    request.set_request_id(absl::StrCat("bench", absl::Uniform<uint64_t>(bits)));
                  }};
}

CallKind Funnels(std::function<void(absl::BitGen&, sales::GetFunnelRequest&)> ask) {
  return {.method = "/crm.sales.v1.SalesReportService/GetFunnel",
          .request = &sales::GetFunnelRequest::default_instance(),
          .response = &sales::GetFunnelResponse::default_instance(),
          .fill = [ask = std::move(ask)](absl::BitGen& random, Message& message) {
            ask(random, static_cast<sales::GetFunnelRequest&>(message));
          }};
}

// Of the year to come, by month.
CallKind Forecasts() {
  const auto month = absl::ToCivilMonth(absl::Now(), absl::UTCTimeZone());
  return {.method = "/crm.sales.v1.SalesReportService/GetForecast",
          .request = &sales::GetForecastRequest::default_instance(),
          .response = &sales::GetForecastResponse::default_instance(),
          .fill = [month](absl::BitGen&, Message& message) {
            auto& request = static_cast<sales::GetForecastRequest&>(message);
            request.set_from_month(absl::FormatCivilTime(month));
            request.set_to_month(absl::FormatCivilTime(month + 11));
          }};
}

Filling Tickets() {
  Filling filling = {
      .program = "crm-ticket",
      .name = "ticket",
      .table = "ticket",
      .staff_role = "service_agent",
      .create = CreateTickets,
      .role = "service_manager",
      .copies = {{.name = "ticket",
                  .ids = {"id"},
                  // Closed: what is encrypted in them belongs to the row that it was copied from.
                  .replace = {{"number", "CONCAT(number, '-?')"},
                              {"external_reference", "NULL"},
                              {"status", absl::StrCat(ticket::TICKET_STATUS_CLOSED)},
                              {"due_time", "NULL"}}}},
      .emptied = {"ticket_timer"}};
  for (int i = 0; i < kAgents; ++i) {
    filling.staff.push_back(absl::StrCat("agent", i));
    filling.sql.push_back(
        absl::StrCat("INSERT INTO ticket_agent (user_id, availability, capacity) ",
                     "VALUES ('agent", i, "', 1, 1000000)"));
  }
  return filling;
}

Filling Opportunities() {
  Filling filling = {
      .program = "crm-sales",
      .name = "sales",
      .table = "opportunity",
      .staff_role = "sales_representative",
      .create = CreateOpportunities,
      .role = "data_steward",
      .copies = {{.name = "opportunity",
                  .ids = {"id"},
                  .replace = {{"number", "CONCAT(number, '-?')"}}},
                 {.name = "stage_move", .ids = {"id", "opportunity_id"}, .replace = {}},
                 {.name = "report_journal", .ids = {"id"}, .replace = {}}},
      .sums = {"funnel_cell", "forecast_cell", "follow_up_cell"}};
  for (int i = 0; i < kRepresentatives; ++i) filling.staff.push_back(absl::StrCat("rep", i));
  return filling;
}

absl::StatusOr<Figure> Writes(Bench& bench, FilledService& service, const CallKind& call) {
  CRM_ASSIGN_OR_RETURN(const double yardstick, bench.SysbenchRate("oltp_insert", kSysbenchThreads));
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.LoadOn(service, kOutstanding, call));
  figure.yardstick = yardstick;
  return figure;
}

absl::StatusOr<Figure> Reads(Bench& bench, FilledService& service, const CallKind& call) {
  CRM_ASSIGN_OR_RETURN(const Figure point, bench.FigureOf("archive.get.1"));
  CRM_ASSIGN_OR_RETURN(Figure figure, bench.LoadOn(service, 1, call));
  figure.value = figure.p99_ms;
  figure.yardstick = point.p99_ms;
  return figure;
}

absl::StatusOr<Figure> CreateTicket(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(FilledService * service, bench.Filled(Tickets()));
  return Writes(bench, *service, CreateTickets());
}

absl::StatusOr<Figure> WorkList(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(FilledService * service, bench.Filled(Tickets()));
  return Reads(bench, *service, WorkListPages());
}

absl::StatusOr<Figure> AdvanceStage(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(FilledService * service, bench.Filled(Opportunities()));
  CRM_ASSIGN_OR_RETURN(const CallKind moves, StageMoves(bench, *service));
  return Writes(bench, *service, moves);
}

absl::StatusOr<Figure> Funnel(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(FilledService * service, bench.Filled(Opportunities()));
  return Reads(bench, *service, Funnels([](absl::BitGen&, sales::GetFunnelRequest&) {}));
}

absl::StatusOr<Figure> FunnelOfTeam(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(FilledService * service, bench.Filled(Opportunities()));
  return Reads(bench, *service, Funnels([](absl::BitGen&, sales::GetFunnelRequest& request) {
                 request.set_team(kBenchTeam);
               }));
}

absl::StatusOr<Figure> FunnelOfOwner(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(FilledService * service, bench.Filled(Opportunities()));
  return Reads(bench, *service, Funnels([](absl::BitGen& random, sales::GetFunnelRequest& request) {
                 request.set_owner(absl::StrCat("rep", absl::Uniform(random, 0, kRepresentatives)));
               }));
}

absl::StatusOr<Figure> Forecast(Bench& bench) {
  CRM_ASSIGN_OR_RETURN(FilledService * service, bench.Filled(Opportunities()));
  return Reads(bench, *service, Forecasts());
}

}  // namespace

std::vector<Benchmark> PipelineBenchmarks() {
  using Kind = Target::Kind;
  const std::string insert = "sysbench oltp_insert, 8 threads";
  const std::string point = "p99 of archive.get.1";
  return {
      {{"ticket.create.64", "1/s", insert, {Kind::kAtLeast, 0.35}}, CreateTicket},
      {{"ticket.worklist", "ms", point, {Kind::kAtMost, 10}}, WorkList},
      {{"sales.advance.64", "1/s", insert, {Kind::kAtLeast, 0.35}}, AdvanceStage},
      {{"sales.funnel", "ms", point, {Kind::kAtMost, 10}}, Funnel},
      {{"sales.funnel.team", "ms", point, {Kind::kAtMost, 10}}, FunnelOfTeam},
      {{"sales.funnel.owner", "ms", point, {Kind::kAtMost, 10}}, FunnelOfOwner},
      {{"sales.forecast", "ms", point, {Kind::kAtMost, 10}}, Forecast},
  };
}

}  // namespace crm::bench
