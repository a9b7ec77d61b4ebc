// Several statements that see the same state of the database.
//
//   CRM_ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Take(db));
#ifndef CRM_SERVICES_TICKET_SNAPSHOT_H_
#define CRM_SERVICES_TICKET_SNAPSHOT_H_

#include <utility>

#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/db/connection.h"

namespace crm::ticket {

// A transaction that ends with its scope; what it has written is undone then unless it was
// committed.
class Snapshot {
 public:
  // `db` outlives it.
  static absl::StatusOr<Snapshot> Take(db::Connection& db) {
    CRM_RETURN_IF_ERROR(
        db.ExecuteText({"repeatable_read", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"}));
    CRM_RETURN_IF_ERROR(db.Begin());
    return Snapshot(db);
  }

  Snapshot(Snapshot&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (db_ != nullptr && db_->in_transaction()) db_->Rollback();
  }

  absl::Status Commit() { return db_->Commit(); }

 private:
  explicit Snapshot(db::Connection& db) : db_(&db) {}

  db::Connection* db_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SNAPSHOT_H_
