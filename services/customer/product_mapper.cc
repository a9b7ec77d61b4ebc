#include "services/customer/product_mapper.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "services/customer/product_rules.h"

namespace crm::customer {

void ProductMapper::Want(std::string_view name) {
  std::string folded = FoldProductName(name);
  if (!folded.empty()) wanted_.push_back(std::move(folded));
}

absl::Status ProductMapper::Load(db::Connection& db) {
  std::sort(wanted_.begin(), wanted_.end());
  wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
  CRM_ASSIGN_OR_RETURN(meanings_, store_.Resolve(db, wanted_));
  return absl::OkStatus();
}

std::string ProductMapper::CodeOf(std::string_view name) const {
  const auto found = meanings_.find(FoldProductName(name));
  return found == meanings_.end() ? std::string() : found->second.code;
}

}  // namespace crm::customer
