// Keeps table `involvement` true to one service that people work in (PLT-14): follows its events,
// and reads its list of what is open when it has not seen all of them.
//
//   InvolvementReader tickets(runtime, TicketWork());
//   tickets.Open();
//
// An event that comes twice or late changes nothing. While the other service is away, what it said
// last counts.
#ifndef CRM_SERVICES_CUSTOMER_INVOLVEMENT_READER_H_
#define CRM_SERVICES_CUSTOMER_INVOLVEMENT_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/client/channel.h"
#include "common/event/reader.h"
#include "common/replica/remote_events.h"
#include "common/runtime/service_runtime.h"
#include "services/customer/involvement_store.h"

namespace crm::customer {

// A service that people work in, and how to read what it says.
struct WorkSource {
  struct Page {
    std::vector<Involvement> open;
    std::string next_page_token;
  };

  WorkKind kind;
  std::string service;  // in the setting `peers`
  std::string reader;   // names the cursor, the lease and the metrics
  std::vector<std::string> types;
  // Nothing if the payload is not what such an event has.
  std::function<std::optional<Involvement>(const crm::event::v1::Event& event)> read;
  // A page of what is open.
  std::function<absl::StatusOr<Page>(client::Channel& channel, const client::CallOptions& options,
                                     const std::string& page_token)>
      list;
};

WorkSource TicketWork();
WorkSource OpportunityWork();

class InvolvementReader {
 public:
  // `runtime` outlives it.
  InvolvementReader(runtime::ServiceRuntime& runtime, WorkSource source);

  // Adds the job, if the setting `peers` names the service; before the runtime starts.
  void Open();

 private:
  absl::Status Apply(absl::Span<const crm::event::v1::Event* const> events, db::Connection& db,
                     db::WriteSet& writes);
  // Gives the position that the lists hold at least.
  absl::StatusOr<int64_t> Rebuild(const event::GoOn& go_on);
  // All but these are nobody's.
  absl::Status ForgetOthers(const std::set<std::string>& open, const event::GoOn& go_on);
  absl::Status CommitReplaced(const std::vector<Involvement>& said);

  runtime::ServiceRuntime& runtime_;
  const WorkSource source_;
  replica::RemoteEvents events_;
  event::EventReader reader_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INVOLVEMENT_READER_H_
