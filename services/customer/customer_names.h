// The name index of the customers (search/name_index.h) and what keeps it true: the load at start,
// this replica's commits, and the events of the other replicas.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_NAMES_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/auth/row_scope.h"
#include "common/base/mutex.h"
#include "common/db/pool.h"
#include "services/customer/search/name_index.h"

namespace crm::customer {

// Thread-safe.
class CustomerNames {
 public:
  void Upsert(int64_t id, std::string_view name, std::string_view owner, std::string_view team);

  // Candidates in the caller's scope, best first; the database has the last word on the scope.
  std::vector<Hit> Find(std::string_view query, const auth::RowScope& scope, size_t limit,
                        std::optional<Hit> after = std::nullopt) const;

  // Reads all names. Changes that come while it runs win.
  absl::Status Load(db::Pool& pool, absl::Time deadline);

  // Applies what other replicas have changed since the last call. From the job `name-index`.
  absl::Status Follow(db::Pool& pool, int own_node, absl::Time deadline);

  bool MergeChanges() { return index_.MergeChanges(); }
  NameIndex::Stats stats() const { return index_.stats(); }

 private:
  // Owners and teams as small numbers, the same one for the same text, for ever.
  class Interner {
   public:
    uint32_t Intern(std::string_view text);
    // A number that nobody has if the text is unknown.
    uint32_t Find(std::string_view text) const;

   private:
    mutable Mutex mutex_;
    absl::flat_hash_map<std::string, uint32_t> numbers_ ABSL_GUARDED_BY(mutex_);
  };

  absl::StatusOr<int64_t> LoadRange(db::Connection& db, int64_t after_id, NameIndex::Load& load);
  absl::Status Refresh(db::Connection& db, const std::vector<std::string>& numbers);
  ScopeFilter FilterOf(const auth::RowScope& scope) const;

  NameIndex index_;
  Interner staff_;
  Interner teams_;
  int64_t followed_ = 0;  // event position; used by Load and then by the job alone
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_NAMES_H_
