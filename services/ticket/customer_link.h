// Who a ticket is for (TIC-2): looked up at intake, and again until the archive knows.
#ifndef CRM_SERVICES_TICKET_CUSTOMER_LINK_H_
#define CRM_SERVICES_TICKET_CUSTOMER_LINK_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/job/periodic.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

// The customer of a new ticket that names none, by phone or email; nothing if nobody can tell now.
// Costs a ticket that names its customer nothing.
std::optional<crm::customer::v1::Customer> IdentifyAtIntake(Desk& desk, const v1::Ticket& ticket);
void SetCustomer(const crm::customer::v1::Customer& customer, v1::Ticket& ticket);

// Sets the customer that a new ticket names and its state. NOT_FOUND for a number that the archive
// denies; one that cannot be verified now is accepted.
absl::Status LinkAtIntake(const Desk& desk, db::Connection& db, db::WriteSet& writes,
                          v1::Ticket& ticket);

// Remembers to look again, for a ticket that is not linked.
void LinkLater(db::WriteSet& writes, const StoredTicket& ticket, absl::Time now);

// Links tickets whose customer the archive knows by now, and puts them under the SLA policy for
// that customer. Runs on every replica. What fails for one ticket puts that one off.
class CustomerLinkJob {
 public:
  // Outlives the job.
  explicit CustomerLinkJob(const Desk& desk) : desk_(desk) {}

  static job::JobOptions Options() {
    return {.name = "link-customers", .interval = absl::Seconds(5)};
  }
  job::JobBody Body();

 private:
  struct Waiting {
    int64_t ticket_id = 0;
    int64_t attempts = 0;
  };
  using Customer = crm::customer::v1::Customer;

  absl::Status Run(const std::stop_token& stop);
  absl::StatusOr<std::vector<Waiting>> ReadDue();
  // UNAVAILABLE if the archive is away.
  absl::Status Try(const Waiting& waiting);
  absl::StatusOr<std::optional<Customer>> Find(db::Connection& db, db::WriteSet& writes,
                                               const v1::Ticket& ticket) const;
  absl::Status Link(db::Connection& db, db::WriteSet& writes, StoredTicket ticket,
                    const Customer& customer, absl::Time now) const;
  // Tries it again later, so that it is not the first one every time.
  absl::Status PutOff(const Waiting& waiting, const absl::Status& why);
  absl::Status Commit(db::WriteSet writes);

  const Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_CUSTOMER_LINK_H_
