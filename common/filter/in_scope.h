// The condition of scope.h for a resource that is in memory, such as that of an event: where there
// is no statement that could hold it.
#ifndef CRM_COMMON_FILTER_IN_SCOPE_H_
#define CRM_COMMON_FILTER_IN_SCOPE_H_

#include "common/filter/scope.h"
#include "google/protobuf/message.h"

namespace crm::filter {

// By the resource's owner_field and team_field. Fails closed like ScopeCondition.
bool InScope(const google::protobuf::Message& resource, const Scope& scope);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_IN_SCOPE_H_
