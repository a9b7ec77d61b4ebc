// What somebody typed into the search box, ready to be compared with folded names.
//
//   const NameQuery query("腾讯 科技");
//   query.Matches("腾讯科技有限公司", MatchKind::kPrefix);  // true
//
// Words are separated by white space; all must occur, in any order. Immutable.
#ifndef CRM_SERVICES_CUSTOMER_SEARCH_NAME_QUERY_H_
#define CRM_SERVICES_CUSTOMER_SEARCH_NAME_QUERY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crm::customer {

// How a name matches, best first.
enum class MatchKind : uint8_t {
  kWhole = 0,   // the name is the query
  kPrefix = 1,  // the name begins with the first word and has the others
  kPart = 2,    // all words occur
};

// Which customers the caller may see. Ids are the index's owner and team ids.
class ScopeFilter {
 public:
  static ScopeFilter All() { return ScopeFilter(true, std::nullopt, {}); }
  static ScopeFilter Owner(uint32_t owner) { return ScopeFilter(false, owner, {}); }
  // Customers of this owner or of one of these teams.
  static ScopeFilter OwnerAndTeams(uint32_t owner, std::vector<uint32_t> teams);

  bool all() const { return all_; }
  const std::optional<uint32_t>& owner() const { return owner_; }
  std::span<const uint32_t> teams() const { return teams_; }
  bool Allows(uint32_t owner, uint32_t team) const;

 private:
  ScopeFilter(bool all, std::optional<uint32_t> owner, std::vector<uint32_t> teams)
      : all_(all), owner_(owner), teams_(std::move(teams)) {}

  bool all_;
  std::optional<uint32_t> owner_;
  std::vector<uint32_t> teams_;  // ascending, each once
};

class NameQuery {
 public:
  explicit NameQuery(std::string_view text);

  // Nothing to look for: no character but white space.
  bool empty() const { return words_.empty(); }
  // The query as a name, and its different words in the order typed.
  const std::u32string& whole() const { return whole_symbols_; }
  std::span<const std::u32string> words() const { return word_symbols_; }
  // A bit per character: a name whose signature lacks one of these cannot match.
  uint64_t signature() const { return signature_; }

  // Whether the name matches in this way; a name matches in one way at most.
  bool Matches(std::string_view folded_name, MatchKind kind) const;

 private:
  std::string whole_;
  std::vector<std::string> words_;
  std::u32string whole_symbols_;
  std::vector<std::u32string> word_symbols_;
  uint64_t signature_ = 0;
};

// The signature of a name or word, see NameQuery::signature.
uint64_t SignatureOf(std::u32string_view symbols);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SEARCH_NAME_QUERY_H_
