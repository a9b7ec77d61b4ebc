#include "services/ticket/merge_rules.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

absl::Status Closed(const v1::Ticket& ticket) {
  return Error(absl::StatusCode::kFailedPrecondition, "TICKET_CLOSED",
               "the ticket is over; reopen it first")
      .Resource(kTicketType, ticket.number());
}

bool IsMessage(v1::TicketEventKind kind) {
  return kind == v1::TICKET_EVENT_KIND_AGENT_REPLIED ||
         kind == v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED || kind == v1::TICKET_EVENT_KIND_NOTED ||
         kind == v1::TICKET_EVENT_KIND_CARRIED_OVER;
}

}  // namespace

absl::Status CheckAlive(const v1::Ticket& ticket) {
  CRM_RETURN_IF_ERROR(CheckNotMerged(ticket));
  return ticket.status() == v1::TICKET_STATUS_CLOSED ? Closed(ticket) : absl::OkStatus();
}

absl::Status CheckMerge(const v1::Ticket& survivor, const v1::Ticket& duplicate) {
  CRM_RETURN_IF_ERROR(CheckNotMerged(survivor));
  // An overdue request would disappear with one that is done.
  if (!IsOpen(survivor.status())) return Closed(survivor);
  CRM_RETURN_IF_ERROR(CheckNotMerged(duplicate));
  if (!IsOpen(duplicate.status())) return Closed(duplicate);
  const bool both_known = !survivor.customer().empty() && !duplicate.customer().empty();
  if (!both_known || survivor.customer() == duplicate.customer()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "CUSTOMERS_DIFFER",
               "the tickets are of different customers")
      .Resource(kTicketType, duplicate.number());
}

std::vector<schema::Violation> CheckMergeRequest(const v1::MergeTicketsRequest& request) {
  std::vector<schema::Violation> violations;
  std::set<std::string> seen;
  for (int i = 0; i < request.duplicates_size(); ++i) {
    const std::string& number = request.duplicates(i).ticket();
    const std::string field = absl::StrCat("duplicates[", i, "].ticket");
    if (number == request.survivor()) {
      violations.push_back({field, "DUPLICATE_IS_SURVIVOR",
                            "name tickets other than the one that goes on", "不能与自身合并"});
    } else if (!seen.insert(number).second) {
      violations.push_back({field, "DUPLICATE_TWICE", "name each ticket once", "工单重复"});
    }
  }
  return violations;
}

std::vector<schema::Violation> CheckEntries(const v1::SplitTicketRequest& request,
                                            const TicketEvents& events) {
  std::vector<schema::Violation> violations;
  for (int i = 0; i < request.entries_size(); ++i) {
    const auto found = std::find_if(
        events.begin(), events.end(),
        [&](const v1::TicketEvent& event) { return event.sequence() == request.entries(i); });
    const std::string field = absl::StrCat("entries[", i, "]");
    if (found == events.end()) {
      violations.push_back({field, "ENTRY_UNKNOWN",
                            "use the sequence of an entry of the ticket's history", "记录不存在"});
    } else if (!IsMessage(found->kind())) {
      violations.push_back({field, "NOT_A_MESSAGE", "only replies and notes go to another ticket",
                            "只能拆分回复和备注"});
    }
  }
  return violations;
}

}  // namespace crm::ticket
