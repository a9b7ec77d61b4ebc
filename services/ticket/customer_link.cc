#include "services/ticket/customer_link.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "services/ticket/feedback_event.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

namespace cv1 = crm::customer::v1;

constexpr char kSearch[] = "/crm.customer.v1.CustomerService/SearchCustomers";
constexpr absl::Duration kSearchTimeout = absl::Seconds(5);
constexpr absl::Duration kDatabaseTimeout = absl::Seconds(10);
constexpr absl::Duration kFirstPause = absl::Seconds(10);
constexpr absl::Duration kLastPause = absl::Minutes(10);
constexpr int64_t kMostDoublings = 6;
constexpr int kBatch = 50;

constexpr db::Query kDue{"ticket_links_due", R"sql(
  SELECT ticket_id, attempts
  FROM ticket_link
  WHERE due_time <= ?
  ORDER BY due_time
  LIMIT ?)sql"};
constexpr db::Query kDelay{"ticket_link_delay", R"sql(
  UPDATE ticket_link
  SET due_time = ?, attempts = attempts + 1
  WHERE ticket_id = ? AND attempts = ?)sql"};
constexpr db::Query kForget{"ticket_link_forget", R"sql(
  DELETE FROM ticket_link
  WHERE ticket_id = ?)sql"};

const db::InsertSpec& LinkSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"ticket_link", {"ticket_id", "due_time", "attempts"}, ""};
  return spec;
}

void SetCustomer(const cv1::Customer& customer, v1::Ticket& ticket) {
  ticket.set_customer(customer.number());
  ticket.set_customer_state(v1::CUSTOMER_STATE_LINKED);
  ticket.set_customer_tier(customer.tier());
  ticket.set_customer_industry(customer.industry());
}

// All other tickets would fare the same.
bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

}  // namespace

absl::Status LinkAtIntake(const Desk& desk, db::Connection& db, db::WriteSet& writes,
                          v1::Ticket& ticket) {
  if (ticket.customer().empty()) {
    ticket.set_customer_state(v1::CUSTOMER_STATE_UNKNOWN);
    return absl::OkStatus();
  }
  const absl::StatusOr<cv1::Customer> customer =
      desk.archive.customers().Get(db, ticket.customer(), writes);
  if (customer.ok()) {
    SetCustomer(*customer, ticket);
    return absl::OkStatus();
  }
  if (absl::IsNotFound(customer.status())) return customer.status();
  ticket.set_customer_state(v1::CUSTOMER_STATE_UNVERIFIED);
  return absl::OkStatus();
}

void LinkLater(db::WriteSet& writes, const StoredTicket& ticket, absl::Time now) {
  if (ticket.message.customer_state() == v1::CUSTOMER_STATE_LINKED) return;
  writes.Insert(LinkSpec(), {ticket.key.id, now, 0});
}

job::JobBody CustomerLinkJob::Body() {
  return [this](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(Run(stop));
    return absl::InfiniteFuture();
  };
}

absl::Status CustomerLinkJob::Run(const std::stop_token& stop) {
  std::vector<Waiting> due;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                         desk_.host.pool().Acquire(absl::Now() + kDatabaseTimeout));
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db->Select(kDue, {desk_.host.clock().Now(), kBatch}));
    while (rows.Next()) due.push_back({rows.Int(0), rows.Int(1)});
  }
  for (const Waiting& waiting : due) {
    if (stop.stop_requested()) break;
    const absl::Status status = Try(waiting);
    if (IsAway(status)) break;
    if (!status.ok() && db::ClassOf(status) != db::DbErrorClass::kWriteConflict) return status;
  }
  return absl::OkStatus();
}

absl::Status CustomerLinkJob::Try(const Waiting& waiting) {
  const absl::Time now = desk_.host.clock().Now();
  db::WriteSet writes;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                         desk_.host.pool().Acquire(absl::Now() + kDatabaseTimeout));
    CRM_ASSIGN_OR_RETURN(std::optional<StoredTicket> ticket,
                         desk_.store.GetById(*db, waiting.ticket_id));
    if (!ticket.has_value()) return absl::OkStatus();
    CRM_ASSIGN_OR_RETURN(const std::optional<Customer> customer,
                         Find(*db, writes, ticket->message));
    if (customer.has_value()) {
      CRM_ASSIGN_OR_RETURN(const TicketState state, desk_.WithHistory(*db, *std::move(ticket)));
      v1::Ticket after = state.ticket.message;
      SetCustomer(*customer, after);
      const resource::ChangeSource source{now, "crm-ticket", "job"};
      const StoredTicket linked = desk_.changes.Change(
          writes, state, std::move(after), {EventOf(v1::TICKET_EVENT_KIND_LINKED)}, source);
      // Told before, but not whose it was.
      if (linked.message.has_feedback_time()) PublishFeedback(writes, linked, source);
      if (linked.message.follow_up_state() == v1::FOLLOW_UP_STATE_DONE) {
        PublishFollowUp(writes, linked, source);
      }
      writes.Execute(kForget, {waiting.ticket_id});
    } else {
      const absl::Duration pause =
          kFirstPause * (int64_t{1} << std::min(waiting.attempts, kMostDoublings));
      writes.Execute(kDelay,
                     {now + std::min(pause, kLastPause), waiting.ticket_id, waiting.attempts});
    }
  }
  return desk_.host.committer().Commit(std::move(writes), absl::Now() + kDatabaseTimeout);
}

absl::StatusOr<std::optional<CustomerLinkJob::Customer>> CustomerLinkJob::Find(
    db::Connection& db, db::WriteSet& writes, const v1::Ticket& ticket) const {
  if (!ticket.customer().empty()) {
    absl::StatusOr<Customer> customer =
        desk_.archive.customers().Get(db, ticket.customer(), writes);
    if (customer.ok()) return *std::move(customer);
    if (!absl::IsNotFound(customer.status())) return customer.status();
  }
  for (const std::string& identity : {ticket.requester_phone(), ticket.requester_email()}) {
    if (identity.empty()) continue;
    CRM_ASSIGN_OR_RETURN(std::optional<Customer> customer, Search(identity));
    if (customer.has_value()) return customer;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<CustomerLinkJob::Customer>> CustomerLinkJob::Search(
    const std::string& identity) const {
  runtime::Peers& peers = desk_.host.peers();
  CRM_ASSIGN_OR_RETURN(client::Channel* const archive, peers.Find("customer"));
  cv1::SearchCustomersRequest request;
  request.set_query(identity);
  request.set_page_size(2);
  CRM_ASSIGN_OR_RETURN(cv1::SearchCustomersResponse found,
                       (archive->Call<cv1::SearchCustomersRequest, cv1::SearchCustomersResponse>(
                           kSearch, request, peers.Options(kSearchTimeout))));
  if (found.hits_size() != 1) return std::nullopt;
  return std::move(*found.mutable_hits(0)->mutable_customer());
}

}  // namespace crm::ticket
