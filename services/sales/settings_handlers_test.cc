// Settings over gRPC: the pattern of opportunity numbers, and when opportunities are reminded of.
#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SettingsTest : public ReminderTest {
 protected:
  std::string Administrator() { return harness_.TokenOf("admin", {"administrator"}); }
  absl::StatusOr<v1::SalesSettings> Read() {
    return Call<v1::SalesSettings>("SalesSettingsService/GetSalesSettings",
                                   v1::GetSalesSettingsRequest(), Administrator());
  }
  absl::StatusOr<v1::SalesSettings> Write(const v1::SalesSettings& patch,
                                          const std::vector<std::string>& paths,
                                          const std::string& token = "") {
    v1::UpdateSalesSettingsRequest request;
    *request.mutable_settings() = patch;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call<v1::SalesSettings>("SalesSettingsService/UpdateSalesSettings", request,
                                   token.empty() ? Administrator() : token);
  }
  absl::StatusOr<v1::SalesSettings> SetPattern(const std::string& pattern) {
    v1::SalesSettings patch;
    patch.set_number_pattern(pattern);
    return Write(patch, {"number_pattern"});
  }
};

TEST_F(SettingsTest, NumbersFollowThePattern) {  // SAL-1
  EXPECT_EQ(Must(Create(Draft())).number(), "SO202603001");
  EXPECT_EQ(Must(SetPattern("XS-{yyyy}-{seq:5}")).number_pattern(), "XS-{yyyy}-{seq:5}");
  EXPECT_EQ(Must(Create(Draft())).number(), "XS-2026-00001");
  EXPECT_TRUE(Get("SO202603001").ok());  // keeps its number
  // Back: no number comes twice.
  Must(SetPattern("SO{yyyyMM}{seq:3}"));
  const std::string next = Must(Create(Draft())).number();
  EXPECT_NE(next, "SO202603001");
  EXPECT_EQ(next.substr(0, 8), "SO202603");
}

TEST_F(SettingsTest, RefusesPatternsThatAreNone) {  // SAL-1
  for (const char* pattern :
       {"SO{yyyy}{yyyy}{seq:3}", "SO{seq:0}", "SO{year}{seq:3}", "SO{seq:3"}) {
    EXPECT_THAT(Violations(SetPattern(pattern).status()),
                ElementsAre("settings.number_pattern BAD_NUMBER_PATTERN"))
        << pattern;
  }
  // Customers have types, opportunities have none.
  EXPECT_THAT(Violations(SetPattern("SO{type:2}{yyyy}{seq:3}").status()),
              ElementsAre("settings.number_pattern BAD_NUMBER_PATTERN"));
  EXPECT_FALSE(SetPattern("").ok());
  EXPECT_EQ(Must(Read()).number_pattern(), "SO{yyyyMM}{seq:3}");
}

TEST_F(SettingsTest, AreKeptWithTheirHistory) {  // PLT-25
  const v1::SalesSettings first = Must(Read());
  EXPECT_EQ(first.inactivity_days(), 7);
  EXPECT_TRUE(first.remind_of_close_date());
  v1::SalesSettings patch;
  patch.set_inactivity_days(14);
  EXPECT_EQ(Write(patch, {"inactivity_days"}, Rep()).status().code(),
            absl::StatusCode::kPermissionDenied);
  Must(Write(patch, {"inactivity_days"}));
  patch.set_inactivity_days(21);
  patch.set_etag(first.etag());
  EXPECT_EQ(ErrorReason(Write(patch, {"inactivity_days"}).status()), "ETAG_STALE");
  const auto history = Must(Call<v1::ListSalesSettingsHistoryResponse>(
      "SalesSettingsService/ListSalesSettingsHistory", v1::ListSalesSettingsHistoryRequest(),
      Administrator()));
  ASSERT_EQ(history.entries_size(), 1);
  EXPECT_EQ(history.entries(0).actor(), "admin");
  EXPECT_EQ(history.entries(0).changes(0).field(), "inactivity_days");
  EXPECT_EQ(history.entries(0).changes(0).old_value(), "7");
}

TEST_F(SettingsTest, SayWhenAnOpportunityIsQuiet) {  // SAL-10
  v1::SalesSettings patch;
  patch.set_inactivity_days(3);
  Must(Write(patch, {"inactivity_days"}));
  Must(Create(Draft()));
  Advance(2 * kDay);
  ASSERT_TRUE(IsIdle());
  EXPECT_THAT(Texts("", Rep()), IsEmpty());
  Advance(kDay);
  ASSERT_TRUE(IsIdle());
  EXPECT_THAT(Texts("", Rep()), ElementsAre("已有3天没有跟进"));
  patch.set_inactivity_days(0);
  Must(Write(patch, {"inactivity_days"}));
  Must(Create(Draft("安静的项目")));
  Advance(20 * kDay);
  ASSERT_TRUE(IsIdle());
  EXPECT_EQ(Texts("", Rep()).size(), 1u);
}

}  // namespace
}  // namespace crm::sales
