// The staff directory in memory, for the permission check of every call (PLT-31).
#ifndef CRM_SERVICES_CUSTOMER_STAFF_CACHE_H_
#define CRM_SERVICES_CUSTOMER_STAFF_CACHE_H_

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "common/server/staff_directory.h"
#include "services/customer/staff_names.h"
#include "services/customer/staff_tree.h"

namespace crm::customer {

// Thread-safe: a look-up takes a shared lock and a hash.
class StaffCache : public server::StaffDirectory {
 public:
  // `names`, told too, outlives the cache.
  explicit StaffCache(StaffNames& names) : names_(names) {}

  std::shared_ptr<const server::StaffEntry> Find(std::string_view user_id) const override;

  // Replaces everything.
  void Set(const StaffTree& tree);

 private:
  using Entries = absl::flat_hash_map<std::string, std::shared_ptr<const server::StaffEntry>>;

  StaffNames& names_;
  mutable std::shared_mutex mutex_;
  std::shared_ptr<const Entries> entries_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const Entries>();
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_CACHE_H_
