#include "services/ticket/import_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/record/times.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

using google::protobuf::Timestamp;

// What a row says of where the ticket stood.
struct Step {
  absl::Time time;
  v1::TicketStatus status = v1::TICKET_STATUS_UNSPECIFIED;
  std::string actor;
  std::string measure;
};

v1::TicketStatus FirstStatus(const v1::HistoricTicket& row) {
  return row.assignee().empty() ? v1::TICKET_STATUS_UNASSIGNED : v1::TICKET_STATUS_IN_PROGRESS;
}

std::vector<Step> MovesOf(const v1::HistoricTicket& row) {
  std::vector<Step> moves;
  for (const v1::HistoricMove& move : row.moves()) {
    moves.push_back({record::TimeOf(move.time()), move.status(), move.actor(), move.measure()});
  }
  if (row.has_done_time()) {
    moves.push_back({record::TimeOf(row.done_time()), v1::TICKET_STATUS_DONE, "", ""});
  }
  if (row.has_close_time()) {
    moves.push_back({record::TimeOf(row.close_time()), v1::TICKET_STATUS_CLOSED, "", ""});
  }
  return moves;
}

bool IsOver(v1::TicketStatus status) { return !IsOpen(status); }

class Checker {
 public:
  Checker(const v1::HistoricTicket& row, absl::Time now)
      : row_(row), now_(now), opened_(record::TimeOf(row.open_time())) {}

  std::vector<schema::Violation> Check() && {
    if (row_.customer().empty() && row_.requester_phone().empty() &&
        row_.requester_email().empty()) {
      Add("customer", "REQUESTER_MISSING",
          "give the customer's number, or the phone or email of whoever asked",
          "请填写客户编号，或来访人的电话、邮箱");
    }
    CheckFuture("open_time", opened_);
    if (row_.has_first_response_time())
      CheckTime("first_response_time", row_.first_response_time());
    if (row_.has_done_time()) CheckTime("done_time", row_.done_time());
    if (row_.has_close_time()) CheckTime("close_time", row_.close_time());
    for (int i = 0; i < row_.messages_size(); ++i) {
      CheckTime(absl::StrCat("messages[", i, "].time"), row_.messages(i).time());
    }
    CheckMoves();
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string rule, std::string en, std::string zh) {
    violations_.push_back({std::move(field), std::move(rule), std::move(en), std::move(zh)});
  }

  void CheckFuture(std::string field, absl::Time time) {
    if (time <= now_ + kMaxAhead) return;
    Add(std::move(field), "TIME_IN_FUTURE", "history lies in the past", "时间不能晚于现在");
  }

  void CheckTime(std::string field, const Timestamp& stamp) {
    const absl::Time time = record::TimeOf(stamp);
    if (time < opened_) {
      return Add(std::move(field), "TIME_BEFORE_OPENING", "nothing happens before the opening",
                 "时间不能早于创建时间");
    }
    CheckFuture(std::move(field), time);
  }

  void CheckMoves() {
    absl::Time last = opened_;
    for (int i = 0; i < row_.moves_size(); ++i) {
      const std::string field = absl::StrCat("moves[", i, "].time");
      CheckTime(field, row_.moves(i).time());
      const absl::Time time = record::TimeOf(row_.moves(i).time());
      if (time < last) Add(field, "TIME_ORDER", "give moves in their order", "时间顺序有误");
      last = std::max(last, time);
    }
    if (row_.moves_size() > 0 && (row_.has_done_time() || row_.has_close_time())) {
      Add("moves", "MOVES_OR_TIMES", "give moves, or `done_time` and `close_time`",
          "状态流转与解决、关闭时间只能填写一种");
    }
    if (row_.has_done_time() && row_.has_close_time() &&
        record::TimeOf(row_.close_time()) < record::TimeOf(row_.done_time())) {
      Add("close_time", "TIME_ORDER", "it is closed after it is done", "关闭时间不能早于解决时间");
    }
    const std::vector<Step> moves = MovesOf(row_);
    const bool over = !moves.empty() && IsOver(moves.back().status);
    if (row_.satisfaction() > 0 && !over) {
      Add("satisfaction", "NOT_DONE", "only of a ticket that is done", "未办结的工单没有满意度");
    }
  }

  const v1::HistoricTicket& row_;
  const absl::Time now_;
  const absl::Time opened_;
  std::vector<schema::Violation> violations_;
};

v1::TicketEventKind KindOf(v1::HistoricMessageKind kind) {
  switch (kind) {
    case v1::HISTORIC_MESSAGE_KIND_AGENT_REPLIED:
      return v1::TICKET_EVENT_KIND_AGENT_REPLIED;
    case v1::HISTORIC_MESSAGE_KIND_CUSTOMER_REPLIED:
      return v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED;
    case v1::HISTORIC_MESSAGE_KIND_ARRIVED:
      return v1::TICKET_EVENT_KIND_ARRIVED_ON_SITE;
    default:
      return v1::TICKET_EVENT_KIND_NOTED;
  }
}

