// Random filters over random rows: what the database finds is what an obvious evaluation finds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/filter/filter.h"
#include "common/filter/test_keyring.h"
#include "common/testdb/test_database.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::filter {
namespace {

using crm::customer::v1::Customer;

// A customer as the test knows it. Absent = unknown.
struct Person {
  int64_t id = 0;
  std::optional<std::string> name;
  std::optional<int64_t> tier;
  std::optional<int64_t> age;
  std::optional<int64_t> cents;
  std::optional<int64_t> day;   // of May 2026
  std::optional<int64_t> hour;  // of May 2026, in Shanghai
  std::vector<std::string> tags;
  std::optional<std::string> phone;
  std::optional<std::string> custom_text;
  std::optional<int64_t> custom_number;
  std::vector<std::string> custom_list;
};

// Text of a filter and what it should find.
struct Sample {
  std::string text;
  std::function<bool(const Person&)> matches;
};

const std::vector<std::string> kNames = {"华为",    "华为技术", "A%b", "a_b",
                                         "x\"y\\z", "O'Neil",   "😀"};
const std::vector<std::string> kTags = {"vip", "VIP", "<b>", "复购3次+", "x\"y\\z", "%"};
const std::vector<std::string> kTiers = {"", "POTENTIAL", "低价值", "normal", "TIER_KEY", "战略"};
const std::vector<std::string> kPhones = {"13812345678", "13912345678", "13800000000"};

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int64_t Below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<unsigned>(n)); }
  const std::string& Pick(const std::vector<std::string>& from) {
    return from[static_cast<size_t>(Below(static_cast<int64_t>(from.size())))];
  }
  template <typename T>
  std::optional<T> Maybe(T value) {
    return Below(4) == 0 ? std::nullopt : std::optional<T>(std::move(value));
  }

  Person MakePerson(int64_t id) {
    Person p;
    p.id = id;
    p.name = Maybe(Pick(kNames));
    p.tier = Maybe(1 + Below(5));
    p.age = Maybe(Below(5));
    p.cents = Maybe(Below(5) * 50);
    p.day = Maybe(1 + Below(4));
    p.hour = Maybe(Below(96));
    for (int64_t n = Below(3); n > 0; --n) p.tags.push_back(Pick(kTags));
    p.phone = Maybe(Pick(kPhones));
    p.custom_text = Maybe(Pick(kNames));
    p.custom_number = Maybe(Below(4));
    for (int64_t n = Below(3); n > 0; --n) p.custom_list.push_back(Pick(kTags));
    return p;
  }

  Sample MakeFilter(int depth) {
    const int64_t kind = depth == 0 ? 0 : Below(6);
    if (kind <= 1) return MakeComparison();
    if (kind == 2) return Not(MakeFilter(depth - 1));
    const Sample a = MakeFilter(depth - 1);
    const Sample b = MakeFilter(depth - 1);
    if (kind == 3) {
      return {absl::StrCat("(", a.text, ") OR (", b.text, ")"),
              [=](const Person& p) { return a.matches(p) || b.matches(p); }};
    }
    return {absl::StrCat("(", a.text, kind == 4 ? ") AND (" : ") (", b.text, ")"),
            [=](const Person& p) { return a.matches(p) && b.matches(p); }};
  }

 private:
  Sample Not(const Sample& a) {
    return {absl::StrCat(Below(2) == 0 ? "NOT (" : "-(", a.text, ")"),
            [=](const Person& p) { return !a.matches(p); }};
  }

  static std::string Quote(const std::string& text) {
    return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
  }

  struct Order {
    const char* text;
    bool less, equal, greater;
  };
  Order PickOrder() {
    const Order kOrders[] = {{"=", false, true, false}, {"!=", true, false, true},
                             {"<", true, false, false}, {"<=", true, true, false},
                             {">", false, false, true}, {">=", false, true, true}};
    return kOrders[Below(6)];
  }

  // `get op value`; unknown matches != only.
  template <typename T>
  Sample Ordered(const std::string& field, std::optional<T> Person::*member, T value,
                 const std::string& text) {
    const Order order = PickOrder();
    return {absl::StrCat(field, " ", order.text, " ", text), [=](const Person& p) {
              const std::optional<T>& have = p.*member;
              if (!have.has_value()) return order.less && order.greater;
              if (*have == value) return order.equal;
              return *have < value ? order.less : order.greater;
            }};
  }

  Sample Contains(const std::string& field, std::optional<std::string> Person::*member) {
    const std::string part = Below(2) == 0 ? "华" : Below(2) == 0 ? "_" : "y\\";
    return {absl::StrCat(field, ":", Quote(part)), [=](const Person& p) {
              return (p.*member).has_value() && (p.*member)->find(part) != std::string::npos;
            }};
  }

  Sample Has(const std::string& field, std::vector<std::string> Person::*member) {
    const std::string value = Pick(kTags);
    return {absl::StrCat(field, ":", Quote(value)), [=](const Person& p) {
              const auto& list = p.*member;
              return std::find(list.begin(), list.end(), value) != list.end();
            }};
  }

  // A whole day against hours, of which a day has 24.
  Sample HourOnDay() {
    const Order order = PickOrder();
    const int64_t day = Below(4);
    return {absl::StrCat("create_time ", order.text, " 2026-05-0", day + 1), [=](const Person& p) {
              if (!p.hour.has_value()) return order.less && order.greater;
              const int64_t have = *p.hour / 24;
              if (have == day) return order.equal;
              return have < day ? order.less : order.greater;
            }};
  }

  Sample Phone() {
    const std::string phone = Pick(kPhones);
    switch (Below(3)) {
      case 0:
        return {"phone = " + phone, [=](const Person& p) { return p.phone == phone; }};
      case 1:
        return {"phone != '+86 " + phone + "'", [=](const Person& p) { return p.phone != phone; }};
      default:
        return {"phone:" + phone.substr(7), [=](const Person& p) {
                  return p.phone.has_value() && p.phone->substr(7) == phone.substr(7);
                }};
    }
  }

  Sample Known() {
    switch (Below(4)) {
      case 0:
        return {"tier:*", [](const Person& p) { return p.tier.has_value(); }};
      case 1:
        return {"full_name = \"\"", [](const Person& p) { return !p.name.has_value(); }};
      case 2:
        return {"tags:*", [](const Person& p) { return !p.tags.empty(); }};
      default:
        return {"custom_fields.text:*", [](const Person& p) { return p.custom_text.has_value(); }};
    }
  }

  Sample MakeComparison() {
    const int64_t number = Below(5);
    const std::string name = Pick(kNames);
    switch (Below(13)) {
      case 0:
        return Ordered("full_name", &Person::name, name, Quote(name));
      case 1:
        return Contains("full_name", &Person::name);
      case 2: {
        const auto tier = static_cast<size_t>(1 + number);
        return Ordered("tier", &Person::tier, 1 + number, kTiers[tier]);
      }
      case 3:
        return Ordered("age", &Person::age, number, absl::StrCat(number));
      case 4:
        return Ordered("total_amount", &Person::cents, number * 50,
                       absl::StrCat(number / 2, number % 2 == 0 ? "" : ".5"));
      case 5:
        return Ordered("last_purchase_date", &Person::day, number + 1,
                       absl::StrCat("2026-05-0", number + 1));
      case 6:
        return Ordered("create_time", &Person::hour, number,
                       absl::StrCat("2026-05-01T0", number, ":00:00+08:00"));
      case 7:
        return HourOnDay();
      case 8:
        return Below(2) == 0 ? Has("tags", &Person::tags)
                             : Has("custom_fields.list", &Person::custom_list);
      case 9:
        return Phone();
      case 10:
        return Below(2) == 0
                   ? Ordered("custom_fields.text", &Person::custom_text, name, Quote(name))
                   : Contains("custom_fields.text", &Person::custom_text);
      case 11:
        return Ordered("custom_fields.number", &Person::custom_number, number,
                       absl::StrCat(number));
      default:
        return Known();
    }
  }

  std::mt19937 random_;
};

