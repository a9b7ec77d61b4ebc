// What may be told of a resource beyond the answer to a call, in events and streams made of them.
#ifndef CRM_COMMON_RECORD_EVENT_PAYLOAD_H_
#define CRM_COMMON_RECORD_EVENT_PAYLOAD_H_

#include "google/protobuf/message.h"

namespace crm::record {

// Clears what is sensitive or stored encrypted.
void ClearConfidential(google::protobuf::Message& resource);

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_EVENT_PAYLOAD_H_
