#include "services/customer/search/name_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "common/text/unicode.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint32_t kNobody = 0;

std::vector<Hit> FindAll(const NameIndex& index, std::string_view query) {
  return index.Find(query, ScopeFilter::All(), 100);
}

std::vector<int64_t> Keys(const std::vector<Hit>& hits) {
  std::vector<int64_t> keys;
  for (const Hit& hit : hits) keys.push_back(hit.key);
  return keys;
}

void Upsert(NameIndex& index, int64_t key, std::string_view name) {
  index.Upsert(key, name, kNobody, kNobody);
}

// Enough other customers for the changes so far to become a segment.
void FillLogAndMerge(NameIndex& index, int64_t first_key) {
  for (uint32_t i = 0; i <= ChangeLog::kCapacity; ++i) Upsert(index, first_key + i, "补位");
  ASSERT_TRUE(index.MergeChanges());
}

TEST(NameIndex, WholeNameThenPrefixThenPartNewestFirst) {  // CUS-25
  NameIndex index;
  Upsert(index, 1, "北京");
  Upsert(index, 2, "中国北京银行");
  Upsert(index, 3, "北京银行");
  Upsert(index, 4, "东北京剧团");
  Upsert(index, 5, "北京烤鸭");
  Upsert(index, 6, "上海");
  EXPECT_THAT(
      FindAll(index, "北京"),
      ElementsAre(Hit{1, MatchKind::kWhole}, Hit{5, MatchKind::kPrefix}, Hit{3, MatchKind::kPrefix},
                  Hit{4, MatchKind::kPart}, Hit{2, MatchKind::kPart}));
}

TEST(NameIndex, AllWordsInAnyOrder) {  // CUS-25
  NameIndex index;
  Upsert(index, 1, "深圳市腾讯科技有限公司");
  Upsert(index, 2, "腾讯音乐（深圳）");
  Upsert(index, 3, "腾讯北京");
  EXPECT_THAT(FindAll(index, " 腾讯　深圳 "),
              ElementsAre(Hit{2, MatchKind::kPrefix}, Hit{1, MatchKind::kPart}));
  EXPECT_THAT(Keys(FindAll(index, "深圳 深圳 腾讯")), ElementsAre(1, 2));
}

// CUS-25: Latin names in any case, full-width input, one character, characters outside the BMP.
TEST(NameIndex, FoldsWhatPeopleType) {
  NameIndex index;
  Upsert(index, 1, "John SMITH");
  Upsert(index, 2, "ＡＢＣ集团");
  Upsert(index, 3, "𠮷野家𠀀");
  EXPECT_THAT(FindAll(index, "john smith"), ElementsAre(Hit{1, MatchKind::kWhole}));
  EXPECT_THAT(FindAll(index, "MIT"), ElementsAre(Hit{1, MatchKind::kPart}));
  EXPECT_THAT(Keys(FindAll(index, "abc")), ElementsAre(2));
  EXPECT_THAT(Keys(FindAll(index, "ｓｍＩ")), ElementsAre(1));
  EXPECT_THAT(FindAll(index, "𠮷"), ElementsAre(Hit{3, MatchKind::kPrefix}));
  EXPECT_THAT(FindAll(index, "𠀀"), ElementsAre(Hit{3, MatchKind::kPart}));
  EXPECT_THAT(FindAll(index, "𠀁"), IsEmpty());
}

TEST(NameIndex, NothingToLookForFindsNothing) {  // CUS-25
  NameIndex index;
  EXPECT_THAT(FindAll(index, "北京"), IsEmpty());
  Upsert(index, 1, "");
  Upsert(index, 2, "北京");
  EXPECT_THAT(FindAll(index, ""), IsEmpty());
  EXPECT_THAT(FindAll(index, " 　\t"), IsEmpty());
  EXPECT_THAT(index.Find("北京", ScopeFilter::All(), 0), IsEmpty());
}

