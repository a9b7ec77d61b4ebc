#include "services/customer/search/name_query.h"

#include <algorithm>
#include <utility>

#include "common/text/unicode.h"
#include "services/customer/search/gram.h"

namespace crm::customer {

ScopeFilter ScopeFilter::OwnerAndTeams(uint32_t owner, std::vector<uint32_t> teams) {
  std::sort(teams.begin(), teams.end());
  teams.erase(std::unique(teams.begin(), teams.end()), teams.end());
  return ScopeFilter(false, owner, std::move(teams));
}

bool ScopeFilter::Allows(uint32_t owner, uint32_t team) const {
  if (all_ || owner_ == owner) return true;
  return std::binary_search(teams_.begin(), teams_.end(), team);
}

NameQuery::NameQuery(std::string_view text) : whole_(text::FoldForSearch(text)) {
  DecodeSymbols(whole_, whole_symbols_);
  for (std::string_view rest = whole_; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word.empty() || std::find(words_.begin(), words_.end(), word) != words_.end()) continue;
    words_.emplace_back(word);
    DecodeSymbols(word, word_symbols_.emplace_back());
    signature_ |= SignatureOf(word_symbols_.back());
  }
}

bool NameQuery::Matches(std::string_view folded_name, MatchKind kind) const {
  if (kind == MatchKind::kWhole) return folded_name == whole_;
  const bool begins = folded_name.starts_with(words_[0]);
  if (begins != (kind == MatchKind::kPrefix) || folded_name == whole_) return false;
  return std::all_of(words_.begin() + (begins ? 1 : 0), words_.end(), [&](const auto& word) {
    return folded_name.find(word) != std::string_view::npos;
  });
}

uint64_t SignatureOf(std::u32string_view symbols) {
  uint64_t signature = 0;
  for (const char32_t symbol : symbols) {
    signature |= uint64_t{1} << (symbol * 0x9e3779b1u >> 26);
  }
  return signature;
}

}  // namespace crm::customer
