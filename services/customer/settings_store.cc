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
#include "google/protobuf/util/json_util.h"
#include "services/customer/settings_rules.h"

namespace crm::customer {
namespace {

constexpr std::string_view kName = "customer";
constexpr std::string_view kType = "crm.customer.v1.CustomerSettings";

constexpr db::Query kVersions{"setting_versions", R"sql(
  SELECT version, value, author, reason, create_time
  FROM setting
  WHERE name = ? AND version < ?
  ORDER BY version DESC
  LIMIT ?)sql"};

const db::InsertSpec& SettingSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "setting", {"name", "version", "value", "author", "reason", "create_time"}, ""};
  return spec;
}

absl::StatusOr<VersionedSettings> ReadRow(const db::Rows& row) {
  VersionedSettings version{.version = row.Int(0),
                            .settings = {},
                            .author = row.String(2),
                            .reason = row.String(3),
                            .time = row.Time(4)};
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // of a newer release
  if (!google::protobuf::util::JsonStringToMessage(row.String(1), &version.settings, options)
           .ok()) {
    return Error(absl::StatusCode::kDataLoss, "STORED_VALUE_MALFORMED",
                 "the stored settings cannot be read");
  }
  // What came with a later release than the row has its default.
  v1::CustomerSettings complete = DefaultSettings();
  for (const schema::FieldSchema& field :
       schema::MessageSchema::Of<v1::CustomerSettings>().fields()) {
    const auto& reflection = *version.settings.GetReflection();
    const bool set = field.repeated || reflection.HasField(version.settings, field.descriptor);
    if (set) complete.GetReflection()->ClearField(&complete, field.descriptor);
  }
  complete.MergeFrom(version.settings);
  complete.set_etag(resource::EtagOf(version.version));
  version.settings = std::move(complete);
  return version;
}

VersionedSettings FirstVersion() {
  VersionedSettings first{.version = 1, .settings = DefaultSettings()};
  first.settings.set_etag(resource::EtagOf(1));
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
                 ApplyTo(archive, fresh->settings);
               }) {}

absl::StatusOr<std::vector<VersionedSettings>> SettingsStore::Versions(db::Connection& db,
                                                                       int64_t before, int limit) {
  if (before == 0) before = std::numeric_limits<int64_t>::max();
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kVersions, {kName, before, limit}));
  std::vector<VersionedSettings> versions;
  while (rows.Next()) {
    CRM_ASSIGN_OR_RETURN(VersionedSettings version, ReadRow(rows));
    versions.push_back(std::move(version));
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
  v1::CustomerSettings stored = settings.settings;
  stored.clear_etag();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(stored, &json, options).ok()) {
    return absl::InternalError("settings do not print");
  }
  writes.Insert(SettingSpec(),
                {kName, settings.version, json, settings.author, settings.reason, settings.time});
  return absl::OkStatus();
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
