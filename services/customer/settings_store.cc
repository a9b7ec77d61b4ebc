#include "services/customer/settings_store.h"

#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/numbering/number_pattern.h"
#include "common/resource/resource_table.h"
#include "common/schema/message_schema.h"
#include "services/customer/settings_rules.h"

namespace crm::customer {
namespace {

constexpr std::string_view kName = "customer";
constexpr std::string_view kType = "crm.customer.v1.CustomerSettings";

// What came with a later release than the version has its default.
v1::CustomerSettings Completed(const v1::CustomerSettings& stored) {
  v1::CustomerSettings complete = DefaultSettings();
  for (const schema::FieldSchema& field :
       schema::MessageSchema::Of<v1::CustomerSettings>().fields()) {
    const bool set = field.repeated || stored.GetReflection()->HasField(stored, field.descriptor);
    if (set) complete.GetReflection()->ClearField(&complete, field.descriptor);
  }
  complete.MergeFrom(stored);
  return complete;
}

VersionedSettings FirstVersion() {
  VersionedSettings first{.version = 1, .message = DefaultSettings()};
  first.message.set_etag(resource::EtagOf(1));
  return first;
}

absl::StatusOr<VersionedSettings> Newest(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(std::vector<VersionedSettings> newest, SettingsStore::Versions(db, 0, 1));
  return std::move(newest.front());
}

void ApplyTo(Archive& archive, const v1::CustomerSettings& settings) {
  archive.SetPolicy(PolicyOf(settings));
  auto pattern = numbering::NumberPattern::Parse(settings.number_pattern());
  if (pattern.ok()) archive.numbers.SetPattern(*std::move(pattern));
}

}  // namespace

SettingsStore::SettingsStore(Archive& archive)
    : settings("settings", Newest,
               [&archive](const std::shared_ptr<const VersionedSettings>& fresh) {
                 ApplyTo(archive, fresh->message);
               }) {}

absl::StatusOr<std::vector<VersionedSettings>> SettingsStore::Versions(db::Connection& db,
                                                                       int64_t before, int limit) {
  if (before == 0) before = std::numeric_limits<int64_t>::max();
  CRM_ASSIGN_OR_RETURN(auto versions,
                       record::ReadSettings<v1::CustomerSettings>(db, kName, {before, limit}));
  for (VersionedSettings& version : versions) {
    version.message = Completed(version.message);
    version.message.set_etag(resource::EtagOf(version.version));
  }
  if (before > 1 && static_cast<int>(versions.size()) < limit) versions.push_back(FirstVersion());
  return versions;
}

absl::StatusOr<VersionedSettings> SettingsStore::Get(db::Connection& db, int64_t version) {
  if (version < std::numeric_limits<int64_t>::max()) {
    CRM_ASSIGN_OR_RETURN(std::vector<VersionedSettings> found, Versions(db, version + 1, 1));
    if (!found.empty() && found.front().version == version) return std::move(found.front());
  }
  return NotFound(kType, absl::StrCat(version));
}

absl::Status SettingsStore::Insert(db::WriteSet& writes, const VersionedSettings& settings) {
  return record::InsertSetting(writes, kName, settings);
}

std::vector<std::string> ChangedSettings(const v1::CustomerSettings& before,
                                         const v1::CustomerSettings& after) {
  std::vector<std::string> changed;
  for (const schema::FieldSchema& field :
       schema::MessageSchema::Of<v1::CustomerSettings>().fields()) {
    if (field.name != "etag" && !resource::FieldEquals(before, after, field)) {
      changed.push_back(field.name);
    }
  }
  return changed;
}

}  // namespace crm::customer
