#include "services/ticket/ticket_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/db/query.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/filter/scope.h"
#include "common/record/event_payload.h"
#include "common/record/times.h"
#include "common/schema/message_schema.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr char kSelectEvents[] = R"sql(
  SELECT ticket_id, sequence, time, kind, actor, status, priority, assignee, sla_version,
         sla_policy, rule, level, other_ticket
  FROM ticket_event
  WHERE ticket_id)sql";

constexpr db::Query kExpectUnchanged{"ticket_expect_unchanged", R"sql(
  UPDATE ticket
  SET version = version
  WHERE id = ? AND version = ?)sql"};

v1::TicketEvent ReadEvent(const db::Rows& row) {
  v1::TicketEvent event;
  event.set_sequence(row.Int(1));
  record::SetTime(row.Time(2), *event.mutable_time());
  event.set_kind(static_cast<v1::TicketEventKind>(row.Int(3)));
  event.set_actor(row.String(4));
  event.set_status(static_cast<v1::TicketStatus>(row.Int(5)));
  event.set_priority(static_cast<v1::TicketPriority>(row.Int(6)));
  event.set_assignee(row.String(7));
  event.set_sla_version(row.Int(8));
  event.set_sla_policy(row.String(9));
  event.set_rule(row.String(10));
  event.set_level(row.Int(11));
  event.set_other_ticket(row.String(12));
  return event;
}

// `keys` is not empty and has at most db::kMaxInSize.
filter::Fragment In(db::Values keys) {
  keys.resize(db::PaddedInSize(keys.size()), db::Value(keys.back()));
  filter::Fragment in{" IN (?", std::move(keys)};
  for (size_t i = 1; i < in.values.size(); ++i) in.sql += ", ?";
  in.sql += ")";
  return in;
}

}  // namespace

TicketStore::TicketStore(crypto::Keyring& keyring, IdGenerator& ids)
    : ids_(ids),
      tickets_(v1::Ticket::descriptor(), keyring, ids, "ticket"),
      events_(schema::MessageSchema::Of<v1::TicketEvent>(), keyring, {"ticket_id"}),
      select_(absl::StrCat("SELECT ", tickets_.table().Columns(), " FROM ticket WHERE ")) {}

absl::StatusOr<std::optional<StoredTicket>> TicketStore::Find(db::Connection& db,
                                                              std::string_view name,
                                                              const filter::Fragment& where) const {
  const std::string sql = absl::StrCat(select_, where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({name, sql}, where.values));
  if (!rows.Next()) return std::nullopt;
  StoredTicket ticket;
  CRM_RETURN_IF_ERROR(tickets_.table().Read(rows, ticket.key, ticket.message));
  return ticket;
}

absl::StatusOr<StoredTicket> TicketStore::Get(db::Connection& db, std::string_view number,
                                              const auth::RowScope& scope) const {
  filter::Fragment where{"number = ?", {number}};
  where.And(filter::ScopeCondition(tickets_.table().schema(), scope));
  CRM_ASSIGN_OR_RETURN(std::optional<StoredTicket> found, Find(db, "ticket_by_number", where));
  if (!found.has_value()) return NotFound(kTicketType, number);
  return *std::move(found);
}

absl::StatusOr<std::optional<StoredTicket>> TicketStore::GetById(db::Connection& db,
                                                                 int64_t id) const {
  return Find(db, "ticket_by_id", {"id = ?", {id}});
}

absl::StatusOr<std::vector<StoredTicket>> TicketStore::GetMany(
    db::Connection& db, absl::Span<const std::string> numbers,
    absl::FunctionRef<void(int64_t id, const absl::Status& status)> unreadable) const {
  std::vector<StoredTicket> found;
  while (!numbers.empty()) {
    const auto some = numbers.first(std::min(numbers.size(), db::kMaxInSize));
    const filter::Fragment in = In(db::Values(some.begin(), some.end()));
    const std::string sql = absl::StrCat(select_, "number", in.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"tickets_by_number", sql}, in.values));
    while (rows.Next()) {
      StoredTicket ticket;
      const absl::Status read = tickets_.table().Read(rows, ticket.key, ticket.message);
      if (read.ok()) {
        found.push_back(std::move(ticket));
      } else {
        unreadable(ticket.key.id, read);
      }
    }
    numbers.remove_prefix(some.size());
  }
  return found;
}

