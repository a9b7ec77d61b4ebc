#include "services/sales/history_references.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
#include "services/sales/access.h"
#include "services/sales/opportunity_batch.h"

namespace crm::sales {
namespace {

using crm::customer::v1::Customer;
using schema::Violation;

constexpr char kReadCustomers[] = "customer.read";

}  // namespace

HistoryReferences::HistoryReferences(const Sales& sales, const auth::Policy& policy,
                                     const auth::Caller& caller)
    : sales_(sales),
      staff_(sales.archive.staff().Get()),
      customer_scope_(ScopeFor(policy, *staff_, caller, kReadCustomers)),
      own_team_(caller.team) {}

absl::Status HistoryReferences::Load(db::Connection& db,
                                     const std::vector<v1::HistoricOpportunity>& rows,
                                     db::WriteSet& writes) {
  std::set<std::string> names;
  for (const v1::HistoricOpportunity& row : rows) {
    if (row.customer().empty()) {
      if (!row.customer_name().empty()) names.insert(row.customer_name());
      continue;
    }
    if (name_by_number_.count(row.customer()) > 0) continue;
    const auto found = sales_.archive.customers().Get(db, row.customer(), writes);
    if (found.ok()) {
      Keep(*found);
    } else if (!absl::IsNotFound(found.status())) {
      return found.status();
    }
  }
  const std::vector<std::string> all(names.begin(), names.end());
  for (size_t start = 0; start < all.size(); start += db::kMaxInSize) {
    const size_t end = std::min(all.size(), start + db::kMaxInSize);
    CRM_RETURN_IF_ERROR(LoadNames(
        db, {all.begin() + static_cast<int64_t>(start), all.begin() + static_cast<int64_t>(end)}));
  }
  return absl::OkStatus();
}

void HistoryReferences::Keep(const Customer& customer) {
  if (!customer_scope_.has_value() || !IsInScope(customer, *customer_scope_, own_team_)) return;
  name_by_number_[customer.number()] = customer.full_name();
}

absl::Status HistoryReferences::LoadNames(db::Connection& db,
                                          const std::vector<std::string>& names) {
  filter::Fragment query{"SELECT number, full_name, owner, team FROM customer_copy WHERE ", {}};
  query.Append(InNumbers("full_name", names));
  CRM_ASSIGN_OR_RETURN(db::Rows found,
                       db.Select({"customer_copy_by_name", query.sql}, query.values));
  while (found.Next()) {
    Customer customer;
    customer.set_number(found.String(0));
    customer.set_full_name(found.String(1));
    customer.set_owner(found.String(2));
    customer.set_team(found.String(3));
    Keep(customer);
    if (name_by_number_.count(customer.number()) == 0) continue;
    numbers_by_name_[customer.full_name()].insert(customer.number());
  }
  return absl::OkStatus();
}

void HistoryReferences::Resolve(v1::HistoricOpportunity& row,
                                std::vector<Violation>& violations) const {
  ResolveOwner(row, violations);
  ResolveCustomer(row, violations);
}

void HistoryReferences::ResolveOwner(v1::HistoricOpportunity& row,
                                     std::vector<Violation>& violations) const {
  if (row.owner().empty()) return;
  const auto* owner = staff_->User(row.owner());
  if (owner == nullptr) {
    const auto named = staff_->Named(row.owner());
    if (named.size() > 1) {
      violations.push_back({"owner", "OWNER_AMBIGUOUS",
                            "several users have this name: use a user id",
                            "有多个同名员工，请用工号"});
      return;
    }
    if (named.empty()) {
      violations.push_back({"owner", "OWNER_UNKNOWN",
                            "use the id or the name of a user of the staff directory",
                            "员工目录中没有此人"});
      return;
    }
    owner = named.front();
  }
  row.set_owner(owner->user_id());
  if (row.team().empty()) row.set_team(owner->team());
}

void HistoryReferences::ResolveCustomer(v1::HistoricOpportunity& row,
                                        std::vector<Violation>& violations) const {
  const bool by_number = !row.customer().empty();
  if (!by_number && row.customer_name().empty()) return;
  if (!by_number) {
    const auto found = numbers_by_name_.find(row.customer_name());
    if (found != numbers_by_name_.end() && found->second.size() > 1) {
      violations.push_back({"customer_name", "CUSTOMER_AMBIGUOUS",
                            "several customers have this name: use a customer number",
                            "有多个同名客户，请用客户编号"});
      return;
    }
    if (found != numbers_by_name_.end()) row.set_customer(*found->second.begin());
  }
  const auto name = name_by_number_.find(row.customer());
  if (name == name_by_number_.end()) {
    violations.push_back({by_number ? "customer" : "customer_name", "CUSTOMER_UNKNOWN",
                          "use a customer of the archive", "客户档案中没有此客户"});
    return;
  }
  row.set_customer_name(name->second);
}

}  // namespace crm::sales
