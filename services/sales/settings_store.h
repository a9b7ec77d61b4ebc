// The settings in force (PLT-25, SAL-1, SAL-10): in memory on every replica.
#ifndef CRM_SERVICES_SALES_SETTINGS_STORE_H_
#define CRM_SERVICES_SALES_SETTINGS_STORE_H_

#include <memory>

#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/numbering/current_numbers.h"
#include "common/record/followed.h"
#include "common/record/table.h"
#include "crm/sales/v1/settings.pb.h"

namespace crm::sales {

using StoredSettings = record::Stored<v1::SalesSettings>;

inline constexpr char kNumberPattern[] = "SO{yyyyMM}{seq:3}";

// What the program brings along: version 1, without a row.
StoredSettings DefaultSettings();

// Thread-safe.
struct SettingsStore {
  // New patterns go into `numbers`. All outlive it.
  SettingsStore(crypto::Keyring& keyring, IdGenerator& ids, numbering::CurrentNumbers& numbers);

  // In force on this replica; null before the first Follow.
  std::shared_ptr<const StoredSettings> Get() const { return settings.Current().value; }

  const record::Table table;
  record::Followed<StoredSettings> settings;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SETTINGS_STORE_H_
