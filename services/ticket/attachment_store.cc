#include "services/ticket/attachment_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/scope.h"
#include "common/schema/message_schema.h"
#include "crm/ticket/v1/ticket.pb.h"

namespace crm::ticket {
namespace {

constexpr char kAttachmentType[] = "crm.ticket.v1.TicketAttachment";

constexpr db::Query kDuplicates{"ticket_duplicates", R"sql(
  WITH RECURSIVE duplicate (id, number) AS (
    SELECT id, number
    FROM ticket
    WHERE merged_into = ?
    UNION
    SELECT ticket.id, ticket.number
    FROM ticket
    JOIN duplicate ON ticket.merged_into = duplicate.number)
  SELECT id
  FROM duplicate
  ORDER BY id)sql"};

}  // namespace

AttachmentStore::AttachmentStore(crypto::Keyring& keyring, IdGenerator& ids)
    : ids_(ids),
      table_(schema::MessageSchema::Of<v1::TicketAttachment>(), keyring,
             {"ticket_id", "request_hash"}),
      select_(absl::StrCat("SELECT ", table_.Columns("attachment"),
                           " FROM attachment JOIN ticket ON ticket.id = attachment.ticket_id "
                           "WHERE ")),
      contents_(keyring, ids) {}

absl::StatusOr<v1::TicketAttachment> AttachmentStore::Get(db::Connection& db,
                                                          std::string_view number,
                                                          const auth::RowScope& scope) const {
  filter::Fragment where{"attachment.number = ?", {number}};
  where.And(filter::ScopeCondition(schema::MessageSchema::Of<v1::Ticket>(), scope, "ticket"));
  CRM_ASSIGN_OR_RETURN(std::optional<v1::TicketAttachment> found,
                       Find(db, "ticket_attachment", where));
  if (!found.has_value()) return NotFound(kAttachmentType, number);
  return *std::move(found);
}

absl::StatusOr<filter::Fragment> AttachmentStore::OfTicket(db::Connection& db,
                                                           const StoredTicket& ticket) {
  filter::Fragment condition{"ticket_id IN (?", {ticket.key.id}};
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kDuplicates, {ticket.message.number()}));
  while (rows.Next()) {
    condition.sql += ", ?";
    condition.values.emplace_back(rows.Int(0));
  }
  condition.sql += ")";
  return condition;
}

absl::StatusOr<std::optional<v1::TicketAttachment>> AttachmentStore::FindByRequest(
    db::Connection& db, std::string_view caller, std::string_view request_id) const {
  return Find(db, "ticket_attachment_by_request",
              {"attachment.request_hash = ?", {contents_.RequestHash(caller, request_id)}});
}

absl::StatusOr<std::optional<v1::TicketAttachment>> AttachmentStore::Find(
    db::Connection& db, std::string_view name, const filter::Fragment& where) const {
  const std::string sql = absl::StrCat(select_, where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({name, sql}, where.values));
  if (!rows.Next()) return std::optional<v1::TicketAttachment>();
  std::optional<v1::TicketAttachment> found(std::in_place);
  resource::RowKey key;
  CRM_RETURN_IF_ERROR(table_.Read(rows, key, *found));
  return found;
}

void AttachmentStore::Insert(db::WriteSet& writes, int64_t ticket_id,
                             const v1::TicketAttachment& attachment,
                             std::string_view request_id) const {
  db::Value request_hash;
  if (!request_id.empty()) request_hash = contents_.RequestHash(attachment.creator(), request_id);
  table_.Insert(writes, {ids_.Next(), 1}, attachment, {ticket_id, std::move(request_hash)});
}

}  // namespace crm::ticket
