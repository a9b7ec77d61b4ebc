#include "services/customer/reference/industry.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "services/customer/reference/tables.h"

namespace crm::customer::reference {
namespace {

constexpr std::array<std::string_view, 4> kNoise = {"industry", "industries", "sector", "company"};
// What may follow the name of an industry, longest first.
constexpr std::array<std::string_view, 8> kSuffixes = {"行业", "产业", "领域", "企业",
                                                       "公司", "类",   "业",   "界"};

absl::string_view Key(std::string_view key) { return {key.data(), key.size()}; }

std::vector<std::string_view> SplitMembers(std::string_view members) {
  std::vector<std::string_view> codes;
  while (!members.empty()) {
    const size_t end = std::min(members.find(' '), members.size());
    codes.push_back(members.substr(0, end));
    members.remove_prefix(std::min(end + 1, members.size()));
  }
  return codes;
}

class IndustryTable {
 public:
  IndustryTable() {
    for (const TableRow& row : ReadTable("industries.tsv")) {
      industries_.push_back({row[0], row[1], row[2], {}});
    }
    for (const TableRow& row : ReadTable("industry_groups.tsv")) {
      industries_.push_back({row[0], row[1], row[2], SplitMembers(row[3])});
    }
    for (size_t i = 0; i < industries_.size(); ++i) by_code_[Key(industries_[i].code)] = i;
    for (const TableRow& row : ReadTable("industry_aliases.tsv")) AddName(row[0], row[1]);
    // 教育 is a section and its only division: the section comes first and stays.
    for (const Industry& industry : industries_) AddNames(industry);
  }

  std::span<const Industry> all() const { return industries_; }

  const Industry* Find(std::string_view code) const {
    const auto found = by_code_.find(Key(code));
    return found == by_code_.end() ? nullptr : &industries_[found->second];
  }

  Mapping Map(std::string_view text) const {
    const std::string key = SimplifyName(text, kNoise);
    if (key.empty()) return {};
    std::string_view code = CodeOf(key);
    if (code.empty()) code = CodeOf(key + "业");
    if (code.empty()) code = CodeOfStem(key);
    if (!code.empty()) return {code, {}};
    return {{}, index_.Nearest(key)};
  }

 private:
  // The first code of a name is kept.
  void AddName(std::string_view name, std::string_view code) {
    const std::string key = SimplifyName(name, kNoise);
    if (!index_.Contains(key)) index_.AddProposed(key, code);
  }

  void AddCode(std::string_view name, std::string_view code) {
    const std::string key = SimplifyName(name, {});
    if (!index_.Contains(key)) index_.Add(key, code);
  }

  void AddNames(const Industry& industry) {
    AddName(industry.name_zh, industry.code);
    AddName(industry.name_en, industry.code);
    std::string code(industry.code);
    AddCode(code, industry.code);
    AddCode(code.append(industry.name_zh), industry.code);
    constexpr size_t kDivision = 3;
    if (industry.code.size() == kDivision) {
      AddCode(industry.code.substr(1), industry.code);
      AddCode(code.substr(1), industry.code);
    }
  }

  std::string_view CodeOf(std::string_view key) const {
    const std::span<const std::string_view> codes = index_.Find(key);
    return codes.empty() ? std::string_view() : codes.front();
  }

  std::string_view CodeOfStem(std::string_view key) const {
    for (const std::string_view suffix : kSuffixes) {
      if (!key.ends_with(suffix)) continue;
      std::string stem(key.substr(0, key.size() - suffix.size()));
      if (const std::string_view code = CodeOf(stem); !code.empty()) return code;
      if (const std::string_view code = CodeOf(stem.append("业")); !code.empty()) return code;
    }
    return {};
  }

  std::vector<Industry> industries_;
  absl::flat_hash_map<std::string, size_t> by_code_;
  NameIndex index_;
};

const IndustryTable& Table() {
  static const auto& table = *new IndustryTable();
  return table;
}

}  // namespace

Mapping MapIndustry(std::string_view text) { return Table().Map(text); }

const Industry* FindIndustry(std::string_view code) { return Table().Find(code); }

std::span<const Industry> AllIndustries() { return Table().all(); }

bool IsIndustryWithin(std::string_view code, std::string_view wider) {
  const Industry* outer = FindIndustry(wider);
  if (outer == nullptr || FindIndustry(code) == nullptr) return false;
  if (code == wider) return true;
  if (outer->members.empty()) return wider.size() == 1 && code.size() == 3 && code[0] == wider[0];
  return std::any_of(outer->members.begin(), outer->members.end(),
                     [code](std::string_view member) { return IsIndustryWithin(code, member); });
}

}  // namespace crm::customer::reference
