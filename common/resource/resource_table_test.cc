// Row ↔ message on a real database.
#include "common/resource/resource_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/db/group_committer.h"
#include "common/error/error.h"
#include "common/resource/history.h"
#include "common/resource/test_keyring.h"
#include "common/resource/update.h"
#include "common/testdb/test_database.h"
#include "crm/testing/v1/specimen.pb.h"
#include "google/protobuf/util/message_differencer.h"

namespace crm::resource {
namespace {

using crm::testing::v1::Specimen;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr char kTable[] = R"sql(
  CREATE TABLE specimen (
    id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, parent_id BIGINT NULL,
    number VARCHAR(40) NULL, colour SMALLINT NULL, title VARCHAR(20) NULL, story TEXT NULL,
    phone VARBINARY(100) NULL, phone_hash BINARY(16) NULL, phone_tail_hash BINARY(16) NULL,
    amount DECIMAL(19,2) NULL, day DATE NULL, count INT NULL, total BIGINT NOT NULL,
    flag TINYINT NOT NULL, moment BIGINT NULL, words LONGTEXT NULL, colours LONGTEXT NULL,
    parts LONGTEXT NULL, extras LONGTEXT NULL, budget DECIMAL(19,2) NULL,
    account VARBINARY(100) NULL, owner VARCHAR(64) NULL, team VARCHAR(64) NULL,
    ratio DOUBLE NOT NULL))sql";

constexpr char kHistory[] = R"sql(
  CREATE TABLE history (
    resource_id BIGINT NOT NULL, version BIGINT NOT NULL, resource_type VARCHAR(64) NOT NULL,
    change_time BIGINT NOT NULL, actor VARCHAR(64) NOT NULL, via VARCHAR(64) NOT NULL,
    changes MEDIUMBLOB NOT NULL, PRIMARY KEY (resource_id, version)))sql";

Specimen Everything() {
  Specimen specimen;
  specimen.set_number("S1");
  specimen.set_colour(crm::testing::v1::COLOUR_RED);
  specimen.set_title("标题😀'\"\\");
  specimen.set_story("一行\n二行");
  specimen.set_phone("13812345678");
  specimen.set_amount("180000.05");
  specimen.set_day("2026-02-28");
  specimen.set_count(0);
  specimen.set_total(-9'000'000'000'000'000'000);
  specimen.set_flag(true);
  specimen.mutable_moment()->set_seconds(-5);
  specimen.mutable_moment()->set_nanos(123'456'000);
  specimen.add_words("一");
  specimen.add_words("a\"b");
  specimen.add_colours(crm::testing::v1::COLOUR_DARK_BLUE);
  auto* part = specimen.add_parts();
  part->set_name("轮");
  part->set_grams(7);
  (*specimen.mutable_extras()->mutable_fields())["z"].set_number_value(1.5);
  (*specimen.mutable_extras()->mutable_fields())["a"].set_string_value("值");
  specimen.set_budget("500.00");
  specimen.set_account("6222020200012345678");
  specimen.set_owner("li");
  specimen.set_ratio(0.1);
  return specimen;
}

class ResourceTableTest : public ::testing::Test {
 protected:
  ResourceTableTest() {
    database_.Run(kTable);
    database_.Run(kHistory);
  }

  absl::Status Commit(const db::WriteSet& writes) {
    auto lease = database_.pool().Acquire(database_.Deadline());
    EXPECT_TRUE(lease.ok());
    const db::WriteSet* const one = &writes;
    return db::CommitOn(**lease, absl::MakeConstSpan(&one, 1), nullptr);
  }

  Specimen Load(RowKey& key) {
    auto lease = database_.pool().Acquire(database_.Deadline());
    const std::string sql = absl::StrCat("SELECT ", table_.Columns("s"), " FROM specimen AS s");
    auto rows = (*lease)->Select({"load", sql}, {});
    EXPECT_TRUE(rows.ok()) << rows.status();
    EXPECT_TRUE(rows->Next());
    Specimen read;
    const absl::Status status = table_.Read(*rows, key, read);
    EXPECT_TRUE(status.ok()) << status;
    return read;
  }

  crm::testing::TestDatabase database_;
  std::unique_ptr<crypto::Keyring> keyring_ = MakeKeyring();
  ResourceTable table_{schema::MessageSchema::Of<Specimen>(), *keyring_, {"parent_id"}};
};

// PLT-24
TEST_F(ResourceTableTest, EveryKindOfFieldSurvivesTheRoundTrip) {
  db::WriteSet writes;
  table_.Insert(writes, {7, 1}, Everything(), {42});
  ASSERT_TRUE(Commit(writes).ok());
  RowKey key;
  Specimen read = Load(key);
  EXPECT_EQ(key.id, 7);
  EXPECT_EQ(read.etag(), "v1");
  read.clear_etag();
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(Everything(), read)) << difference;
}

TEST_F(ResourceTableTest, UnknownStaysUnknown) {
  db::WriteSet writes;
  table_.Insert(writes, {7, 1}, Specimen(), {std::nullopt});
  ASSERT_TRUE(Commit(writes).ok());
  RowKey key;
  Specimen read = Load(key);
  read.clear_etag();
  EXPECT_EQ(read.ByteSizeLong(), 0u) << read.DebugString();
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM specimen WHERE title IS NULL AND colour IS NULL "
                          "AND words IS NULL AND extras IS NULL AND count IS NULL"),
            1);
}

