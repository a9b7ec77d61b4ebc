// Who is meant by a name, for files that name people where the archive holds user ids (CUS-27,
// PLT-31).
//
//   names.Find("张晓明")  → {"u1017", 1}, or {"", 2} if two users are called so
#ifndef CRM_SERVICES_CUSTOMER_STAFF_NAMES_H_
#define CRM_SERVICES_CUSTOMER_STAFF_NAMES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "common/base/mutex.h"

namespace crm::customer {

struct StaffTree;

// Thread-safe: a look-up takes a shared lock and a hash.
class StaffNames {
 public:
  struct Match {
    std::string user_id;    // empty unless exactly one is meant
    size_t candidates = 0;  // users who may be meant
  };

  // By user id (also an email address that is one), else by name; upper and lower case, width and
  // spaces make no difference. An id beats a name. Former users count: old records name them.
  Match Find(std::string_view text) const;

  // Replaces everything.
  void Set(const StaffTree& tree);

 private:
  // Folded id or name → ids.
  using Ids = absl::flat_hash_map<std::string, std::vector<std::string>>;
  struct Index {
    Ids by_id;
    Ids by_name;
  };

  mutable Mutex mutex_;
  std::shared_ptr<const Index> index_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Index>();
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_NAMES_H_
