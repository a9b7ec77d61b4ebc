#include "services/customer/settings_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "common/resource/update.h"
#include "services/customer/customer_changes.h"
#include "services/customer/settings_rules.h"

namespace crm::customer {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;

// A stale etag is refused only if a written field changed since: versions are kept, so the one the
// writer saw is there to compare with.
absl::Status CheckEtag(db::Connection& db, const VersionedSettings& current,
                       const std::string& etag, const std::vector<std::string>& written) {
  if (etag.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const int64_t version, resource::ParseEtag(etag, "settings.etag"));
  if (version == current.version) return absl::OkStatus();
  if (version > current.version) {
    return InvalidField("settings.etag", "ETAG_UNKNOWN", "read the settings again for their etag");
  }
  CRM_ASSIGN_OR_RETURN(const VersionedSettings seen, SettingsStore::Get(db, version));
  std::vector<std::string> clashes;
  for (std::string& field : ChangedSettings(seen.message, current.message)) {
    if (std::find(written.begin(), written.end(), field) != written.end()) {
      clashes.push_back(std::move(field));
    }
  }
  if (clashes.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "ETAG_STALE",
               "fields of this write were changed since the settings were read; read them again")
      .Meta("changed_fields", absl::StrJoin(clashes, ","))
      .Meta("current_etag", resource::EtagOf(current.version));
}

absl::StatusOr<int64_t> ParseToken(const std::string& token) {
  int64_t version = 0;
  if (token.empty()) return version;
  if (!absl::SimpleAtoi(token, &version) || version < 1) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID",
                        "send next_page_token of the answer before");
  }
  return version;
}

}  // namespace

void SettingsHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::GetSettingsRequest, v1::CustomerSettings>("GetSettings",
                                                            bind(&SettingsHandlers::Get));
  table.Unary<v1::UpdateSettingsRequest, v1::CustomerSettings>("UpdateSettings",
                                                               bind(&SettingsHandlers::Update));
  table.Unary<v1::ListSettingVersionsRequest, v1::ListSettingVersionsResponse>(
      "ListSettingVersions", bind(&SettingsHandlers::Versions));
}

absl::StatusOr<v1::CustomerSettings> SettingsHandlers::Get(CallContext& call,
                                                           const v1::GetSettingsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::CustomerSettings settings;
  if (request.version() == 0) {
    CRM_ASSIGN_OR_RETURN(const auto current, store_.settings.Fresh(*db));
    settings = current.value->message;
  } else {
    CRM_ASSIGN_OR_RETURN(VersionedSettings version, SettingsStore::Get(*db, request.version()));
    settings = std::move(version.message);
  }
  LabelBands(call.language(), settings);
  return settings;
}

absl::StatusOr<v1::CustomerSettings> SettingsHandlers::Update(
    CallContext& call, const v1::UpdateSettingsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto current, store_.settings.Fresh(*db));
  VersionedSettings next{.version = current.value->version + 1,
                         .message = current.value->message,
                         .author = call.caller().id,
                         .reason = request.reason(),
                         .time = call.now()};
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> written,
                       resource::ApplyUpdate(request.update_mask(), request.settings(),
                                             next.message, call.language()));
  CRM_RETURN_IF_ERROR(CheckEtag(*db, *current.value, request.settings().etag(), written));
  CRM_RETURN_IF_ERROR(record::RefuseIn("settings", CheckSettings(next.message), call.language()));
  if (ChangedSettings(current.value->message, next.message).empty()) {
    next = *current.value;
  } else {
    next.message.set_etag(resource::EtagOf(next.version));
    CRM_RETURN_IF_ERROR(SettingsStore::Insert(call.writes(), next));
    store_.settings.Change(call, current, next);
  }
  LabelBands(call.language(), next.message);
  return std::move(next.message);
}

absl::StatusOr<v1::ListSettingVersionsResponse> SettingsHandlers::Versions(
    CallContext& call, const v1::ListSettingVersionsRequest& request) {
  CRM_ASSIGN_OR_RETURN(const int64_t before, ParseToken(request.page_token()));
  const int size = request.page_size() == 0 ? kDefaultPageSize
                                            : std::min<int32_t>(request.page_size(), kMaxPageSize);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  // One more than the page, to compare its last one with.
  CRM_ASSIGN_OR_RETURN(const std::vector<VersionedSettings> found,
                       SettingsStore::Versions(*db, before, size + 1));
  v1::ListSettingVersionsResponse response;
  for (size_t i = 0; i < found.size() && response.versions_size() < size; ++i) {
    v1::SettingVersion& version = *response.add_versions();
    version.set_version(found[i].version);
    version.set_author(found[i].author);
    version.set_reason(found[i].reason);
    if (found[i].version > 1) SetTime(found[i].time, *version.mutable_time());
    if (i + 1 == found.size()) continue;
    for (std::string& field : ChangedSettings(found[i + 1].message, found[i].message)) {
      version.add_changed_fields(std::move(field));
    }
  }
  if (found.size() > static_cast<size_t>(size)) {
    response.set_next_page_token(absl::StrCat(found[static_cast<size_t>(size) - 1].version));
  }
  return response;
}

}  // namespace crm::customer
