#include "services/customer/purchase_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"

namespace crm::customer {
namespace {

class PurchaseRulesTest : public ::testing::Test {
 protected:
  v1::Purchase Bought(const std::string& quantity, const std::string& price) {
    v1::Purchase purchase;
    purchase.set_source_system("erp");
    purchase.set_order_number("A-1");
    purchase.mutable_time()->set_seconds(1'773'900'000);
    v1::PurchaseItem& item = *purchase.add_items();
    item.set_product_name("激光切割机");
    item.set_quantity(quantity);
    item.set_price(price);
    return purchase;
  }

  absl::Status Normalize(v1::Purchase& purchase) {
    return NormalizePurchase(context_, lists_, purchase);
  }

  const ManagedLists lists_;
  const RecordContext context_{.source = {absl::FromUnixSeconds(1'773'972'000), "erp", "api"},
                               .scope = {}};
};

// CUS-20, CUS-7: exact to the fen, halves up.
TEST_F(PurchaseRulesTest, ExtendsQuantityByPrice) {
  const struct {
    const char* quantity;
    const char* price;
    const char* amount;
  } cases[] = {{"3", "33.33", "99.99"},
               {"0.5", "0.01", "0.01"},
               {"0.499999", "0.01", "0.00"},
               {"0", "5.00", "0.00"},
               {"0.000001", "999999999999.00", "1000000.00"},
               {"1", "999999999999.00", "999999999999.00"}};
  for (const auto& [quantity, price, amount] : cases) {
    v1::Purchase purchase = Bought(quantity, price);
    EXPECT_TRUE(Normalize(purchase).ok()) << quantity;
    EXPECT_EQ(purchase.amount(), amount) << quantity;
  }
}

// CUS-20
TEST_F(PurchaseRulesTest, RefusesAmountsOutOfRange) {
  v1::Purchase purchase = Bought("999999999.999999", "999999999999.00");
  const absl::Status status = Normalize(purchase);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("items[0].quantity"));
  // Each item fits, their sum does not.
  v1::Purchase many = Bought("1", "999999999999.00");
  *many.add_items() = many.items(0);
  EXPECT_THAT(std::string(Normalize(many).message()), ::testing::HasSubstr("amount"));
}

// CUS-20: what tells a repeat from a clash.
TEST_F(PurchaseRulesTest, ContentIsWhatTheSourceSaid) {
  v1::Purchase first = Bought("1", "5.00");
  ASSERT_TRUE(Normalize(first).ok());
  v1::Purchase same = first;
  same.set_customer("CRM2026000009");
  same.set_number("PU1");
  same.set_creator("erp");
  EXPECT_EQ(ContentOf(same), ContentOf(first));
  v1::Purchase other = first;
  other.mutable_items(0)->set_quantity("2");
  EXPECT_NE(ContentOf(other), ContentOf(first));
}

// CUS-20
TEST_F(PurchaseRulesTest, CancellingTakesWhatRefundsLeft) {
  v1::Purchase purchase = Bought("1", "5.00");
  ASSERT_TRUE(Normalize(purchase).ok());
  v1::Refund refund;
  refund.set_amount("1.25");
  ASSERT_TRUE(AddRefund(context_, refund, purchase).ok());
  EXPECT_EQ(AmountLeft(purchase), 375);
  EXPECT_TRUE(CancelPurchase(context_.source.time, "", purchase));
  EXPECT_EQ(AmountLeft(purchase), 0);
  EXPECT_FALSE(CancelPurchase(context_.source.time, "", purchase));
  EXPECT_EQ(ErrorReason(AddRefund(context_, refund, purchase).status()), "PURCHASE_CANCELLED");
}

}  // namespace
}  // namespace crm::customer
