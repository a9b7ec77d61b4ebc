#include "services/customer/import/customer_join.h"

#include <algorithm>

#include "common/base/status_macros.h"
#include "common/text/unicode.h"

namespace crm::customer::import {

using schema::Breach;

namespace {

// Namesakes beyond these make no difference: more than one is too many.
constexpr size_t kNamesakes = 8;

const schema::FieldSchema* CustomerField(std::string_view name) {
  return schema::MessageSchema::Of<v1::Customer>().Find(name);
}

Breach NothingGiven() {
  return {"CUSTOMER_MISSING", "say whose it is: customer number, phone, id, credit code or email",
          "请填写客户编号、电话、证件号、信用代码或邮箱之一"};
}

Breach Conflict() {
  return {"CUSTOMER_CONFLICT",
          "number, phone, id or email of this row belong to different customers; correct the row",
          "该行的客户编号、电话、证件号或邮箱属于不同客户，请更正该行"};
}

Breach Ambiguous() {
  return {"CUSTOMER_AMBIGUOUS",
          "several customers have this name; add the customer number, phone or credit code",
          "有多个同名客户，请补充客户编号、电话或信用代码"};
}

}  // namespace

std::vector<ExtraField> JoinColumns() {
  return {
      {"customer", {"所属客户编号", "customer number", "customer no"}, CustomerField("number")},
      {"customer_phone",
       {"客户手机", "客户电话", "客户手机号码", "客户手机号", "企业电话", "customer phone"},
       CustomerField("phone")},
      {"customer_resident_id", {"客户身份证号", "customer id card"}, CustomerField("resident_id")},
      {"customer_credit_code", {"客户信用代码", "企业信用代码"}, CustomerField("credit_code")},
      {"customer_email", {"客户邮箱", "企业邮箱", "customer email"}, CustomerField("email")},
      {"customer_name",
       {"客户", "所属客户", "所属公司", "公司", "customer"},
       CustomerField("full_name")},
  };
}

std::vector<std::string_view> JoinNames() {
  std::vector<std::string_view> names;
  for (const ExtraField& field : JoinColumns()) names.push_back(field.name);
  return names;
}

const Breach& CustomerUnknown() {
  static const Breach& breach =
      *new Breach{"CUSTOMER_UNKNOWN",
                  "no customer in your scope has this; correct it, or import the customer first",
                  "未找到该客户或不在您的权限范围内，请更正，或先导入客户"};
  return breach;
}

std::string_view FieldOfWho(const v1::Customer& who) {
  if (!who.number().empty()) return "customer";
  if (!who.phone().empty()) return "customer_phone";
  if (!who.resident_id().empty()) return "customer_resident_id";
  if (!who.credit_code().empty()) return "customer_credit_code";
  if (!who.email().empty()) return "customer_email";
  return who.full_name().empty() ? "" : "customer_name";
}

void CustomerJoin::Want(const v1::Customer& who) { wanted_.push_back(&who); }

absl::Status CustomerJoin::Load(db::Connection& db) {
  CRM_RETURN_IF_ERROR(LoadNumbers(db));
  std::vector<Identity> identities;
  for (const v1::Customer* who : wanted_) {
    for (Identity& identity : IdentitiesOf(*who)) identities.push_back(std::move(identity));
  }
  CRM_ASSIGN_OR_RETURN(const std::vector<IdentityHolder> holders,
                       archive_.identities.FindHolders(db, identities));
  for (const IdentityHolder& holder : holders) {
    by_identity_[{holder.identity.kind, holder.identity.value}] = holder.number;
  }
  return LoadNames(db);
}

absl::Status CustomerJoin::LoadNumbers(db::Connection& db) {
  std::vector<std::string> numbers;
  for (const v1::Customer* who : wanted_) {
    if (!who->number().empty()) numbers.push_back(who->number());
  }
  if (numbers.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> found,
                       archive_.store.GetMany(db, numbers, scope_));
  for (const StoredCustomer& customer : found) numbers_.insert(customer.message.number());
  return absl::OkStatus();
}

// Of rows that nothing stronger tells.
absl::Status CustomerJoin::LoadNames(db::Connection& db) {
  std::vector<int64_t> ids;
  for (const v1::Customer* who : wanted_) {
    if (who->full_name().empty() || !Candidates(*who).empty()) continue;
    const auto [entry, fresh] = by_name_.try_emplace(text::FoldForSearch(who->full_name()));
    if (!fresh) continue;
    for (const Hit& hit : archive_.names.Find(who->full_name(), scope_, kNamesakes)) {
      if (hit.kind == MatchKind::kWhole) ids.push_back(hit.key);
    }
  }
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> found,
                       archive_.store.GetByIds(db, ids, scope_));
  for (const StoredCustomer& customer : found) {
    // The name of a person says too little.
    if (customer.message.kind() != v1::CUSTOMER_KIND_ORGANIZATION) continue;
    const auto name = by_name_.find(text::FoldForSearch(customer.message.full_name()));
    if (name != by_name_.end()) name->second.push_back(customer.message.number());
  }
  for (auto& [name, numbers] : by_name_) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  }
  return absl::OkStatus();
}

std::vector<std::string> CustomerJoin::Candidates(const v1::Customer& who) const {
  std::vector<std::string> numbers;
  if (numbers_.contains(who.number())) numbers.push_back(who.number());
  for (const Identity& identity : IdentitiesOf(who)) {
    const auto found = by_identity_.find({identity.kind, identity.value});
    if (found == by_identity_.end()) continue;
    if (std::find(numbers.begin(), numbers.end(), found->second) == numbers.end()) {
      numbers.push_back(found->second);
    }
  }
  return numbers;
}

CustomerJoin::Answer CustomerJoin::Of(const v1::Customer& who) const {
  const std::string_view field = FieldOfWho(who);
  if (field.empty()) return {"", "", NothingGiven()};
  std::vector<std::string> numbers = Candidates(who);
  if (numbers.size() > 1) return {"", field, Conflict()};
  if (numbers.empty() && !who.full_name().empty()) {
    const auto named = by_name_.find(text::FoldForSearch(who.full_name()));
    if (named != by_name_.end()) numbers = named->second;
    if (numbers.size() > 1) return {"", "customer_name", Ambiguous()};
  }
  if (numbers.empty()) return {"", field, CustomerUnknown()};
  return {std::move(numbers.front()), "", std::nullopt};
}

}  // namespace crm::customer::import
