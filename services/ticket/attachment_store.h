// Files of tickets in the database (TIC-9); their contents are in common/attachment. Thread-safe.
#ifndef CRM_SERVICES_TICKET_ATTACHMENT_STORE_H_
#define CRM_SERVICES_TICKET_ATTACHMENT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/attachment/content_store.h"
#include "common/auth/row_scope.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/filter/fragment.h"
#include "common/resource/resource_table.h"
#include "crm/ticket/v1/attachment_service.pb.h"
#include "services/ticket/ticket_store.h"

namespace crm::ticket {

class AttachmentStore {
 public:
  AttachmentStore(crypto::Keyring& keyring, IdGenerator& ids);

  const resource::ResourceTable& table() const { return table_; }
  const attachment::ContentStore& contents() const { return contents_; }

  // NOT_FOUND if there is none of a ticket in the scope.
  absl::StatusOr<v1::TicketAttachment> Get(db::Connection& db, std::string_view number,
                                           const auth::RowScope& scope) const;
  // What this caller has uploaded under a request id.
  absl::StatusOr<std::optional<v1::TicketAttachment>> FindByRequest(
      db::Connection& db, std::string_view caller, std::string_view request_id) const;
  // The files of a ticket and of all that was merged into it.
  static absl::StatusOr<filter::Fragment> OfTicket(db::Connection& db, const StoredTicket& ticket);
  // The row; its content is kept by attachment::Upload.
  void Insert(db::WriteSet& writes, int64_t ticket_id, const v1::TicketAttachment& attachment,
              std::string_view request_id) const;

 private:
  absl::StatusOr<std::optional<v1::TicketAttachment>> Find(db::Connection& db,
                                                           std::string_view name,
                                                           const filter::Fragment& where) const;

  IdGenerator& ids_;
  const resource::ResourceTable table_;
  const std::string select_;
  const attachment::ContentStore contents_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_ATTACHMENT_STORE_H_
