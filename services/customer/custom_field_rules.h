// Values of custom fields (CUS-9): what may stand in Customer.custom_fields.
//
//   const CustomFieldRules rules(definitions);
//   rules.Normalize(customer, before, violations);     // every write of a customer
//
// Only values that a write changes are checked: those written before stay, whatever the definition
// has become. Immutable, thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_RULES_H_
#define CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_RULES_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/filter/compile_options.h"
#include "common/schema/language.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/custom_field.pb.h"
#include "crm/customer/v1/customer.pb.h"
#include "google/protobuf/struct.pb.h"
#include "re2/re2.h"

namespace crm::customer {

class CustomFieldRules {
 public:
  // Without definitions: no custom field exists.
  CustomFieldRules() = default;
  // Definitions that CheckCustomField accepts.
  explicit CustomFieldRules(std::vector<v1::CustomField> definitions);

  // In the order in which they are shown.
  const std::vector<v1::CustomField>& definitions() const { return definitions_; }
  // Null if there is none.
  const v1::CustomField* Find(std::string_view key) const;
  // What a list filter needs to know.
  const filter::CustomFields& kinds() const { return kinds_; }

  // Puts labels of options into codes, drops unknown values (null, "", empty lists), and adds what
  // is wrong with the values that differ from those of `before` (null for a new customer).
  void Normalize(v1::Customer& customer, const v1::Customer* before,
                 std::vector<schema::Violation>& violations) const;

  // `custom_fields.<key>` of required fields that are unknown.
  std::vector<std::string> Missing(const v1::Customer& customer) const;

  // A cell of a spreadsheet as a value: numbers, dates and booleans as people write them, several
  // choices with any of 、,，;；| between them. The broken rule if it does not fit.
  std::optional<schema::Violation> FromText(const v1::CustomField& field, std::string_view text,
                                            google::protobuf::Value& value) const;
  // For an export: choices by their label. Empty for what is no value of the field.
  static std::string ToText(const v1::CustomField& field, const google::protobuf::Value& value,
                            schema::Language language);

 private:
  struct Compiled {
    size_t index = 0;  // of the definition
    std::shared_ptr<const RE2> pattern;
    absl::flat_hash_map<std::string, std::string>
        codes;  // of live options, by folded code or label
  };

  std::optional<schema::Violation> Check(const Compiled& compiled,
                                         google::protobuf::Value& value) const;

  std::vector<v1::CustomField> definitions_;
  absl::flat_hash_map<std::string, Compiled> by_key_;
  filter::CustomFields kinds_;
};

bool IsFor(const v1::CustomField& field, v1::CustomerKind kind);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_RULES_H_
