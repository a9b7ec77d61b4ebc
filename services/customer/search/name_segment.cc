#include "services/customer/search/name_segment.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>
#include <utility>

#include "common/text/unicode.h"

namespace crm::customer {
namespace {

// A gram in more than one of this many documents gets a list of its own.
constexpr uint32_t kFrequentShare = 512;
constexpr uint32_t kLeastFrequent = 64;
constexpr uint32_t kSampleSize = 32'768;
// Documents for each bucket of rare grams: few buckets make short gaps.
constexpr uint32_t kDocumentsPerBucket = 16;
constexpr uint32_t kLeastBuckets = 64;
// Documents out of scope that are met before the scope is turned into a bitmap.
constexpr uint32_t kScopeProbes = 2048;

struct SampledGram {
  Gram gram;
  uint32_t begin;  // in the sample's symbols
};

// The names of a sample one after the other, each followed by a space.
struct SampledNames {
  std::u32string symbols;
  std::vector<SampledGram> parts;
  std::vector<SampledGram> prefixes;
};

using Counts = absl::flat_hash_map<Gram, uint32_t>;

// Makes every gram one character longer and forgets those that end; returns how often each occurs.
Counts ExtendAll(std::u32string_view symbols, size_t length, std::vector<SampledGram>& grams) {
  Counts counts;
  std::erase_if(grams, [&](SampledGram& sampled) {
    const char32_t symbol = symbols[sampled.begin + length - 1];
    if (symbol == U' ') return true;
    sampled.gram = ExtendGram(sampled.gram, symbol);
    ++counts[sampled.gram];
    return false;
  });
  return counts;
}

}  // namespace

std::string_view NameSegment::name(uint32_t document) const {
  const size_t row = Row(document);
  return std::string_view(names_).substr(name_begins_[row],
                                         name_begins_[row + 1] - name_begins_[row]);
}

std::optional<uint32_t> NameSegment::Locate(int64_t key) const {
  const uint32_t document = FirstAtOrBelow(key);
  if (document == size() || this->key(document) != key) return std::nullopt;
  return document;
}

uint32_t NameSegment::FirstAtOrBelow(int64_t key) const {
  return static_cast<uint32_t>(keys_.end() - std::upper_bound(keys_.begin(), keys_.end(), key));
}

size_t NameSegment::MemoryBytes() const {
  return keys_.capacity() * sizeof(int64_t) +
         (owners_.capacity() + teams_.capacity() + name_begins_.capacity()) * sizeof(uint32_t) +
         names_.capacity() + bitmaps_.capacity() * sizeof(uint64_t) + gaps_.capacity() +
         bucket_begins_.capacity() * sizeof(size_t) +
         frequent_.capacity() * (sizeof(Gram) + sizeof(FrequentList) + 1);
}

PostingList NameSegment::Lookup(Gram gram) const {
  PostingList result;
  if (const auto found = frequent_.find(gram); found != frequent_.end()) {
    const FrequentList& list = found->second;
    result.exact = true;
    result.count = list.count;
    if (list.is_bitmap) {
      result.bitmap = bitmaps_.data() + list.begin;
      return result;
    }
    result.gaps_begin = gaps_.data() + list.begin;
    result.gaps_end = gaps_.data() + list.end;
    return result;
  }
  const size_t bucket = BucketOf(gram);
  result.gaps_begin = gaps_.data() + bucket_begins_[bucket];
  result.gaps_end = gaps_.data() + bucket_begins_[bucket + 1];
  result.count = static_cast<uint32_t>(result.gaps_end - result.gaps_begin + 1) / 2;
  return result;
}

PostingList NameSegment::LookupFront(GramKind kind, std::u32string_view symbols) const {
  PostingList longest;
  size_t length = 0;
  ForEachGramAtFront(kind, symbols, [&](Gram gram) {
    longest = Lookup(gram);
    ++length;
    return longest.exact;
  });
  longest.exact = longest.exact && length == symbols.size();
  return longest;
}

bool NameSegment::RequireWord(std::u32string_view word, Intersection& candidates) const {
  for (size_t begin = 0; begin < word.size(); ++begin) {
    const PostingList list = LookupFront(GramKind::kPart, word.substr(begin));
    if (list.count == 0) return false;
    candidates.Require(list);
    // What the rest of the word could add is in this list already.
    if (list.exact) break;
  }
  return true;
}

bool NameSegment::Plan(const NameQuery& query, MatchKind kind, Intersection& candidates) const {
  if (kind == MatchKind::kWhole) {
    const PostingList list = Lookup(WholeGram(query.whole()));
    if (list.count == 0) return false;
    candidates.Require(list);
    candidates.Prepare();
    return true;
  }
  const std::u32string_view first_word = query.words()[0];
  const PostingList prefix = LookupFront(GramKind::kPrefix, first_word);
  auto rest = query.words();
  if (kind == MatchKind::kPrefix) {
    if (prefix.count == 0) return false;
    candidates.Require(prefix);
    if (prefix.exact) rest = rest.subspan(1);
  } else if (prefix.exact) {
    candidates.Exclude(prefix);
  }
  for (const std::u32string& word : rest) {
    if (!RequireWord(word, candidates)) return false;
  }
  candidates.Prepare();
  return true;
}

void NameSegment::ForEachMatch(const NameQuery& query, MatchKind kind, const ScopeFilter& scope,
                               int64_t newest_key, absl::FunctionRef<bool(uint32_t)> visit) const {
  Intersection candidates(size());
  if (!Plan(query, kind, candidates)) return;
  std::vector<uint64_t> scope_bitmap;
  uint32_t out_of_scope = 0;
  for (uint32_t document = candidates.First(FirstAtOrBelow(newest_key)); document != kNoDocument;
       document = candidates.First(document + 1)) {
    if (!scope.Allows(owner(document), team(document))) {
      if (++out_of_scope == kScopeProbes) {
        scope_bitmap = ScopeBitmap(scope);
        candidates.RequireBitmap(scope_bitmap.data());
      }
      continue;
    }
    if (query.Matches(name(document), kind) && !visit(document)) return;
  }
}

std::vector<uint64_t> NameSegment::ScopeBitmap(const ScopeFilter& scope) const {
  std::vector<uint64_t> bitmap(BitmapWords(size()));
  if (scope.owner().has_value()) AddToBitmap(Lookup(OwnerGram(*scope.owner())), bitmap);
  for (const uint32_t team : scope.teams()) AddToBitmap(Lookup(TeamGram(team)), bitmap);
  return bitmap;
}

void NameSegment::AddToBitmap(const PostingList& list, std::vector<uint64_t>& bitmap) const {
  if (list.bitmap != nullptr) {
    for (size_t i = 0; i < bitmap.size(); ++i) bitmap[i] |= list.bitmap[i];
    return;
  }
  for (GapCursor cursor(list); cursor.document() != kNoDocument;
       cursor.SkipTo(cursor.document() + 1)) {
    bitmap[cursor.document() / 64] |= uint64_t{1} << (cursor.document() % 64);
  }
}

NameSegmentBuilder::NameSegmentBuilder() : segment_(std::make_shared<NameSegment>()) {
  segment_->name_begins_.push_back(0);
}

bool NameSegmentBuilder::Fits(size_t names, size_t name_bytes) const {
  return size() + names <= kMaxNames && segment_->name_bytes() + name_bytes <= kMaxTotalNameBytes;
}

void NameSegmentBuilder::Add(int64_t key, std::string_view folded_name, uint32_t owner,
                             uint32_t team) {
  NameSegment& segment = *segment_;
  sorted_ = sorted_ && (segment.keys_.empty() || segment.keys_.back() < key);
  segment.keys_.push_back(key);
  segment.owners_.push_back(owner);
  segment.teams_.push_back(team);
  segment.names_.append(folded_name.substr(0, kMaxNameBytes));
  segment.name_begins_.push_back(static_cast<uint32_t>(segment.names_.size()));
}

std::shared_ptr<const NameSegment> NameSegmentBuilder::Build() && {
  SortByKey();
  NameSegment& segment = *segment_;
  segment.keys_.shrink_to_fit();
  segment.owners_.shrink_to_fit();
  segment.teams_.shrink_to_fit();
  segment.name_begins_.shrink_to_fit();
  segment.names_.shrink_to_fit();
  const uint32_t buckets = std::bit_ceil(segment.size() / kDocumentsPerBucket + kLeastBuckets);
  segment.bucket_begins_.resize(size_t{buckets} + 1);
  FindFrequentGrams();
  IndexDocuments();
  WriteFrequentLists();
  WriteBuckets();
  return std::move(segment_);
}

void NameSegmentBuilder::SortByKey() {
  if (sorted_) return;
  const NameSegment& unsorted = *segment_;
  std::vector<uint32_t> rows(unsorted.keys_.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(),
                   [&](uint32_t a, uint32_t b) { return unsorted.keys_[a] < unsorted.keys_[b]; });
  NameSegmentBuilder sorted;
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint32_t row = rows[i];
    const bool replaced = i + 1 < rows.size() && unsorted.keys_[rows[i + 1]] == unsorted.keys_[row];
    if (replaced) continue;
    const uint32_t document = unsorted.size() - 1 - row;
    sorted.Add(unsorted.keys_[row], unsorted.name(document), unsorted.owners_[row],
               unsorted.teams_[row]);
  }
  segment_ = std::move(sorted.segment_);
  sorted_ = true;
}

