// What the tests of the ticket service share: the service over gRPC on a real database, with or
// without an archive beside it.
#ifndef CRM_SERVICES_TICKET_TICKET_TEST_FIXTURE_H_
#define CRM_SERVICES_TICKET_TICKET_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/record/times.h"
#include "common/testing/expectations.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/staff_service.pb.h"
#include "crm/ticket/v1/sla_service.pb.h"
#include "crm/ticket/v1/ticket_service.pb.h"
#include "services/customer/customer_service.h"
#include "services/ticket/ticket_service.h"

namespace crm::ticket {

using crm::testing::Eventually;
using crm::testing::Metadata;
using crm::testing::Violations;

class TicketTest : public ::testing::Test {
 protected:
  using Adjust = std::function<void(config::ServiceOptions&)>;

  explicit TicketTest(const Adjust& adjust = {})
      : harness_(std::make_unique<testing::ServiceHarness>(Info(), TicketService::Create, adjust)) {
    RenewTokens();
  }

  // Roles beside the usual ones, as in the file of roles.
  static Adjust WithRoles(const std::string& json) {
    return [json](config::ServiceOptions& options) {
      std::ifstream in(options.roles_file);
      const std::string roles(std::istreambuf_iterator<char>(in), {});
      options.roles_file = options.key_file + ".roles";
      std::ofstream(options.roles_file) << absl::StrReplaceAll(
          roles, {{"\"roles\": {", absl::StrCat("\"roles\": {", json, ",")}});
    };
  }

  absl::Time Now() { return harness_->clock().Now(); }
  void SetClock(absl::Time now) {
    harness_->clock().Set(now);
    RenewTokens();
  }
  void Advance(absl::Duration by) { SetClock(Now() + by); }

  // `method`: "TicketService/GetTicket".
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& token, const std::string& method,
                                const Request& request) {
    return harness_->Call<Request, Response>(token, absl::StrCat("crm.ticket.v1.", method),
                                             request);
  }

  static v1::Ticket Fault(v1::TicketPriority priority = v1::TICKET_PRIORITY_HIGH) {
    v1::Ticket ticket;
    ticket.set_requester_name("王建国");
    ticket.set_requester_phone("13800138001");
    ticket.set_channel("phone");
    ticket.set_type(v1::TICKET_TYPE_FAULT);
    ticket.set_priority(priority);
    ticket.set_description("打印机无法联网，重启后依旧。");
    return ticket;
  }
  absl::StatusOr<v1::Ticket> TryOpen(const std::string& token, const v1::Ticket& ticket) {
    v1::CreateTicketRequest request;
    *request.mutable_ticket() = ticket;
    return Call<v1::Ticket>(token, "TicketService/CreateTicket", request);
  }
  v1::Ticket Open(const v1::Ticket& ticket) { return Must(TryOpen(agent_, ticket)); }
  v1::Ticket Open(v1::TicketPriority priority = v1::TICKET_PRIORITY_HIGH) {
    return Open(Fault(priority));
  }

  v1::Ticket Get(const std::string& number) {
    v1::GetTicketRequest request;
    request.set_ticket(number);
    return Must(Call<v1::Ticket>(agent_, "TicketService/GetTicket", request));
  }

  absl::StatusOr<v1::Ticket> TryMove(const std::string& token, const std::string& method,
                                     const std::string& number,
                                     const std::string& measure = "已处理") {
    v1::MoveTicketRequest request;
    request.set_ticket(number);
    request.set_measure(measure);
    return Call<v1::Ticket>(token, absl::StrCat("TicketService/", method), request);
  }
  v1::Ticket Move(const std::string& method, const std::string& number) {
    return Must(TryMove(agent_, method, number));
  }

  absl::StatusOr<v1::Ticket> TryResolve(const std::string& method, const std::string& number,
                                        const std::string& solution = "",
                                        v1::RootCause cause = v1::ROOT_CAUSE_UNSPECIFIED) {
    v1::ResolveTicketRequest request;
    request.set_ticket(number);
    request.set_measure("更换网卡");
    request.set_solution(solution);
    request.set_root_cause(cause);
    return Call<v1::Ticket>(agent_, absl::StrCat("TicketService/", method), request);
  }

