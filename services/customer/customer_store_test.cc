#include "services/customer/customer_store.h"

#include <functional>
#include <utility>

#include "services/customer/people_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;

// Lets something happen before a statement of one name runs for the first time.
class InterruptedConnection : public db::Connection {
 public:
  InterruptedConnection(db::Connection& inner, std::string_view before,
                        std::function<void()> happen)
      : inner_(inner), before_(before), happen_(std::move(happen)) {}

  absl::StatusOr<db::Rows> Select(const db::Query& query,
                                  absl::Span<const db::Value> params) override {
    if (query.name == before_ && happen_) std::exchange(happen_, nullptr)();
    return inner_.Select(query, params);
  }
  absl::StatusOr<int64_t> Execute(const db::Query& query,
                                  absl::Span<const db::Value> params) override {
    return inner_.Execute(query, params);
  }
  absl::StatusOr<int64_t> ExecuteRows(const db::Query& query,
                                      absl::Span<const db::Values* const> rows) override {
    return inner_.ExecuteRows(query, rows);
  }
  absl::Status ExecuteText(const db::Query& query) override { return inner_.ExecuteText(query); }
  absl::Status Begin() override { return inner_.Begin(); }
  absl::Status Commit() override { return inner_.Commit(); }
  void Rollback() override { inner_.Rollback(); }
  bool in_transaction() const override { return inner_.in_transaction(); }
  void SetDeadline(absl::Time deadline) override { inner_.SetDeadline(deadline); }
  bool usable() const override { return inner_.usable(); }

  bool happened() const { return happen_ == nullptr; }

 private:
  db::Connection& inner_;
  const std::string_view before_;
  std::function<void()> happen_;
};

class CustomerStoreTest : public PeopleTest {
 protected:
  static constexpr char kSecondRead[] = "customers_by_columns";

  runtime::ServiceRuntime& runtime() { return harness_.replica().runtime(); }

  v1::Customer CreateOwned(const std::string& name, const std::string& phone) {
    auto created = TryCreate(seller_, Person(name, phone));
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : v1::Customer();
  }
  // As SQL does that knows nothing of packed copies: the row has none of its version any more.
  void Change(const std::string& assignment, const v1::Customer& customer) {
    harness_.database().Run(absl::StrCat("UPDATE customer SET version = version + 1, ", assignment,
                                         " WHERE number = '", customer.number(), "'"));
  }
  void Delete(const v1::Customer& customer) {
    harness_.database().Run(
        absl::StrCat("DELETE FROM customer WHERE number = '", customer.number(), "'"));
  }
  InterruptedConnection Interrupted(std::function<void()> happen) {
    return InterruptedConnection(*lease_, kSecondRead, std::move(happen));
  }

  const CustomerStore store_{runtime().keyring()};
  db::Pool::Lease lease_ = *runtime().pool().Acquire(absl::Now() + absl::Minutes(1));
  const auth::RowScope own_{auth::RowScope::Kind::kOwn, "seller", {}};
  const auth::RowScope others_{auth::RowScope::Kind::kOwn, "other", {}};
};

// PLT-13: whatever a row is read from, only those in scope are there.
TEST_F(CustomerStoreTest, AStaleCopyIsInTheScopeOfItsRow) {
  const v1::Customer customer = CreateOwned("张三丰", "13800000001");
  Change("website = 'https://a.cn'", customer);
  EXPECT_EQ(store_.Get(*lease_, customer.number(), own_)->message.website(), "https://a.cn");
  EXPECT_TRUE(absl::IsNotFound(store_.Get(*lease_, customer.number(), others_).status()));

  v1::GetCustomerRequest request;
  request.set_customer(customer.number());
  EXPECT_TRUE(Call<v1::Customer>(seller_, "CustomerService/GetCustomer", request).ok());
  EXPECT_TRUE(absl::IsNotFound(
      Call<v1::Customer>(other_seller_, "CustomerService/GetCustomer", request).status()));
}

// CUS-10: the version belongs to the data, also when somebody changes the row between the reads.
TEST_F(CustomerStoreTest, VersionAndDataOfAStaleCopyAreReadTogether) {
  const v1::Customer customer = CreateOwned("张三丰", "13800000001");
  Change("website = 'https://a.cn'", customer);
  auto db = Interrupted([&] { Change("website = 'https://b.cn'", customer); });
  const auto read = store_.Get(db, customer.number(), own_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(db.happened());
  EXPECT_EQ(read->message.website(), "https://b.cn");
  EXPECT_EQ(read->key.version, 3);
  EXPECT_EQ(read->message.etag(), resource::EtagOf(3));
}

// PLT-13: a customer that is given away between the reads is nobody else's business any more.
TEST_F(CustomerStoreTest, ARowThatLeavesTheScopeBetweenTheReadsIsNotFound) {
  const v1::Customer given = CreateOwned("张三丰", "13800000001");
  const v1::Customer kept = CreateOwned("李秀英", "13800000002");
  Change("website = 'https://a.cn'", given);
  auto db = Interrupted([&] { Change("owner = 'other'", given); });
  const auto read = store_.GetMany(db, {given.number(), kept.number()}, own_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(db.happened());
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().message.number(), kept.number());
}

// CUS-12: so is one that is deleted.
TEST_F(CustomerStoreTest, ARowThatVanishesBetweenTheReadsIsNotFound) {
  const v1::Customer customer = CreateOwned("张三丰", "13800000001");
  Change("website = 'https://a.cn'", customer);
  auto db = Interrupted([&] { Delete(customer); });
  v1::Customer message;
  CustomerStore::Place place{&message};
  const std::string number = customer.number();
  const absl::Status status =
      store_.ReadMany(db, {std::string_view(number)}, own_,
                      [&](std::string_view) -> CustomerStore::Place* { return &place; });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(db.happened());
  EXPECT_FALSE(place.found());
  EXPECT_EQ(message.ByteSizeLong(), 0u);
}

// CUS-24: a page that has read one row twice, because it moved meanwhile, has it twice.
TEST_F(CustomerStoreTest, ARowReadTwiceIsInBothPlaces) {
  const v1::Customer customer = CreateOwned("张三丰", "13800000001");
  Change("website = 'https://a.cn'", customer);
  const std::string sql = absl::StrCat("SELECT ", store_.columns(), " FROM customer");
  auto rows = lease_->Select({"all_customers", sql}, {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_TRUE(rows->Next());
  std::array<StoredCustomer, 2> places;
  CustomerStore::Reader reader(store_, own_);
  for (StoredCustomer& place : places) {
    ASSERT_TRUE(reader.Read(*rows, place.key, place.message).ok());
  }
  ASSERT_TRUE(reader.Finish(*lease_).ok());
  for (const StoredCustomer& place : places) {
    EXPECT_EQ(place.key.version, 2);
    EXPECT_EQ(place.message.website(), "https://a.cn");
  }
}

}  // namespace
}  // namespace crm::customer
