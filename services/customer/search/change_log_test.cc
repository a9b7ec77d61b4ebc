#include "services/customer/search/change_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ChangeLog::Entry Named(int64_t key, std::string name) {
  ChangeLog::Entry entry;
  entry.key = key;
  entry.name = std::move(name);
  return entry;
}

ChangeLog::Entry Removal(int64_t key) {
  ChangeLog::Entry entry;
  entry.key = key;
  entry.removed = true;
  return entry;
}

std::vector<int64_t> Find(const ChangeLog& log, std::string_view query, uint32_t end) {
  std::vector<int64_t> keys;
  log.ForEachMatch(
      NameQuery(query), MatchKind::kPart, ScopeFilter::All(), end, [](int64_t) { return true; },
      [&](const ChangeLog::Entry& entry) { keys.push_back(entry.key); });
  return keys;
}

TEST(ChangeLog, LastEntryOfAKeyCounts) {  // CUS-25
  ChangeLog log;
  log.Append(Named(1, "北京科技"));
  log.Append(Named(2, "上海科技"));
  log.Append(Named(1, "北京贸易"));
  EXPECT_THAT(Find(log, "科技", log.size()), ElementsAre(2));
  EXPECT_THAT(Find(log, "贸易", log.size()), ElementsAre(1));
  EXPECT_EQ(log.Latest(1)->name, "北京贸易");
  EXPECT_EQ(log.Latest(3), nullptr);
}

// CUS-25: a search sees the names as they were when it began.
TEST(ChangeLog, ReaderSeesTheLogAsItWas) {
  ChangeLog log;
  log.Append(Named(1, "北京科技"));
  const uint32_t end = log.size();
  log.Append(Named(1, "北京贸易"));
  log.Append(Removal(1));
  log.Append(Named(2, "上海科技"));
  EXPECT_THAT(Find(log, "科技", end), ElementsAre(1));
  EXPECT_FALSE(log.Contains(2, end));
  EXPECT_TRUE(log.Contains(2, log.size()));
  EXPECT_THAT(Find(log, "贸易", end + 1), ElementsAre(1));
  EXPECT_THAT(Find(log, "贸易", end + 2), IsEmpty());
}

TEST(ChangeLog, FullLogHoldsEveryKey) {  // CUS-25
  ChangeLog log;
  for (int64_t key = 0; !log.full(); ++key) log.Append(Named(key << 22, "甲乙丙"));
  EXPECT_EQ(log.size(), ChangeLog::kCapacity);
  for (int64_t key = 0; key < ChangeLog::kCapacity; ++key) {
    ASSERT_TRUE(log.Contains(key << 22, log.size())) << key;
  }
  EXPECT_FALSE(log.Contains(int64_t{ChangeLog::kCapacity} << 22, log.size()));
  EXPECT_EQ(Find(log, "乙", log.size()).size(), ChangeLog::kCapacity);
}

}  // namespace
}  // namespace crm::customer
