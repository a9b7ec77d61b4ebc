// All versions of the SLA configuration, on every replica (TIC-4): a ticket's history refers to the
// version that it was under. Version 1 comes with the program and has no row in table `setting`.
//
//   SlaStore sla;
//   CRM_ASSIGN_OR_RETURN(auto book, sla.Current(*db, version));
//   const sla::Policy* policy = book->Find(version, "default", v1::TICKET_PRIORITY_HIGH);
#ifndef CRM_SERVICES_TICKET_SLA_BOOK_H_
#define CRM_SERVICES_TICKET_SLA_BOOK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/record/followed.h"
#include "services/ticket/sla_configuration.h"

namespace crm::ticket {

struct SlaVersion {
  int64_t version = 1;
  CompiledSla sla;
  // Of version 1: empty and the distant past.
  std::string author = {};
  std::string reason = {};
  absl::Time time = absl::InfinitePast();
};

// Immutable once shared.
class SlaBook {
 public:
  // With version 1 in it.
  static absl::StatusOr<SlaBook> Make();

  void Add(SlaVersion version);

  const std::map<int64_t, SlaVersion>& versions() const { return versions_; }
  const SlaVersion& newest() const { return versions_.rbegin()->second; }
  // Null if there is none.
  const SlaVersion* Find(int64_t version) const;
  const sla::Policy* Find(int64_t version, std::string_view policy_id,
                          v1::TicketPriority priority) const;

 private:
  SlaBook() = default;

  std::map<int64_t, SlaVersion> versions_;
};

using SlaBookPtr = std::shared_ptr<const SlaBook>;

// Thread-safe.
class SlaStore {
 public:
  SlaStore();

  // As in force on this replica; as committed if that does not have `version` yet, which another
  // replica may have just made.
  absl::StatusOr<SlaBookPtr> Current(db::Connection& db, int64_t version = 1) const;

  static absl::Status Insert(db::WriteSet& writes, const SlaVersion& version);

  record::Followed<SlaBook> book;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SLA_BOOK_H_
