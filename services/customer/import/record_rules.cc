#include "services/customer/import/record_rules.h"

#include <string>
#include <utility>

#include "common/error/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/customer/import/customer_join.h"
#include "services/customer/import/message_fields.h"

namespace crm::customer::import {

using schema::Breach;
using schema::Violation;

RecordContext RecordContextOf(const ImportContext& context, absl::Time now) {
  return {.source = {now, context.actor, context.number},
          .scope = context.scope,
          // So that violations carry the Chinese text beside the English one.
          .language = schema::Language::kChinese,
          .from_staff = false,
          .dry_run = context.dry_run,
          .field_prefix = {},
          .unmapped_source = context.number,
          .imported = true};
}

std::vector<Violation> ViolationsOf(const absl::Status& status) {
  std::vector<Violation> violations;
  if (status.ok()) return violations;
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& field : bad.field_violations()) {
      violations.push_back({field.field(), field.reason(), field.description(),
                            field.localized_message().message()});
    }
  }
  return violations;
}

Breach BreachOf(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kNotFound) return CustomerUnknown();
  std::string reason = ErrorReason(status);
  if (reason == "ORDER_DIFFERS") {
    return {std::move(reason),
            "this order was recorded with another content; cancel or refund it instead",
            "该订单已按其他内容登记，请取消或退款后再登记"};
  }
  std::string message(status.message());
  return {std::move(reason), message, message};
}

Violation InColumns(Violation violation) {
  constexpr std::string_view kItems = "items";
  if (BaseName(violation.field) != kItems) return violation;
  const size_t dot = violation.field.find('.');
  if (dot == std::string::npos) return violation;
  const std::string field = violation.field.substr(dot + 1);
  violation.field = field == "amount" ? "item_amount" : field;
  return violation;
}

}  // namespace crm::customer::import
