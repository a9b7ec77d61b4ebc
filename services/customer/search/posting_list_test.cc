#include "services/customer/search/posting_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>
#include <vector>

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Lists and the bytes they point to.
class Lists {
 public:
  PostingList Gaps(const std::set<uint32_t>& documents) {
    std::vector<uint8_t>& bytes = bytes_.emplace_back();
    uint32_t last = 0;
    for (const uint32_t document : documents) {
      AppendGap(document - last, bytes);
      last = document;
    }
    PostingList list;
    list.gaps_begin = bytes.data();
    list.gaps_end = bytes.data() + bytes.size();
    list.count = static_cast<uint32_t>(documents.size());
    return list;
  }

  PostingList Bitmap(const std::set<uint32_t>& documents, uint32_t size) {
    std::vector<uint64_t>& words = words_.emplace_back(BitmapWords(size));
    for (const uint32_t document : documents) words[document / 64] |= 1ull << (document % 64);
    PostingList list;
    list.bitmap = words.data();
    list.count = static_cast<uint32_t>(documents.size());
    return list;
  }

 private:
  std::deque<std::vector<uint8_t>> bytes_;
  std::deque<std::vector<uint64_t>> words_;
};

std::vector<uint32_t> Read(Intersection& intersection, uint32_t from = 0) {
  std::vector<uint32_t> documents;
  for (uint32_t document = intersection.First(from); document != kNoDocument;
       document = intersection.First(document + 1)) {
    documents.push_back(document);
  }
  return documents;
}

TEST(PostingList, GapsOfEveryLengthSurvive) {  // CUS-25
  const std::set<uint32_t> documents = {0,      1,         128,         129,
                                        20'000, 3'000'000, 400'000'000, 4'294'967'294};
  Lists lists;
  std::vector<uint32_t> read;
  for (GapCursor cursor(lists.Gaps(documents)); cursor.document() != kNoDocument;
       cursor.SkipTo(cursor.document() + 1)) {
    read.push_back(cursor.document());
  }
  EXPECT_THAT(read, testing::ElementsAreArray(documents));
}

TEST(PostingList, EmptyListEndsAtOnce) {  // CUS-25
  Lists lists;
  EXPECT_EQ(GapCursor(lists.Gaps({})).document(), kNoDocument);
  Intersection intersection(100);
  intersection.Require(lists.Gaps({}));
  intersection.Prepare();
  EXPECT_THAT(Read(intersection), IsEmpty());
}

TEST(PostingList, LastDocumentOfABitmapIsFound) {  // CUS-25
  Lists lists;
  Intersection intersection(65);
  intersection.Require(lists.Bitmap({3, 64}, 65));
  intersection.Prepare();
  EXPECT_THAT(Read(intersection), ElementsAre(3, 64));
}

TEST(PostingList, BitmapRequiredOnTheWayHoldsFromThereOn) {  // CUS-25
  Lists lists;
  Intersection intersection(200);
  intersection.Require(lists.Bitmap({1, 2, 3, 100, 101}, 200));
  intersection.Prepare();
  EXPECT_EQ(intersection.First(0), 1u);
  const PostingList scope = lists.Bitmap({0, 3, 101}, 200);
  intersection.RequireBitmap(scope.bitmap);
  EXPECT_THAT(Read(intersection, 2), ElementsAre(3, 101));
}

// CUS-25: any mixture of long and short lists gives what set arithmetic gives.
TEST(PostingList, IntersectionAgreesWithSets) {
  std::mt19937 generator(25);
  const auto random = [&] { return static_cast<uint32_t>(generator()); };
  for (int round = 0; round < 500; ++round) {
    // Now and then so many that gaps are turned into bitmaps.
    const uint32_t size = 1 + random() % (round % 10 == 0 ? 40'000 : 500);
    Lists lists;
    Intersection intersection(size);
    std::vector<bool> expected(size, true);
    const size_t required = 1 + random() % 4;
    const size_t all = required + random() % 3;
    for (size_t i = 0; i < all; ++i) {
      std::set<uint32_t> documents;
      // Within the ratio at which no list is left out.
      const uint32_t density = 2 + random() % 3;
      for (uint32_t d = 0; d < size; ++d) {
        if (random() % density != 0) documents.insert(d);
      }
      const PostingList list =
          random() % 2 == 0 ? lists.Gaps(documents) : lists.Bitmap(documents, size);
      if (i < required) {
        intersection.Require(list);
      } else {
        intersection.Exclude(list);
      }
      for (uint32_t d = 0; d < size; ++d) {
        expected[d] = expected[d] && documents.contains(d) == (i < required);
      }
    }
    intersection.Prepare();
    const uint32_t from = random() % size;
    std::vector<uint32_t> wanted;
    for (uint32_t d = from; d < size; ++d) {
      if (expected[d]) wanted.push_back(d);
    }
    ASSERT_EQ(Read(intersection, from), wanted) << "round " << round;
  }
}

}  // namespace
}  // namespace crm::customer
