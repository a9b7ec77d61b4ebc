#include "services/ticket/customer_search.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "crm/customer/v1/customer_service.pb.h"

namespace crm::ticket {
namespace {

namespace cv1 = crm::customer::v1;

constexpr char kSearch[] = "/crm.customer.v1.CustomerService/SearchCustomers";
constexpr absl::Duration kTimeout = absl::Seconds(5);
constexpr absl::Duration kIntakeTimeout = absl::Milliseconds(500);
// So that an outage costs one intake in a while its time, not each of them.
constexpr absl::Duration kLeftAlone = absl::Seconds(5);
// A number that looks like the phone, and two customers that have it.
constexpr int kHits = 3;

bool HasIdentity(const cv1::SearchHit& hit) {
  return hit.match() == cv1::SearchHit::MATCH_PHONE || hit.match() == cv1::SearchHit::MATCH_EMAIL;
}

}  // namespace

absl::StatusOr<std::optional<CustomerSearch::Customer>> CustomerSearch::Find(
    const v1::Ticket& ticket) const {
  return Search(ticket, peers_.Options(kTimeout));
}

std::optional<CustomerSearch::Customer> CustomerSearch::FindNow(const v1::Ticket& ticket) {
  if (absl::ToUnixMillis(absl::Now()) < away_until_.load(std::memory_order_relaxed)) {
    return std::nullopt;
  }
  client::CallOptions options = peers_.Options(kIntakeTimeout);
  options.retry = false;
  absl::StatusOr<std::optional<Customer>> found = Search(ticket, options);
  if (found.ok()) return *std::move(found);
  // What cannot be searched for says nothing of the archive: the next caller is asked for.
  if (absl::IsInvalidArgument(found.status())) return std::nullopt;
  away_until_.store(absl::ToUnixMillis(absl::Now() + kLeftAlone), std::memory_order_relaxed);
  return std::nullopt;
}

absl::StatusOr<std::optional<CustomerSearch::Customer>> CustomerSearch::Search(
    const v1::Ticket& ticket, const client::CallOptions& options) const {
  CRM_ASSIGN_OR_RETURN(client::Channel* const archive, peers_.Find("customer"));
  for (const std::string& identity : {ticket.requester_phone(), ticket.requester_email()}) {
    if (identity.empty()) continue;
    CRM_ASSIGN_OR_RETURN(std::optional<Customer> customer, Ask(*archive, identity, options));
    if (customer.has_value()) return customer;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<CustomerSearch::Customer>> CustomerSearch::Ask(
    client::Channel& archive, const std::string& identity,
    const client::CallOptions& options) const {
  cv1::SearchCustomersRequest request;
  request.set_query(identity);
  request.set_page_size(kHits);
  CRM_ASSIGN_OR_RETURN(cv1::SearchCustomersResponse found,
                       (archive.Call<cv1::SearchCustomersRequest, cv1::SearchCustomersResponse>(
                           kSearch, request, options)));
  std::optional<Customer> only;
  for (cv1::SearchHit& hit : *found.mutable_hits()) {
    if (!HasIdentity(hit)) continue;
    if (only.has_value()) return std::nullopt;
    only = std::move(*hit.mutable_customer());
  }
  return only;
}

}  // namespace crm::ticket