std::vector<uint32_t> NameSegmentBuilder::Sample() const {
  std::vector<uint32_t> sample;
  for (uint32_t document = 0; document < segment_->size(); ++document) {
    // Spread by hashing: a period in the data must not look like a frequent name.
    if ((document * 0x9e3779b1u >> 7) % sample_rate_ == 0) sample.push_back(document);
  }
  return sample;
}

void NameSegmentBuilder::FindFrequentGrams() {
  const uint32_t documents = segment_->size();
  sample_rate_ = std::max(1u, documents / kSampleSize);
  const uint32_t frequent = std::max(kLeastFrequent, documents / kFrequentShare) / sample_rate_;
  Counts flat_counts;  // of grams that are not extended
  SampledNames sampled;
  std::u32string symbols;
  for (const uint32_t document : Sample()) {
    ++flat_counts[OwnerGram(segment_->owner(document))];
    ++flat_counts[TeamGram(segment_->team(document))];
    DecodeSymbols(segment_->name(document), symbols);
    ++flat_counts[WholeGram(symbols)];
    const auto begin = static_cast<uint32_t>(sampled.symbols.size());
    sampled.prefixes.push_back({StartGram(GramKind::kPrefix), begin});
    for (uint32_t i = 0; i < symbols.size(); ++i) {
      sampled.parts.push_back({StartGram(GramKind::kPart), begin + i});
    }
    sampled.symbols += symbols;
    sampled.symbols += U' ';
  }
  const auto keep_frequent = [&](const Counts& counts) {
    for (const auto& [gram, count] : counts) {
      if (count > frequent) frequent_.try_emplace(gram);
    }
  };
  keep_frequent(flat_counts);
  for (std::vector<SampledGram>* grams : {&sampled.parts, &sampled.prefixes}) {
    for (size_t length = 1; length <= kMaxGramLength && !grams->empty(); ++length) {
      keep_frequent(ExtendAll(sampled.symbols, length, *grams));
      std::erase_if(*grams, [&](const SampledGram& g) { return !frequent_.contains(g.gram); });
    }
  }
}

