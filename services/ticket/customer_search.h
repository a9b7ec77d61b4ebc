// Who of the archive's customers has a phone or an email (TIC-2). The local copy of the archive has
// neither: the archive is asked.
#ifndef CRM_SERVICES_TICKET_CUSTOMER_SEARCH_H_
#define CRM_SERVICES_TICKET_CUSTOMER_SEARCH_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/client/channel.h"
#include "common/runtime/peers.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/ticket/v1/ticket.pb.h"

namespace crm::ticket {

// Thread-safe.
class CustomerSearch {
 public:
  using Customer = crm::customer::v1::Customer;

  // `peers` outlives it.
  explicit CustomerSearch(runtime::Peers& peers) : peers_(peers) {}

  // The only customer that has the phone of whoever asks, themselves or by a contact; else the only
  // one that has the email. Nothing: none has them, or several have. Errors of the archive;
  // FAILED_PRECONDITION, reason PEER_UNKNOWN, without one.
  absl::StatusOr<std::optional<Customer>> Find(const v1::Ticket& ticket) const;

  // The same for an intake, whose caller waits: at most half a second for each of the two. Nothing,
  // too, if the archive does not answer; for some seconds after that it is not asked.
  std::optional<Customer> FindNow(const v1::Ticket& ticket);

 private:
  absl::StatusOr<std::optional<Customer>> Search(const v1::Ticket& ticket,
                                                 const client::CallOptions& options) const;
  absl::StatusOr<std::optional<Customer>> Ask(client::Channel& archive, const std::string& identity,
                                              const client::CallOptions& options) const;

  runtime::Peers& peers_;
  // Until when intakes leave the archive alone; full milliseconds since 1970.
  std::atomic<int64_t> away_until_{0};
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_CUSTOMER_SEARCH_H_
