// Orders of several rows over gRPC: whole or not at all, wherever their rows stand (CUS-20, CUS-29,
// CUS-30, CUS-31).
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "services/customer/import/import_kinds_fixture.h"

namespace crm::customer::import {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHead[] = "订单号,手机号码,产品,数量,小计,下单时间\n";

class ImportOrdersTest : public ImportKindsTest {
 protected:
  v1::ImportJob Import(const std::string& rows,
                       v1::DuplicatePolicy duplicates = v1::DUPLICATE_POLICY_KEEP_NEWEST) {
    return ImportKindsTest::Import(SpecOf(v1::IMPORT_KIND_PURCHASE, duplicates),
                                   absl::StrCat(kHead, rows));
  }
  v1::ImportIssue IssueOfLine(const v1::ImportJob& job, int64_t line) {
    for (const v1::ImportIssue& issue : Issues(job.number())) {
      if (issue.line() == line) return issue;
    }
    return {};
  }

  const v1::Customer customer_ = Person("王建国", "13800138001");
};

// CUS-20, CUS-30: whatever is wrong with one row, the order can be imported whole later.
TEST_F(ImportOrdersTest, OneRejectedRowRejectsItsOrder) {
  const std::string bad[] = {
      "SO1,13800138001,网关,很多,40,2024-03-01\n",    // cannot be read
      "SO1,13800138009,网关,1,40,2024-03-01\n",       // an unknown customer
      "SO1,13800138001,网关,1,40,2024-03-02\n",       // another time
      "SO1,13800138001,网关,1,40,2024-03-01,,,多\n",  // more cells than the header
  };
  const std::string rules[] = {"QUANTITY_FORMAT", "CUSTOMER_UNKNOWN", "ORDER_ROWS_DIFFER",
                               "ROW_TOO_LONG"};
  for (size_t i = 0; i < std::size(bad); ++i) {
    const std::string order = absl::StrCat("SO", i, "1");
    const auto rows = [&](const std::string& second) {
      return absl::StrReplaceAll(absl::StrCat("SO1,13800138001,模块,1,60,2024-03-01\n", second,
                                              "SO1,13800138001,模块,1,60,2024-03-01\n",
                                              "SO1,13800138001,电缆,1,5,2024-03-01\n"),
                                 {{"SO1", order}});
    };
    v1::ImportJob job = Import(rows(bad[i]));
    EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 0, 4)) << rules[i] << job.ShortDebugString();
    EXPECT_EQ(IssueOfLine(job, 3).rule(), rules[i]);
    for (const int64_t line : {2, 4, 5}) {
      const v1::ImportIssue issue = IssueOfLine(job, line);
      EXPECT_EQ(issue.rule(), "ORDER_INCOMPLETE");
      EXPECT_TRUE(issue.row_rejected());
      EXPECT_THAT(issue.mend_en(), AllOf(HasSubstr("line 3"), HasSubstr(rules[i])));
      EXPECT_THAT(issue.mend_zh(), AllOf(HasSubstr("第 3 行"), HasSubstr(rules[i])));
    }
    EXPECT_EQ(Count("purchase"), static_cast<int64_t>(i));
    EXPECT_THAT(Rejected(job.number()), HasSubstr("电缆"));

    job = Import(rows("SO1,13800138001,网关,1,40,2024-03-01\n"));
    EXPECT_THAT(Counts(job), ElementsAre(1, 0, 2, 1, 0)) << job.ShortDebugString();
  }
  EXPECT_EQ(Purchases(customer_.number()).at(0).items_size(), 3);
  EXPECT_EQ(GetCustomer(customer_.number()).total_amount(), "420.00");
}

// CUS-20: the fault of one order is not that of another.
TEST_F(ImportOrdersTest, OtherOrdersAreStored) {
  const v1::ImportJob job = Import(
      "SO1,13800138001,模块,1,60,2024-03-01\n"
      "SO2,13800138001,模块,1,60,2024-03-01\n"
      "SO1,13800138001,网关,很多,40,2024-03-01\n"
      "SO2,13800138001,网关,1,40,2024-03-01\n");
  EXPECT_THAT(Counts(job), ElementsAre(1, 0, 1, 0, 2)) << job.ShortDebugString();
  EXPECT_EQ(GetCustomer(customer_.number()).total_amount(), "100.00");
}

// CUS-29: a row that repeats another one shares the fate of its order.
TEST_F(ImportOrdersTest, RepeatedRowsFollowTheirOrder) {
  const std::string rows =
      "SO1,13800138001,模块,1,60,2024-03-01\n"
      "SO1,13800138001,模块,1,60,2024-03-01\n"
      "SO1,13800138001,网关,1,40,2024-03-01\n";
  v1::ImportJob job = Import(rows, v1::DUPLICATE_POLICY_REJECT);
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 0, 3)) << job.ShortDebugString();
  EXPECT_EQ(IssueOfLine(job, 2).rule(), "ORDER_INCOMPLETE");
  const std::string duplicate = IssueOfLine(job, 3).rule();
  EXPECT_NE(duplicate, "ORDER_INCOMPLETE");
  EXPECT_THAT(IssueOfLine(job, 4).mend_en(), HasSubstr(duplicate));
  EXPECT_EQ(Count("purchase"), 0);

  job = Import(rows);
  EXPECT_THAT(Counts(job), ElementsAre(1, 0, 1, 1, 0)) << job.ShortDebugString();
  EXPECT_EQ(job.report().duplicates_in_file(), 1);
  // Of an order that is there with another content.
  job = Import(
      "SO1,13800138001,模块,1,61,2024-03-01\n"
      "SO1,13800138001,模块,1,61,2024-03-01\n");
  EXPECT_THAT(Rules(job),
              ElementsAre("2 order_number ORDER_DIFFERS", "3 order_number ORDER_DIFFERS"));
}

