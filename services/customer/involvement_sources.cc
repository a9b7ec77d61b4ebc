// What the services that people work in tell of it.
#include <string>

#include "common/base/status_macros.h"
#include "common/resource/resource_table.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "crm/ticket/v1/ticket_service.pb.h"
#include "services/customer/involvement_reader.h"

namespace crm::customer {
namespace {

namespace sales = crm::sales::v1;
namespace ticket = crm::ticket::v1;

constexpr char kListTickets[] = "/crm.ticket.v1.TicketService/ListTickets";
constexpr char kListOpportunities[] = "/crm.sales.v1.OpportunityService/ListOpportunities";
constexpr int kPage = 500;

template <typename Message>
std::optional<Involvement> ReadEvent(const crm::event::v1::Event& event) {
  Message message;
  if (!event.payload().UnpackTo(&message) || message.number().empty()) return std::nullopt;
  return InvolvementOf(message, event.version());
}

template <typename Response, typename Request, typename Listed>
absl::StatusOr<WorkSource::Page> ReadList(client::Channel& channel,
                                          const client::CallOptions& options, const char* method,
                                          const Request& request, Listed listed) {
  CRM_ASSIGN_OR_RETURN(const Response response,
                       (channel.Call<Request, Response>(method, request, options)));
  WorkSource::Page page;
  for (const auto& message : listed(response)) {
    CRM_ASSIGN_OR_RETURN(const int64_t version, resource::ParseEtag(message.etag(), "etag"));
    page.open.push_back(InvolvementOf(message, version));
  }
  page.next_page_token = response.next_page_token();
  return page;
}

template <typename Request>
Request ListRequest(const char* filter, const std::string& page_token) {
  Request request;
  request.set_page_size(kPage);
  request.set_page_token(page_token);
  request.set_filter(filter);
  return request;
}

}  // namespace

WorkSource TicketWork() {
  return {.kind = WorkKind::kTicket,
          .service = "ticket",
          .reader = "ticket-involvement",
          .types = {"ticket.created", "ticket.updated", "ticket.imported"},
          .read = ReadEvent<ticket::Ticket>,
          .list = [](client::Channel& channel, const client::CallOptions& options,
                     const std::string& page_token) {
            return ReadList<ticket::ListTicketsResponse>(
                channel, options, kListTickets,
                ListRequest<ticket::ListTicketsRequest>("status != CLOSED", page_token),
                [](const auto& response) -> auto& { return response.tickets(); });
          }};
}

WorkSource OpportunityWork() {
  return {.kind = WorkKind::kOpportunity,
          .service = "sales",
          .reader = "sales-involvement",
          .types = {"opportunity.created", "opportunity.updated"},
          .read = ReadEvent<sales::Opportunity>,
          .list = [](client::Channel& channel, const client::CallOptions& options,
                     const std::string& page_token) {
            return ReadList<sales::ListOpportunitiesResponse>(
                channel, options, kListOpportunities,
                ListRequest<sales::ListOpportunitiesRequest>("stage_kind = OPEN", page_token),
                [](const auto& response) -> auto& { return response.opportunities(); });
          }};
}

}  // namespace crm::customer
