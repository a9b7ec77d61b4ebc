// PurchaseService over gRPC.
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include "common/text/decimal.h"
#include "services/customer/activity_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class PurchaseHandlersTest : public ActivityTest {
 protected:
  absl::StatusOr<v1::RecordPurchasesResponse> RecordMany(
      const v1::RecordPurchasesRequest& request) {
    return Call<v1::RecordPurchasesResponse>(erp_, absl::StrCat(kPurchases, "RecordPurchases"),
                                             request);
  }

  absl::StatusOr<v1::ListPurchasesResponse> List(const v1::ListPurchasesRequest& request,
                                                 const std::string& token) {
    return Call<v1::ListPurchasesResponse>(token, absl::StrCat(kPurchases, "ListPurchases"),
                                           request);
  }

  const v1::Customer customer_ = Person("王建国", "13800138001");
};

// CUS-20, CUS-7, CUS-5
TEST_F(PurchaseHandlersTest, RecordsAndAddsUp) {
  v1::Purchase order = Order(customer_.number(), "A-1", Now() - absl::Hours(48), "");
  v1::PurchaseItem& item = *order.add_items();
  item.set_product_name("激光切割机");
  item.set_quantity("1.5");
  item.set_price("33.33");
  order.set_ship_to("深圳市南山区科技园1号");
  order.set_gross_margin("-3");
  order.set_channel("电商平台");
  order.set_coupon("SPRING-1");
  auto recorded = Record(order);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->number(), "PU20260320000001");
  EXPECT_EQ(recorded->items(0).amount(), "50.00");
  EXPECT_EQ(recorded->amount(), "50.00");
  EXPECT_EQ(recorded->gross_margin(), "-3.00");
  EXPECT_EQ(recorded->channel(), "ecommerce");
  EXPECT_EQ(recorded->status(), v1::PURCHASE_STATUS_COMPLETED);

  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.total_amount(), "50.00");
  EXPECT_EQ(after.order_count(), 1);
  EXPECT_EQ(after.average_order_value(), "50.00");
  EXPECT_EQ(after.first_purchase_date(), "2026-03-18");
  EXPECT_EQ(after.last_purchase_date(), "2026-03-18");
  EXPECT_EQ(after.stage(), v1::STAGE_ACTIVE);
  EXPECT_EQ(after.follow_up_status(), v1::FOLLOW_UP_STATUS_WON);
  EXPECT_EQ(after.activity_level(), v1::LEVEL_HIGH);
}

// CUS-20, PLT-14, PLT-15: the address is masked for others and nowhere readable at rest.
TEST_F(PurchaseHandlersTest, ShipToAddressIsProtected) {
  v1::Purchase order = Order(customer_.number(), "A-1", Now(), "10");
  order.set_ship_to("unmistakable street 1");
  auto recorded = Record(order);
  ASSERT_TRUE(recorded.ok());
  v1::GetPurchaseRequest get;
  get.mutable_name()->set_purchase(recorded->number());
  const std::string method = absl::StrCat(kPurchases, "GetPurchase");
  EXPECT_EQ(Call<v1::Purchase>(seller_, method, get)->ship_to(), "unmistakable street 1");
  EXPECT_THAT(Call<v1::Purchase>(harness_.TokenOf("m", {"marketer"}), method, get)->ship_to(),
              Not(HasSubstr("street")));
  for (const char* place : {"purchase WHERE ship_to", "outbox WHERE payload"}) {
    EXPECT_EQ(Rows(absl::StrCat(place, " LIKE '%unmistakable%'")), 0) << place;
  }
}

