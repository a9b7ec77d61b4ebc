#include "services/sales/follow_up_store.h"

#include <utility>

#include "common/base/status_macros.h"

namespace crm::sales {
namespace {

absl::StatusOr<FollowUpRules> Load(const record::Table& table, db::Connection& db) {
  FollowUpRules loaded;
  CRM_ASSIGN_OR_RETURN(std::vector<StoredRule> stored, table.LoadAll<v1::FollowUpRule>(db));
  for (StoredRule& rule : stored) loaded.Put(std::move(rule));
  return loaded;
}

}  // namespace

void FollowUpRules::Put(StoredRule rule) {
  std::string code = rule.message.code();
  rules_.insert_or_assign(std::move(code), std::move(rule));
}

const StoredRule* FollowUpRules::Find(std::string_view code) const {
  const auto found = rules_.find(code);
  return found == rules_.end() ? nullptr : &found->second;
}

std::vector<const StoredRule*> FollowUpRules::ForNew() const {
  std::vector<const StoredRule*> found;
  for (const auto& [code, rule] : rules_) {
    if (rule.message.apply_to_new() && !rule.message.retired()) found.push_back(&rule);
  }
  return found;
}

FollowUpStore::FollowUpStore(crypto::Keyring& keyring, IdGenerator& ids)
    : table(v1::FollowUpRule::descriptor(), keyring, ids, "follow_up_rule"),
      rules(
          "follow_up_rule", [this](db::Connection& db) { return Load(table, db); },
          [](const std::shared_ptr<const FollowUpRules>&) {}) {}

}  // namespace crm::sales
