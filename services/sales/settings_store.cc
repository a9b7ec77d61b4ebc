#include "services/sales/settings_store.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/numbering/number_pattern.h"

namespace crm::sales {
namespace {

constexpr int kDefaultInactivityDays = 7;

absl::StatusOr<StoredSettings> Load(const record::Table& table, db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(std::vector<StoredSettings> rows, table.LoadAll<v1::SalesSettings>(db));
  return rows.empty() ? DefaultSettings() : std::move(rows.front());
}

void Apply(const v1::SalesSettings& settings, numbering::CurrentNumbers& numbers) {
  auto pattern = numbering::NumberPattern::Parse(settings.number_pattern());
  if (pattern.ok()) numbers.SetPattern(*std::move(pattern));
}

}  // namespace

StoredSettings DefaultSettings() {
  StoredSettings stored{{0, 1}, {}};
  stored.message.set_number_pattern(kNumberPattern);
  stored.message.set_inactivity_days(kDefaultInactivityDays);
  stored.message.set_remind_of_close_date(true);
  stored.message.set_remind_of_dwell(true);
  stored.message.set_etag(resource::EtagOf(stored.key.version));
  return stored;
}

SettingsStore::SettingsStore(crypto::Keyring& keyring, IdGenerator& ids,
                             numbering::CurrentNumbers& numbers)
    : table(v1::SalesSettings::descriptor(), keyring, ids, "sales_settings"),
      settings(
          "sales_settings", [this](db::Connection& db) { return Load(table, db); },
          [&numbers](const std::shared_ptr<const StoredSettings>& fresh) {
            Apply(fresh->message, numbers);
          }) {}

}  // namespace crm::sales
