#include "common/record/setting_versions.h"

#include "common/error/error.h"
#include "google/protobuf/util/json_util.h"

namespace crm::record {
namespace {

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

}  // namespace

absl::StatusOr<db::Rows> SelectSettings(db::Connection& db, std::string_view name,
                                        const SettingRange& range) {
  return db.Select(kVersions, {name, range.before, range.limit});
}

absl::Status ParseSetting(const std::string& stored, google::protobuf::Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (google::protobuf::util::JsonStringToMessage(stored, &message, options).ok()) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kDataLoss, "STORED_VALUE_MALFORMED",
               "a stored configuration cannot be read");
}

absl::StatusOr<std::string> PrintSetting(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return json;
  return absl::InternalError("a configuration does not print");
}

void InsertSettingRow(db::WriteSet& writes, db::Values row) {
  writes.Insert(SettingSpec(), std::move(row));
}

}  // namespace crm::record
