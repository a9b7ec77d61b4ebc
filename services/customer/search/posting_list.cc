#include "services/customer/search/posting_list.h"

#include <algorithm>
#include <bit>

namespace crm::customer {
namespace {

// Reading a posting costs a nanosecond or two, checking a name thirty and more.
constexpr uint64_t kWorthReading = 16;
// Of one query; the rest is left to the check of the name.
constexpr size_t kMaxLists = 16;
// Documents that are not in all lists, before lists of gaps are turned into bitmaps.
constexpr uint32_t kMaxRejected = 4096;

}  // namespace

void AppendGap(uint32_t gap, std::vector<uint8_t>& bytes) {
  for (; gap >= 0x80; gap >>= 7) bytes.push_back(static_cast<uint8_t>(gap | 0x80));
  bytes.push_back(static_cast<uint8_t>(gap));
}

void Intersection::Require(const PostingList& list) {
  if (list.bitmap == nullptr) {
    required_lists_.push_back(list);
  } else if (required_bitmaps_.size() < kMaxLists) {
    required_bitmaps_.push_back(list.bitmap);
  }
}

void Intersection::Exclude(const PostingList& list) {
  if (list.bitmap != nullptr) {
    excluded_bitmaps_.push_back(list.bitmap);
  } else {
    excluded_lists_.push_back(list);
  }
}

void Intersection::Prepare() {
  std::sort(required_lists_.begin(), required_lists_.end(),
            [](const PostingList& a, const PostingList& b) { return a.count < b.count; });
  const uint64_t candidates = required_lists_.empty() ? documents_ : required_lists_[0].count;
  for (const PostingList& list : required_lists_) {
    if (required_.size() == kMaxLists || list.count > kWorthReading * candidates) break;
    required_.emplace_back(list);
  }
  for (const PostingList& list : excluded_lists_) {
    if (list.count <= kWorthReading * candidates) excluded_.emplace_back(list);
  }
}

uint32_t Intersection::First(uint32_t from) {
  while (true) {
    const uint32_t document = required_.empty() ? FirstInBitmaps(from) : FirstInGaps(from);
    if (document == kNoDocument || !IsExcluded(document)) return document;
    from = document + 1;
    if (++rejected_ == kMaxRejected) TurnGapsIntoBitmaps();
  }
}

uint32_t Intersection::FirstInGaps(uint32_t from) {
  while (true) {
    bool in_all = true;
    for (GapCursor& cursor : required_) {
      cursor.SkipTo(from);
      if (cursor.document() == kNoDocument) return kNoDocument;
      in_all = in_all && (&cursor == required_.data() || cursor.document() == from);
      from = cursor.document();
    }
    if (in_all && InBitmaps(from)) return from;
    if (in_all) ++from;
    if (++rejected_ == kMaxRejected) {
      TurnGapsIntoBitmaps();
      return FirstInBitmaps(from);
    }
  }
}

void Intersection::TurnGapsIntoBitmaps() {
  for (GapCursor& cursor : required_) required_bitmaps_.push_back(TurnIntoBitmap(cursor));
  for (GapCursor& cursor : excluded_) excluded_bitmaps_.push_back(TurnIntoBitmap(cursor));
  required_.clear();
  excluded_.clear();
}

const uint64_t* Intersection::TurnIntoBitmap(GapCursor& cursor) {
  std::vector<uint64_t>& bitmap = own_bitmaps_.emplace_back(BitmapWords(documents_));
  for (; cursor.document() != kNoDocument; cursor.SkipTo(cursor.document() + 1)) {
    bitmap[cursor.document() / 64] |= uint64_t{1} << (cursor.document() % 64);
  }
  return bitmap.data();
}

uint32_t Intersection::FirstInBitmaps(uint32_t from) const {
  if (from >= documents_) return kNoDocument;
  size_t index = from / 64;
  uint64_t word = Word(index) & (~uint64_t{0} << (from % 64));
  for (const size_t words = BitmapWords(documents_); word == 0; word = Word(index)) {
    if (++index == words) return kNoDocument;
  }
  const auto document = static_cast<uint32_t>(index * 64 + std::countr_zero(word));
  return document < documents_ ? document : kNoDocument;
}

uint64_t Intersection::Word(size_t index) const {
  uint64_t word = ~uint64_t{0};
  for (const uint64_t* bitmap : required_bitmaps_) word &= bitmap[index];
  for (const uint64_t* bitmap : excluded_bitmaps_) word &= ~bitmap[index];
  return word;
}

bool Intersection::IsExcluded(uint32_t document) {
  for (GapCursor& cursor : excluded_) {
    cursor.SkipTo(document);
    if (cursor.document() == document) return true;
  }
  return false;
}

}  // namespace crm::customer
