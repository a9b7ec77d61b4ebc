// Early return on a bad status.
//
//   CRM_ASSIGN_OR_RETURN(Customer customer, store.Load(number));
//   CRM_RETURN_IF_ERROR(rules.Check(customer));
#ifndef CRM_COMMON_BASE_STATUS_MACROS_H_
#define CRM_COMMON_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define CRM_RETURN_IF_ERROR(expr)                                              \
  do {                                                                         \
    if (absl::Status crm_status = (expr); !crm_status.ok()) return crm_status; \
  } while (false)

#define CRM_CONCAT_INNER(a, b) a##b
#define CRM_CONCAT(a, b) CRM_CONCAT_INNER(a, b)

#define CRM_ASSIGN_OR_RETURN(lhs, expr) \
  CRM_ASSIGN_OR_RETURN_IMPL(CRM_CONCAT(crm_status_or_, __LINE__), lhs, expr)

#define CRM_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) return std::move(tmp).status();  \
  lhs = *std::move(tmp)

#endif  // CRM_COMMON_BASE_STATUS_MACROS_H_