// CUS-20: recording twice changes nothing; another content is refused.
TEST_F(PurchaseHandlersTest, OrderNumbersAreRecordedOnce) {
  v1::Purchase order = Order(customer_.number(), "A-1", Now(), "10.5");
  auto first = Record(order);
  ASSERT_TRUE(first.ok()) << first.status();
  order.set_amount("10.50");
  auto again = Record(order);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(GetCustomer(customer_.number()).order_count(), 1);

  order.set_amount("10.51");
  EXPECT_EQ(ErrorReason(Record(order).status()), "ORDER_DIFFERS");
  EXPECT_EQ(Record(order).status().code(), absl::StatusCode::kAlreadyExists);
  // The same order of somebody else is another content too.
  const v1::Customer other = Person("李秀英", "13800138002");
  EXPECT_EQ(ErrorReason(Record(Order(other.number(), "A-1", Now(), "10.5")).status()),
            "ORDER_DIFFERS");
  // Another system has numbers of its own; letters are told apart.
  v1::Purchase shop = Order(customer_.number(), "A-1", Now(), "1");
  shop.set_source_system("shop");
  EXPECT_TRUE(Record(shop).ok());
  EXPECT_TRUE(Record(Order(customer_.number(), "a-1", Now(), "1")).ok());
}

// CUS-20: a repeat after a cancellation gives what is stored.
TEST_F(PurchaseHandlersTest, RepeatAfterCancelStaysCancelled) {
  const v1::Purchase order = Order(customer_.number(), "A-1", Now(), "10");
  ASSERT_TRUE(Record(order).ok());
  ASSERT_TRUE(Cancel("A-1").ok());
  auto again = Record(order);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->status(), v1::PURCHASE_STATUS_CANCELLED);
  EXPECT_EQ(GetCustomer(customer_.number()).total_amount(), "0.00");
}

// CUS-20
TEST_F(PurchaseHandlersTest, CancelTakesTheOrderOut) {
  ASSERT_TRUE(Record(Order(customer_.number(), "A-1", Now() - absl::Hours(240), "10")).ok());
  ASSERT_TRUE(Record(Order(customer_.number(), "A-2", Now(), "20.01")).ok());
  auto cancelled = Cancel("A-1");
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->cancel_reason(), "客户取消");
  auto again = Cancel("A-1");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->etag(), cancelled->etag());
  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.total_amount(), "20.01");
  EXPECT_EQ(after.order_count(), 1);
  EXPECT_EQ(after.first_purchase_date(), "2026-03-20");
  EXPECT_EQ(ErrorReason(Refund("A-1", "1").status()), "PURCHASE_CANCELLED");
  EXPECT_EQ(Cancel("A-9").status().code(), absl::StatusCode::kNotFound);
}

// CUS-20: a refund is never more than what is left.
TEST_F(PurchaseHandlersTest, RefundsReduceTheSums) {
  ASSERT_TRUE(Record(Order(customer_.number(), "A-1", Now(), "10")).ok());
  auto part = Refund("A-1", "3.33", "R-1");
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->status(), v1::PURCHASE_STATUS_PARTLY_REFUNDED);
  EXPECT_EQ(part->refunds(0).actor(), "erp");
  // The same refund again.
  EXPECT_EQ(Refund("A-1", "3.33", "R-1")->etag(), part->etag());
  EXPECT_EQ(ErrorReason(Refund("A-1", "3.34", "R-1").status()), "REFUND_DIFFERS");
  auto too_much = Refund("A-1", "6.68");
  EXPECT_EQ(too_much.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(too_much.status()), "REFUND_TOO_LARGE");
  EXPECT_THAT(Violations(Refund("A-1", "0").status()),
              ElementsAre("refund.amount AMOUNT_NOT_POSITIVE"));
  auto rest = Refund("A-1", "6.67");
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->status(), v1::PURCHASE_STATUS_REFUNDED);
  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.total_amount(), "0.00");
  EXPECT_EQ(after.order_count(), 1);
}

// CUS-20
TEST_F(PurchaseHandlersTest, RefusesWhatDoesNotFit) {
  v1::Purchase order = Order(customer_.number(), "A-1", Now() + absl::Hours(1), "");
  order.add_items()->set_quantity("2");
  EXPECT_THAT(Violations(Record(order).status()),
              UnorderedElementsAre("purchase.time TIME_IN_FUTURE", "purchase.amount REQUIRED",
                                   "purchase.items[0].product_name REQUIRED"));
  EXPECT_FALSE(Record(Order(customer_.number(), "A-1", Now(), "-1")).ok());
  EXPECT_FALSE(Record(Order(customer_.number(), "A-1", Now(), "1000000000000")).ok());
  EXPECT_FALSE(Record(Order(customer_.number(), "A-1", Now(), "0.001")).ok());
  EXPECT_TRUE(Record(Order(customer_.number(), "A-1", Now(), "0")).ok());
}

