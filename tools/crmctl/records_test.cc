#include "tools/crmctl/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/types/v1/history.pb.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using customer::v1::Customer;
using schema::MessageSchema;
using ::testing::HasSubstr;

Customer LiLei() {
  Customer customer;
  customer.set_number("CRM2026000001");
  customer.set_full_name("李雷");
  customer.set_tier(customer::v1::TIER_KEY);
  customer.set_phone("138****5678");
  customer.add_tags("展会");
  customer.add_tags("重要");
  customer.mutable_update_time()->set_seconds(1'773'972'000);
  return customer;
}

class RecordsTest : public ::testing::Test {
 protected:
  std::string Print(Settings settings, const std::vector<std::string>& columns,
                    const google::protobuf::Message& message,
                    const MessageSchema* subject = nullptr) {
    Session session(test_.console, std::move(settings));
    auto records =
        Records::Create(session, MessageSchema::Of(message.GetDescriptor()), columns, subject);
    EXPECT_TRUE(records.ok()) << records.status();
    EXPECT_TRUE(records->Add(message).ok());
    EXPECT_TRUE(records->Flush().ok());
    return test_.TakeOut();
  }

  TestConsole test_;
};

// PLT-29, PLT-30: labels and values in the language, times in the zone, masked values as they come.
TEST_F(RecordsTest, ATableIsInTheLanguageOfTheReader) {
  const std::vector<std::string> columns = {"number", "full_name", "tier",       "phone",
                                            "tags",   "website",   "update_time"};

  EXPECT_THAT(Print({.language = Language::kChinese}, columns, LiLei()),
              HasSubstr("CRM2026000001  李雷      重点客户  138****5678  展会、重要        "
                        "2026-03-20 10:00:00\n"));
  EXPECT_THAT(Print({.language = Language::kEnglish}, columns, LiLei()), HasSubstr("key "));
}

TEST_F(RecordsTest, CountsOfNothingAreZeroAndUnknownNumbersAreEmpty) {
  EXPECT_EQ(Print({.language = Language::kEnglish, .output = Output::kCsv},
                  {"order_count", "age", "total_amount"}, LiLei()),
            "orders,age,total amount\r\n0,,\r\n");
}

// PLT-29
TEST_F(RecordsTest, JsonHasTheNamesOfTheApi) {
  const std::string json =
      Print({.language = Language::kChinese, .output = Output::kJson}, {"number"}, LiLei());

  EXPECT_THAT(json, HasSubstr("\"full_name\":\"李雷\""));
  EXPECT_THAT(json, HasSubstr("\"tier\":\"TIER_KEY\""));
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST_F(RecordsTest, CsvGoesOnAfterAPage) {
  Session session(test_.console, {.output = Output::kCsv});
  auto records = Records::Create(session, MessageSchema::Of<Customer>(), {"full_name"});
  ASSERT_TRUE(records.ok());
  for (int page = 0; page < 2; ++page) {
    ASSERT_TRUE(records->Add(LiLei()).ok());
    ASSERT_TRUE(records->Flush().ok());
  }

  EXPECT_EQ(test_.TakeOut(), "full name\r\n李雷\r\n李雷\r\n");
}

// CUS-4: changes by the labels of the resource.
TEST_F(RecordsTest, AHistorySpeaksOfTheResource) {
  types::v1::HistoryEntry entry;
  entry.set_version(2);
  types::v1::FieldChange& change = *entry.add_changes();
  change.set_field("tier");
  change.set_new_value("TIER_KEY");

  EXPECT_THAT(Print({.language = Language::kChinese}, {"version", "changes"}, entry,
                    &MessageSchema::Of<Customer>()),
              HasSubstr("2  客户等级: 无 → 重点客户\n"));
}

TEST_F(RecordsTest, AColumnThatIsNoFieldIsAUsageError) {
  Session session(test_.console, {});

  const auto records = Records::Create(session, MessageSchema::Of<Customer>(), {"ful_name"});

  EXPECT_EQ(ErrorReason(records.status()), kUsageReason);
  EXPECT_THAT(std::string(records.status().message()), HasSubstr("full_name"));
}

}  // namespace
}  // namespace crm::cli
