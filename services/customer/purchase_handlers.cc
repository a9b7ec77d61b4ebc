#include "services/customer/purchase_handlers.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/customer/activity_rows.h"

namespace crm::customer {
namespace {

constexpr char kPrefix[] = "purchase.";

}  // namespace

void PurchaseHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::RecordPurchaseRequest, v1::Purchase>("RecordPurchase",
                                                       bind(&PurchaseHandlers::Record));
  table.Unary<v1::RecordPurchasesRequest, v1::RecordPurchasesResponse>(
      "RecordPurchases", bind(&PurchaseHandlers::RecordMany));
  table.Unary<v1::GetPurchaseRequest, v1::Purchase>("GetPurchase", bind(&PurchaseHandlers::Get));
  table.Unary<v1::CancelPurchaseRequest, v1::Purchase>("CancelPurchase",
                                                       bind(&PurchaseHandlers::Cancel));
  table.Unary<v1::RecordRefundRequest, v1::Purchase>("RecordRefund",
                                                     bind(&PurchaseHandlers::Refund));
  table.Unary<v1::ListPurchasesRequest, v1::ListPurchasesResponse>("ListPurchases",
                                                                   bind(&PurchaseHandlers::List));
}

absl::StatusOr<v1::Purchase> PurchaseHandlers::Record(CallContext& call,
                                                      const v1::RecordPurchaseRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(
      auto recorded, recorder_.Record(*db, call.writes(), {{request.purchase(), request.lookup()}},
                                      ActivityArchive::ContextOf(call, kPrefix)));
  CRM_RETURN_IF_ERROR(recorded.front().status);
  return std::move(recorded.front().message);
}

absl::StatusOr<v1::RecordPurchasesResponse> PurchaseHandlers::RecordMany(
    CallContext& call, const v1::RecordPurchasesRequest& request) {
  return RecordRows<v1::RecordPurchasesResponse>(
      call, request, kPrefix, [](const v1::PurchaseRow& row) { return row.purchase(); }, recorder_);
}

absl::StatusOr<PurchaseStore::Stored> PurchaseHandlers::Find(CallContext& call,
                                                             const v1::PurchaseName& name) const {
  const bool by_order = !name.source_system().empty() && !name.order_number().empty();
  if (name.purchase().empty() == !by_order) {
    return InvalidField("name", "REQUIRED",
                        "give the purchase number, or source system and order number");
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  filter::Fragment condition;
  if (by_order) {
    condition = {"record.source_system = ? AND record.order_number = ?",
                 {name.source_system(), name.order_number()}};
  } else {
    condition = {"record.number = ?", {name.purchase()}};
  }
  CRM_ASSIGN_OR_RETURN(std::optional<PurchaseStore::Stored> found,
                       activity_.purchases.FindOne(*db, std::move(condition), call.scope()));
  if (found.has_value()) return *std::move(found);
  return NotFound(kPurchaseType, by_order
                                     ? absl::StrCat(name.source_system(), "/", name.order_number())
                                     : name.purchase());
}

absl::StatusOr<v1::Purchase> PurchaseHandlers::Get(CallContext& call,
                                                   const v1::GetPurchaseRequest& request) {
  CRM_ASSIGN_OR_RETURN(PurchaseStore::Stored found, Find(call, request.name()));
  return std::move(found.message);
}

absl::StatusOr<v1::Purchase> PurchaseHandlers::Cancel(CallContext& call,
                                                      const v1::CancelPurchaseRequest& request) {
  CRM_ASSIGN_OR_RETURN(const PurchaseStore::Stored before, Find(call, request.name()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  return recorder_.Cancel(*db, call.writes(), before, request.reason(),
                          ActivityArchive::ContextOf(call, ""));
}

absl::StatusOr<v1::Purchase> PurchaseHandlers::Refund(CallContext& call,
                                                      const v1::RecordRefundRequest& request) {
  CRM_ASSIGN_OR_RETURN(const PurchaseStore::Stored before, Find(call, request.name()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  return recorder_.Refund(*db, call.writes(), before, request.refund(),
                          ActivityArchive::ContextOf(call, "refund."));
}

absl::StatusOr<v1::ListPurchasesResponse> PurchaseHandlers::List(
    CallContext& call, const v1::ListPurchasesRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(
      RecordPage<v1::Purchase> page,
      activity_.purchases.List(*db, request, call.scope(), activity_.ListOptions(call)));
  v1::ListPurchasesResponse response;
  for (v1::Purchase& purchase : page.records) *response.add_purchases() = std::move(purchase);
  response.set_next_page_token(std::move(page.next_page_token));
  if (page.total.has_value()) response.set_total(*page.total);
  return response;
}

}  // namespace crm::customer
