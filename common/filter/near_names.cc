#include "common/filter/near_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/text/unicode.h"

namespace crm::filter {
namespace {

constexpr size_t kMaxName = 64;
constexpr size_t kMaxSuggestions = 3;

// Insertions, deletions, replacements and swaps of neighbours, in bytes.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  std::iota(rows[0].begin(), rows[0].end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    rows[i][0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({replaced, rows[i - 1][j] + 1, rows[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

bool IsCalled(const schema::FieldSchema& field, const std::string& folded) {
  const auto is = [&](std::string_view name) { return text::FoldForSearch(name) == folded; };
  const auto& headers = field.options->header_alias();
  return is(field.options->label().zh()) || is(field.options->label().en()) ||
         std::any_of(headers.begin(), headers.end(), is);
}

}  // namespace

std::vector<std::string> NearNames(std::string_view wanted, const std::vector<std::string>& names) {
  if (wanted.size() > kMaxName) return {};
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& name : names) {
    const size_t distance = EditDistance(wanted, name);
    if (distance <= std::max<size_t>(1, name.size() / 3)) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  if (near.size() > kMaxSuggestions) near.resize(kMaxSuggestions);
  std::vector<std::string> nearest;
  for (auto& [distance, name] : near) nearest.push_back(std::move(name));
  return nearest;
}

std::vector<std::string> NearFields(std::string_view wanted, const schema::MessageSchema& schema,
                                    bool (*declares)(const schema::FieldSchema&)) {
  const std::string folded = wanted.size() > kMaxName ? std::string() : text::FoldForSearch(wanted);
  std::vector<std::string> names;
  for (const schema::FieldSchema& field : schema.fields()) {
    if (!declares(field)) continue;
    if (!folded.empty() && IsCalled(field, folded)) return {field.name};
    names.push_back(field.name);
  }
  return NearNames(wanted, names);
}

Mend UnknownFieldMend(const std::vector<std::string>& near) {
  if (near.empty()) return {"there is no such field", "没有此字段"};
  return {absl::StrCat("there is no such field; did you mean ", absl::StrJoin(near, " or "), "?"),
          absl::StrCat("没有此字段，是否为 ", absl::StrJoin(near, " 或 "), "？")};
}

}  // namespace crm::filter