// PLT-13
TEST_F(PurchaseHandlersTest, KeepsToScopeAndPermission) {
  auto recorded = Record(Order(customer_.number(), "A-1", Now(), "1"));
  ASSERT_TRUE(recorded.ok());
  v1::GetPurchaseRequest get;
  get.mutable_name()->set_purchase(recorded->number());
  const std::string method = absl::StrCat(kPurchases, "GetPurchase");
  EXPECT_TRUE(Call<v1::Purchase>(seller_, method, get).ok());
  EXPECT_EQ(Call<v1::Purchase>(other_seller_, method, get).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Record(Order(customer_.number(), "A-2", Now(), "1"), seller_).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// CUS-20: rows of a connector; one bad row is refused alone, repeats change nothing.
TEST_F(PurchaseHandlersTest, BulkRowsHaveOutcomesOfTheirOwn) {
  ASSERT_TRUE(Record(Order(customer_.number(), "A-1", Now(), "1")).ok());
  v1::RecordPurchasesRequest request;
  *request.add_rows()->mutable_purchase() = Order(customer_.number(), "A-1", Now(), "1");
  *request.add_rows()->mutable_purchase() = Order(customer_.number(), "A-2", Now(), "2");
  *request.add_rows()->mutable_purchase() = Order(customer_.number(), "A-3", Now(), "abc");
  *request.add_rows()->mutable_purchase() = Order("CRM0", "A-4", Now(), "4");
  *request.add_rows()->mutable_purchase() = Order(customer_.number(), "A-2", Now(), "2");
  *request.add_rows()->mutable_purchase() = Order(customer_.number(), "A-2", Now(), "3");
  v1::PurchaseRow& by_phone = *request.add_rows();
  *by_phone.mutable_purchase() = Order("", "A-5", Now(), "5");
  by_phone.mutable_lookup()->set_kind(v1::IDENTITY_KIND_PHONE);
  by_phone.mutable_lookup()->set_value("138 0013 8001");
  auto response = RecordMany(request);
  ASSERT_TRUE(response.ok()) << response.status();
  using Outcome = v1::RowOutcome;
  std::vector<Outcome::State> states;
  for (const Outcome& outcome : response->outcomes()) states.push_back(outcome.state());
  EXPECT_THAT(states,
              ElementsAre(Outcome::STATE_UNCHANGED, Outcome::STATE_RECORDED, Outcome::STATE_REFUSED,
                          Outcome::STATE_REFUSED, Outcome::STATE_UNCHANGED, Outcome::STATE_REFUSED,
                          Outcome::STATE_RECORDED));
  EXPECT_EQ(response->outcomes(4).number(), response->outcomes(1).number());
  EXPECT_EQ(ErrorReason(FromRpcStatus(response->outcomes(5).error())), "ORDER_DIFFERS");

  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.total_amount(), "8.00");
  EXPECT_EQ(after.order_count(), 3);
  // All of it again: nothing changes.
  auto again = RecordMany(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->outcomes(1).state(), Outcome::STATE_UNCHANGED);
  EXPECT_EQ(GetCustomer(customer_.number()).etag(), after.etag());
}

// CUS-20
TEST_F(PurchaseHandlersTest, BulkTakes500Rows) {
  v1::RecordPurchasesRequest request;
  for (int i = 0; i < 500; ++i) {
    *request.add_rows()->mutable_purchase() =
        Order(customer_.number(), absl::StrCat("B-", i), Now() - absl::Hours(i), "0.01");
  }
  auto response = RecordMany(request);
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.total_amount(), "5.00");
  EXPECT_EQ(after.order_count(), 500);
}

