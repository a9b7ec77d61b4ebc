// Tickets and their history in the database: the SQL of `ticket` and `ticket_event`.
#ifndef CRM_SERVICES_TICKET_TICKET_STORE_H_
#define CRM_SERVICES_TICKET_TICKET_STORE_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/auth/row_scope.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "common/record/table.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "google/protobuf/repeated_field.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

using StoredTicket = record::Stored<v1::Ticket>;

// Thread-safe.
class TicketStore {
 public:
  TicketStore(crypto::Keyring& keyring, IdGenerator& ids);

  const record::Table& tickets() const { return tickets_; }
  const resource::ResourceTable& events() const { return events_; }
  // Of rows that come with a ticket's.
  IdGenerator& ids() const { return ids_; }

  // NOT_FOUND if there is none in the scope.
  absl::StatusOr<StoredTicket> Get(db::Connection& db, std::string_view number,
                                   const auth::RowScope& scope) const;
  // Whatever the caller may see: for background work.
  absl::StatusOr<std::optional<StoredTicket>> GetById(db::Connection& db, int64_t id) const;
  // Those that are there, whatever the caller may see. `unreadable` is told of those that cannot
  // be read.
  absl::StatusOr<std::vector<StoredTicket>> GetMany(
      db::Connection& db, absl::Span<const std::string> numbers,
      absl::FunctionRef<void(int64_t id, const absl::Status& status)> unreadable) const;
  absl::StatusOr<std::optional<StoredTicket>> FindByReference(
      db::Connection& db, std::string_view channel, std::string_view external_reference) const;

  // Adds a ticket whose create time is its own; event `ticket.imported`.
  resource::RowKey Import(db::WriteSet& writes, v1::Ticket& ticket,
                          const resource::ChangeSource& source) const;
  // The commit fails with WRITE_CONFLICT if somebody has changed the ticket meanwhile.
  static void ExpectUnchanged(db::WriteSet& writes, const StoredTicket& ticket);

  // Without texts.
  static absl::StatusOr<TicketEvents> ReadEvents(db::Connection& db, int64_t ticket_id);
  // The same of many, by ticket.
  static absl::StatusOr<std::map<int64_t, TicketEvents>> ReadEventsOf(
      db::Connection& db, absl::Span<const StoredTicket> tickets);
  // Those of these sequences, with their texts.
  absl::StatusOr<TicketEvents> ReadTexts(
      db::Connection& db, int64_t ticket_id,
      const google::protobuf::RepeatedField<int64_t>& sequences) const;
  void AddEvent(db::WriteSet& writes, int64_t ticket_id, const v1::TicketEvent& event) const;

 private:
  absl::StatusOr<std::optional<StoredTicket>> Find(db::Connection& db, std::string_view name,
                                                   const filter::Fragment& where) const;

  IdGenerator& ids_;
  const record::Table tickets_;
  const resource::ResourceTable events_;
  const std::string select_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_STORE_H_