// CUS-20, CUS-31: an unreadable line may belong to the order beside it, one without an order number
// to the order around it; other rows are not touched by them.
TEST_F(ImportOrdersTest, LostRowsRejectTheOrderTheyMayBelongTo) {
  const v1::ImportJob job = Import(
      "SO1,13800138001,模块,1,60,2024-03-01\n"
      "SO1,13800138001,网\xFF关,1,40,2024-03-01\n"
      "SO1,13800138001,电缆,1,5,2024-03-01\n"
      "SO2,13800138001,模块,1,60,2024-03-01\n"
      ",13800138001,网关,1,40,2024-03-01\n"
      "SO3,13800138001,模块,1,60,2024-03-01\n"
      "SO4,13800138001,模块,1,60,2024-03-01\n"
      ",13800138001,网关,1,40,2024-03-01\n"
      "SO4,13800138001,电缆,1,60,2024-03-01\n");
  EXPECT_THAT(Counts(job), ElementsAre(2, 0, 0, 0, 7)) << job.ShortDebugString();
  EXPECT_THAT(Rules(job),
              ElementsAre("2 order_number ORDER_INCOMPLETE", "3  TABLE_ENCODING_INVALID",
                          "4 order_number ORDER_INCOMPLETE", "6 order_number REQUIRED",
                          "8 order_number ORDER_INCOMPLETE", "9 order_number REQUIRED",
                          "10 order_number ORDER_INCOMPLETE"));
  EXPECT_THAT(IssueOfLine(job, 2).mend_en(), HasSubstr("line 3"));
  EXPECT_THAT(IssueOfLine(job, 8).mend_zh(), HasSubstr("第 9 行"));
}

// CUS-20: rows of an order may lie batches apart; written another way the number is the same.
TEST_F(ImportOrdersTest, OrdersWhoseRowsLieApartAreWhole) {
  constexpr int kOrders = 700;
  const auto content = [](const std::string& last) {
    std::string rows;
    for (int i = 0; i < kOrders; ++i) {
      absl::StrAppend(&rows, "SO", i, ",13800138001,模块,1,60,2024-03-01\n");
    }
    for (int i = 0; i < kOrders; ++i) {
      absl::StrAppend(&rows, " ＳＯ", i, ",138 0013 8001,网关,", i == kOrders - 1 ? last : "1",
                      ",40,2024-03-01\n");
    }
    return rows;
  };
  v1::ImportJob job = Import(content("很多"));
  EXPECT_THAT(Counts(job), ElementsAre(kOrders - 1, 0, kOrders - 1, 0, 2))
      << job.ShortDebugString();
  EXPECT_EQ(job.rows_read(), 2 * kOrders);
  EXPECT_THAT(Rules(job), ElementsAre(absl::StrCat(kOrders + 1, " order_number ORDER_INCOMPLETE"),
                                      absl::StrCat(2 * kOrders + 1, " quantity QUANTITY_FORMAT")));
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
  job = Import(content("1"));
  EXPECT_THAT(Counts(job), ElementsAre(1, 0, 1, 2 * kOrders - 2, 0)) << job.ShortDebugString();
  EXPECT_EQ(GetCustomer(customer_.number()).total_amount(), "70000.00");
}

// CUS-20: an order beyond its bounds, together or apart, is not stored in part either.
TEST_F(ImportOrdersTest, OrdersThatAreTooLargeAreRejected) {
  std::string rows;
  for (int i = 0; i < 1700; ++i) {
    absl::StrAppend(&rows, "SO1,13800138001,产品", i, ",1,1,2024-03-01\n");
  }
  for (int i = 0; i < 1002; ++i) {
    absl::StrAppend(&rows, "SO", 2 + i % 2, ",13800138001,产品", i / 2, ",1,1,2024-03-01\n");
  }
  const v1::ImportJob job = Import(rows);
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 0, 2702)) << job.ShortDebugString();
  const std::vector<std::string> rules = Rules(job);
  EXPECT_THAT(rules, Contains("2 order_number TOO_MANY_ITEMS"));
  EXPECT_THAT(rules, Contains("1701 order_number TOO_MANY_ITEMS"));
  EXPECT_THAT(rules, Contains("1702 order_number ORDER_INCOMPLETE"));
  EXPECT_EQ(Count("purchase"), 0);
}

// CUS-30: a dry run says the same.
TEST_F(ImportOrdersTest, DryRunSaysTheSame) {
  v1::ImportSpec spec = SpecOf(v1::IMPORT_KIND_PURCHASE);
  spec.set_dry_run(true);
  const v1::ImportJob job =
      ImportKindsTest::Import(spec, absl::StrCat(kHead,
                                                 "SO1,13800138001,模块,1,60,2024-03-01\n"
                                                 "SO2,13800138001,模块,1,60,2024-03-01\n"
                                                 "SO1,13800138001,网关,很多,40,2024-03-01\n"
                                                 "SO2,13800138001,网关,1,40,2024-03-01\n"));
  EXPECT_THAT(Counts(job), ElementsAre(1, 0, 1, 0, 2)) << job.ShortDebugString();
  EXPECT_EQ(Count("purchase"), 0);
}

}  // namespace
}  // namespace crm::customer::import