bool NameSegmentBuilder::Index(Gram gram, uint32_t document) {
  const auto found = frequent_.find(gram);
  if (found == frequent_.end()) {
    rare_buckets_.push_back(static_cast<uint32_t>(segment_->BucketOf(gram)));
    return false;
  }
  FrequentBuffer& buffer = found->second;
  if (buffer.last == document) return true;
  AppendGap(buffer.count == 0 ? document : document - buffer.last, buffer.gaps);
  buffer.last = document;
  ++buffer.count;
  return true;
}

void NameSegmentBuilder::IndexDocuments() {
  std::u32string symbols;
  rare_counts_.reserve(segment_->size());
  for (uint32_t document = 0; document < segment_->size(); ++document) {
    const size_t rare_before = rare_buckets_.size();
    const auto index = [&](Gram gram) { return Index(gram, document); };
    DecodeSymbols(segment_->name(document), symbols);
    const std::u32string_view name = symbols;
    index(OwnerGram(segment_->owner(document)));
    index(TeamGram(segment_->team(document)));
    index(WholeGram(name));
    ForEachGramAtFront(GramKind::kPrefix, name, index);
    for (size_t begin = 0; begin < name.size(); ++begin) {
      ForEachGramAtFront(GramKind::kPart, name.substr(begin), index);
    }
    rare_counts_.push_back(static_cast<uint32_t>(rare_buckets_.size() - rare_before));
  }
}

