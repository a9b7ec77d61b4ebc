// Whether phones and emails reach somebody (CUS-4): a status with date and who set it for each, and
// a customer that none of them reaches. Pure.
#ifndef CRM_SERVICES_CUSTOMER_REACH_H_
#define CRM_SERVICES_CUSTOMER_REACH_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/resource/history.h"
#include "crm/customer/v1/contact.pb.h"
#include "crm/customer/v1/customer.pb.h"
#include "google/protobuf/message.h"

namespace crm::customer {

// A message is a Customer or a Contact; an address is the name of its field, such as `phone`.

// What somebody found out about an address. FAILED_PRECONDITION ADDRESS_UNKNOWN if it is absent.
absl::Status SetKnownReach(google::protobuf::Message& message, std::string_view address,
                           v1::ReachStatus status, const resource::ChangeSource& source);

// An address that differs from `before` (null: all of them) is unconfirmed, one that is gone has no
// status.
void ResetReach(google::protobuf::Message& message, const google::protobuf::Message* before);

// Whether it has an address that is not known to be unreachable.
bool HasReachable(const google::protobuf::Message& message);

// Every address of the customer and its contacts is unreachable, and there is one.
bool IsUnreachable(const v1::Customer& customer, const std::vector<v1::Contact>& contacts);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_REACH_H_
