#include "services/customer/product_rules.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/text/unicode.h"

namespace crm::customer {

std::string FoldProductName(std::string_view name) {
  const std::string folded = text::FoldForSearch(name);
  std::string bare;
  bare.reserve(folded.size());
  for (text::CodePoints points(folded); !points.done();) {
    const char32_t point = points.Next();
    if (!text::IsSpace(point)) text::AppendUtf8(point, bare);
  }
  return bare;
}

std::vector<std::string> OwnNames(const v1::Product& product) {
  std::vector<std::string> names;
  for (const std::string* name : {&product.code(), &product.name_zh(), &product.name_en()}) {
    std::string folded = FoldProductName(*name);
    if (folded.empty() || std::find(names.begin(), names.end(), folded) != names.end()) continue;
    names.push_back(std::move(folded));
  }
  return names;
}

std::vector<schema::Violation> CheckProduct(const v1::Product& product) {
  std::vector<schema::Violation> violations;
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < product.complements_size(); ++i) {
    const std::string field = absl::StrCat("complements[", i, "]");
    if (product.complements(i) == product.code()) {
      violations.push_back({field, "COMPLEMENT_ITSELF", "name another product", "不能是产品自身"});
    } else if (!seen.insert(product.complements(i)).second) {
      violations.push_back({field, "COMPLEMENT_TWICE", "name each product once", "产品重复"});
    }
  }
  return violations;
}

}  // namespace crm::customer
