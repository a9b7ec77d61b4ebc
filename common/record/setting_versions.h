// Versions of a configuration that is one message (PLT-25), in the platform's table `setting`. A
// version is never changed; version 1 is what the program brings along and has no row.
//
//   CRM_ASSIGN_OR_RETURN(auto rows, record::ReadSettings<v1::SlaConfiguration>(db, "sla"));
//   CRM_RETURN_IF_ERROR(record::InsertSetting(call.writes(), "sla", next));
//
// Two who make the same version: the later commit fails with DUPLICATE_KEY.
#ifndef CRM_COMMON_RECORD_SETTING_VERSIONS_H_
#define CRM_COMMON_RECORD_SETTING_VERSIONS_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "google/protobuf/message.h"

namespace crm::record {

template <typename Message>
struct SettingVersion {
  int64_t version = 1;
  Message message;
  // Of version 1: empty and the distant past.
  std::string author = {};
  std::string reason = {};
  absl::Time time = absl::InfinitePast();
};

// Which of them: versions below `before`, newest first, at most `limit`.
struct SettingRange {
  int64_t before = std::numeric_limits<int64_t>::max();
  int limit = std::numeric_limits<int>::max();
};

absl::StatusOr<db::Rows> SelectSettings(db::Connection& db, std::string_view name,
                                        const SettingRange& range);
// DATA_LOSS, reason STORED_VALUE_MALFORMED. Fields of a newer release are left out.
absl::Status ParseSetting(const std::string& stored, google::protobuf::Message& message);
absl::StatusOr<std::string> PrintSetting(const google::protobuf::Message& message);
void InsertSettingRow(db::WriteSet& writes, db::Values row);

template <typename Message>
absl::StatusOr<std::vector<SettingVersion<Message>>> ReadSettings(db::Connection& db,
                                                                  std::string_view name,
                                                                  const SettingRange& range = {}) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, SelectSettings(db, name, range));
  std::vector<SettingVersion<Message>> versions;
  while (rows.Next()) {
    SettingVersion<Message> version{rows.Int(0), {}, rows.String(2), rows.String(3), rows.Time(4)};
    CRM_RETURN_IF_ERROR(ParseSetting(rows.String(1), version.message));
    versions.push_back(std::move(version));
  }
  return versions;
}

// Without the etag, which is told from the version.
template <typename Message>
absl::Status InsertSetting(db::WriteSet& writes, std::string_view name,
                           const SettingVersion<Message>& version) {
  Message stored = version.message;
  stored.clear_etag();
  CRM_ASSIGN_OR_RETURN(std::string value, PrintSetting(stored));
  InsertSettingRow(writes, {name, version.version, std::move(value), version.author, version.reason,
                            version.time});
  return absl::OkStatus();
}

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_SETTING_VERSIONS_H_
