#include "services/sales/amount_rules.h"

#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "common/text/decimal.h"

namespace crm::sales {
namespace {

using schema::Violation;

constexpr int kMoneyScale = 2;
constexpr int kQuantityScale = 6;
constexpr int64_t kQuantityUnit = 1'000'000;
constexpr int kRateScale = 8;
constexpr int64_t kRateUnit = 100'000'000;
constexpr int64_t kWholePrice = 100'00;  // 100 % in hundredths
// 999 999 999 999.99: sums of a million opportunities stay inside DECIMAL(25,2).
constexpr int64_t kMaxCents = 99'999'999'999'999;
// A fifth = 20 %.
constexpr int64_t kFreeChangeDivisor = 5;

std::optional<std::string> Money(absl::int128 cents) {
  if (cents > kMaxCents) return std::nullopt;
  return text::FormatDecimal(static_cast<int64_t>(cents), kMoneyScale);
}

absl::int128 DivideHalfUp(absl::int128 value, absl::int128 divisor) {
  return (value + divisor / 2) / divisor;
}

// Quantity × price less the discount; nothing without one of them, or if it is too large.
std::optional<std::string> AmountOf(const v1::OpportunityProduct& product) {
  if (product.quantity().empty() || product.price().empty()) return std::nullopt;
  const auto quantity = text::ParseDecimal(product.quantity(), kQuantityScale);
  if (!quantity.ok()) return std::nullopt;
  const int64_t paid = kWholePrice - CentsOf(product.discount());
  const absl::int128 product_of_all = absl::int128(*quantity) * CentsOf(product.price()) * paid;
  return Money(DivideHalfUp(product_of_all, absl::int128(kQuantityUnit) * kWholePrice));
}

bool IsPositive(const std::string& amount) { return CentsOf(amount) > 0; }

std::string MainProductOf(const v1::Opportunity& opportunity) {
  const v1::OpportunityProduct* main = nullptr;
  for (const v1::OpportunityProduct& product : opportunity.products()) {
    if (main == nullptr || CentsOf(product.amount()) > CentsOf(main->amount())) main = &product;
  }
  if (main == nullptr) return "";
  return main->product_code().empty() ? main->product_name() : main->product_code();
}

class Check {
 public:
  enum class Amounts { kOfNow, kHistoric };

  Check(const v1::Opportunity* before, v1::Opportunity& opportunity, Amounts amounts)
      : before_(before), opportunity_(opportunity), amounts_(amounts) {}

  std::vector<Violation> Run() && {
    CheckCurrency();
    CheckProducts();
    if (amounts_ == Amounts::kHistoric) {
      if (opportunity_.amount().empty()) opportunity_.set_amount(SumOfProducts().value_or(""));
    } else {
      CheckAmount();
      CheckContractAmount();
    }
    if (violations_.empty()) SetBaseAmount();
    opportunity_.set_main_product(MainProductOf(opportunity_));
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string rule, std::string en, std::string zh) {
    violations_.push_back({std::move(field), std::move(rule), std::move(en), std::move(zh)});
  }
  void AddNotPositive(const char* field) {
    Add(field, "AMOUNT_NOT_POSITIVE", "use an amount above 0", "金额须大于0");
  }

  bool amount_changed() const {
    return before_ == nullptr || before_->amount() != opportunity_.amount() ||
           before_->currency() != opportunity_.currency();
  }

  void CheckCurrency() {
    if (opportunity_.currency().empty()) opportunity_.set_currency(kBaseCurrency);
    if (opportunity_.currency() == kBaseCurrency) return opportunity_.clear_exchange_rate();
    const auto rate = text::ParseDecimal(opportunity_.exchange_rate(), kRateScale);
    if (!rate.ok() || *rate <= 0) {
      Add("exchange_rate", "RATE_REQUIRED", "give the CNY for one unit of the currency, above 0",
          "请填写大于0的汇率");
    }
  }

  void CheckProducts() {
    for (int i = 0; i < opportunity_.products_size(); ++i) {
      v1::OpportunityProduct& product = *opportunity_.mutable_products(i);
      if (product.product_code().empty() && product.product_name().empty()) {
        Add(absl::StrCat("products[", i, "].product_name"), "REQUIRED",
            "give the product's code or name", "请填写产品编码或名称");
      }
      product.set_amount(AmountOf(product).value_or(""));
    }
  }

