// Ascending lists of document numbers of a segment and how to intersect them.
//
// Long lists are bitmaps, so that intersecting two of them costs a word operation per 64 documents;
// short ones are variable-length gaps, one to five bytes a document. An intersection that finds
// little among long lists of gaps turns them into bitmaps on the way. Views and cursors point into
// the segment they come from and must not outlive it. Not thread-safe; each search has its own.
#ifndef CRM_SERVICES_CUSTOMER_SEARCH_POSTING_LIST_H_
#define CRM_SERVICES_CUSTOMER_SEARCH_POSTING_LIST_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace crm::customer {

inline constexpr uint32_t kNoDocument = std::numeric_limits<uint32_t>::max();

inline size_t BitmapWords(uint32_t documents) { return (size_t{documents} + 63) / 64; }

struct PostingList {
  // A bitmap if not null, otherwise gaps.
  const uint64_t* bitmap = nullptr;
  const uint8_t* gaps_begin = nullptr;
  const uint8_t* gaps_end = nullptr;
  // Exact for bitmaps, else an estimate, 0 only if empty.
  uint32_t count = 0;
  // False: may name documents that do not have the gram.
  bool exact = false;
};

// Appends `document - previous`; the first of a list has previous = 0.
void AppendGap(uint32_t gap, std::vector<uint8_t>& bytes);

class GapCursor {
 public:
  explicit GapCursor(const PostingList& list) : next_(list.gaps_begin), end_(list.gaps_end) {
    Advance();
  }

  // kNoDocument at the end.
  uint32_t document() const { return document_; }
  void SkipTo(uint32_t document) {
    while (document_ < document) Advance();
  }

 private:
  void Advance() {
    if (next_ == end_) {
      document_ = kNoDocument;
      return;
    }
    uint32_t gap = *next_++;
    if (gap >= 0x80) gap = ReadLongGap(gap & 0x7f);
    document_ += gap;
  }
  uint32_t ReadLongGap(uint32_t gap) {
    for (int shift = 7;; shift += 7) {
      const uint32_t byte = *next_++;
      gap |= (byte & 0x7f) << shift;
      if (byte < 0x80) return gap;
    }
  }

  const uint8_t* next_;
  const uint8_t* end_;
  uint32_t document_ = 0;
};

// Documents that are in all of some lists and in none of others, ascending.
class Intersection {
 public:
  explicit Intersection(uint32_t documents) : documents_(documents) {}

  void Require(const PostingList& list);
  void Exclude(const PostingList& list);
  // Also while iterating. The bitmap must outlive this.
  void RequireBitmap(const uint64_t* bitmap) { required_bitmaps_.push_back(bitmap); }

  // Call once, after the lists and before First. Leaves out lists that cost more to read than the
  // checks they spare: the caller verifies what it gets.
  void Prepare();

  // The first document >= `from`, kNoDocument if none. `from` never decreases.
  uint32_t First(uint32_t from);

 private:
  // No required list of gaps: word by word.
  uint32_t FirstInBitmaps(uint32_t from) const;
  uint32_t FirstInGaps(uint32_t from);
  void TurnGapsIntoBitmaps();
  const uint64_t* TurnIntoBitmap(GapCursor& cursor);
  uint64_t Word(size_t index) const;
  bool InBitmaps(uint32_t document) const {
    return (Word(document / 64) >> (document % 64) & 1) != 0;
  }
  bool IsExcluded(uint32_t document);

  const uint32_t documents_;
  absl::InlinedVector<PostingList, 8> required_lists_;
  absl::InlinedVector<PostingList, 1> excluded_lists_;
  absl::InlinedVector<const uint64_t*, 8> required_bitmaps_;
  absl::InlinedVector<const uint64_t*, 1> excluded_bitmaps_;
  absl::InlinedVector<GapCursor, 8> required_;  // shortest first
  absl::InlinedVector<GapCursor, 1> excluded_;
  uint32_t rejected_ = 0;
  std::vector<std::vector<uint64_t>> own_bitmaps_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SEARCH_POSTING_LIST_H_
