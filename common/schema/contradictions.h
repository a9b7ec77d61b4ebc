// Declarations of a field that cannot all hold (docs/adr/0001): a server that has such a message in
// one of its methods does not start.
#ifndef CRM_COMMON_SCHEMA_CONTRADICTIONS_H_
#define CRM_COMMON_SCHEMA_CONTRADICTIONS_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace crm::schema {

// "crm.customer.v1.Customer.phone: lookup without encrypted"; of the message and of all that it
// holds.
std::vector<std::string> ContradictionsOf(const google::protobuf::Descriptor& message);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_CONTRADICTIONS_H_
