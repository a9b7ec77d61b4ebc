// The table `involvement`: what is known of open tickets and opportunities (PLT-14).
//
// All changes of a kind are made by whoever holds the lease of its reader, one after the other, and
// get a revision that rises by one with each: whoever has read up to one asks for those above it.
#ifndef CRM_SERVICES_CUSTOMER_INVOLVEMENT_STORE_H_
#define CRM_SERVICES_CUSTOMER_INVOLVEMENT_STORE_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "services/customer/involvement_rules.h"

namespace crm::customer {

// What somebody works on; stored.
enum class WorkKind { kTicket = 1, kOpportunity = 2 };
inline constexpr std::array kWorkKinds = {WorkKind::kTicket, WorkKind::kOpportunity};

// One for each kind; 0 = before the first change.
struct InvolvementRevisions {
  int64_t ticket = 0;
  int64_t opportunity = 0;

  int64_t& Of(WorkKind kind) { return kind == WorkKind::kTicket ? ticket : opportunity; }
};

// A row of a kind.
struct StoredInvolvement {
  WorkKind kind;
  int64_t revision = 0;
  Involvement said;
};

// What events tell, in their order and each number at most once: what is not newer than what is
// known is left out, and nothing is written of what says the same.
absl::Status KeepNewer(db::Connection& db, db::WriteSet& writes, WorkKind kind,
                       absl::Span<const Involvement> told, absl::Time now);
// What the owning service says now, whatever was known.
absl::Status Replace(db::Connection& db, db::WriteSet& writes, WorkKind kind,
                     absl::Span<const Involvement> told, absl::Time now);

// Those of a kind with a user, by number, after `after`.
absl::StatusOr<std::vector<StoredInvolvement>> OpenAfter(db::Connection& db, WorkKind kind,
                                                         std::string_view after, int limit);
// Those that were changed after the revisions, also to nobody.
absl::StatusOr<std::vector<StoredInvolvement>> ChangedSince(db::Connection& db,
                                                            InvolvementRevisions revisions);
absl::StatusOr<InvolvementRevisions> NewestRevisions(db::Connection& db);

// Removes what has been nobody's since before `before`.
absl::Status PurgeInvolvement(db::Connection& db, absl::Time before);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INVOLVEMENT_STORE_H_
