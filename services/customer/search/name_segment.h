// An immutable part of the name index: customers, newest key first, and posting lists of what
// their names contain.
//
// A string is looked up by its grams (gram.h). Grams are as long as they have to be: a string that
// many names contain has an exact list of its own, and the strings one character longer are indexed
// too; a rarer one shares a bucket with a few others and is not extended. So a query either is
// frequent and its list names exactly the matches, which can be read until enough are found, or one
// of its beginnings is rare and only few names have to be checked. The work of a search is bounded
// either way. Grams anchored at the beginning of the name, whole names, owners and teams are kept
// in the same lists.
//
// Cost at a million Chinese company names: see name_index.h. Thread-safe once built.
#ifndef CRM_SERVICES_CUSTOMER_SEARCH_NAME_SEGMENT_H_
#define CRM_SERVICES_CUSTOMER_SEARCH_NAME_SEGMENT_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "services/customer/search/gram.h"
#include "services/customer/search/name_query.h"
#include "services/customer/search/posting_list.h"

namespace crm::customer {

class NameSegment {
 public:
  // Documents are numbered by key, the newest (greatest) key is 0.
  uint32_t size() const { return static_cast<uint32_t>(keys_.size()); }
  int64_t key(uint32_t document) const { return keys_[Row(document)]; }
  // Folded.
  std::string_view name(uint32_t document) const;
  uint32_t owner(uint32_t document) const { return owners_[Row(document)]; }
  uint32_t team(uint32_t document) const { return teams_[Row(document)]; }

  size_t name_bytes() const { return names_.size(); }

  std::optional<uint32_t> Locate(int64_t key) const;

  // Visits what matches in this way and is within the scope, newest first from `newest_key` down,
  // until `visit(document)` returns false.
  void ForEachMatch(const NameQuery& query, MatchKind kind, const ScopeFilter& scope,
                    int64_t newest_key, absl::FunctionRef<bool(uint32_t)> visit) const;

  size_t MemoryBytes() const;

 private:
  friend class NameSegmentBuilder;

  struct FrequentList {
    bool is_bitmap = false;
    uint32_t count = 0;
    size_t begin = 0;  // in bitmaps_ or gaps_
    size_t end = 0;
  };

  size_t Row(uint32_t document) const { return keys_.size() - 1 - document; }
  uint32_t FirstAtOrBelow(int64_t key) const;

  size_t BucketOf(Gram gram) const { return (gram >> 20) & (bucket_begins_.size() - 2); }
  PostingList Lookup(Gram gram) const;
  // The list of the longest gram that the beginning of `symbols` is indexed under.
  PostingList LookupFront(GramKind kind, std::u32string_view symbols) const;
  // False if no document can match.
  bool Plan(const NameQuery& query, MatchKind kind, Intersection& candidates) const;
  bool RequireWord(std::u32string_view word, Intersection& candidates) const;
  std::vector<uint64_t> ScopeBitmap(const ScopeFilter& scope) const;
  void AddToBitmap(const PostingList& list, std::vector<uint64_t>& bitmap) const;

  // By ascending key.
  std::vector<int64_t> keys_;
  std::vector<uint32_t> owners_;
  std::vector<uint32_t> teams_;
  std::vector<uint32_t> name_begins_;  // one more than names
  std::string names_;

  absl::flat_hash_map<Gram, FrequentList> frequent_;
  std::vector<uint64_t> bitmaps_;
  std::vector<uint8_t> gaps_;
  std::vector<size_t> bucket_begins_;  // in gaps_; one more than buckets
};

// Collects customers and makes a segment of them. Not thread-safe.
//
//   NameSegmentBuilder builder;
//   builder.Add(key, text::FoldForSearch(name), owner, team);
//   std::shared_ptr<const NameSegment> segment = std::move(builder).Build();
class NameSegmentBuilder {
 public:
  NameSegmentBuilder();

  // Of several with one key the last counts. Cheapest in ascending order of keys. A name longer
  // than kMaxNameBytes is cut.
  void Add(int64_t key, std::string_view folded_name, uint32_t owner, uint32_t team);
  size_t size() const { return segment_->keys_.size(); }
  // Room for these many names more?
  bool Fits(size_t names, size_t name_bytes) const;

  std::shared_ptr<const NameSegment> Build() &&;

  static constexpr size_t kMaxNameBytes = 64 << 10;
  // Merging holds the old segments and the new one: no larger ones bound the memory it takes, a
  // few more to look into cost a search some microseconds.
  static constexpr size_t kMaxNames = 256 << 10;
  static constexpr size_t kMaxTotalNameBytes = std::numeric_limits<uint32_t>::max();

 private:
  struct FrequentBuffer {
    uint32_t last = kNoDocument;
    uint32_t count = 0;
    std::vector<uint8_t> gaps;
  };

  void SortByKey();
  // Chooses the grams with lists of their own by counting in a sample of the documents.
  void FindFrequentGrams();
  std::vector<uint32_t> Sample() const;
  void IndexDocuments();
  // Returns whether longer grams are indexed too.
  bool Index(Gram gram, uint32_t document);
  void WriteFrequentLists();
  void WriteBitmap(const FrequentBuffer& buffer, NameSegment::FrequentList& list);
  void WriteBuckets();

  std::shared_ptr<NameSegment> segment_;
  bool sorted_ = true;

  uint32_t sample_rate_ = 1;
  absl::flat_hash_map<Gram, FrequentBuffer> frequent_;
  // Of the rare grams: their buckets, document by document, and how many each document has.
  std::vector<uint32_t> rare_buckets_;
  std::vector<uint32_t> rare_counts_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SEARCH_NAME_SEGMENT_H_
