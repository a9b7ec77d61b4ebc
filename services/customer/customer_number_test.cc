// Customer numbers over gRPC (CUS-1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/customer/customer_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using CustomerNumberTest = CustomerHandlersTest;

// CUS-1: numbers of paper forms are never given to anybody else
TEST_F(CustomerNumberTest, ReservedNumbersAreTaken) {
  v1::ReserveCustomerNumbersRequest request;
  request.set_count(3);
  const auto reserved = Call<v1::ReserveCustomerNumbersResponse>("ReserveCustomerNumbers", request);
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  EXPECT_EQ(reserved->numbers_size(), 3);
  const auto created = Create(Organization("广州甲公司", "13812345678"));
  std::set<std::string> all(reserved->numbers().begin(), reserved->numbers().end());
  EXPECT_TRUE(all.insert(created->number()).second);
}

// CUS-1: a reserved number makes one customer, and no other number can be chosen.
TEST_F(CustomerNumberTest, AReservedNumberIsGivenOnce) {
  v1::ReserveCustomerNumbersRequest reserve;
  reserve.set_count(1);
  const auto reserved = Call<v1::ReserveCustomerNumbersResponse>("ReserveCustomerNumbers", reserve);
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  const std::string& number = reserved->numbers(0);
  const auto create = [&](const std::string& given, const std::string& phone) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = Organization("广州甲公司", phone);
    request.mutable_customer()->set_number(given);
    auto checked = request;
    checked.set_validate_only(true);
    const auto check = Call<v1::Customer>("CreateCustomer", checked);
    const auto created = Call<v1::Customer>("CreateCustomer", request);
    EXPECT_EQ(check.status().code(), created.status().code()) << check.status();
    return created;
  };
  EXPECT_THAT(Violations(create("CRM2026999999", "13812345678").status()),
              ElementsAre("customer.number NUMBER_NOT_RESERVED"));
  const auto created = create(number, "13812345678");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->number(), number);
  EXPECT_EQ(Get(number)->full_name(), "广州甲公司");
  const absl::Status again = create(number, "13812345679").status();
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(again), "NUMBER_USED");
  // What the sequence gave was never reserved; and a number stays.
  const std::string next = Create(Organization("广州乙公司", "13812345680"))->number();
  EXPECT_EQ(ErrorReason(create(next, "13812345681").status()), "NUMBER_USED");
  v1::Customer patch;
  patch.set_number(next);
  EXPECT_THAT(Violations(Update(patch, {"number"}).status()),
              ElementsAre("update_mask.paths[0] FIELD_OUTPUT_ONLY"));
}

// CUS-1: eight callers with one reserved number make one customer.
TEST_F(CustomerNumberTest, ARaceForAReservedNumberHasOneWinner) {
  v1::ReserveCustomerNumbersRequest reserve;
  reserve.set_count(1);
  const auto reserved = Call<v1::ReserveCustomerNumbersResponse>("ReserveCustomerNumbers", reserve);
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  std::vector<absl::Status> answers(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < answers.size(); ++i) {
    threads.emplace_back([&, i] {
      v1::Customer customer = Organization("广州甲公司", absl::StrCat("1381234567", i));
      customer.set_number(reserved->numbers(0));
      answers[i] = Create(customer).status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  int winners = 0;
  for (const absl::Status& status : answers) {
    if (status.ok()) {
      ++winners;
    } else {
      EXPECT_EQ(ErrorReason(status), "NUMBER_USED") << status;
    }
  }
  EXPECT_EQ(winners, 1);
}

// CUS-1, PLT-5: repeating a reservation gives the same block, on every replica.
TEST_F(CustomerNumberTest, ARepeatedReservationGivesTheSameNumbers) {
  v1::ReserveCustomerNumbersRequest request;
  request.set_count(3);
  request.set_request_id("paper-forms-1");
  const auto first = Call<v1::ReserveCustomerNumbersResponse>("ReserveCustomerNumbers", request);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = Call<v1::ReserveCustomerNumbersResponse>("ReserveCustomerNumbers", request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  const auto elsewhere =
      harness_.CallOn<v1::ReserveCustomerNumbersRequest, v1::ReserveCustomerNumbersResponse>(
          harness_.StartReplica(), steward_, kService + std::string("ReserveCustomerNumbers"),
          request);
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.status();
  EXPECT_EQ(elsewhere->SerializeAsString(), first->SerializeAsString());
  request.set_request_id("paper-forms-2");
  const auto other = Call<v1::ReserveCustomerNumbersResponse>("ReserveCustomerNumbers", request);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(other->numbers(0), first->numbers(0));
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM outbox WHERE INSTR(payload, "
                                    "'customer_numbers.reserved')"),
            2);
}

// CUS-1: the sequence restarts when the date part changes, in the business zone.
TEST_F(CustomerNumberTest, NumbersRestartWithTheYear) {
  EXPECT_EQ(Create(Organization("广州甲公司", "13812345671"))->number(), "CRM2026000001");
  EXPECT_EQ(Create(Organization("广州乙公司", "13812345672"))->number(), "CRM2026000002");
  // 2026-12-31 23:30 in Shanghai is the same day in UTC, half an hour later is not.
  absl::TimeZone shanghai;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &shanghai));
  const absl::Time new_year = absl::FromCivil(absl::CivilDay(2027, 1, 1), shanghai);
  harness_.clock().Advance(new_year - absl::Minutes(30) - harness_.clock().Now());
  const std::string late = harness_.TokenOf("steward", {"data_steward"});
  EXPECT_EQ(Create(Organization("广州丙公司", "13812345673"), "", late)->number(), "CRM2026000003");
  harness_.clock().Advance(absl::Minutes(31));
  EXPECT_EQ(Create(Organization("广州丁公司", "13812345674"), "", late)->number(), "CRM2027000001");
}

// CUS-1: never given twice, with any number of replicas.
TEST_F(CustomerNumberTest, NumbersOfTwoReplicasDiffer) {
  crm::testing::Replica* replicas[] = {&harness_.replica(), &harness_.StartReplica()};
  std::set<std::string> numbers;
  for (int i = 0; i < 12; ++i) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = Organization("广州甲公司", absl::StrCat("138123450", 10 + i));
    const auto created = harness_.CallOn<v1::CreateCustomerRequest, v1::Customer>(
        *replicas[i % 2], steward_, kService + std::string("CreateCustomer"), request);
    ASSERT_TRUE(created.ok()) << created.status();
    EXPECT_TRUE(numbers.insert(created->number()).second) << created->number();
  }
}

}  // namespace
}  // namespace crm::customer
