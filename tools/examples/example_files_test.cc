#include "tools/examples/example_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/tabular/table.h"
#include "common/text/national_ids.h"
#include "common/text/phone.h"
#include "tools/examples/customer_maker.h"
#include "tools/examples/dirt.h"

namespace crm::examples {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

Rows ReadRows(const std::string& path) {
  const auto table = tabular::OpenTable(path, {});
  EXPECT_TRUE(table.ok()) << table.status();
  Rows rows;
  tabular::Row row;
  while ((*table)->Next(row).value()) rows.push_back(row.Copy());
  return rows;
}

std::string Cell(const std::vector<std::string>& row, size_t column) {
  return column < row.size() ? row[column] : "";
}

int64_t CountRows(const Rows& rows,
                  const std::function<bool(const std::vector<std::string>&)>& is) {
  return std::count_if(rows.begin(), rows.end(), is);
}

class ExampleFilesTest : public testing::Test {
 protected:
  ExampleFilesTest() : folder_(testing::TempDir() + "/examples-XXXXXX") {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~ExampleFilesTest() override { std::filesystem::remove_all(folder_); }

  Manifest Write(const std::string& name, uint64_t seed, int64_t rows = 2400) {
    ExampleOptions options;
    options.folder = folder_ + "/" + name;
    options.rows = rows;
    options.seed = seed;
    std::filesystem::create_directory(options.folder);
    const absl::StatusOr<Manifest> manifest = WriteExamples(options);
    EXPECT_TRUE(manifest.ok()) << manifest.status();
    return manifest.ok() ? *manifest : Manifest{};
  }
  std::string folder_;
};

// CUS-27: the same seed gives the same bytes, another one does not.
TEST_F(ExampleFilesTest, AreDeterministic) {
  Write("a", 7);
  Write("b", 7);
  Write("c", 8);
  for (const char* name : {"customers.xlsx", "customers_gb18030.csv", "contacts.csv",
                           "interactions.csv", "purchases.csv", "products.csv", "manifest.json"}) {
    EXPECT_FALSE(Content(folder_ + "/a/" + name).empty());
    EXPECT_EQ(Content(folder_ + "/a/" + name), Content(folder_ + "/b/" + name)) << name;
  }
  EXPECT_NE(Content(folder_ + "/a/customers_gb18030.csv"),
            Content(folder_ + "/c/customers_gb18030.csv"));
}

// CUS-27, CUS-28, CUS-29: what the manifest says is what the files hold.
TEST_F(ExampleFilesTest, HoldTheDirtOfTheManifest) {
  const Manifest manifest = Write("a", 7);
  const FileFacts facts = manifest.at("customers_gb18030.csv");
  Rows rows = ReadRows(folder_ + "/a/customers_gb18030.csv");
  EXPECT_EQ(rows[0][0], "公司名称/姓名");
  rows.erase(rows.begin());
  ASSERT_EQ(static_cast<int64_t>(rows.size()), facts.rows);
  EXPECT_EQ(facts.rows, 800);

  const auto count = [&](size_t column, const std::function<bool(const std::string&)>& is) {
    return CountRows(rows, [&](const auto& row) { return is(Cell(row, column)); });
  };
  const auto is_empty = [](const std::string& cell) { return cell.empty(); };
  EXPECT_EQ(count(6, is_empty), facts.dirt.at("missing_phone"));
  EXPECT_EQ(count(7, is_empty), facts.dirt.at("missing_email"));
  EXPECT_EQ(count(3, is_empty), facts.dirt.at("missing_industry"));
  EXPECT_EQ(count(3, [](const std::string& cell) { return cell == "综合类其他业态"; }),
            facts.dirt.at("unmapped_industry"));
  EXPECT_EQ(count(6, [](const std::string& cell) { return absl::StrContains(cell, "-"); }),
            facts.dirt.at("separated_phone"));
  EXPECT_EQ(count(6, [](const std::string& cell) { return absl::StartsWith(cell, "+86 "); }),
            facts.dirt.at("country_code_phone"));
  EXPECT_EQ(count(6, [](const std::string& cell) { return absl::StartsWith(cell, "１３"); }),
            facts.dirt.at("full_width_phone"));
  EXPECT_EQ(count(12, [](const std::string& cell) { return absl::StrContains(cell, "年"); }),
            facts.dirt.at("chinese_date"));
  EXPECT_EQ(count(12, [](const std::string& cell) { return absl::StrContains(cell, "/"); }),
            facts.dirt.at("slash_date"));
  EXPECT_EQ(count(12,
                  [](const std::string& cell) {
                    return absl::StrContains(cell, "-") && !absl::StartsWith(cell, "20");
                  }),
            facts.dirt.at("short_date"));
  EXPECT_EQ(count(0, [](const std::string& cell) { return absl::StartsWith(cell, " "); }),
            facts.dirt.at("spaced_name"));
  EXPECT_EQ(count(0,
                  [](const std::string& cell) {
                    return absl::EndsWith(cell, "先生") || absl::EndsWith(cell, "女士");
                  }),
            facts.dirt.at("titled_name"));
  EXPECT_EQ(count(2,
                  [](const std::string& cell) {
                    return !cell.empty() && !text::NormalizeCreditCode(cell).ok();
                  }),
            facts.dirt.at("wrong_credit_code"));
  EXPECT_EQ(facts.dirt.at("duplicate_in_file"), 24);
  EXPECT_EQ(facts.dirt.at("duplicate_across_files"), 40);
  for (const DirtShare& share : DirtShares()) {
    EXPECT_GT(facts.dirt.at(std::string(share.name)), 0) << share.name;
  }
}

// The phones of a file's rows after cleaning, without the missing ones.
std::vector<std::string> Phones(const Rows& rows, size_t first_row) {
  std::vector<std::string> phones;
  for (size_t i = first_row; i < rows.size(); ++i) {
    const auto phone = text::NormalizePhone(rows[i][6], {});
    if (phone.ok()) phones.push_back(*phone);
  }
  return phones;
}

// CUS-28, CUS-29: cleaned phones find the repeated customers, no more and no fewer.
TEST_F(ExampleFilesTest, RepeatCustomersInsideAndAcrossFiles) {
  const Manifest manifest = Write("a", 7);
  const FileFacts workbook = manifest.at("customers.xlsx");
  const FileFacts csv = manifest.at("customers_gb18030.csv");
  const auto first = Phones(ReadRows(folder_ + "/a/customers.xlsx"), 2);
  const auto second = Phones(ReadRows(folder_ + "/a/customers_gb18030.csv"), 1);
  ASSERT_EQ(std::ssize(first), workbook.rows - workbook.dirt.at("missing_phone"));
  ASSERT_EQ(std::ssize(second), csv.rows - csv.dirt.at("missing_phone"));

  const std::set<std::string> distinct_first(first.begin(), first.end());
  const std::set<std::string> distinct_second(second.begin(), second.end());
  EXPECT_EQ(std::ssize(first) - std::ssize(distinct_first), workbook.dirt.at("duplicate_in_file"));
  EXPECT_EQ(std::ssize(second) - std::ssize(distinct_second), csv.dirt.at("duplicate_in_file"));
  EXPECT_EQ(std::count_if(distinct_second.begin(), distinct_second.end(),
                          [&](const std::string& phone) { return distinct_first.contains(phone); }),
            csv.dirt.at("duplicate_across_files"));
}

// CUS-27: title above the header, both kinds, blank rows at the end.
TEST_F(ExampleFilesTest, WorkbookHasATitleAboveItsHeader) {
  const Manifest manifest = Write("a", 7);
  const Rows rows = ReadRows(folder_ + "/a/customers.xlsx");
  EXPECT_EQ(rows[0], std::vector<std::string>{"客户档案（示例数据）"});
  EXPECT_EQ(rows[1][0], "客户全称");
  EXPECT_EQ(rows[1].size(), 15u);
  EXPECT_EQ(rows.size(), 1602u);
  EXPECT_EQ(manifest.at("customers.xlsx").rows, 1600);
  EXPECT_GT(CountRows(rows, [](const auto& row) { return Cell(row, 1) == "个人"; }), 200);
  EXPECT_GT(CountRows(rows, [](const auto& row) { return Cell(row, 1) == "企业"; }), 1000);
}

// CUS-27
TEST_F(ExampleFilesTest, OtherFilesHaveTheRowsOfTheManifest) {
  const Manifest manifest = Write("a", 7);
  const auto json = nlohmann::json::parse(Content(folder_ + "/a/manifest.json"));
  for (const char* name : {"contacts.csv", "interactions.csv", "purchases.csv", "products.csv"}) {
    const Rows rows = ReadRows(folder_ + "/a/" + name);
    EXPECT_EQ(static_cast<int64_t>(rows.size()) - 1, manifest.at(name).rows) << name;
    EXPECT_EQ(json["files"][name]["rows"], manifest.at(name).rows);
  }
  EXPECT_EQ(json["seed"], 7);
}

TEST_F(ExampleFilesTest, SmallAndImpossibleOnes) {
  const Manifest none = Write("none", 1, 0);
  EXPECT_EQ(none.at("customers.xlsx").rows, 0);
  const Manifest one = Write("one", 1, 1);
  EXPECT_EQ(one.at("customers.xlsx").rows, 1);
  ExampleOptions nowhere;
  nowhere.folder = folder_ + "/absent";
  EXPECT_FALSE(WriteExamples(nowhere).ok());
}

// CUS-27: every row is valid; 2 % of the customers come again, with the same identities.
TEST_F(ExampleFilesTest, BulkRowsAreValid) {
  BulkOptions options;
  options.path = folder_ + "/bulk.csv";
  options.rows = 20'000;
  options.first_number = 99'990'000;  // crosses a phone prefix
  ASSERT_TRUE(WriteBulk(options).ok());
  const Rows rows = ReadRows(options.path);
  ASSERT_EQ(rows.size(), 20'001u);
  std::map<std::string, std::vector<std::string>> by_phone;
  std::set<std::string> codes, mails;
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto& row = rows[i];
    ASSERT_EQ(row.size(), 12u);
    const std::vector<std::string> identity = {row[0], row[1], row[2], row[6]};
    ASSERT_EQ(by_phone.try_emplace(row[5], identity).first->second, identity);
    ASSERT_EQ(*text::NormalizePhone(row[5], {}), row[5]);
    mails.insert(row[6]);
    if (row[0] != "企业") continue;
    codes.insert(row[2]);
    ASSERT_TRUE(text::NormalizeCreditCode(row[2]).ok());
  }
  EXPECT_EQ(by_phone.size(), 19'600u);
  EXPECT_EQ(mails.size(), 19'600u);
  EXPECT_EQ(static_cast<int64_t>(codes.size()),
            std::count_if(by_phone.begin(), by_phone.end(),
                          [](const auto& customer) { return customer.second[0] == "企业"; }));
}

}  // namespace
}  // namespace crm::examples
