#include "services/customer/custom_field_store.h"

#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "services/customer/custom_field_rules.h"

namespace crm::customer {

std::vector<v1::CustomField> DefinitionsOf(const CustomFieldSet& fields) {
  std::vector<v1::CustomField> definitions;
  definitions.reserve(fields.size());
  for (const auto& [key, field] : fields) definitions.push_back(field.message);
  return definitions;
}

CustomFieldStore::CustomFieldStore(Archive& archive)
    : table(v1::CustomField::descriptor(), archive.keyring, archive.ids, "custom_field"),
      fields(
          "custom_field", [this](db::Connection& db) { return Load(db); },
          [&archive](const std::shared_ptr<const CustomFieldSet>& fresh) {
            archive.SetCustomFields(
                std::make_shared<const CustomFieldRules>(DefinitionsOf(*fresh)));
          }) {}

absl::StatusOr<CustomFieldSet> CustomFieldStore::Load(db::Connection& db) const {
  CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomField> all, table.LoadAll<v1::CustomField>(db));
  CustomFieldSet loaded;
  for (StoredCustomField& field : all) {
    std::string key = field.message.field_key();
    loaded.emplace(std::move(key), std::move(field));
  }
  return loaded;
}

}  // namespace crm::customer