// CUS-25, QUA-8: hostile names and queries.
TEST(NameIndex, AnyBytesAndAnyLengthAreHarmless) {
  NameIndex index;
  const std::string hostile[] = {"\xff\xfe", "\xed\xa0\x80", std::string(100'000, 'a'),
                                 std::string("\0x", 2), "'; DROP TABLE customers; --"};
  for (int64_t key = 0; const std::string& name : hostile) Upsert(index, ++key, name);
  FillLogAndMerge(index, 1000);
  for (const std::string& query : hostile) FindAll(index, query);
  EXPECT_THAT(Keys(FindAll(index, std::string(60'000, 'a'))), ElementsAre(3));
  EXPECT_THAT(Keys(FindAll(index, "drop table")), ElementsAre(5));
  std::string many_words;
  for (int i = 0; i < 5000; ++i) many_words += std::to_string(i) + " ";
  EXPECT_THAT(FindAll(index, many_words), IsEmpty());
}

TEST(NameIndex, ScopeOfOwnerAndTeams) {  // CUS-25
  NameIndex index;
  index.Upsert(1, "北京甲", 7, 1);
  index.Upsert(2, "北京乙", 8, 2);
  index.Upsert(3, "北京丙", 9, 3);
  EXPECT_THAT(Keys(index.Find("北京", ScopeFilter::Owner(8), 10)), ElementsAre(2));
  EXPECT_THAT(Keys(index.Find("北京", ScopeFilter::OwnerAndTeams(7, {3, 3}), 10)),
              ElementsAre(3, 1));
  EXPECT_THAT(index.Find("北京", ScopeFilter::Owner(1), 10), IsEmpty());
  index.Upsert(2, "北京乙", 1, 2);
  EXPECT_THAT(Keys(index.Find("北京", ScopeFilter::Owner(1), 10)), ElementsAre(2));
}

// CUS-25: what is changed after it was indexed is found by its new name only.
TEST(NameIndex, RenameAndRemoveBeforeAndAfterMerge) {
  NameIndex index;
  Upsert(index, 1, "北京甲");
  Upsert(index, 2, "北京乙");
  Upsert(index, 3, "北京丙");
  FillLogAndMerge(index, 1000);
  EXPECT_THAT(Keys(FindAll(index, "北京")), ElementsAre(3, 2, 1));
  Upsert(index, 1, "上海甲");
  index.Remove(2);
  EXPECT_THAT(Keys(FindAll(index, "北京")), ElementsAre(3));
  EXPECT_THAT(Keys(FindAll(index, "上海")), ElementsAre(1));
  FillLogAndMerge(index, 10'000);
  EXPECT_THAT(Keys(FindAll(index, "北京")), ElementsAre(3));
  EXPECT_THAT(Keys(FindAll(index, "上海")), ElementsAre(1));
  Upsert(index, 2, "北京乙");
  EXPECT_THAT(Keys(FindAll(index, "北京")), ElementsAre(3, 2));
  EXPECT_EQ(index.stats().customers, 3 + 2 * (ChangeLog::kCapacity + 1));
}

// CUS-25: commits and the event tail both report a change.
TEST(NameIndex, MergesMakeNoSegmentThatIsLargerThanTheMost) {
  NameIndex index;
  constexpr int64_t kCustomers = NameSegmentBuilder::kMaxNames + 3 * ChangeLog::kCapacity;
  for (int64_t key = 0; key <= kCustomers; ++key) {
    Upsert(index, key, key == 7 ? "腾讯" : "补位");
    if (key % (8 * ChangeLog::kCapacity) == 0) index.MergeChanges();
  }
  ASSERT_TRUE(index.MergeChanges());
  EXPECT_EQ(index.stats().customers, kCustomers + 1);
  EXPECT_GT(index.stats().segments, 1u);
  EXPECT_THAT(FindAll(index, "腾讯"), ElementsAre(Hit{7, MatchKind::kWhole}));
}

TEST(NameIndex, ChangeThatChangesNothingTakesNoPlace) {
  NameIndex index;
  index.Upsert(1, "北京", 1, 1);
  index.Upsert(1, "北京", 1, 1);
  index.Remove(2);
  EXPECT_EQ(index.stats().changes_unmerged, 1u);
  FillLogAndMerge(index, 1000);
  const size_t unmerged = index.stats().changes_unmerged;
  index.Upsert(1, "北京", 1, 1);
  EXPECT_EQ(index.stats().changes_unmerged, unmerged);
  index.Upsert(1, "北京", 1, 2);
  EXPECT_EQ(index.stats().changes_unmerged, unmerged + 1);
}

TEST(NameIndex, ChangesDuringALoadWinOverItsRows) {  // CUS-25
  NameIndex index;
  {
    NameIndex::Load load(index);
    Upsert(index, 1, "新名");
    index.Remove(2);
    load.Add(1, "旧名", kNobody, kNobody);
    load.Add(2, "旧名", kNobody, kNobody);
    load.Add(3, "旧名", kNobody, kNobody);
    EXPECT_THAT(FindAll(index, "旧名"), IsEmpty());
    for (int i = 0; i <= 5000; ++i) Upsert(index, 100 + i, "补位");
    EXPECT_FALSE(index.MergeChanges());  // would lose the removal
    load.Finish();
  }
  EXPECT_THAT(Keys(FindAll(index, "旧名")), ElementsAre(3));
  EXPECT_TRUE(index.MergeChanges());
  EXPECT_FALSE(index.MergeChanges());
  EXPECT_THAT(Keys(FindAll(index, "旧名")), ElementsAre(3));
  EXPECT_THAT(Keys(FindAll(index, "新名")), ElementsAre(1));
}

TEST(NameIndex, AbandonedLoadLeavesNothing) {  // CUS-25
  NameIndex index;
  { NameIndex::Load(index).Add(1, "北京", kNobody, kNobody); }
  EXPECT_THAT(FindAll(index, "北京"), IsEmpty());
  FillLogAndMerge(index, 10);
}

TEST(NameIndex, LoadsReplaceEachOthersRows) {  // CUS-25
  NameIndex index;
  NameIndex::Load first(index);
  NameIndex::Load second(index);
  first.Add(5, "甲", kNobody, kNobody);
  first.Add(1, "甲", kNobody, kNobody);
  first.Add(1, "乙", kNobody, kNobody);  // the last row of a key counts
  second.Add(1, "丙", kNobody, kNobody);
  second.Add(9, "丙", kNobody, kNobody);
  first.Finish();
  EXPECT_THAT(Keys(FindAll(index, "乙")), ElementsAre(1));
  second.Finish();
  EXPECT_THAT(FindAll(index, "乙"), IsEmpty());
  EXPECT_THAT(Keys(FindAll(index, "甲")), ElementsAre(5));
  EXPECT_THAT(Keys(FindAll(index, "丙")), ElementsAre(9, 1));
  EXPECT_EQ(index.stats().customers, 3u);
}

TEST(NameIndex, KeysAtTheEndsOfTheirRange) {  // CUS-25
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  NameIndex index;
  NameIndex::Load load(index);
  load.Add(kMax, "北京", kNobody, kNobody);
  load.Add(kMin, "北京", kNobody, kNobody);
  load.Finish();
  const std::vector<Hit> hits = index.Find("北京", ScopeFilter::All(), 5);
  EXPECT_THAT(Keys(hits), ElementsAre(kMax, kMin));
  EXPECT_THAT(Keys(index.Find("北京", ScopeFilter::All(), 5, hits[0])), ElementsAre(kMin));
  EXPECT_THAT(index.Find("北京", ScopeFilter::All(), 5, hits[1]), IsEmpty());
}

// The obvious way: looks at every name.
class SlowModel {
 public:
  struct Customer {
    std::string name;
    uint32_t owner;
    uint32_t team;
  };

  void Upsert(int64_t key, std::string_view name, uint32_t owner, uint32_t team) {
    customers_[key] = {text::FoldForSearch(name), owner, team};
  }
  void Remove(int64_t key) { customers_.erase(key); }
  size_t size() const { return customers_.size(); }

  std::vector<Hit> Find(const std::string& query, const ScopeFilter& scope) const {
    const std::string whole = text::FoldForSearch(query);
    std::vector<std::string> words;
    for (size_t begin = 0; begin <= whole.size();) {
      const size_t end = std::min(whole.find(' ', begin), whole.size());
      words.push_back(whole.substr(begin, end - begin));
      begin = end + 1;
    }
    std::vector<Hit> hits;
    for (const auto& [key, customer] : customers_) {
      if (!scope.Allows(customer.owner, customer.team)) continue;
      const auto occurs = [&name = customer.name](const std::string& word) {
        return name.find(word) != std::string::npos;
      };
      if (!std::all_of(words.begin(), words.end(), occurs)) continue;
      const MatchKind kind = customer.name == whole              ? MatchKind::kWhole
                             : customer.name.find(words[0]) == 0 ? MatchKind::kPrefix
                                                                 : MatchKind::kPart;
      hits.push_back({key, kind});
    }
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
      return a.kind != b.kind ? a.kind < b.kind : a.key > b.key;
    });
    return hits;
  }

 private:
  std::map<int64_t, Customer> customers_;
};

class RandomNames {
 public:
  explicit RandomNames(uint32_t seed) : random_(seed) {}

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  // Few and unevenly frequent characters: substrings of every frequency.
  std::string Name(uint32_t most_pieces) {
    static constexpr const char* kPieces[] = {
        "科技", "有限", "公司", "有限公司", "北京", "上海", "科", "技", "限", "有", "京",
        "A",    "a",    "b",    "ab",       " ",    "　",   "𠮷", "𠀀", "Ｂ", "1",  "（",
        "贸易", "市",   "国",   "东",       "张",   "伟",   "王", "é",  "ß",  "㈱"};
    std::string name;
    const uint32_t pieces = 1 + Below(most_pieces);
    for (uint32_t i = 0; i < pieces; ++i) {
      const uint32_t range = 1 + Below(static_cast<uint32_t>(std::size(kPieces)));
      name += kPieces[Below(range)];
    }
    return name;
  }

  ScopeFilter Scope() {
    switch (Below(3)) {
      case 0:
        return ScopeFilter::All();
      case 1:
        return ScopeFilter::Owner(Below(40));
      default:
        return ScopeFilter::OwnerAndTeams(Below(40), {Below(8), Below(8)});
    }
  }

 private:
  std::mt19937 random_;
};

std::vector<Hit> FindPageByPage(const NameIndex& index, const std::string& query,
                                const ScopeFilter& scope, size_t page) {
  std::vector<Hit> all = index.Find(query, scope, page);
  while (!all.empty()) {
    const std::vector<Hit> next = index.Find(query, scope, page, all.back());
    if (next.empty()) break;
    all.insert(all.end(), next.begin(), next.end());
  }
  return all;
}

void ExpectSame(const NameIndex& index, const SlowModel& model, RandomNames& names, int queries) {
  ASSERT_EQ(index.stats().customers, model.size());
  for (int i = 0; i < queries; ++i) {
    const std::string query = names.Name(4);
    if (text::FoldForSearch(query).empty()) continue;
    const ScopeFilter scope = names.Scope();
    const std::vector<Hit> expected = model.Find(query, scope);
    ASSERT_EQ(index.Find(query, scope, 100'000), expected) << query;
    const size_t page = std::max<size_t>(1, expected.size() / (1 + names.Below(4)));
    ASSERT_EQ(FindPageByPage(index, query, scope, page), expected) << query << " by " << page;
    std::vector<Hit> first = expected;
    first.resize(std::min<size_t>(5, expected.size()));
    ASSERT_EQ(index.Find(query, scope, 5), first) << query;
  }
}

class NameIndexProperty : public ::testing::TestWithParam<uint32_t> {};

// CUS-25: whatever is loaded, changed, removed and merged, the answers are those of a look at every
// name.
TEST_P(NameIndexProperty, AgreesWithALookAtEveryName) {
  RandomNames names(GetParam());
  NameIndex index;
  SlowModel model;
  NameIndex::Load load(index);
  for (int64_t key = 1; key <= 6000; ++key) {
    const std::string name = names.Name(6);
    const uint32_t owner = names.Below(40);
    const uint32_t team = owner % 8;
    load.Add(key * 3, name, owner, team);
    model.Upsert(key * 3, name, owner, team);
  }
  load.Finish();
  ExpectSame(index, model, names, 100);
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 2500; ++i) {
      const int64_t key = names.Below(24'000);
      if (names.Below(4) == 0) {
        index.Remove(key);
        model.Remove(key);
        continue;
      }
      const std::string name = names.Name(6);
      const uint32_t owner = names.Below(40);
      index.Upsert(key, name, owner, owner % 8);
      model.Upsert(key, name, owner, owner % 8);
    }
    if (names.Below(2) == 0) index.MergeChanges();
    ExpectSame(index, model, names, 40);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, NameIndexProperty, ::testing::Values(1, 2, 3, 4));

// CUS-25: an owner with few customers among very many matches, and a scope without any.
TEST(NameIndex, SelectiveScopeInAFrequentString) {
  NameIndex index;
  SlowModel model;
  NameIndex::Load load(index);
  for (int64_t key = 1; key <= 50'000; ++key) {
    const std::string name = (key % 3 == 0 ? "上海有限" : "北京有限") + std::to_string(key);
    const uint32_t owner = key % 10'000 == 7 ? 1 : 2;
    const uint32_t team = key % 3 == 0 ? 1 : 2;
    load.Add(key, name, owner, team);
    model.Upsert(key, name, owner, team);
  }
  load.Finish();
  const ScopeFilter scopes[] = {ScopeFilter::Owner(1), ScopeFilter::Owner(3),
                                ScopeFilter::OwnerAndTeams(3, {1}),
                                ScopeFilter::OwnerAndTeams(1, {1, 9})};
  for (const ScopeFilter& scope : scopes) {
    for (const char* query : {"有限", "北京", "上海", "北 有", "有限1"}) {
      EXPECT_EQ(index.Find(query, scope, 100'000), model.Find(query, scope)) << query;
    }
  }
}

// CUS-25: a customer that is only renamed, between names that both match, is in every answer once,
// and answers are in order, while logs fill up and are merged.
TEST(NameIndex, ReadersNeverLoseACustomerThatIsBeingRenamed) {
  constexpr int64_t kCustomers = 50;
  constexpr int kRenames = 20'000;
  NameIndex index;
  NameIndex::Load load(index);
  for (int64_t key = 1; key <= kCustomers; ++key) load.Add(key, "有限0", kNobody, kNobody);
  load.Finish();
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  const auto read = [&] {
    do {
      const std::vector<Hit> hits = index.Find("有限", ScopeFilter::All(), 2 * kCustomers);
      if (hits.size() != kCustomers ||
          !std::is_sorted(hits.begin(), hits.end(),
                          [](auto& a, auto& b) { return a.key > b.key; })) {
        ++wrong;
      }
    } while (!done);
  };
  std::thread readers[] = {std::thread(read), std::thread(read)};
  std::thread merger([&] {
    do index.MergeChanges();
    while (!done);
  });
  std::thread other_writer([&] {
    for (int i = 0; i < kRenames; ++i) Upsert(index, 1000 + i % 3000, "其他" + std::to_string(i));
  });
  for (int i = 1; i <= kRenames; ++i) {
    Upsert(index, 1 + i % kCustomers, "有限" + std::to_string(i));
  }
  other_writer.join();
  done = true;
  for (std::thread& reader : readers) reader.join();
  merger.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(FindAll(index, "有限" + std::to_string(kRenames)), SizeIs(1));
  EXPECT_EQ(index.stats().customers, kCustomers + 3000);
}

}  // namespace
}  // namespace crm::customer
