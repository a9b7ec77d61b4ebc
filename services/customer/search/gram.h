// The strings a name is indexed under, as 64-bit hashes that grow by one character at a time.
//
//   Gram gram = StartGram(GramKind::kPart);
//   for (char32_t symbol : U"科技") gram = ExtendGram(gram, symbol);
//
// Different strings may share a hash: whoever looks one up checks the name itself. Pure functions.
#ifndef CRM_SERVICES_CUSTOMER_SEARCH_GRAM_H_
#define CRM_SERVICES_CUSTOMER_SEARCH_GRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crm::customer {

using Gram = uint64_t;

enum class GramKind : uint64_t {
  kPart = 1,    // characters anywhere in a name, without spaces
  kPrefix = 2,  // the first characters of a name, up to its first space
  kWhole = 3,   // all characters of a name
  kOwner = 4,   // one symbol: the owner's id
  kTeam = 5,    // one symbol: the team's id
};

// Longer grams are not kept; longer words are found by several of them.
inline constexpr size_t kMaxGramLength = 16;

inline Gram ExtendGram(Gram gram, uint32_t symbol) {
  gram = (gram ^ symbol) * 0x9e3779b97f4a7c15u;
  return gram ^ (gram >> 32);
}

inline Gram StartGram(GramKind kind) {
  return ExtendGram(0x243f6a8885a308d3u, static_cast<uint32_t>(kind));
}

inline Gram WholeGram(std::u32string_view name) {
  Gram gram = StartGram(GramKind::kWhole);
  for (const char32_t symbol : name) gram = ExtendGram(gram, symbol);
  return gram;
}

inline Gram OwnerGram(uint32_t owner) { return ExtendGram(StartGram(GramKind::kOwner), owner); }
inline Gram TeamGram(uint32_t team) { return ExtendGram(StartGram(GramKind::kTeam), team); }

// Visits the grams of `symbols` that begin at its first character, shortest first, up to a space or
// kMaxGramLength, until `visit(gram)` returns false.
template <typename Visit>
void ForEachGramAtFront(GramKind kind, std::u32string_view symbols, Visit visit) {
  Gram gram = StartGram(kind);
  for (const char32_t symbol : symbols.substr(0, kMaxGramLength)) {
    if (symbol == U' ') return;
    gram = ExtendGram(gram, symbol);
    if (!visit(gram)) return;
  }
}

// Replaces `symbols` with the code points of `text`.
void DecodeSymbols(std::string_view text, std::u32string& symbols);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SEARCH_GRAM_H_