  v1::Ticket Say(const std::string& token, const std::string& method, const std::string& number,
                 const std::string& text) {
    v1::RecordTicketMessageRequest request;
    request.set_ticket(number);
    request.set_text(text);
    return Must(Call<v1::Ticket>(token, absl::StrCat("TicketService/", method), request));
  }
  v1::Ticket Reply(const std::string& number) {
    return Say(agent_, "ReplyToCustomer", number, "您好，工程师已在路上。");
  }

  // Opens a ticket and brings it to done.
  std::string OpenDone(const v1::Ticket& ticket) {
    const std::string number = Open(ticket).number();
    Move("TakeTicket", number);
    Must(TryResolve("ProposeSolution", number, "更换网卡", v1::ROOT_CAUSE_PRODUCT_QUALITY));
    Must(TryResolve("CompleteTicket", number));
    return number;
  }
  // Opens a ticket and brings it to closed.
  std::string OpenClosed(const v1::Ticket& ticket) {
    const std::string number = OpenDone(ticket);
    Move("CloseTicket", number);
    return number;
  }

  std::vector<v1::Ticket> List(const std::string& filter) {
    v1::ListTicketsRequest request;
    request.set_filter(filter);
    const auto page =
        Must(Call<v1::ListTicketsResponse>(agent_, "TicketService/ListTickets", request));
    return {page.tickets().begin(), page.tickets().end()};
  }

  int64_t CountRows(const std::string& sql) {
    auto db = harness_->database().pool().Acquire(harness_->database().Deadline());
    auto rows = (*db)->Select({"test_count", sql}, {});
    return rows.ok() && rows->Next() ? rows->Int(0) : -1;
  }

  std::vector<v1::TicketEvent> Events(const std::string& number) {
    v1::ListTicketEventsRequest request;
    request.set_ticket(number);
    const auto page =
        Must(Call<v1::ListTicketEventsResponse>(agent_, "TicketService/ListTicketEvents", request));
    return {page.events().begin(), page.events().end()};
  }

  v1::TicketSla Sla(const std::string& number) {
    v1::GetTicketSlaRequest request;
    request.set_ticket(number);
    return Must(Call<v1::TicketSla>(agent_, "SlaService/GetTicketSla", request));
  }
  v1::SlaReading Clock(const std::string& number, v1::SlaClock clock) {
    const v1::TicketSla sla = Sla(number);
    for (const v1::SlaReading& reading : sla.clocks()) {
      if (reading.clock() == clock) return reading;
    }
    return {};
  }

  v1::SlaConfiguration Configuration() {
    return Must(Call<v1::SlaConfiguration>(manager_, "SlaService/GetSlaConfiguration",
                                           v1::GetSlaConfigurationRequest()));
  }
  absl::StatusOr<v1::SlaConfiguration> Configure(const v1::SlaConfiguration& configuration) {
    v1::UpdateSlaConfigurationRequest request;
    *request.mutable_configuration() = configuration;
    request.set_reason("测试");
    return Call<v1::SlaConfiguration>(manager_, "SlaService/UpdateSlaConfiguration", request);
  }

  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *std::move(value) : T();
  }

  std::unique_ptr<testing::ServiceHarness> harness_;
  std::string agent_;
  std::string other_agent_;
  std::string supervisor_;
  std::string manager_;
  std::string gateway_;

 private:
  // They are good for eight hours.
  void RenewTokens() {
    agent_ = harness_->TokenOf("u-agent", {"service_agent"}, "hotline");
    other_agent_ = harness_->TokenOf("u-other", {"service_agent"}, "hotline");
    supervisor_ = harness_->TokenOf("u-supervisor", {"service_supervisor"}, "hotline");
    manager_ = harness_->TokenOf("u-manager", {"service_manager"}, "hq");
    gateway_ = harness_->TokenOfService("mail-gateway");
  }
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_TEST_FIXTURE_H_
