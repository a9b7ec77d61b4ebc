// Copies of messages whose type is not known.
#ifndef CRM_COMMON_SCHEMA_COPY_H_
#define CRM_COMMON_SCHEMA_COPY_H_

#include <memory>

#include "google/protobuf/message.h"

namespace crm::schema {

// Neither may be a part of the other. The library's CopyFrom makes sure of that, field by field
// through reflection, which takes longer than the copy.
inline void CopyMessage(const google::protobuf::Message& from, google::protobuf::Message& to) {
  to.Clear();
  to.MergeFrom(from);
}

inline std::unique_ptr<google::protobuf::Message> CopyOf(const google::protobuf::Message& message) {
  std::unique_ptr<google::protobuf::Message> copy(message.New());
  copy->MergeFrom(message);
  return copy;
}

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_COPY_H_
