#include "services/customer/purchase_rules.h"

#include <optional>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/text/decimal.h"
#include "services/customer/customer_changes.h"
#include "services/customer/value_block.h"

namespace crm::customer {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kQuantityScale = 6;
constexpr int64_t kQuantityUnit = 1'000'000;
// 999 999 999 999.99 CNY: a customer's sums stay far inside 64 bits.
constexpr int64_t kMaxAmountFen = 99'999'999'999'999;

std::string Money(int64_t fen) { return text::FormatDecimal(fen, kMoneyScale); }

// quantity × price rounded half up; nothing if it is too large.
std::optional<int64_t> Extend(const v1::PurchaseItem& item) {
  const auto quantity = text::ParseDecimal(item.quantity(), kQuantityScale);
  if (!quantity.ok()) return std::nullopt;
  const absl::int128 product = absl::int128(*quantity) * FenOf(item.price());
  const absl::int128 rounded = (product + kQuantityUnit / 2) / kQuantityUnit;
  if (rounded > kMaxAmountFen) return std::nullopt;
  return static_cast<int64_t>(rounded);
}

void CheckItems(v1::Purchase& purchase, RecordCheck& check) {
  for (int i = 0; i < purchase.items_size(); ++i) {
    v1::PurchaseItem& item = *purchase.mutable_items(i);
    if (item.product_code().empty() && item.product_name().empty()) {
      check.Require(false, absl::StrCat("items[", i, "].product_name"));
    }
    if (!item.amount().empty()) continue;
    if (item.quantity().empty() || item.price().empty()) continue;
    if (const auto amount = Extend(item)) {
      item.set_amount(Money(*amount));
    } else {
      check.Add(absl::StrCat("items[", i, "].quantity"), "AMOUNT_OUT_OF_RANGE",
                "use quantity and price of an amount up to 999999999999.99",
                "数量与单价的乘积超出范围");
    }
  }
}

// The sum of the items; nothing if one has no amount, or there are none.
std::optional<int64_t> SumOfItems(const v1::Purchase& purchase) {
  if (purchase.items().empty()) return std::nullopt;
  int64_t sum = 0;
  for (const v1::PurchaseItem& item : purchase.items()) {
    if (item.amount().empty()) return std::nullopt;
    sum += FenOf(item.amount());
  }
  return sum;
}

void CheckAmount(v1::Purchase& purchase, RecordCheck& check) {
  if (purchase.amount().empty()) {
    const auto sum = SumOfItems(purchase);
    if (!sum.has_value()) return check.Require(false, "amount");
    purchase.set_amount(Money(*sum));
  }
  const int64_t amount = FenOf(purchase.amount());
  if (amount < 0 || amount > kMaxAmountFen) {
    check.Add("amount", "AMOUNT_OUT_OF_RANGE", "use an amount from 0 to 999999999999.99",
              "金额应在0到999999999999.99之间");
  }
}

v1::PurchaseStatus StatusOf(const v1::Purchase& purchase) {
  if (purchase.has_cancel_time()) return v1::PURCHASE_STATUS_CANCELLED;
  if (purchase.refunds().empty()) return v1::PURCHASE_STATUS_COMPLETED;
  return AmountLeft(purchase) == 0 ? v1::PURCHASE_STATUS_REFUNDED
                                   : v1::PURCHASE_STATUS_PARTLY_REFUNDED;
}

absl::Status RefundRefused(std::string_view reason, std::string_view message,
                           const v1::Purchase& purchase) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message)
      .Meta("purchase", purchase.number())
      .Meta("amount_left", Money(AmountLeft(purchase)))
      .Precondition("AMOUNT_LEFT", purchase.number(), "refund at most what is left");
}

}  // namespace

absl::Status NormalizePurchase(const RecordContext& context, const ManagedLists& lists,
                               v1::Purchase& purchase) {
  RecordCheck check(context);
  check.Require(!purchase.source_system().empty(), "source_system");
  check.Require(!purchase.order_number().empty(), "order_number");
  check.Require(purchase.has_time(), "time");
  if (purchase.has_time()) check.CheckTime("time", *purchase.mutable_time());
  check.ResolveLists(lists, purchase);
  CheckItems(purchase, check);
  CheckAmount(purchase, check);
  purchase.clear_refunds();
  purchase.clear_refunded_amount();
  purchase.clear_cancel_time();
  purchase.clear_cancel_reason();
  purchase.set_status(v1::PURCHASE_STATUS_COMPLETED);
  return check.status();
}

std::string ContentOf(const v1::Purchase& purchase) {
  v1::Purchase content;
  content.set_source_system(purchase.source_system());
  content.set_order_number(purchase.order_number());
  *content.mutable_items() = purchase.items();
  content.set_amount(purchase.amount());
  content.set_ship_to(purchase.ship_to());
  content.set_gross_margin(purchase.gross_margin());
  *content.mutable_time() = purchase.time();
  content.set_channel(purchase.channel());
  content.set_coupon(purchase.coupon());
  return content.SerializeAsString();
}

int64_t AmountLeft(const v1::Purchase& purchase) {
  if (purchase.has_cancel_time()) return 0;
  return FenOf(purchase.amount()) - FenOf(purchase.refunded_amount());
}

absl::StatusOr<bool> AddRefund(const RecordContext& context, v1::Refund refund,
                               v1::Purchase& purchase) {
  RecordCheck check(context);
  const int64_t amount = FenOf(refund.amount());
  if (amount <= 0) {
    check.Add("amount", "AMOUNT_NOT_POSITIVE", "use an amount above 0", "退款金额须大于0");
  }
  if (refund.has_time()) {
    check.CheckTime("time", *refund.mutable_time());
  } else {
    SetTime(context.source.time, *refund.mutable_time());
  }
  if (absl::Status status = check.status(); !status.ok()) return status;

  for (const v1::Refund& earlier : purchase.refunds()) {
    if (refund.number().empty() || earlier.number() != refund.number()) continue;
    if (FenOf(earlier.amount()) == amount) return false;
    return Error(absl::StatusCode::kAlreadyExists, "REFUND_DIFFERS",
                 "a refund of this number was recorded with another amount")
        .Meta("purchase", purchase.number());
  }
  if (purchase.has_cancel_time()) {
    return RefundRefused("PURCHASE_CANCELLED", "the purchase is cancelled", purchase);
  }
  if (amount > AmountLeft(purchase)) {
    return RefundRefused("REFUND_TOO_LARGE", "the refund is more than what is left", purchase);
  }
  refund.set_actor(context.source.actor);
  purchase.set_refunded_amount(Money(FenOf(purchase.refunded_amount()) + amount));
  *purchase.add_refunds() = std::move(refund);
  purchase.set_status(StatusOf(purchase));
  return true;
}

bool CancelPurchase(absl::Time now, const std::string& reason, v1::Purchase& purchase) {
  if (purchase.has_cancel_time()) return false;
  SetTime(now, *purchase.mutable_cancel_time());
  purchase.set_cancel_reason(reason);
  purchase.set_status(StatusOf(purchase));
  return true;
}

}  // namespace crm::customer
