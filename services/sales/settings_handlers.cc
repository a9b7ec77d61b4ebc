#include "services/sales/settings_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/numbering/number_pattern.h"
#include "common/resource/update.h"

namespace crm::sales {
namespace {

// Opportunities have no type code.
constexpr char kNoType[] = "";

std::vector<schema::Violation> CheckSettings(const v1::SalesSettings& settings) {
  const auto pattern = numbering::NumberPattern::Parse(settings.number_pattern());
  const absl::Status status = pattern.ok() ? pattern->CheckType(kNoType) : pattern.status();
  if (status.ok()) return {};
  const std::string mend(pattern.ok() ? "opportunities have no type: leave {type} out"
                                      : ToStd(status.message()));
  return {{"number_pattern", "BAD_NUMBER_PATTERN", mend, "编号格式无效，例如 SO{yyyyMM}{seq:3}"}};
}

}  // namespace

void SettingsHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::GetSalesSettingsRequest, v1::SalesSettings>("GetSalesSettings",
                                                              bind(&SettingsHandlers::Get));
  table.Unary<v1::UpdateSalesSettingsRequest, v1::SalesSettings>("UpdateSalesSettings",
                                                                 bind(&SettingsHandlers::Update));
  table.Unary<v1::ListSalesSettingsHistoryRequest, v1::ListSalesSettingsHistoryResponse>(
      "ListSalesSettingsHistory", bind(&SettingsHandlers::History));
}

absl::StatusOr<v1::SalesSettings> SettingsHandlers::Get(CallContext& call,
                                                        const v1::GetSalesSettingsRequest&) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto current, store_.settings.Fresh(*db));
  return current.value->message;
}

absl::StatusOr<v1::SalesSettings> SettingsHandlers::Update(
    CallContext& call, const v1::UpdateSalesSettingsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto current, store_.settings.Fresh(*db));
  const StoredSettings& before = *current.value;
  StoredSettings saved = before;
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> written,
                       resource::ApplyUpdate(request.update_mask(), request.settings(),
                                             saved.message, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.key, request.settings().etag(), "settings.etag", written));
  CRM_RETURN_IF_ERROR(record::RefuseIn("settings", CheckSettings(saved.message), call.language()));
  if (call.validate_only()) return std::move(saved.message);
  const resource::ChangeSource source = record::SourceOf(call);
  if (before.key.id != 0) {
    saved.key =
        store_.table.Change(call.writes(), before.key, before.message, saved.message, source);
  } else if (!store_.table.table().Diff(before.message, saved.message).changes().empty()) {
    saved.key = store_.table.Create(call.writes(), saved.message, source, before.key.version + 1);
    store_.table.AddHistory(call.writes(), saved.key, before.message, saved.message, source);
  }
  if (saved.key.version == before.key.version) return before.message;
  store_.settings.Change(call, current, saved);
  return std::move(saved.message);
}

absl::StatusOr<v1::ListSalesSettingsHistoryResponse> SettingsHandlers::History(
    CallContext& call, const v1::ListSalesSettingsHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto current, store_.settings.Fresh(*db));
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       store_.table.ReadHistory(*db, current.value->key.id, current.value->message,
                                                request.page_size(), request.page_token()));
  return std::move(page).As<v1::ListSalesSettingsHistoryResponse>();
}

}  // namespace crm::sales
