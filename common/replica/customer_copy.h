// What a service keeps of a customer: enough to go on while the archive is away (PLT-21).
//
// A copy is a crm.customer.v1.Customer of which number, etag, kind, full name, industry, region,
// tier, stage, source channel, owner and team are set.
#ifndef CRM_COMMON_REPLICA_CUSTOMER_COPY_H_
#define CRM_COMMON_REPLICA_CUSTOMER_COPY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/runtime/peers.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::replica {

// Nothing if it has not been seen yet.
absl::StatusOr<std::optional<crm::customer::v1::Customer>> FindCustomer(db::Connection& db,
                                                                        std::string_view number);

// Keeps the customer, unless what is there is newer.
void KeepCustomer(const crm::customer::v1::Customer& customer, db::WriteSet& writes);

// Asks the archive for customers this service has not seen.
class CustomerLookup {
 public:
  // `peers` outlives it.
  explicit CustomerLookup(runtime::Peers& peers) : peers_(peers) {}

  // The copy, or what the archive says, which is then kept with `writes`. NOT_FOUND, reason
  // RESOURCE_NOT_FOUND: there is no such customer; UNAVAILABLE, reason CUSTOMER_UNVERIFIED, with a
  // retry hint: it is not known here and the archive does not answer; INTERNAL, reason
  // CUSTOMER_LOOKUP_REFUSED, and FAILED_PRECONDITION, reason PEER_UNKNOWN: this service is not set
  // up to ask. Waits for up to two seconds.
  absl::StatusOr<crm::customer::v1::Customer> Get(db::Connection& db, const std::string& number,
                                                  db::WriteSet& writes) const;

 private:
  runtime::Peers& peers_;
};

}  // namespace crm::replica

#endif  // CRM_COMMON_REPLICA_CUSTOMER_COPY_H_
