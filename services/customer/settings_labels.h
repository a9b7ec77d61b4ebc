// DescribeResource: names of fields and enum values for user interfaces, in the language of the
// call (PLT-30), and what a form has to know about each field.
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_LABELS_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_LABELS_H_

#include "absl/status/statusor.h"
#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/settings_service.pb.h"
#include "services/customer/archive.h"
#include "services/customer/custom_field_rules.h"

namespace crm::customer {

class SettingsLabels {
 public:
  // `archive` outlives this.
  explicit SettingsLabels(Archive& archive) : archive_(archive) {}

  void Register(server::MethodTable& table);

 private:
  absl::StatusOr<v1::DescribeResourceResponse> Describe(server::CallContext& call,
                                                        const v1::DescribeResourceRequest& request);

  Archive& archive_;
};

v1::FieldDescription DescribeField(const schema::FieldSchema& field, schema::Language language);
v1::FieldDescription DescribeCustomField(const v1::CustomField& field, schema::Language language);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SETTINGS_LABELS_H_