absl::StatusOr<std::optional<StoredTicket>> TicketStore::FindByReference(
    db::Connection& db, std::string_view channel, std::string_view external_reference) const {
  return Find(db, "ticket_by_reference",
              {"channel = ? AND external_reference = ?", {channel, external_reference}});
}

resource::RowKey TicketStore::Import(db::WriteSet& writes, v1::Ticket& ticket,
                                     const resource::ChangeSource& source) const {
  const resource::RowKey key{ids_.Next(), 1};
  ticket.set_creator(source.actor);
  ticket.set_last_editor(source.actor);
  record::SetTime(source.time, *ticket.mutable_update_time());
  ticket.set_etag(resource::EtagOf(key.version));
  tickets_.table().Insert(writes, key, ticket);
  v1::Ticket payload = ticket;
  record::ClearConfidential(payload);
  writes.AddEvent(event::MakeEvent({.type = "ticket.imported",
                                    .subject = ticket.number(),
                                    .version = key.version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &payload}));
  return key;
}

void TicketStore::ExpectUnchanged(db::WriteSet& writes, const StoredTicket& ticket) {
  writes.Execute(kExpectUnchanged, {ticket.key.id, ticket.key.version}, db::Expect::kSomeRow);
}

absl::StatusOr<TicketEvents> TicketStore::ReadEvents(db::Connection& db, int64_t ticket_id) {
  const std::string sql = absl::StrCat(kSelectEvents, " = ? ORDER BY sequence");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"ticket_events", sql}, {ticket_id}));
  TicketEvents events;
  events.reserve(rows.size());
  while (rows.Next()) events.push_back(ReadEvent(rows));
  return events;
}

absl::StatusOr<std::map<int64_t, TicketEvents>> TicketStore::ReadEventsOf(
    db::Connection& db, absl::Span<const StoredTicket> tickets) {
  std::map<int64_t, TicketEvents> events;
  while (!tickets.empty()) {
    const auto some = tickets.first(std::min(tickets.size(), db::kMaxInSize));
    db::Values ids;
    for (const StoredTicket& ticket : some) ids.emplace_back(ticket.key.id);
    const filter::Fragment in = In(std::move(ids));
    const std::string sql = absl::StrCat(kSelectEvents, in.sql, " ORDER BY ticket_id, sequence");
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"ticket_events_of_many", sql}, in.values));
    while (rows.Next()) events[rows.Int(0)].push_back(ReadEvent(rows));
    tickets.remove_prefix(some.size());
  }
  return events;
}

absl::StatusOr<TicketEvents> TicketStore::ReadTexts(
    db::Connection& db, int64_t ticket_id,
    const google::protobuf::RepeatedField<int64_t>& sequences) const {
  std::string sql = absl::StrCat("SELECT ", events_.Columns(),
                                 " FROM ticket_event WHERE ticket_id = ? AND sequence IN (NULL");
  db::Values params = {ticket_id};
  for (const int64_t sequence : sequences) {
    absl::StrAppend(&sql, ", ?");
    params.emplace_back(sequence);
  }
  absl::StrAppend(&sql, ") ORDER BY sequence");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"ticket_event_texts", sql}, params));
  TicketEvents events(rows.size());
  for (v1::TicketEvent& event : events) {
    rows.Next();
    resource::RowKey key;
    CRM_RETURN_IF_ERROR(events_.Read(rows, key, event));
  }
  return events;
}

void TicketStore::AddEvent(db::WriteSet& writes, int64_t ticket_id,
                           const v1::TicketEvent& event) const {
  events_.Insert(writes, {ids_.Next(), 1}, event, {ticket_id});
}

}  // namespace crm::ticket
