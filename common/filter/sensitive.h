// Who may compare with, or sort by, a sensitive field (PLT-14).
#ifndef CRM_COMMON_FILTER_SENSITIVE_H_
#define CRM_COMMON_FILTER_SENSITIVE_H_

#include <cstdint>

#include "common/schema/message_schema.h"

namespace crm::filter {

// Not sensitive, or of a kind in `plain_kinds`.
inline bool IsVisible(const schema::FieldSchema& field, uint32_t plain_kinds) {
  const auto kind = field.options->sensitivity();
  return kind == crm::options::v1::SENSITIVITY_UNSPECIFIED ||
         (plain_kinds & (uint32_t{1} << static_cast<int>(kind))) != 0;
}

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_SENSITIVE_H_
