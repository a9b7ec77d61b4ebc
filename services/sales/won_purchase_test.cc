// What is won here appears in the archive as a purchase: two services in one process.
#include <fstream>
#include <memory>

#include "common/event/outbox.h"
#include "common/event/retention.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/purchase_service.pb.h"
#include "crm/sales/v1/history.pb.h"
#include "prometheus/text_serializer.h"
#include "services/customer/customer_service.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {
namespace {

namespace archive = crm::customer::v1;
using crm::testing::Eventually;
using crm::testing::ServiceHarness;
using ::testing::HasSubstr;

constexpr char kNobody[] = "CRM2099000001";

class WonPurchaseTest : public SalesTest {
 protected:
  WonPurchaseTest()
      : archive_(customer::Info(), customer::CustomerService::Create,
                 [this](config::ServiceOptions& options) {
                   const std::string token_file = options.key_file + ".sales-token";
                   std::ofstream(token_file) << harness_.TokenOfService("crm-customer");
                   options.peer_token_file = token_file;
                   options.peers["sales"] = absl::StrCat("127.0.0.1:", harness_.replica().port());
                 }) {
    archive_.clock().Set(harness_.clock().Now());
    steward_ = archive_.TokenOf("u-steward", {"data_steward"}, "hq");
    archive::CreateCustomerRequest request;
    archive::Customer& customer = *request.mutable_customer();
    customer.set_kind(archive::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name("杭州青禾医疗器械有限公司");
    customer.set_industry("I65");
    customer.set_decision_maker("李云");
    customer.set_tier(archive::TIER_KEY);
    customer.set_phone("13800138009");
    buyer_ = Must(archive_.Call<archive::CreateCustomerRequest, archive::Customer>(
        steward_, "crm.customer.v1.CustomerService/CreateCustomer", request));
    db::WriteSet writes;
    archive::Customer known = buyer_;
    known.set_owner("rep");
    known.set_team("east");
    replica::KeepCustomer(known, writes);
    archive::Customer nobody = known;
    nobody.set_number(kNobody);
    replica::KeepCustomer(nobody, writes);
    Commit(std::move(writes));
  }

  v1::Opportunity WinOne(const std::string& customer) {
    v1::Opportunity draft = Draft();
    draft.set_customer(customer);
    v1::OpportunityProduct& product = *draft.add_products();
    product.set_product_name("数据平台");
    product.set_quantity("2");
    product.set_price("50000");
    return MakeWon(Must(Create(draft)).number(), "90000");
  }

  // It was open in the older system, and is won here on a day before it was imported.
  void WinImported(const std::string& external_number) {
    v1::ImportOpportunitiesRequest request;
    request.set_missing(v1::MISSING_FIELDS_ACCEPT);
    v1::HistoricOpportunity& row = *request.add_rows();
    row.set_source_system("oldcrm");
    row.set_external_number(external_number);
    row.set_customer(buyer_.number());
    row.set_team("east");
    row.set_stage("negotiation");
    row.set_amount("80000");
    record::SetTime(At("2026-01-10T09:00:00+08:00"), *row.mutable_stage_enter_time());
    const std::string number = Must(Call<v1::ImportOpportunitiesResponse>(
                                        "HistoryService/ImportOpportunities", request, Steward()))
                                   .outcomes(0)
                                   .opportunity();
    v1::MoveStageRequest move;
    move.set_opportunity(number);
    move.set_stage("contract_signing");
    record::SetTime(At("2026-01-20T09:00:00+08:00"), *move.mutable_enter_time());
    Must(Call<v1::Opportunity>("MoveStage", move, Steward()));
    v1::Opportunity contract;
    contract.set_number(number);
    contract.set_contract_amount("80000");
    contract.set_contract_date("2026-02-01");
    Must(Update(contract, {"contract_amount", "contract_date"}, "", Steward()));
    Must(Decide("ApproveContract", number, "", Director()));
    v1::WinOpportunityRequest win;
    win.set_opportunity(number);
    win.set_reason(v1::WIN_REASON_PRODUCT);
    win.set_note("方案最契合");
    record::SetTime(At("2026-02-01T10:00:00+08:00"), *win.mutable_close_time());
    Must(Call<v1::Opportunity>("WinOpportunity", win, Steward()));
  }

  std::vector<archive::Purchase> Purchases() {
    archive::ListPurchasesRequest request;
    request.set_customer(buyer_.number());
    const auto page =
        Must(archive_.Call<archive::ListPurchasesRequest, archive::ListPurchasesResponse>(
            steward_, "crm.customer.v1.PurchaseService/ListPurchases", request));
    return {page.purchases().begin(), page.purchases().end()};
  }
  archive::Customer Buyer() {
    archive::GetCustomerRequest request;
    request.set_customer(buyer_.number());
    return Must(archive_.Call<archive::GetCustomerRequest, archive::Customer>(
        steward_, "crm.customer.v1.CustomerService/GetCustomer", request));
  }
  int64_t Number(const std::string& sql) {
    const auto db = archive_.database().pool().Acquire(archive_.database().Deadline());
    auto rows = (*db)->Select({"test_number", sql}, {});
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() && rows->Next() ? rows->Int(0) : 0;
  }
  int64_t Cursor() { return Number("SELECT position FROM event_cursor WHERE source = 'sales'"); }
  void Change(const std::string& sql, std::initializer_list<db::Value> values) {
    const auto db = archive_.database().pool().Acquire(archive_.database().Deadline());
    const auto changed = (*db)->Execute({"test_change", sql}, values);
    EXPECT_TRUE(changed.ok()) << changed.status();
  }
  // As if the process had died; its lease runs out. Every job of the new one runs at once.
  crm::testing::Replica& Restart(crm::testing::Replica& old) {
    old.Stop();
    archive_.clock().Advance(absl::Minutes(5));
    return archive_.StartReplica();
  }

  ServiceHarness archive_;
  std::string steward_;
  archive::Customer buyer_;
};

TEST_F(WonPurchaseTest, AppearsOnceInTheArchive) {  // SAL-9, PLT-20
  const v1::Opportunity won = WinOne(buyer_.number());
  ASSERT_TRUE(Eventually([&] { return !Purchases().empty(); }));
  const archive::Purchase purchase = Purchases().front();
  EXPECT_EQ(purchase.source_system(), "sales");
  EXPECT_EQ(purchase.order_number(), won.number());
  EXPECT_EQ(purchase.amount(), "90000.00");
  EXPECT_EQ(record::TimeOf(purchase.time()), record::TimeOf(won.close_time()));
  ASSERT_EQ(purchase.items_size(), 1);
  EXPECT_EQ(purchase.items(0).product_name(), "数据平台");
  EXPECT_EQ(purchase.items(0).amount(), "100000.00");
  EXPECT_EQ(Buyer().total_amount(), "90000.00");
  EXPECT_EQ(Buyer().order_count(), 1);

  // The same events once more.
  const int64_t end = Cursor();
  archive_.replica().Stop();
  Change("UPDATE event_cursor SET position = 0 WHERE source = 'sales'", {});
  Restart(archive_.replica());
  ASSERT_TRUE(Eventually([&] { return Cursor() >= end; }));
  const std::string count =
      absl::StrCat("SELECT COUNT(*) FROM purchase WHERE order_number = '", won.number(), "'");
  EXPECT_EQ(Number(count), 1);
  EXPECT_EQ(Number("SELECT CAST(total_amount AS SIGNED) FROM customer WHERE number = '" +
                   buyer_.number() + "'"),
            90'000);
}

// SAL-9: what cannot be recorded is kept and seen, and holds up nothing.
TEST_F(WonPurchaseTest, WhatCannotBeRecordedWaits) {
  const v1::Opportunity stray = WinOne(kNobody);
  WinOne(buyer_.number());
  ASSERT_TRUE(Eventually([&] { return !Purchases().empty(); }));
  const std::string kept = absl::StrCat("SELECT COUNT(*) FROM waiting_record WHERE number = '",
                                        stray.number(), "' AND reason = 'RESOURCE_NOT_FOUND'");
  EXPECT_EQ(Number(kept), 1);

  const auto metrics = [](crm::testing::Replica& replica) {
    return prometheus::TextSerializer().Serialize(replica.runtime().metrics().Collect());
  };
  crm::testing::Replica& second = Restart(archive_.replica());
  EXPECT_TRUE(Eventually([&] {
    return metrics(second).find("crm_won_opportunities_unrecorded 1") != std::string::npos;
  }));

  // Tried again after pauses that grow, and not before.
  const auto tries = [&] { return Number("SELECT tries FROM waiting_record"); };
  crm::testing::Replica& third = Restart(second);
  ASSERT_TRUE(Eventually([&] { return tries() == 2; }));
  third.Stop();
  archive_.clock().Advance(absl::Minutes(3));
  crm::testing::Replica& fourth = archive_.StartReplica();
  EXPECT_TRUE(Eventually([&] {
    return metrics(fourth).find("crm_won_opportunities_unrecorded 1") != std::string::npos;
  }));
  EXPECT_EQ(tries(), 2);

  // Once there is such a customer, it is recorded like the others.
  v1::Opportunity mended = stray;
  mended.set_customer(buyer_.number());
  Change("UPDATE waiting_record SET payload = ?", {mended.SerializeAsString()});
  crm::testing::Replica& fifth = Restart(fourth);
  EXPECT_TRUE(Eventually([&] { return Number("SELECT COUNT(*) FROM waiting_record") == 0; }));
  EXPECT_TRUE(Eventually([&] {
    return metrics(fifth).find("crm_won_opportunities_unrecorded 0") != std::string::npos;
  }));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM purchase"), 2);
}

// What can be recorded comes after more of those that cannot than are tried at once; two are of one
// customer.
TEST_F(WonPurchaseTest, EachThatWaitsHasItsTurn) {  // SAL-9
  const v1::Opportunity stray = WinOne(kNobody);
  ASSERT_TRUE(Eventually([&] { return Number("SELECT COUNT(*) FROM waiting_record") == 1; }));
  constexpr int kMany = 201;
  for (int i = 0; i < kMany + 2; ++i) {
    v1::Opportunity waits = stray;
    waits.set_number(absl::StrCat(i < kMany ? "A" : "Z", 1000 + i));
    if (i >= kMany) waits.set_customer(buyer_.number());
    Change(
        "INSERT INTO waiting_record"
        " VALUES ('won_opportunity', ?, ?, 'RESOURCE_NOT_FOUND', 0, 0, 0)",
        {waits.number(), waits.SerializeAsString()});
  }
  Restart(archive_.replica());
  EXPECT_TRUE(Eventually([&] { return Number("SELECT COUNT(*) FROM purchase") == 2; }));
  EXPECT_EQ(Number("SELECT CAST(total_amount AS SIGNED) FROM customer WHERE number = '" +
                   buyer_.number() + "'"),
            180'000);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM waiting_record"), kMany + 1);
}

TEST_F(WonPurchaseTest, AnEventThatCannotBeReadWaits) {  // SAL-9, PLT-20
  v1::Opportunity won = WinOne(buyer_.number());
  ASSERT_TRUE(Eventually([&] { return Purchases().size() == 1; }));
  v1::Pipeline other;
  other.set_code("default");
  db::WriteSet writes;
  writes.AddEvent(event::MakeEvent({.type = "opportunity.won",
                                    .subject = "SO-OTHER",
                                    .version = 1,
                                    .time = harness_.clock().Now(),
                                    .actor = "rep",
                                    .payload = &other}));
  Commit(std::move(writes));
  WinOne(buyer_.number());
  ASSERT_TRUE(Eventually([&] { return Purchases().size() == 2; }));
  const std::string kept =
      "SELECT COUNT(*) FROM waiting_record"
      " WHERE number = 'SO-OTHER' AND reason = 'PAYLOAD_UNREADABLE'";
  EXPECT_EQ(Number(kept), 1);

  won.set_number("SO-OTHER");
  Change("UPDATE waiting_record SET payload = ?", {won.SerializeAsString()});
  Restart(archive_.replica());
  EXPECT_TRUE(Eventually([&] { return Number(kept) == 0; }));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM purchase"), 3);
}

// PLT-20: events that are no longer kept are made up for from the list of what was won; what an
// older system won is no purchase.
TEST_F(WonPurchaseTest, CatchesUpWhenEventsAreGone) {  // SAL-9
  WinOne(buyer_.number());
  ASSERT_TRUE(Eventually([&] { return !Purchases().empty(); }));
  archive_.replica().Stop();
  WinOne(buyer_.number());
  v1::ImportOpportunitiesRequest import;
  import.set_missing(v1::MISSING_FIELDS_ACCEPT);
  v1::HistoricOpportunity& old = *import.add_rows();
  old.set_source_system("oldcrm");
  old.set_external_number("A-1");
  old.set_customer(buyer_.number());
  old.set_stage("won");
  old.set_amount("7");
  record::SetTime(At("2025-03-01T00:00:00Z"), *old.mutable_close_time());
  Must(Call<v1::ImportOpportunitiesResponse>("HistoryService/ImportOpportunities", import,
                                             Steward()));
  WinImported("A-2");
  auto& sales = harness_.database();
  ASSERT_TRUE(Eventually([&] {
    const auto db = sales.pool().Acquire(sales.Deadline());
    const auto rows =
        (*db)->Select({"unsequenced", "SELECT 1 FROM outbox WHERE position IS NULL"}, {});
    return rows.ok() && rows->size() == 0;
  }));
  harness_.clock().Advance(absl::Hours(24 * 30));
  ASSERT_TRUE(Eventually([&] {
    const auto purged = event::PurgeOutbox(sales.pool(), harness_.clock().Now() - absl::Hours(1));
    return purged.ok() && *purged == 0;
  }));
  std::ofstream(archive_.options().peer_token_file) << harness_.TokenOfService("crm-customer");
  const int64_t before = Cursor();
  archive_.clock().Advance(absl::Hours(24 * 30));
  archive_.StartReplica();
  EXPECT_TRUE(Eventually([&] { return Cursor() > before; }));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM purchase"), 3);
}

}  // namespace
}  // namespace crm::sales
