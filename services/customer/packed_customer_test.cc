// A customer reads the same from its packed copy and from its columns (docs/adr/0012).
#include <random>

#include "common/db/group_committer.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/customer/archive_test_fixture.h"

namespace crm::customer {
namespace {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;

// Fills in fields with values that their columns can keep. Seeded.
class Filler {
 public:
  explicit Filler(uint32_t seed) : random_(seed) {}

  // Each field with the probability `share`.
  void Fill(pb::Message& message, double share) {
    for (const FieldSchema& field : schema::MessageSchema::Of(message.GetDescriptor()).fields()) {
      if (field.options->not_stored()) continue;
      if (std::uniform_real_distribution<double>()(random_) >= share) continue;
      if (field.repeated) {
        Set(field, message, /*add=*/true);
        Set(field, message, /*add=*/true);
      } else {
        Set(field, message, /*add=*/false);
      }
    }
  }

 private:
  int64_t Number(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }

  std::string Text(const FieldSchema& field) {
    namespace opt = crm::options::v1;
    switch (field.options->format()) {
      case opt::FORMAT_DECIMAL:
        return absl::StrCat(Number(0, 999'999), ".", Number(10, 99));
      case opt::FORMAT_DATE:
        return absl::FormatCivilTime(absl::CivilDay(1950, 1, 1) + Number(0, 40'000));
      default:
        break;
    }
    // A credit code has 18 characters; phones and the like, which are encrypted, are ASCII.
    static const auto* const kLetters =
        new std::vector<std::string>{"a", "Z", "7", "云", "é", "😀", "'", "\\", "\n"};
    std::string text;
    const int64_t length = field.max_length > 0 ? std::min(field.max_length, 18) : 18;
    for (int64_t i = 0; i < length; ++i) {
      absl::StrAppend(
          &text, (*kLetters)[static_cast<size_t>(Number(0, field.options->encrypted() ? 2 : 8))]);
    }
    return text;
  }

  int EnumNumber(const FieldSchema& field) {
    const pb::EnumDescriptor& type = *field.descriptor->enum_type();
    return type.value(static_cast<int>(Number(1, type.value_count() - 1)))->number();
  }

  void Set(const FieldSchema& field, pb::Message& message, bool add) {
    const pb::Reflection& reflection = *message.GetReflection();
    const pb::FieldDescriptor* const descriptor = field.descriptor;
    switch (descriptor->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return add ? reflection.AddString(&message, descriptor, Text(field))
                   : reflection.SetString(&message, descriptor, Text(field));
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return add ? reflection.AddEnumValue(&message, descriptor, EnumNumber(field))
                   : reflection.SetEnumValue(&message, descriptor, EnumNumber(field));
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return reflection.SetInt32(&message, descriptor, static_cast<int32_t>(Number(1, 100)));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return reflection.SetInt64(&message, descriptor, Number(1, int64_t{1} << 60));
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return reflection.SetBool(&message, descriptor, true);
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return SetMessage(field, add ? *reflection.AddMessage(&message, descriptor)
                                     : *reflection.MutableMessage(&message, descriptor));
      default:
        FAIL() << field.name << " has a type that this test does not know";
    }
  }

  void SetMessage(const FieldSchema& field, pb::Message& message) {
    if (field.kind == FieldKind::kTimestamp) {
      auto& time = static_cast<pb::Timestamp&>(message);
      time.set_seconds(Number(-2'000'000'000, 4'000'000'000));
      time.set_nanos(static_cast<int32_t>(Number(0, 999'999'999)));  // finer than columns keep
    } else if (field.kind == FieldKind::kStruct) {
      auto& fields = *static_cast<pb::Struct&>(message).mutable_fields();
      fields["text"].set_string_value("值\"'");
      fields["number"].set_number_value(0.1);
      fields["yes"].set_bool_value(true);
      fields["list"].mutable_list_value()->add_values()->set_string_value("a");
    } else {
      Fill(message, 1);
    }
  }

  std::mt19937 random_;
};

class PackedCustomerTest : public ArchiveTest {
 protected:
  const resource::ResourceTable& table() const { return archive_.store.table(); }
  db::Connection& db() { return *lease_; }

  void Commit(db::WriteSet writes) {
    const absl::Status status =
        runtime().committer().Commit(std::move(writes), absl::Now() + absl::Minutes(1));
    ASSERT_TRUE(status.ok()) << status;
  }
  v1::Customer Packed(int64_t id) {
    const std::string sql =
        absl::StrCat("SELECT ", table().PackedColumns(), " FROM customer WHERE id = ?");
    auto rows = db().Select({"packed", sql}, {id});
    EXPECT_TRUE(rows.ok() && rows->Next());
    resource::RowKey key;
    v1::Customer read;
    const auto whole = table().ReadPacked(*rows, key, read);
    EXPECT_TRUE(whole.ok() && *whole) << "the copy does not count";
    return read;
  }
  v1::Customer FromColumns(int64_t id) {
    const std::string sql =
        absl::StrCat("SELECT ", table().Columns(), " FROM customer WHERE id = ?");
    auto rows = db().Select({"columns", sql}, {id});
    EXPECT_TRUE(rows.ok() && rows->Next());
    resource::RowKey key;
    v1::Customer read;
    const absl::Status status = table().Read(*rows, key, read);
    EXPECT_TRUE(status.ok()) << status;
    return read;
  }
  void ExpectEqual(int64_t id) {
    pb::util::MessageDifferencer differencer;
    std::string report;
    differencer.ReportDifferencesToString(&report);
    EXPECT_TRUE(differencer.Compare(FromColumns(id), Packed(id))) << report;
  }

  db::Pool::Lease lease_ = *runtime().pool().Acquire(absl::Now() + absl::Minutes(1));
};

// PLT-24: no field is lost or changed by either way of keeping it.
TEST_F(PackedCustomerTest, EveryFieldReadsTheSame) {
  v1::Customer customer;
  Filler(1).Fill(customer, 1);
  for (const FieldSchema& field : table().schema().fields()) {
    if (field.options->not_stored()) continue;
    const pb::Reflection& reflection = *customer.GetReflection();
    EXPECT_TRUE(field.repeated ? reflection.FieldSize(customer, field.descriptor) > 0
                               : reflection.HasField(customer, field.descriptor))
        << field.name << " is not filled in";
  }
  ASSERT_NE(customer.last_contact_time().nanos() % 1'000, 0);

  db::WriteSet writes;
  table().Insert(writes, {1, 1}, customer);
  Commit(std::move(writes));
  ExpectEqual(1);

  // What was read is what was written, to the microsecond.
  const v1::Customer read = Packed(1);
  EXPECT_EQ(read.last_contact_time().nanos(), customer.last_contact_time().nanos() / 1000 * 1000);
  EXPECT_EQ(read.last_contact_time().seconds(), customer.last_contact_time().seconds());
  for (const FieldSchema& field : table().schema().fields()) {
    if (field.options->not_stored()) continue;
    EXPECT_TRUE(resource::FieldEquals(read, customer, field)) << field.name;
  }
}

// PLT-24: whichever fields are known, new and changed.
TEST_F(PackedCustomerTest, AnyFieldsReadTheSame) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    const auto make = [&](uint32_t salt) {
      v1::Customer customer = Person("张三丰", "13800000001");
      Filler(seed * 2 + salt).Fill(customer, 0.5);
      customer.set_number(absl::StrCat("X", seed));
      customer.set_creator("u1");
      customer.set_last_editor("u1");
      customer.set_entered_via("api");
      customer.mutable_create_time()->set_seconds(1'800'000'000);
      *customer.mutable_update_time() = customer.create_time();
      return customer;
    };
    const v1::Customer before = make(0);
    db::WriteSet writes;
    table().Insert(writes, {seed, 1}, before);
    Commit(std::move(writes));
    ExpectEqual(seed);
    db::WriteSet change;
    table().Update(change, {seed, 1}, before, make(1));
    Commit(std::move(change));
    ExpectEqual(seed);
  }
}

// CUS-6, CUS-7: what people enter is stored in the form in which it is read.
TEST_F(PackedCustomerTest, WhatPeopleEnterReadsTheSame) {
  v1::Customer customer = Organization("杭州云杉科技有限公司", "138 0000 0001");
  customer.set_budget_lower("10000");
  customer.set_budget_upper("50000.5");
  customer.set_annual_purchasing_volume("007");
  customer.set_email("Sales@EXAMPLE.com");
  customer.set_expected_purchase_date("2026-05-01");
  customer = Create(customer);
  const int64_t id = Cell(customer, "id");
  ExpectEqual(id);
  EXPECT_TRUE(pb::util::MessageDifferencer::Equals(GetCustomer(customer.number()), customer));
}

}  // namespace
}  // namespace crm::customer
