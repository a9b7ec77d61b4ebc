#include "services/customer/value_block.h"

#include "common/text/decimal.h"

namespace crm::customer {
namespace {

constexpr int kScale = 2;

std::string FormatFen(int64_t fen) { return text::FormatDecimal(fen, kScale); }

// total / count, rounded half up.
int64_t Average(int64_t total, int64_t count) {
  const int64_t twice = 2 * total + count;
  const int64_t divisor = 2 * count;
  const int64_t quotient = twice / divisor;
  return twice % divisor < 0 ? quotient - 1 : quotient;
}

}  // namespace

int64_t FenOf(const std::string& decimal) {
  const auto scaled = text::ParseDecimal(decimal.empty() ? "0" : decimal, kScale);
  return scaled.ok() ? *scaled : 0;
}

void AddToSums(int64_t amount_fen, int64_t orders, v1::Customer& customer) {
  const int64_t total = FenOf(customer.total_amount()) + amount_fen;
  const int64_t count = customer.order_count() + orders;
  customer.set_total_amount(FormatFen(total));
  customer.set_order_count(count);
  if (count > 0) {
    customer.set_average_order_value(FormatFen(Average(total, count)));
  } else {
    customer.clear_average_order_value();
  }
}

void ReplaceOpeningBalance(const OpeningBalance& balance, v1::Customer& customer) {
  AddToSums(FenOf(balance.amount) - FenOf(customer.opening_amount()),
            balance.count - customer.opening_count(), customer);
  customer.set_opening_amount(balance.amount);
  customer.set_opening_count(balance.count);
  customer.set_opening_as_of(balance.as_of);
  customer.set_opening_source(balance.source);
}

}  // namespace crm::customer
