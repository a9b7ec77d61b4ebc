// Names of fields for people: as the proto declares them, and of the fields that requests and
// answers have in common, which it does not.
#ifndef CRM_TOOLS_CRMCTL_FIELD_LABEL_H_
#define CRM_TOOLS_CRMCTL_FIELD_LABEL_H_

#include <string>

#include "common/schema/language.h"
#include "common/schema/message_schema.h"

namespace crm::cli {

std::string FieldLabel(const schema::FieldSchema& field, schema::Language language);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_FIELD_LABEL_H_