// PLT-15
TEST_F(ResourceTableTest, AnEncryptedValueDoesNotDecryptInAnotherRow) {
  db::WriteSet writes;
  table_.Insert(writes, {7, 1}, Everything(), {42});
  ASSERT_TRUE(Commit(writes).ok());
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM specimen WHERE INSTR(phone, '1381')"), 0);
  database_.Run("UPDATE specimen SET id = 8");
  auto lease = database_.pool().Acquire(database_.Deadline());
  const std::string sql = absl::StrCat("SELECT ", table_.Columns(), " FROM specimen");
  auto rows = (*lease)->Select({"load", sql}, {});
  ASSERT_TRUE(rows.ok() && rows->Next());
  RowKey key;
  Specimen read;
  EXPECT_EQ(table_.Read(*rows, key, read).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ResourceTableTest, LooksUpEqualAndTail) {
  db::WriteSet writes;
  table_.Insert(writes, {7, 1}, Everything(), {42});
  ASSERT_TRUE(Commit(writes).ok());
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM specimen WHERE phone_hash = ?",
                          {table_.LookupHash("phone", "13812345678")}),
            1);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM specimen WHERE phone_tail_hash = ?",
                          {table_.TailHash("phone", "5678")}),
            1);
}

// PLT-6
TEST_F(ResourceTableTest, AnUpdateOfAnOldVersionIsAConflict) {
  db::WriteSet writes;
  table_.Insert(writes, {7, 1}, Everything(), {42});
  ASSERT_TRUE(Commit(writes).ok());
  Specimen after = Everything();
  after.set_title("别的");
  after.clear_count();
  db::WriteSet first, second;
  table_.Update(first, {7, 1}, Everything(), after);
  table_.Update(second, {7, 1}, Everything(), after);
  EXPECT_TRUE(Commit(first).ok());
  EXPECT_EQ(ErrorReason(Commit(second)), "WRITE_CONFLICT");
  RowKey key;
  const Specimen read = Load(key);
  EXPECT_EQ(key.version, 2);
  EXPECT_EQ(read.title(), "别的");
  EXPECT_FALSE(read.has_count());
}

// CUS-11
TEST_F(ResourceTableTest, DiffNamesFieldsAndHidesSensitiveValues) {
  Specimen after = Everything();
  after.set_phone("13900000000");
  after.clear_title();
  after.add_words("新");
  const auto changes = table_.Diff(Everything(), after);
  ASSERT_EQ(changes.changes_size(), 3);
  EXPECT_EQ(changes.changes(0).field(), "title");
  EXPECT_FALSE(changes.changes(0).has_new_value());
  EXPECT_EQ(changes.changes(1).new_value(), "***");
  EXPECT_EQ(changes.changes(2).new_value(), R"(["一","a\"b","新"])");
}

TEST_F(ResourceTableTest, AStaleEtagClashesOnlyOnFieldsThatChanged) {
  db::WriteSet writes;
  crm::types::v1::ChangeList changes;
  changes.add_changes()->set_field("title");
  AddHistory(writes, "specimen", {7, 2}, {absl::FromUnixSeconds(1), "li", "api"}, changes);
  ASSERT_TRUE(Commit(writes).ok());
  auto lease = database_.pool().Acquire(database_.Deadline());
  const auto check = [&](const char* etag, std::vector<std::string> fields) {
    return ErrorReason(CheckEtag(**lease, {7, 2}, etag, "specimen.etag", fields));
  };
  EXPECT_EQ(check("v2", {"title"}), "");
  EXPECT_EQ(check("", {"title"}), "");
  EXPECT_EQ(check("v1", {"story"}), "");
  EXPECT_EQ(check("v1", {"story", "title"}), "ETAG_STALE");
  EXPECT_EQ(check("v3", {"story"}), "FIELD_INVALID");
  EXPECT_EQ(check("v01", {"story"}), "FIELD_INVALID");
  EXPECT_EQ(check("nonsense", {"story"}), "FIELD_INVALID");
}

// PLT-2
TEST(ApplyUpdate, WritesWhatTheMaskNames) {
  Specimen target = Everything();
  Specimen patch;
  patch.set_title("新标题");
  (*patch.mutable_extras()->mutable_fields())["n"].set_bool_value(true);
  google::protobuf::FieldMask mask;
  for (const char* path : {"title", "story", "extras.n", "extras.a"}) mask.add_paths(path);
  const auto written = ApplyUpdate(mask, patch, target, schema::Language::kEnglish);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(*written, UnorderedElementsAre("title", "story", "extras"));
  EXPECT_EQ(target.title(), "新标题");
  EXPECT_EQ(target.story(), "");
  EXPECT_EQ(target.extras().fields().count("a"), 0u);
  EXPECT_EQ(target.extras().fields().count("n"), 1u);
  EXPECT_EQ(target.extras().fields().count("z"), 1u);
}

TEST(ApplyUpdate, WithoutAMaskWritesWhatIsSet) {
  Specimen target = Everything();
  Specimen patch;
  patch.set_number("S1");
  patch.set_count(5);
  const auto written = ApplyUpdate({}, patch, target, schema::Language::kEnglish);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(*written, ElementsAre("count"));
  EXPECT_EQ(target.words_size(), 2);
}

TEST(ApplyUpdate, RefusesWhatMayNotBeWritten) {
  Specimen target = Everything();
  Specimen patch;
  patch.set_colour(crm::testing::v1::COLOUR_DARK_BLUE);
  google::protobuf::FieldMask mask;
  for (const char* path : {"colour", "number", "title.x", "none"}) mask.add_paths(path);
  const auto written = ApplyUpdate(mask, patch, target, schema::Language::kEnglish);
  EXPECT_EQ(ErrorReason(written.status()), "FIELD_INVALID");
}

}  // namespace
}  // namespace crm::resource
