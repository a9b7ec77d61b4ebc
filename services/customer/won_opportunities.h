// Makes the purchase of a won opportunity appear in the archive, once (SAL-9): follows the events
// `opportunity.won` of the sales service, if the setting `peers` names one.
//
//   WonOpportunities won(runtime, activity);
//   won.Open();
//
// The order number is the opportunity's, its source system `sales`: an event that comes twice finds
// its order. One that cannot be recorded (no such customer) waits (waiting_records.h), counted in
// crm_won_opportunities_unrecorded.
#ifndef CRM_SERVICES_CUSTOMER_WON_OPPORTUNITIES_H_
#define CRM_SERVICES_CUSTOMER_WON_OPPORTUNITIES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/event/reader.h"
#include "common/replica/remote_events.h"
#include "common/runtime/service_runtime.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "services/customer/activity_archive.h"
#include "services/customer/purchase_recorder.h"
#include "services/customer/waiting_records.h"

namespace crm::customer {

// The purchase of a won opportunity: what the contract says, in CNY. Pure.
v1::Purchase PurchaseOf(const crm::sales::v1::Opportunity& won);

class WonOpportunities {
 public:
  // Both outlive it.
  WonOpportunities(runtime::ServiceRuntime& runtime, ActivityArchive& activity);

  // Adds the jobs; before the runtime starts.
  void Open();

 private:
  using Opportunity = crm::sales::v1::Opportunity;

  absl::Status Apply(absl::Span<const crm::event::v1::Event* const> events, db::Connection& db,
                     db::WriteSet& writes);
  // Records those that can be, keeps the others.
  absl::Status RecordOrKeep(const std::vector<Opportunity>& won, db::Connection& db,
                            db::WriteSet& writes);
  // What became of each. An error of the call itself means that nothing was decided.
  absl::StatusOr<std::vector<absl::Status>> Record(const std::vector<Opportunity>& won,
                                                   db::Connection& db, db::WriteSet& writes);
  absl::Status RecordWaiting(const WaitingRecord& waiting, db::Connection& db,
                             db::WriteSet& writes);
  // All won ones of the sales service, when events were missed; gives the position they hold at
  // least.
  absl::StatusOr<int64_t> Rebuild(const event::GoOn& go_on);
  absl::Status RecordPage(const std::vector<Opportunity>& won);

  runtime::ServiceRuntime& runtime_;
  const PurchaseRecorder recorder_;
  WaitingRecords waiting_;
  replica::RemoteEvents events_;
  event::EventReader reader_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_WON_OPPORTUNITIES_H_
