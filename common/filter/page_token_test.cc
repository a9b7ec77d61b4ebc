#include "common/filter/page_token.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "common/error/error.h"
#include "common/filter/test_keyring.h"

namespace crm::filter {
namespace {

const schema::Language kEnglish = schema::Language::kEnglish;

class PageTokenTest : public ::testing::Test {
 protected:
  bool Opens(std::string_view token, std::string_view request = "request") {
    const auto values = OpenPageToken(*keyring_, token, request, kEnglish);
    if (!values.ok()) {
      EXPECT_EQ(values.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(ErrorReason(values.status()), "PAGE_TOKEN_INVALID");
    }
    return values.ok();
  }

  TestKeyring keyring_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
  const db::Values last_ = {std::nullopt,
                            "华为\0x",
                            -1,
                            0.1,
                            std::string("\0\xFF", 2),
                            "",
                            std::numeric_limits<int64_t>::min()};
};

// PLT-4: on every replica and after a restart.
TEST_F(PageTokenTest, OpensWithTheSameKeysElsewhere) {
  const std::string token = MakePageToken(*keyring_, last_, "request");
  const auto elsewhere = keyring_.Load();
  const auto values = OpenPageToken(*elsewhere, token, "request", kEnglish);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(*values, last_);
}

// PLT-4: bound to the request.
TEST_F(PageTokenTest, IsRefusedForAnotherRequest) {
  const std::string token = MakePageToken(*keyring_, last_, "request");
  EXPECT_TRUE(Opens(token));
  EXPECT_FALSE(Opens(token, "request "));
  EXPECT_FALSE(Opens(token, ""));
  TestKeyring other("other_keys");
  EXPECT_FALSE(Opens(MakePageToken(*other, last_, "request")));
}

// PLT-4: tamper-proof.
TEST_F(PageTokenTest, IsRefusedWhenAltered) {
  const std::string token = MakePageToken(*keyring_, last_, "request");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string altered = token;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(Opens(altered)) << i;
    EXPECT_FALSE(Opens(token.substr(0, i))) << i;
    EXPECT_FALSE(Opens(token + token.substr(i))) << i;
  }
  EXPECT_FALSE(Opens(token + "="));
  EXPECT_FALSE(Opens(" " + token));
  EXPECT_FALSE(Opens(std::string(100'000, 'A')));
}

// QUA-8
TEST_F(PageTokenTest, SurvivesRandomBytes) {
  std::mt19937 random(4);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (auto n = random() % 80; n > 0; --n) bytes += static_cast<char>(random());
    EXPECT_FALSE(Opens(bytes));
  }
}

// PLT-3, PLT-14: neither the internal key nor a value can be read from a token.
TEST_F(PageTokenTest, HidesWhatItHolds) {
  EXPECT_NE(MakePageToken(*keyring_, last_, "request"), MakePageToken(*keyring_, last_, "request"));
}

// PLT-4
TEST(PageTokenPartsTest, KeepApart) {
  EXPECT_NE(JoinParts({"ab", "c"}), JoinParts({"a", "bc"}));
  EXPECT_NE(JoinParts({"", "a"}), JoinParts({"a", ""}));
  EXPECT_NE(EncodeValues({"1"}), EncodeValues({1}));
  EXPECT_NE(EncodeValues({std::nullopt}), EncodeValues({""}));
}

}  // namespace
}  // namespace crm::filter