// CUS-20: listed newest first.
TEST_F(PurchaseHandlersTest, ListsNewestFirst) {
  for (const int hours : {2, 9, 1}) {
    ASSERT_TRUE(Record(Order(customer_.number(), absl::StrCat("A-", hours),
                             Now() - absl::Hours(hours), absl::StrCat(hours)))
                    .ok());
  }
  v1::ListPurchasesRequest request;
  request.set_customer(customer_.number());
  request.set_filter("amount > 1");
  request.set_count_total(true);
  auto page = List(request, seller_);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->purchases_size(), 2);
  EXPECT_EQ(page->purchases(0).order_number(), "A-2");
  EXPECT_EQ(page->purchases(1).order_number(), "A-9");
  EXPECT_EQ(page->total(), 2);
  page = List(request, other_seller_);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->purchases_size(), 0);
}

// CUS-40: names are mapped by folding spaces and case, and reported as cleaned; unknown ones are
// listed.
TEST_F(PurchaseHandlersTest, MapsProductNames) {
  Product("GTX-100", "光刻机", "GTX Pro");
  v1::RecordPurchasesRequest request;
  v1::Purchase& purchase = *request.add_rows()->mutable_purchase();
  purchase = Order(customer_.number(), "A-1", Now(), "1");
  purchase.add_items()->set_product_name("GTXPro");
  purchase.add_items()->set_product_name("Unheard Of");
  purchase.add_items()->set_product_code("GTX-100");
  purchase.add_items()->set_product_code("NO-SUCH");
  auto response = RecordMany(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->outcomes(0).cleanings_size(), 1);
  EXPECT_EQ(response->outcomes(0).cleanings(0).field(), "items[0].product_name");
  EXPECT_EQ(response->outcomes(0).cleanings(0).rule(), "PRODUCT_NAME_MAPPED");

  v1::GetPurchaseRequest get;
  get.mutable_name()->set_purchase(response->outcomes(0).number());
  auto stored = Call<v1::Purchase>(erp_, absl::StrCat(kPurchases, "GetPurchase"), get);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->items(0).product_code(), "GTX-100");
  EXPECT_EQ(stored->items(0).product_name(), "GTXPro");
  EXPECT_EQ(stored->items(1).product_code(), "");
  EXPECT_EQ(stored->items(2).product_code(), "GTX-100");
  EXPECT_EQ(stored->items(3).product_code(), "");
  EXPECT_EQ(stored->items(3).product_name(), "NO-SUCH");
  EXPECT_EQ(Rows("unmapped_product WHERE source = 'erp'"), 2);

  // A mapping made since does not turn a repeat into another content.
  v1::MapProductNameRequest map;
  map.set_name("unheardof");
  map.set_product("GTX-100");
  ASSERT_TRUE(
      Call<v1::MapProductNameResponse>(steward_, absl::StrCat(kProducts, "MapProductName"), map)
          .ok());
  EXPECT_EQ(RecordMany(request)->outcomes(0).state(), v1::RowOutcome::STATE_UNCHANGED);
}

