// Many reads at once: what waits together is answered by one statement a scope, each call for
// itself.
#include <array>
#include <deque>
#include <thread>

#include "common/numbering/number_allocator.h"
#include "services/customer/archive_test_fixture.h"
#include "services/customer/customer_handlers.h"
#include "services/customer/staff_cache.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CustomerGroupReadTest : public ArchiveTest {
 protected:
  CustomerGroupReadTest() { handlers_.Register(table_); }

  struct Asked {
    std::string number;
    auth::RowScope scope;
  };
  struct Answer {
    absl::Status status;
    v1::Customer customer;
  };
  // As the server does with the calls that are waiting.
  std::vector<Answer> GetTogether(const std::vector<Asked>& asked) {
    std::deque<server::CallContext> calls;
    std::vector<v1::GetCustomerRequest> requests(asked.size());
    std::vector<Answer> answers(asked.size());
    std::vector<server::BatchItem> items;
    for (size_t i = 0; i < asked.size(); ++i) {
      server::CallContext::Info info;
      info.scope = asked[i].scope;
      requests[i].set_customer(asked[i].number);
      items.push_back({&calls.emplace_back(std::move(info), nullptr), &requests[i],
                       &answers[i].customer, absl::OkStatus()});
    }
    auto lease = runtime().pool().Acquire(absl::Now() + absl::Minutes(1));
    table_.entries().find("GetCustomer")->second.batch(**lease, absl::MakeSpan(items));
    for (size_t i = 0; i < asked.size(); ++i) answers[i].status = items[i].status;
    return answers;
  }
  absl::StatusOr<v1::BatchGetCustomersResponse> BatchGet(const std::vector<std::string>& numbers,
                                                         const std::string& token) {
    v1::BatchGetCustomersRequest request;
    for (const std::string& number : numbers) request.add_customers(number);
    return Call<v1::BatchGetCustomersResponse>(token, "CustomerService/BatchGetCustomers", request);
  }
  static std::vector<std::string> NumbersOf(const v1::BatchGetCustomersResponse& response) {
    std::vector<std::string> numbers;
    for (const v1::Customer& customer : response.customers()) numbers.push_back(customer.number());
    return numbers;
  }

  const auth::RowScope all_{auth::RowScope::Kind::kAll, "", {}};
  const auth::RowScope seller_scope_{auth::RowScope::Kind::kOwn, "seller", {}};
  StaffNames names_;
  StaffCache staff_{names_};
  const ProductStore products_{archive_.keyring, archive_.ids};
  numbering::NumberAllocator duplicate_numbers_{
      {.name = "duplicate",
       .pattern = *numbering::NumberPattern::Parse("DUP{yyyy}{seq:6}"),
       .zone = runtime().zone()},
      runtime().pool()};
  const DuplicateStore duplicates_{archive_.keyring, archive_.ids, duplicate_numbers_};
  const auth::CurrentPolicy policy_{nullptr};  // reads ask for no right to assign
  const CustomerOwners owners_{staff_, policy_};
  CustomerHandlers handlers_{archive_, owners_, products_, duplicates_};
  server::MethodTable table_{runtime::ServiceDescriptorOf("crm.customer.v1.CustomerService")};
};

// PLT-2, PLT-7: the same customer asked for twice is answered twice, an unknown number is that
// call's error only.
TEST_F(CustomerGroupReadTest, EachCallOfAGroupHasItsOwnAnswer) {
  const v1::Customer a = Create(Organization("杭州云杉科技有限公司", "13800000001"));
  const v1::Customer b = Create(Organization("广州红棉贸易有限公司", "13800000002"));
  const auto answers = GetTogether({{b.number(), all_},
                                    {"CRM2026999999", all_},
                                    {a.number(), all_},
                                    {b.number(), all_},
                                    {"CRM2026999999", all_},
                                    {"", all_}});
  const std::array<std::string, 6> found = {b.full_name(), "", a.full_name(),
                                            b.full_name(), "", ""};
  for (size_t i = 0; i < answers.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(answers[i].customer.full_name(), found[i]);
    EXPECT_EQ(answers[i].status.ok(), !found[i].empty());
    if (found[i].empty()) {
      EXPECT_EQ(answers[i].status.code(), absl::StatusCode::kNotFound);
      EXPECT_EQ(ErrorReason(answers[i].status), "RESOURCE_NOT_FOUND");
    }
  }
}

// PLT-13: calls of one group keep their own scopes, also for the same customer.
TEST_F(CustomerGroupReadTest, CallsOfAGroupKeepTheirScopes) {
  const v1::Customer other = Create(Organization("杭州云杉科技有限公司", "13800000001"));
  const auto own = TryCreate(seller_, Organization("广州红棉贸易有限公司", "13800000002"));
  ASSERT_TRUE(own.ok()) << own.status();
  const auto answers = GetTogether({{other.number(), seller_scope_},
                                    {other.number(), all_},
                                    {own->number(), seller_scope_},
                                    {own->number(), all_}});
  EXPECT_TRUE(absl::IsNotFound(answers[0].status)) << answers[0].status;
  EXPECT_EQ(answers[1].customer.number(), other.number());
  EXPECT_EQ(answers[2].customer.number(), own->number());
  EXPECT_EQ(answers[3].customer.number(), own->number());
}

// PLT-2: the same over gRPC, from many clients at once.
TEST_F(CustomerGroupReadTest, ManyClientsReadTheSameCustomers) {
  const v1::Customer a = Create(Organization("杭州云杉科技有限公司", "13800000001"));
  const v1::Customer b = Create(Organization("广州红棉贸易有限公司", "13800000002"));
  const std::array<std::string, 3> asked = {a.number(), "CRM2026999999", b.number()};
  std::vector<std::jthread> clients;
  for (size_t client = 0; client < 8; ++client) {
    clients.emplace_back([&, client] {
      for (size_t i = 0; i < 30; ++i) {
        v1::GetCustomerRequest request;
        request.set_customer(asked[(client + i) % asked.size()]);
        const auto read = Call<v1::Customer>(steward_, "CustomerService/GetCustomer", request);
        if (request.customer() == asked[1]) {
          ASSERT_TRUE(absl::IsNotFound(read.status())) << read.status();
        } else {
          ASSERT_TRUE(read.ok()) << read.status();
          ASSERT_EQ(read->number(), request.customer());
        }
      }
    });
  }
}

// PLT-2: in the order asked for, as often as asked for; numbers that are nobody's are told.
TEST_F(CustomerGroupReadTest, BatchGetAnswersInTheOrderAskedFor) {
  const v1::Customer a = Create(Organization("杭州云杉科技有限公司", "13800000001"));
  const v1::Customer b = Create(Organization("广州红棉贸易有限公司", "13800000002"));
  const auto read = BatchGet({b.number(), "CRM2026999999", a.number(), b.number()}, steward_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(NumbersOf(*read), ElementsAre(b.number(), a.number(), b.number()));
  EXPECT_THAT(read->missing(), ElementsAre("CRM2026999999"));
}

// PLT-13: out of scope is missing, like what does not exist.
TEST_F(CustomerGroupReadTest, BatchGetTellsNothingOfOthers) {
  const v1::Customer other = Create(Organization("杭州云杉科技有限公司", "13800000001"));
  const auto read = BatchGet({other.number()}, seller_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(NumbersOf(*read), IsEmpty());
  EXPECT_THAT(read->missing(), ElementsAre(other.number()));
}

}  // namespace
}  // namespace crm::customer
