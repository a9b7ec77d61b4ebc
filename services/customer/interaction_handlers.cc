#include "services/customer/interaction_handlers.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/history.h"
#include "common/resource/update.h"
#include "services/customer/activity_rows.h"
#include "services/customer/interaction_rules.h"

namespace crm::customer {
namespace {

constexpr char kPrefix[] = "interaction.";

}  // namespace

void InteractionHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::RecordInteractionRequest, v1::Interaction>("RecordInteraction",
                                                             bind(&InteractionHandlers::Record));
  table.Unary<v1::RecordInteractionsRequest, v1::RecordInteractionsResponse>(
      "RecordInteractions", bind(&InteractionHandlers::RecordMany));
  table.Unary<v1::GetInteractionRequest, v1::Interaction>("GetInteraction",
                                                          bind(&InteractionHandlers::Get));
  table.Unary<v1::UpdateInteractionRequest, v1::Interaction>("UpdateInteraction",
                                                             bind(&InteractionHandlers::Update));
  table.Unary<v1::ListInteractionsRequest, v1::ListInteractionsResponse>(
      "ListInteractions", bind(&InteractionHandlers::List));
}

absl::StatusOr<v1::Interaction> InteractionHandlers::Record(
    CallContext& call, const v1::RecordInteractionRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(auto recorded, recorder_.Record(*db, call.writes(),
                                                       {{request.interaction(), request.lookup()}},
                                                       ActivityArchive::ContextOf(call, kPrefix)));
  CRM_RETURN_IF_ERROR(recorded.front().status);
  return std::move(recorded.front().message);
}

absl::StatusOr<v1::RecordInteractionsResponse> InteractionHandlers::RecordMany(
    CallContext& call, const v1::RecordInteractionsRequest& request) {
  return RecordRows<v1::RecordInteractionsResponse>(
      call, request, kPrefix, [](const v1::InteractionRow& row) { return row.interaction(); },
      recorder_);
}

absl::StatusOr<InteractionStore::Stored> InteractionHandlers::Find(
    CallContext& call, const std::string& number) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(
      std::optional<InteractionStore::Stored> found,
      activity_.interactions.FindOne(*db, {"record.number = ?", {number}}, call.scope()));
  if (!found.has_value()) return NotFound(kInteractionType, number);
  return *std::move(found);
}

absl::StatusOr<v1::Interaction> InteractionHandlers::Get(CallContext& call,
                                                         const v1::GetInteractionRequest& request) {
  CRM_ASSIGN_OR_RETURN(InteractionStore::Stored found, Find(call, request.interaction()));
  return std::move(found.message);
}

absl::StatusOr<v1::Interaction> InteractionHandlers::Update(
    CallContext& call, const v1::UpdateInteractionRequest& request) {
  CRM_ASSIGN_OR_RETURN(const InteractionStore::Stored before,
                       Find(call, request.interaction().number()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::Interaction after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.interaction(), after, call.language()));
  CRM_RETURN_IF_ERROR(resource::CheckEtag(*db, before.key, request.interaction().etag(),
                                          "interaction.etag", written));
  const RecordContext context = ActivityArchive::ContextOf(call, kPrefix);
  CRM_RETURN_IF_ERROR(NormalizeInteractionUpdate(context, activity_.archive.lists, after));
  return recorder_.Change(*db, call.writes(), before, std::move(after), context);
}

absl::StatusOr<v1::ListInteractionsResponse> InteractionHandlers::List(
    CallContext& call, const v1::ListInteractionsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(
      RecordPage<v1::Interaction> page,
      activity_.interactions.List(*db, request, call.scope(), activity_.ListOptions(call)));
  v1::ListInteractionsResponse response;
  for (v1::Interaction& interaction : page.records) {
    *response.add_interactions() = std::move(interaction);
  }
  response.set_next_page_token(std::move(page.next_page_token));
  if (page.total.has_value()) response.set_total(*page.total);
  return response;
}

}  // namespace crm::customer
