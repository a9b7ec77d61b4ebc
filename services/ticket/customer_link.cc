#include "services/ticket/customer_link.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/error/error.h"
#include "services/ticket/feedback_event.h"
#include "services/ticket/handover.h"

namespace crm::ticket {
namespace {

namespace cv1 = crm::customer::v1;

constexpr char kKnown[] = "the customer is known now / 客户已确认";
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
  SET due_time = ?, attempts = ?
  WHERE ticket_id = ? AND attempts = ?)sql"};
constexpr db::Query kForget{"ticket_link_forget", R"sql(
  DELETE FROM ticket_link
  WHERE ticket_id = ?)sql"};

const db::InsertSpec& LinkSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"ticket_link", {"ticket_id", "due_time", "attempts"}, ""};
  return spec;
}

// All other tickets would fare the same, or most of them.
bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

// Of our own database, not of a ticket or the archive.
bool IsDatabaseAway(const absl::Status& status) {
  switch (db::ClassOf(status)) {
    case db::DbErrorClass::kConnectionLost:
    case db::DbErrorClass::kCommitUnknown:
    case db::DbErrorClass::kTimeout:
    case db::DbErrorClass::kUnavailable:
      return true;
    default:
      return false;
  }
}

absl::Duration PauseAfter(int64_t attempts) {
  return std::min(kFirstPause * (int64_t{1} << std::min(attempts, kMostDoublings)), kLastPause);
}

}  // namespace

std::optional<cv1::Customer> IdentifyAtIntake(Desk& desk, const v1::Ticket& ticket) {
  if (!ticket.customer().empty()) return std::nullopt;
  return desk.search.FindNow(ticket);
}

void SetCustomer(const cv1::Customer& customer, v1::Ticket& ticket) {
  ticket.set_customer(customer.number());
  ticket.set_customer_state(v1::CUSTOMER_STATE_LINKED);
  ticket.set_customer_tier(customer.tier());
  ticket.set_customer_industry(customer.industry());
}

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
  // The archive has just been asked, if it answers.
  writes.Insert(LinkSpec(), {ticket.key.id, now + kFirstPause, 0});
}

job::JobBody CustomerLinkJob::Body() {
  return [this](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(Run(stop));
    return absl::InfiniteFuture();
  };
}

absl::Status CustomerLinkJob::Run(const std::stop_token& stop) {
  CRM_ASSIGN_OR_RETURN(const std::vector<Waiting> due, ReadDue());
  for (const Waiting& waiting : due) {
    if (stop.stop_requested()) break;
    const absl::Status status = Try(waiting);
    // Somebody else has changed the ticket: the next run reads it anew.
    if (status.ok() || absl::IsAborted(status)) continue;
    if (IsDatabaseAway(status)) return status;
    CRM_RETURN_IF_ERROR(PutOff(waiting, status));
    if (IsAway(status)) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<CustomerLinkJob::Waiting>> CustomerLinkJob::ReadDue() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                       desk_.host.pool().Acquire(absl::Now() + kDatabaseTimeout));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db->Select(kDue, {desk_.host.clock().Now(), kBatch}));
  std::vector<Waiting> due;
  while (rows.Next()) due.push_back({rows.Int(0), rows.Int(1)});
  return due;
}

absl::Status CustomerLinkJob::Try(const Waiting& waiting) {
  const absl::Time now = desk_.host.clock().Now();
  const auto& [ticket_id, attempts] = waiting;
  db::WriteSet writes;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                         desk_.host.pool().Acquire(absl::Now() + kDatabaseTimeout));
    CRM_ASSIGN_OR_RETURN(std::optional<StoredTicket> ticket, desk_.store.GetById(*db, ticket_id));
    std::optional<Customer> customer;
    if (ticket.has_value()) {
      CRM_ASSIGN_OR_RETURN(customer, Find(*db, writes, ticket->message));
    }
    if (customer.has_value()) {
      CRM_RETURN_IF_ERROR(Link(*db, writes, *std::move(ticket), *customer, now));
    }
    if (customer.has_value() || !ticket.has_value()) {
      writes.Execute(kForget, {ticket_id});
    } else {
      writes.Execute(kDelay, {now + PauseAfter(attempts), attempts + 1, ticket_id, attempts});
    }
  }
  return Commit(std::move(writes));
}

absl::Status CustomerLinkJob::Link(db::Connection& db, db::WriteSet& writes, StoredTicket ticket,
                                   const Customer& customer, absl::Time now) const {
  CRM_ASSIGN_OR_RETURN(const TicketState state, desk_.WithHistory(db, std::move(ticket)));
  v1::Ticket after = state.ticket.message;
  SetCustomer(customer, after);
  TicketEvents events = {EventOf(v1::TICKET_EVENT_KIND_LINKED)};
  for (v1::TicketEvent& event : FollowPolicy(*state.history.book, kKnown, after)) {
    events.push_back(std::move(event));
  }
  const resource::ChangeSource source{now, kServiceActor, "job"};
  const StoredTicket linked =
      desk_.changes.Change(writes, state, std::move(after), std::move(events), source);
  // Told before, but not whose it was.
  const TicketEvents& told = state.history.events;
  if (linked.message.has_feedback_time()) {
    PublishFeedback(writes, linked, LastEntry(told, v1::TICKET_EVENT_KIND_FEEDBACK_ANSWERED),
                    source);
  }
  if (linked.message.follow_up_state() == v1::FOLLOW_UP_STATE_DONE) {
    PublishFollowUp(writes, linked, LastEntry(told, v1::TICKET_EVENT_KIND_FOLLOWED_UP), source);
  }
  return absl::OkStatus();
}

// While the archive is away the pause stays short: it says nothing about the ticket, unless that
// one alone takes the archive too long, and then the others come before it.
absl::Status CustomerLinkJob::PutOff(const Waiting& waiting, const absl::Status& why) {
  const auto& [ticket_id, attempts] = waiting;
  if (!absl::IsUnavailable(why)) {
    desk_.host.log().Write(log::Level::kError, "a ticket cannot be linked with its customer yet",
                           {{"ticket_id", ticket_id},
                            {"code", absl::StatusCodeToString(why.code())},
                            {"reason", ErrorReason(why)},
                            {"attempts", attempts}});
  }
  const absl::Duration pause = IsAway(why) ? kFirstPause : PauseAfter(attempts);
  const int64_t tried = IsAway(why) ? attempts : attempts + 1;
  db::WriteSet writes;
  writes.Execute(kDelay, {desk_.host.clock().Now() + pause, tried, ticket_id, attempts});
  return Commit(std::move(writes));
}

absl::Status CustomerLinkJob::Commit(db::WriteSet writes) {
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
  return desk_.search.Find(ticket);
}

}  // namespace crm::ticket