  void CheckContractAmount() {
    if (opportunity_.contract_amount().empty() || IsPositive(opportunity_.contract_amount())) {
      return;
    }
    // What came from an older system may stay as it is.
    if (before_ != nullptr && before_->contract_amount() == opportunity_.contract_amount()) return;
    AddNotPositive("contract_amount");
  }

  // Nothing if one has no amount, or there are none.
  std::optional<std::string> SumOfProducts() const {
    if (opportunity_.products().empty()) return std::nullopt;
    absl::int128 sum = 0;
    for (const v1::OpportunityProduct& product : opportunity_.products()) {
      if (product.amount().empty()) return std::nullopt;
      sum += CentsOf(product.amount());
    }
    return Money(sum);
  }

  void CheckAmount() {
    if (const std::optional<std::string> sum = SumOfProducts()) {
      // Products that were written alone bring their amount.
      if (opportunity_.amount().empty() || !amount_changed()) opportunity_.set_amount(*sum);
      if (opportunity_.amount() != *sum) {
        Add("amount", "AMOUNT_DIFFERS_FROM_PRODUCTS",
            "leave the amount out, or use what the products add up to", "金额与产品合计不一致");
      }
    }
    if (!amount_changed()) return;
    if (opportunity_.amount().empty()) {
      Add("amount", "REQUIRED", "set this field", "必填");
    } else if (!IsPositive(opportunity_.amount())) {
      AddNotPositive("amount");
    }
  }

  // The rate is that of the day the amount was set.
  void CheckRateUnchanged() {
    if (before_->exchange_rate() == opportunity_.exchange_rate()) return;
    Add("exchange_rate", "RATE_WITHOUT_AMOUNT",
        "the rate is the one of the day the amount was set; change it with the amount",
        "汇率只能与金额一起修改");
  }

  void SetBaseAmount() {
    if (!amount_changed()) return CheckRateUnchanged();
    if (opportunity_.amount().empty()) return;
    if (auto base = InBaseCurrency(opportunity_, opportunity_.amount())) {
      opportunity_.set_base_amount(*std::move(base));
    } else {
      Add("amount", "AMOUNT_OUT_OF_RANGE", "use an amount up to 999999999999.99 CNY",
          "金额超出范围");
    }
  }

  const v1::Opportunity* before_;
  v1::Opportunity& opportunity_;
  const Amounts amounts_;
  std::vector<Violation> violations_;
};

}  // namespace

int64_t CentsOf(const std::string& decimal) {
  if (decimal.empty()) return 0;
  const auto cents = text::ParseDecimal(decimal, kMoneyScale);
  return cents.ok() ? *cents : 0;
}

std::optional<std::string> InBaseCurrency(const v1::Opportunity& opportunity,
                                          const std::string& amount) {
  if (opportunity.currency() == kBaseCurrency) return amount;
  const auto rate = text::ParseDecimal(opportunity.exchange_rate(), kRateScale);
  if (!rate.ok()) return std::nullopt;
  return Money(DivideHalfUp(absl::int128(CentsOf(amount)) * *rate, kRateUnit));
}

std::vector<Violation> NormalizeAmounts(const v1::Opportunity* before,
                                        v1::Opportunity& opportunity) {
  return Check(before, opportunity, Check::Amounts::kOfNow).Run();
}

std::vector<Violation> NormalizeHistoricAmounts(v1::Opportunity& opportunity) {
  std::vector<Violation> violations = Check(nullptr, opportunity, Check::Amounts::kHistoric).Run();
  opportunity.set_amount_reference(opportunity.amount());
  return violations;
}

std::optional<Violation> CheckAmountChange(const v1::Opportunity& before, const std::string& reason,
                                           v1::Opportunity& after) {
  const bool same_currency = after.currency() == before.currency();
  if (same_currency && after.amount() == before.amount()) return std::nullopt;
  if (before.amount().empty()) {  // came from an older system without one
    after.set_amount_reference(after.amount());
    return std::nullopt;
  }
  if (!reason.empty()) {
    after.set_amount_reference(after.amount());
    after.set_amount_reason(reason);
    return std::nullopt;
  }
  const int64_t reference = CentsOf(before.amount_reference());
  const int64_t change = CentsOf(after.amount()) - reference;
  const bool small = (change < 0 ? -change : change) * kFreeChangeDivisor <= reference;
  if (same_currency && small) return std::nullopt;
  return Violation{"amount_reason", "AMOUNT_REASON_REQUIRED",
                   "say why: the amount moves by more than 20 % of the last one with a reason",
                   "金额变动超过20%，请填写原因"};
}

}  // namespace crm::sales
