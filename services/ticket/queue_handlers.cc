#include "services/ticket/queue_handlers.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/event/event_log.h"
#include "common/event/node_position.h"
#include "common/event/own_events.h"
#include "common/filter/list_query.h"
#include "common/record/event_payload.h"

namespace crm::ticket {
namespace {

constexpr int kPageSize = 200;

}  // namespace

void QueueHandlers::Register(server::MethodTable& table) {
  table.ServerStream<v1::WatchQueueRequest, v1::WatchQueueResponse>(
      "WatchQueue", [this](CallContext& call, const v1::WatchQueueRequest& request,
                           Writer& writer) { return Watch(call, request, writer); });
}

absl::Status QueueHandlers::Watch(CallContext& call, const v1::WatchQueueRequest& request,
                                  Writer& writer) {
  const QueueSelection selection{.view = request.view(),
                                 .team = request.team(),
                                 .assignee = request.assignee(),
                                 .user = call.caller().id,
                                 .scope = call.scope()};
  QueueWatch watch(selection, [&](const crm::event::v1::Event& event) {
    auto changes = ReadChanges(call, event);
    // Nothing is held while the stream lives.
    call.ReleaseDb();
    return changes;
  });
  int64_t position = request.after_position();
  if (position == 0) {
    CRM_ASSIGN_OR_RETURN(position, SendList(call, selection, watch, writer));
  }
  if (request.list_only() || writer.Cancelled()) return absl::OkStatus();
  return desk_.host.own_events().Stream<v1::WatchQueueResponse>(
      {.after_position = position,
       .types = {"ticket.created", "ticket.imported", "ticket.updated"}},
      writer, [&](const crm::event::v1::Event& event, v1::WatchQueueResponse& message) {
        return watch.Tell(event, message);
      });
}

absl::StatusOr<crm::types::v1::ChangeList> QueueHandlers::ReadChanges(
    CallContext& call, const crm::event::v1::Event& event) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_RETURN_IF_ERROR(event::WaitForPosition(*db, event.position()));
  return ReadTicketChanges(*db, event.subject(), event.version());
}

absl::StatusOr<int64_t> QueueHandlers::SendList(CallContext& call, const QueueSelection& selection,
                                                QueueWatch& watch, Writer& writer) const {
  // Before the list: what changes while it is read comes after it.
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const int64_t position, event::NewestPosition(*db));
  std::string token;
  do {
    v1::WatchQueueResponse page;
    CRM_ASSIGN_OR_RETURN(db, call.Db());
    // Each page may come from another node: what it lacks would come neither with it nor after it.
    CRM_RETURN_IF_ERROR(event::WaitForPosition(*db, position));
    CRM_ASSIGN_OR_RETURN(token, ReadPage(call, *db, selection, token, watch, page));
    // Nothing is held while the client reads.
    call.ReleaseDb();
    if (token.empty()) {
      page.set_list_complete(true);
      page.set_position(position);
    }
    if (!writer.Write(page)) break;
  } while (!token.empty());
  watch.NoteComplete();
  return position;
}

absl::StatusOr<std::string> QueueHandlers::ReadPage(CallContext& call, db::Connection& db,
                                                    const QueueSelection& selection,
                                                    const std::string& token, QueueWatch& watch,
                                                    v1::WatchQueueResponse& page) const {
  const resource::ResourceTable& table = desk_.store.tickets().table();
  const std::string columns = table.Columns();
  filter::CompileOptions options;
  options.keyring = &desk_.host.keyring();
  options.now = call.now();
  options.zone = desk_.host.zone();
  CRM_ASSIGN_OR_RETURN(
      const filter::ListQuery query,
      filter::ListQuery::Make({.schema = table.schema(),
                               .from = "ticket",
                               .columns = columns,
                               .column_count = table.column_count(),
                               .condition = selection.Condition(),
                               .scope = selection.scope},
                              {.page_size = kPageSize, .page_token = token, .order_by = "due_time"},
                              options));
  CRM_ASSIGN_OR_RETURN(filter::ListPage read,
                       query.Run(db, "ticket_queue", [&](const db::Rows& row) {
                         resource::RowKey key;
                         v1::Ticket& ticket = *page.add_tickets();
                         CRM_RETURN_IF_ERROR(table.Read(row, key, ticket));
                         record::ClearConfidential(ticket);
                         watch.NoteListed(ticket.number(), key.version);
                         return absl::OkStatus();
                       }));
  return std::move(read.next_page_token);
}

}  // namespace crm::ticket
