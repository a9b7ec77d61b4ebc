#include "services/customer/reference/name_index.h"

#include <algorithm>

#include "absl/strings/string_view.h"
#include "common/text/unicode.h"

namespace crm::customer::reference {
namespace {

absl::string_view Key(std::string_view key) { return {key.data(), key.size()}; }

bool IsWordCharacter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return c != U'·' && c != U'、' && c != U'。' && c != U'—' && c != U'’' && !text::IsInvisible(c);
}

char32_t WithoutAccent(char32_t c) {
  switch (c) {
    case U'ü':
      return U'u';
    case U'ê':
      return U'e';
    default:
      return c;
  }
}

// The different pairs of neighbours, sorted; 0 stands before the key. The end is no neighbour: most
// names of places end alike.
std::vector<uint64_t> PairsOf(std::string_view key) {
  std::vector<uint64_t> pairs;
  uint64_t previous = 0;
  for (text::CodePoints points(key); !points.done();) {
    const uint64_t c = points.Next();
    pairs.push_back(previous << 32 | c);
    previous = c;
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

}  // namespace

std::string SimplifyName(std::string_view name, std::span<const std::string_view> noise) {
  const std::string folded = text::FoldForSearch(name);
  std::string key;
  size_t word_start = 0;
  const auto end_word = [&] {
    const std::string_view word = std::string_view(key).substr(word_start);
    if (std::find(noise.begin(), noise.end(), word) != noise.end()) key.resize(word_start);
    word_start = key.size();
  };
  for (text::CodePoints points(folded); !points.done();) {
    const char32_t c = points.Next();
    // An apostrophe is inside a word: Xi'an.
    if (c == '\'' || c == U'’') continue;
    if (IsWordCharacter(c)) {
      text::AppendUtf8(WithoutAccent(c), key);
    } else {
      end_word();
    }
  }
  end_word();
  return key;
}

void NameIndex::Add(std::string_view key, std::string_view code) {
  Codes& codes = codes_[Key(key)];
  if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
}

void NameIndex::AddProposed(std::string_view key, std::string_view code) {
  Add(key, code);
  const std::vector<uint64_t> pairs = PairsOf(key);
  const auto number = static_cast<uint32_t>(names_.size());
  for (const uint64_t pair : pairs) names_by_pair_[pair].push_back(number);
  names_.push_back({code, pairs.size()});
}

std::span<const std::string_view> NameIndex::Find(std::string_view key) const {
  const auto found = codes_.find(Key(key));
  if (found == codes_.end()) return {};
  return {found->second.data(), found->second.size()};
}

std::vector<std::string_view> NameIndex::Nearest(std::string_view key) const {
  // Longer texts are no names; their cost is bounded.
  constexpr size_t kLongest = 50;
  const std::vector<uint64_t> pairs = PairsOf(text::FirstCodePoints(key, kLongest));
  absl::flat_hash_map<uint32_t, size_t> shared;
  for (const uint64_t pair : pairs) {
    const auto found = names_by_pair_.find(pair);
    if (found == names_by_pair_.end()) continue;
    for (const uint32_t name : found->second) ++shared[name];
  }
  struct Scored {
    double score;
    uint32_t name;
  };
  std::vector<Scored> scored;
  scored.reserve(shared.size());
  for (const auto& [name, count] : shared) {
    const auto sum = static_cast<double>(pairs.size() + names_[name].pairs);
    scored.push_back({2.0 * static_cast<double>(count) / sum, name});
  }
  // Equal scores in the order of the tables.
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score : a.name < b.name;
  });
  std::vector<std::string_view> nearest;
  for (const Scored& candidate : scored) {
    const std::string_view code = names_[candidate.name].code;
    if (std::find(nearest.begin(), nearest.end(), code) != nearest.end()) continue;
    nearest.push_back(code);
    if (nearest.size() == kMaxCandidates) break;
  }
  return nearest;
}

}  // namespace crm::customer::reference
