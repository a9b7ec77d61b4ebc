// Finds codes by name: exactly by hash, else the nearest by the pairs of characters they share.
//
// Built once, then immutable: thread-safe for readers. Names and queries are given as keys, see
// SimplifyName.
#ifndef CRM_SERVICES_CUSTOMER_REFERENCE_NAME_INDEX_H_
#define CRM_SERVICES_CUSTOMER_REFERENCE_NAME_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

namespace crm::customer::reference {

// What a free text stands for: one code, or none and the nearest codes, best first.
// Codes live as long as the program.
struct Mapping {
  std::string_view code;
  std::vector<std::string_view> candidates;

  bool found() const { return !code.empty(); }
};

inline constexpr size_t kMaxCandidates = 5;

// A name as a key: folded for search, without punctuation and spaces, accents of Chinese place
// names in Latin script dropped; words listed in `noise` left out.
std::string SimplifyName(std::string_view name, std::span<const std::string_view> noise);

class NameIndex {
 public:
  using Codes = absl::InlinedVector<std::string_view, 1>;

  // A key may have several codes. Adding a pair twice changes nothing.
  void Add(std::string_view key, std::string_view code);
  // Also a name that Nearest proposes.
  void AddProposed(std::string_view key, std::string_view code);

  // The codes of exactly this key, empty if unknown.
  std::span<const std::string_view> Find(std::string_view key) const;
  bool Contains(std::string_view key) const { return !Find(key).empty(); }

  // At most kMaxCandidates different codes whose names share most pairs of neighbouring characters
  // (the begin counts as one) with the key.
  std::vector<std::string_view> Nearest(std::string_view key) const;

 private:
  struct Name {
    std::string_view code;
    size_t pairs;
  };

  absl::flat_hash_map<std::string, Codes> codes_;
  std::vector<Name> names_;
  absl::flat_hash_map<uint64_t, std::vector<uint32_t>> names_by_pair_;
};

}  // namespace crm::customer::reference

#endif  // CRM_SERVICES_CUSTOMER_REFERENCE_NAME_INDEX_H_
