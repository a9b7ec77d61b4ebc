// The settings in force and all their versions (PLT-25); the SQL of the table `setting`. Version 1
// is what the program brings along and has no row.
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_STORE_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/record/followed.h"
#include "common/resource/history.h"
#include "crm/customer/v1/settings.pb.h"
#include "services/customer/archive.h"

namespace crm::customer {

struct VersionedSettings {
  int64_t version = 1;
  v1::CustomerSettings settings;
  // Of version 1: empty and the distant past.
  std::string author = {};
  std::string reason = {};
  absl::Time time = absl::InfinitePast();
};

// Thread-safe.
struct SettingsStore {
  // New settings go into the archive's rules and numbers.
  explicit SettingsStore(Archive& archive);

  // Newest first: versions below `before` (0 = from the newest), version 1 the last; at most
  // `limit`.
  static absl::StatusOr<std::vector<VersionedSettings>> Versions(db::Connection& db, int64_t before,
                                                                 int limit);
  // NOT_FOUND if there is none.
  static absl::StatusOr<VersionedSettings> Get(db::Connection& db, int64_t version);
  static absl::Status Insert(db::WriteSet& writes, const VersionedSettings& settings);

  record::Followed<VersionedSettings> settings;
};

// Fields that differ.
std::vector<std::string> ChangedSettings(const v1::CustomerSettings& before,
                                         const v1::CustomerSettings& after);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SETTINGS_STORE_H_