std::string Json(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::string JsonList(const std::vector<std::string>& list) {
  std::vector<std::string> items;
  for (const std::string& item : list) items.push_back(Json(item));
  return absl::StrCat("[", absl::StrJoin(items, ","), "]");
}

std::optional<std::string> CustomFieldsOf(const Person& p) {
  std::vector<std::string> members;
  if (p.custom_text) members.push_back("\"text\":" + Json(*p.custom_text));
  if (p.custom_number) members.push_back(absl::StrCat("\"number\":", *p.custom_number, ".0"));
  if (!p.custom_list.empty()) members.push_back("\"list\":" + JsonList(p.custom_list));
  if (members.empty()) return std::nullopt;
  return absl::StrCat("{", absl::StrJoin(members, ","), "}");
}

class FilterPropertyTest : public ::testing::Test {
 protected:
  FilterPropertyTest() {
    database_.Run(R"sql(
      CREATE TABLE customer (
        id BIGINT NOT NULL PRIMARY KEY, full_name VARCHAR(100), tier SMALLINT, age BIGINT,
        total_amount DECIMAL(19,2), last_purchase_date DATE, create_time BIGINT, tags LONGTEXT,
        phone_hash BINARY(16), phone_tail_hash BINARY(16), custom_fields LONGTEXT))sql");
  }

  void Insert(const Person& p) {
    std::optional<std::string> amount, date, json, hash, tail;
    if (p.cents) amount = absl::StrCat(*p.cents / 100, ".", *p.cents % 100 / 50 * 5);
    if (p.day) date = absl::StrCat("2026-05-0", *p.day);
    if (!p.tags.empty()) json = JsonList(p.tags);
    if (p.phone) hash = (*keyring_).LookupHash("customer.phone", *p.phone);
    if (p.phone) tail = (*keyring_).LookupHash("customer.phone.tail", p.phone->substr(7));
    std::optional<absl::Time> time;
    if (p.hour) time = may_ + absl::Hours(*p.hour);
    const db::Values values = {p.id, p.name, p.tier, p.age, amount,           date,
                               time, json,   hash,   tail,  CustomFieldsOf(p)};
    auto done = connection_->Execute(
        {"insert", "INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"}, values);
    ASSERT_TRUE(done.ok()) << done.status();
  }

  std::vector<int64_t> Find(const Fragment& condition) {
    const std::string sql =
        absl::StrCat("SELECT id FROM customer WHERE ", condition.sql, " ORDER BY id");
    auto rows = connection_->Select({"find", sql}, condition.values);
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<int64_t> ids;
    while (rows.ok() && rows->Next()) ids.push_back(rows->Int(0));
    return ids;
  }

  testing::TestDatabase database_;
  db::Pool::Lease connection_ = *database_.pool().Acquire(testing::TestDatabase::Deadline());
  TestKeyring keyring_{"property"};
  CompileOptions options_ = TestOptions(*keyring_);
  absl::Time may_ = absl::FromCivil(absl::CivilDay(2026, 5, 1), options_.zone);
};

// CUS-24, CUS-9, PLT-15
TEST_F(FilterPropertyTest, FindsWhatAnObviousEvaluationFinds) {
  Generator generator(20260831);
  std::vector<Person> people;
  for (int64_t id = 1; id <= 80; ++id) {
    people.push_back(generator.MakePerson(id));
    Insert(people.back());
  }
  int partial = 0;
  for (int i = 0; i < 1500; ++i) {
    const Sample sample = generator.MakeFilter(3);
    const auto condition =
        CompileFilter(schema::MessageSchema::Of<Customer>(), sample.text, options_);
    ASSERT_TRUE(condition.ok()) << sample.text << condition.status();
    std::vector<int64_t> expected;
    for (const Person& p : people) {
      if (sample.matches(p)) expected.push_back(p.id);
    }
    ASSERT_EQ(Find(*condition), expected) << sample.text << "\n" << condition->sql;
    partial += !expected.empty() && expected.size() < people.size();
  }
  EXPECT_GT(partial, 1000);  // the filters are not all trivial
}

}  // namespace
}  // namespace crm::filter
