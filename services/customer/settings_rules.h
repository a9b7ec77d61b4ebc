// What settings must be, what they are before anybody changes them, and what they mean to the rules
// (PLT-25, CUS-1 to CUS-6). Pure.
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_RULES_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_RULES_H_

#include <vector>

#include "common/schema/language.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/settings.pb.h"
#include "services/customer/customer_rules.h"

namespace crm::customer {

inline constexpr char kDefaultNumberPattern[] = "CRM{yyyy}{seq:6}";

// Version 1.
v1::CustomerSettings DefaultSettings();

// All violations. Fields are named as in CustomerSettings.
std::vector<schema::Violation> CheckSettings(const v1::CustomerSettings& settings);

// For settings that CheckSettings accepts.
CustomerPolicy PolicyOf(const v1::CustomerSettings& settings);

// Fills the labels of the bands: `10万-30万元`, `100k-300k CNY`.
void LabelBands(schema::Language language, v1::CustomerSettings& settings);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SETTINGS_RULES_H_
