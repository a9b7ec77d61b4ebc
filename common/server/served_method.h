// What the dispatch needs to know about a method, worked out once at start.
#ifndef CRM_COMMON_SERVER_SERVED_METHOD_H_
#define CRM_COMMON_SERVER_SERVED_METHOD_H_

#include <cstddef>
#include <string>

#include "common/metrics/rpc_metrics.h"
#include "common/server/method_table.h"
#include "google/protobuf/descriptor.h"

namespace crm::server {

struct ServedMethod {
  static ServedMethod Make(const google::protobuf::MethodDescriptor& descriptor,
                           const MethodEntry& entry, std::string permission,
                           metrics::MethodMetrics& metrics);

  const MethodEntry* entry;
  metrics::MethodMetrics* metrics;
  std::string service;     // "crm.customer.v1.CustomerService"
  std::string name;        // "GetCustomer"
  std::string path;        // "/crm.customer.v1.CustomerService/GetCustomer"
  std::string permission;  // as declared
  const google::protobuf::FieldDescriptor* request_id = nullptr;     // null: not idempotent
  const google::protobuf::FieldDescriptor* validate_only = nullptr;  // null: cannot be asked
  bool sensitive_response = false;
  size_t slot = 0;  // among all methods
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_SERVED_METHOD_H_
