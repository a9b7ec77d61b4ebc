// The settings in force and all their versions (PLT-25).
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_STORE_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/record/followed.h"
#include "common/record/setting_versions.h"
#include "common/resource/history.h"
#include "crm/customer/v1/settings.pb.h"
#include "services/customer/archive.h"

namespace crm::customer {

using VersionedSettings = record::SettingVersion<v1::CustomerSettings>;

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