void NameSegmentBuilder::WriteFrequentLists() {
  NameSegment& segment = *segment_;
  const size_t bitmap_bytes = BitmapWords(segment.size()) * sizeof(uint64_t);
  size_t bitmap_words = 0;
  for (const auto& [gram, buffer] : frequent_) {
    if (buffer.gaps.size() > bitmap_bytes) bitmap_words += BitmapWords(segment.size());
  }
  segment.bitmaps_.reserve(bitmap_words);
  segment.frequent_.reserve(frequent_.size());
  for (auto& [gram, buffer] : frequent_) {
    NameSegment::FrequentList& list = segment.frequent_[gram];
    list.count = buffer.count;
    list.is_bitmap = buffer.gaps.size() > bitmap_bytes;
    if (list.is_bitmap) {
      WriteBitmap(buffer, list);
    } else {
      list.begin = segment.gaps_.size();
      segment.gaps_.insert(segment.gaps_.end(), buffer.gaps.begin(), buffer.gaps.end());
      list.end = segment.gaps_.size();
    }
    buffer.gaps = {};
  }
}

void NameSegmentBuilder::WriteBitmap(const FrequentBuffer& buffer,
                                     NameSegment::FrequentList& list) {
  std::vector<uint64_t> bitmap(BitmapWords(segment_->size()));
  PostingList gaps;
  gaps.gaps_begin = buffer.gaps.data();
  gaps.gaps_end = buffer.gaps.data() + buffer.gaps.size();
  segment_->AddToBitmap(gaps, bitmap);
  list.begin = segment_->bitmaps_.size();
  segment_->bitmaps_.insert(segment_->bitmaps_.end(), bitmap.begin(), bitmap.end());
  list.end = segment_->bitmaps_.size();
}

void NameSegmentBuilder::WriteBuckets() {
  NameSegment& segment = *segment_;
  const size_t buckets = segment.bucket_begins_.size() - 1;
  std::vector<size_t> ends(buckets + 1);
  for (const uint32_t bucket : rare_buckets_) ++ends[bucket + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  // Now where each bucket begins; filling moves it to where it ends.
  std::vector<uint32_t> documents(rare_buckets_.size());
  size_t next = 0;
  for (uint32_t document = 0; document < rare_counts_.size(); ++document) {
    for (uint32_t i = 0; i < rare_counts_[document]; ++i) {
      documents[ends[rare_buckets_[next++]]++] = document;
    }
  }
  rare_buckets_ = {};
  size_t begin = 0;
  for (size_t bucket = 0; bucket < buckets; ++bucket) {
    segment.bucket_begins_[bucket] = segment.gaps_.size();
    uint32_t last = kNoDocument;
    for (const uint32_t document : std::span(documents).subspan(begin, ends[bucket] - begin)) {
      if (document == last) continue;
      AppendGap(last == kNoDocument ? document : document - last, segment.gaps_);
      last = document;
    }
    begin = ends[bucket];
  }
  segment.bucket_begins_[buckets] = segment.gaps_.size();
  segment.gaps_.shrink_to_fit();
}

}  // namespace crm::customer
