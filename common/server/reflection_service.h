// gRPC's server reflection (PLT-10): lets clients such as crmctl and grpcurl call without protos.
#ifndef CRM_COMMON_SERVER_REFLECTION_SERVICE_H_
#define CRM_COMMON_SERVER_REFLECTION_SERVICE_H_

#include <string>
#include <vector>

#include "common/server/method_table.h"

namespace crm::server {

// Versions v1 and v1alpha, which lists `services` and itself. Descriptors are those of the program.
std::vector<MethodTable> ReflectionTables(std::vector<std::string> services);

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_REFLECTION_SERVICE_H_