void SetOver(const std::vector<Step>& moves, v1::Ticket& ticket) {
  v1::TicketStatus status = ticket.status();
  for (const Step& move : moves) {
    const bool back = move.status != status &&
                      (IsOver(status) || status == v1::TICKET_STATUS_TO_BE_CONFIRMED) &&
                      IsOpen(move.status) && move.status != v1::TICKET_STATUS_TO_BE_CONFIRMED;
    if (back) {
      ticket.set_reopen_count(ticket.reopen_count() + 1);
      ticket.clear_done_time();
      ticket.clear_close_time();
    }
    if (IsOver(move.status) && !ticket.has_done_time()) {
      record::SetTime(move.time, *ticket.mutable_done_time());
    }
    if (move.status == v1::TICKET_STATUS_CLOSED) {
      record::SetTime(move.time, *ticket.mutable_close_time());
    }
    if (!move.measure.empty()) ticket.set_last_measure(move.measure);
    status = move.status;
  }
  ticket.set_status(status);
}

}  // namespace

std::vector<schema::Violation> CheckHistoric(const v1::HistoricTicket& row, absl::Time now) {
  return Checker(row, now).Check();
}

v1::Ticket TicketOf(const v1::HistoricTicket& row, absl::Time now) {
  v1::Ticket ticket;
  ticket.set_customer(row.customer());
  ticket.set_requester_name(row.requester_name());
  ticket.set_requester_phone(row.requester_phone());
  ticket.set_requester_email(row.requester_email());
  ticket.set_channel(row.channel());
  ticket.set_external_reference(row.external_reference());
  ticket.set_type(row.type());
  ticket.set_priority(row.priority());
  ticket.set_subject(row.subject());
  ticket.set_description(row.description());
  ticket.set_category(row.category());
  ticket.set_assignee(row.assignee());
  ticket.set_team(row.team());
  ticket.set_solution(row.solution());
  ticket.set_root_cause(row.root_cause());
  ticket.set_status(FirstStatus(row));
  const std::vector<Step> moves = MovesOf(row);
  SetOver(moves, ticket);
  if (row.satisfaction() > 0) {
    ticket.set_satisfaction(row.satisfaction());
    ticket.set_feedback_state(v1::FEEDBACK_STATE_ANSWERED);
    record::SetTime(moves.back().time, *ticket.mutable_feedback_time());
  }
  record::SetTime(now, *ticket.mutable_import_time());
  *ticket.mutable_create_time() = row.open_time();
  return ticket;
}

TicketEvents HistoryOf(const v1::HistoricTicket& row, const v1::Ticket& ticket, absl::Time now) {
  TicketEvents events;
  const auto add = [&](v1::TicketEvent event, absl::Time time, const std::string& actor) {
    // What an older system dates a little ahead is not later than the import.
    record::SetTime(std::min(time, now), *event.mutable_time());
    event.set_actor(actor.empty() ? row.assignee() : actor);
    events.push_back(std::move(event));
  };
  v1::TicketEvent opened = OpenedEvent(ticket);
  opened.set_status(FirstStatus(row));
  const absl::Time open_time = record::TimeOf(row.open_time());
  add(std::move(opened), open_time, "");
  if (!row.assignee().empty()) add(AssignedEvent(row.assignee(), ""), open_time, "");
  if (row.has_first_response_time()) {
    add(EventOf(v1::TICKET_EVENT_KIND_AGENT_REPLIED), record::TimeOf(row.first_response_time()),
        "");
  }
  for (const v1::HistoricMessage& message : row.messages()) {
    add(EventOf(KindOf(message.kind()), message.text()), record::TimeOf(message.time()),
        message.actor());
  }
  for (const Step& move : MovesOf(row)) {
    add(StatusEvent(move.status, move.measure), move.time, move.actor);
  }
  if (ticket.has_satisfaction()) {
    v1::TicketEvent answer = EventOf(v1::TICKET_EVENT_KIND_FEEDBACK_ANSWERED);
    answer.set_satisfaction(ticket.satisfaction());
    add(std::move(answer), record::TimeOf(ticket.feedback_time()), "");
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const v1::TicketEvent& a, const v1::TicketEvent& b) {
                     return record::TimeOf(a.time()) < record::TimeOf(b.time());
                   });
  add(EventOf(v1::TICKET_EVENT_KIND_IMPORTED), now, "");
  return events;
}

}  // namespace crm::ticket