// CUS-7, CUS-20: whatever comes in whatever order, the sums are those of a slow recomputation.
TEST_F(PurchaseHandlersTest, SumsAreThoseOfASlowRecomputation) {
  struct Model {
    int64_t amount = 0;
    int64_t refunded = 0;
    std::string day;
    bool cancelled = false;
  };
  std::mt19937 random(20260320);
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  std::map<std::string, Model> orders;
  int64_t largest_total = 0;
  for (int step = 0; step < 150; ++step) {
    const std::string order = absl::StrCat("P-", pick(0, 49));
    Model& model = orders[order];
    const bool exists = !model.day.empty();
    const int64_t what = pick(0, 9);
    if (!exists || what < 3) {
      if (!exists) {
        model.amount = pick(0, 1'000'000);
        const absl::Time time = Now() - absl::Hours(pick(0, 20'000));
        model.day = absl::FormatCivilTime(absl::ToCivilDay(time, harness_.options().time_zone));
        ASSERT_TRUE(
            Record(Order(customer_.number(), order, time, text::FormatDecimal(model.amount, 2)))
                .ok());
      }
    } else if (what < 6) {
      auto cancelled = Cancel(order);
      ASSERT_TRUE(cancelled.ok()) << cancelled.status();
      model.cancelled = true;
    } else {
      const int64_t amount = pick(1, 400'000);
      auto refund = Refund(order, text::FormatDecimal(amount, 2));
      const bool fits = !model.cancelled && amount <= model.amount - model.refunded;
      ASSERT_EQ(refund.ok(), fits) << refund.status();
      if (fits) model.refunded += amount;
    }
    int64_t total = 0;
    int64_t count = 0;
    std::string first;
    std::string last;
    for (const auto& [name, known] : orders) {
      if (known.cancelled) continue;
      total += known.amount - known.refunded;
      ++count;
      first = first.empty() ? known.day : std::min(first, known.day);
      last = std::max(last, known.day);
    }
    const v1::Customer now = GetCustomer(customer_.number());
    ASSERT_EQ(now.total_amount(), text::FormatDecimal(total, 2)) << "step " << step;
    ASSERT_EQ(now.order_count(), count) << "step " << step;
    ASSERT_EQ(now.average_order_value(),
              count == 0 ? "" : text::FormatDecimal((2 * total + count) / (2 * count), 2));
    ASSERT_EQ(now.first_purchase_date(), first) << "step " << step;
    ASSERT_EQ(now.last_purchase_date(), last) << "step " << step;
    largest_total = std::max(largest_total, total);
  }
  EXPECT_GT(largest_total, 0);
}

// CUS-20, PLT-6: purchases of one customer from eight threads on two replicas add up.
TEST_F(PurchaseHandlersTest, ConcurrentPurchasesOfOneCustomerAddUp) {
  constexpr int kThreads = 8;
  constexpr int kOrders = 6;
  crm::testing::Replica* const replicas[] = {&harness_.replica(), &harness_.StartReplica()};
  std::vector<std::thread> threads;
  std::vector<absl::Status> results(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kOrders; ++i) {
        v1::RecordPurchaseRequest request;
        *request.mutable_purchase() =
            Order(customer_.number(), absl::StrCat("T-", t, "-", i), Now(), "1.01");
        absl::StatusOr<v1::Purchase> recorded;
        // A caller repeats what collided too often; the order number makes that safe.
        do {
          recorded = harness_.CallOn<v1::RecordPurchaseRequest, v1::Purchase>(
              *replicas[t % 2], erp_, absl::StrCat(kPurchases, "RecordPurchase"), request);
        } while (recorded.status().code() == absl::StatusCode::kAborted);
        if (!recorded.ok()) results[static_cast<size_t>(t)] = recorded.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) EXPECT_TRUE(result.ok()) << result;
  const v1::Customer after = GetCustomer(customer_.number());
  EXPECT_EQ(after.order_count(), kThreads * kOrders);
  EXPECT_EQ(after.total_amount(), "48.48");
  EXPECT_EQ(Rows("purchase"), kThreads * kOrders);
}

// CUS-20: of eight who record one order at once, one does; all get the same answer.
TEST_F(PurchaseHandlersTest, OneOrderFromManyThreadsIsRecordedOnce) {
  constexpr int kThreads = 8;
  const v1::Purchase order = Order(customer_.number(), "A-1", Now(), "7");
  std::vector<std::thread> threads;
  std::vector<std::string> numbers(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      absl::StatusOr<v1::Purchase> recorded;
      do {
        recorded = Record(order);
      } while (recorded.status().code() == absl::StatusCode::kAborted);
      numbers[static_cast<size_t>(t)] = recorded.ok() ? recorded->number() : "";
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(numbers, ::testing::Each(numbers.front()));
  EXPECT_NE(numbers.front(), "");
  EXPECT_EQ(GetCustomer(customer_.number()).total_amount(), "7.00");
}

}  // namespace
}  // namespace crm::customer
