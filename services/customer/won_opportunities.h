// Makes the purchase of a won opportunity appear in the archive, once (SAL-9): follows the events
// `opportunity.won` of the sales service, if the setting `peers` names one.
//
//   WonOpportunities won(runtime, activity);
//   won.Open();
//
// The order number is the opportunity's, its source system `sales`: an event that comes twice finds
// its order. One that cannot be recorded (no such customer) is kept in `won_opportunity`, logged,
// counted in crm_won_opportunities_unrecorded and tried again every minute, by one replica.
#ifndef CRM_SERVICES_CUSTOMER_WON_OPPORTUNITIES_H_
#define CRM_SERVICES_CUSTOMER_WON_OPPORTUNITIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/event/reader.h"
#include "common/job/lease.h"
#include "common/replica/remote_events.h"
#include "common/runtime/service_runtime.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "prometheus/gauge.h"
#include "services/customer/activity_archive.h"
#include "services/customer/purchase_recorder.h"

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
  // Records those that can be, keeps the others. `kept`: all of them are of the table.
  enum class From { kEvents, kTable };
  absl::Status Record(const std::vector<Opportunity>& won, From from, db::Connection& db,
                      db::WriteSet& writes);
  struct Kept {
    std::string number;
    std::string opportunity;  // as it came
    std::string reason;
  };
  void Keep(const Kept& kept, From from, db::WriteSet& writes);
  // Tries those again that could not be recorded, if that is this replica's work, and counts what
  // is left. Due at once if there are more to try.
  absl::StatusOr<absl::Time> RetryAndCount();
  absl::StatusOr<bool> HoldRetryLease();
  // Whether there are more.
  absl::StatusOr<bool> RetryPage();
  absl::Status Count();
  // All won ones of the sales service, when events were missed; gives the position they hold at
  // least.
  absl::StatusOr<int64_t> Rebuild(const event::GoOn& go_on);
  absl::Status RecordPage(const std::vector<Opportunity>& won);

  runtime::ServiceRuntime& runtime_;
  ActivityArchive& activity_;
  const PurchaseRecorder recorder_;
  prometheus::Gauge& unrecorded_;
  replica::RemoteEvents events_;
  event::EventReader reader_;
  // Of the job's thread.
  job::Lease retry_lease_;
  std::string after_;  // the last one that was tried; empty: from the first
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_WON_OPPORTUNITIES_H_
