#include "common/filter/order_by.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/filter/test_keyring.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::filter {
namespace {

using crm::customer::v1::Customer;

class OrderByTest : public ::testing::Test {
 protected:
  absl::StatusOr<OrderBy> Parse(std::string_view text) const {
    return ParseOrderBy(schema::MessageSchema::Of<Customer>(), text, options_);
  }
  // The canonical form, or "RULE: description".
  std::string Text(std::string_view text) const {
    const auto order = Parse(text);
    if (order.ok()) return order->Canonical();
    EXPECT_EQ(ErrorReason(order.status()), "ORDER_BY_INVALID");
    const google::rpc::Status wire = ToRpcStatus(order.status());
    google::rpc::BadRequest bad;
    for (const auto& detail : wire.details()) {
      if (!detail.UnpackTo(&bad)) continue;
      EXPECT_EQ(bad.field_violations(0).field(), "order_by");
      return absl::StrCat(bad.field_violations(0).reason(), ": ",
                          bad.field_violations(0).description());
    }
    return "";
  }

  TestKeyring keyring_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
  CompileOptions options_ = TestOptions(*keyring_);
};

// PLT-4
TEST_F(OrderByTest, EndsInTheKey) {
  EXPECT_EQ(Text(""), "id desc");
  EXPECT_EQ(Text("  "), "id desc");
  EXPECT_EQ(Text("full_name"), "full_name asc,id asc");
  EXPECT_EQ(Text(" total_amount  DESC , full_name asc "), "total_amount desc,full_name asc,id asc");
  EXPECT_EQ(Text("tier,age desc"), "tier asc,age desc,id desc");
  // A number has no ties: nothing after it can matter.
  EXPECT_EQ(Text("number desc"), "number desc");
  EXPECT_EQ(Text("tier, number, age desc"), "tier asc,number asc");
}

// PLT-4: bad syntax and unknown fields name the position.
TEST_F(OrderByTest, NamesThePositionOfWhatIsWrong) {
  EXPECT_EQ(Text(","), "ORDER_BY_SYNTAX: character 1: expected a field name");
  EXPECT_EQ(Text("tier,"), "ORDER_BY_SYNTAX: character 6: expected a field name");
  EXPECT_EQ(Text("tier down"),
            "ORDER_BY_SYNTAX: character 6: expected asc, desc, a comma or the end");
  EXPECT_EQ(Text("tier desc age"),
            "ORDER_BY_SYNTAX: character 11: expected asc, desc, a comma or the end");
  EXPECT_EQ(Text("tier, ful_name"),
            "ORDER_BY_UNKNOWN_FIELD: character 7: there is no such field; did you mean full_name?");
  EXPECT_EQ(Text("客户"), "ORDER_BY_UNKNOWN_FIELD: character 1: there is no such field");
  EXPECT_EQ(Text("tier, employer"),
            "ORDER_BY_NOT_SORTABLE: character 7: lists cannot be ordered by this field");
  EXPECT_EQ(Text("tier, tier desc"), "ORDER_BY_REPEATED: character 7: name each field once");
  EXPECT_EQ(Text("tier, age, region, owner, number, full_name"),
            "ORDER_BY_TOO_LONG: character 35: use at most 5 fields");
  EXPECT_EQ(Text(std::string(1001, 'a')), "ORDER_BY_TOO_LONG: use at most 1000 bytes");
  EXPECT_EQ(Text("id; DROP TABLE customer"),
            "ORDER_BY_UNKNOWN_FIELD: character 1: there is no such field");
}

// PLT-14: an order gives the values away.
TEST_F(OrderByTest, RefusesFieldsTheCallerDoesNotSee) {
  EXPECT_EQ(Text("budget_lower"), "budget_lower asc,id asc");
  options_.plain_kinds = 0;
  EXPECT_EQ(Text("budget_lower"),
            "ORDER_BY_SENSITIVE: character 1: you may not see this field, so you may not order by "
            "it");
}

// CUS-24: the bound on the first field is what the index is entered with.
TEST_F(OrderByTest, WritesKeysetConditions) {
  const OrderBy order = *Parse("total_amount desc, full_name");
  EXPECT_EQ(OrderSql(order, Part::kFirstKnown, "c"),
            "c.total_amount DESC, c.full_name IS NULL, c.full_name ASC, c.id ASC");
  EXPECT_EQ(OrderSql(order, Part::kFirstUnknown, "c"),
            "c.full_name IS NULL, c.full_name ASC, c.id ASC");

  const db::Values last = {"5.00", "深圳", 7};
  EXPECT_EQ(AfterCondition(order, Part::kFirstKnown, last, "").sql,
            "total_amount <= CAST(? AS DECIMAL(19,2)) AND "
            "(total_amount < CAST(? AS DECIMAL(19,2)) OR "
            "(total_amount = CAST(? AS DECIMAL(19,2)) AND "
            "((full_name > ? OR full_name IS NULL) OR (full_name = ? AND id > ?))))");
  const db::Values unknown = {std::nullopt, std::nullopt, 7};
  EXPECT_EQ(AfterCondition(order, Part::kFirstUnknown, unknown, "").sql,
            "(FALSE OR (full_name IS NULL AND id > ?))");
  EXPECT_EQ(AfterCondition(*Parse("number"), Part::kWhole, db::Values{"C1", 7}, "c").sql,
            "c.number > ?");
  EXPECT_EQ(
      AfterCondition(*Parse("age, number"), Part::kFirstKnown, db::Values{1, "C1", 7}, "").sql,
      "age >= ? AND (age > ? OR (age = ? AND number > ?))");
  EXPECT_EQ(AfterCondition(*Parse(""), Part::kWhole, db::Values{7}, "c").sql, "c.id < ?");
}

}  // namespace
}  // namespace crm::filter
