// Who is involved with which customer, in memory (PLT-14): asked for each customer of an answer
// that the caller does not see plain anyway, so that reading costs no statement more.
//
// A copy of table `involvement` on every replica, about 200 bytes for each open ticket and
// opportunity: read at start, then what has changed.
#ifndef CRM_SERVICES_CUSTOMER_INVOLVEMENTS_H_
#define CRM_SERVICES_CUSTOMER_INVOLVEMENTS_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/db/connection.h"
#include "common/schema/mask.h"
#include "services/customer/involvement_store.h"

namespace crm::customer {

// Rows of nobody are kept at least so long. A replica that has not followed for half of it reads
// everything anew.
inline constexpr absl::Duration kKeepInvolvement = absl::Hours(24);

// Thread-safe: IsInvolved. Follow belongs to one thread at a time.
class Involvements : public schema::InvolvedStaff {
 public:
  bool IsInvolved(std::string_view user_id, std::string_view customer) const override;

  // Takes over what has changed since the last time; the first time, everything.
  absl::Status Follow(db::Connection& db, absl::Time now);

 private:
  using Work = std::pair<WorkKind, std::string>;  // with its number
  struct Place {
    std::string user;
    std::string customer;
  };
  // What is known, and how often it makes a user involved with a customer.
  class Known {
   public:
    void Put(const StoredInvolvement& row);
    bool Has(std::string_view user, std::string_view customer) const;

   private:
    void Forget(const Work& work);

    absl::flat_hash_map<Work, Place> work_;
    absl::flat_hash_map<std::string, absl::flat_hash_map<std::string, int>> customers_;  // by user
  };

  absl::Status ReadAll(db::Connection& db);
  absl::Status ReadChanges(db::Connection& db);

  InvolvementRevisions revisions_;
  absl::Time followed_ = absl::InfinitePast();
  mutable Mutex mutex_;
  Known known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INVOLVEMENTS_H_
