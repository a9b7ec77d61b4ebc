// What every service but the archive keeps of the archive: customers, users, teams. Followed by its
// events, made anew from its lists when the events are no longer kept (PLT-20, PLT-21, PLT-31).
//
//   ServiceInfo info{.migrations = replica::Migrations() + …};
//   replica::Replica replica(runtime);
//   CRM_RETURN_IF_ERROR(replica.Open());
//   CRM_ASSIGN_OR_RETURN(const Customer customer, replica.customers().Get(db, number, writes));
//   replica.staff().Get()->SupervisorOf(user);
//
// Without an address of the archive in the setting `peers` nothing is followed: what is there stays
// as it is.
#ifndef CRM_COMMON_REPLICA_REPLICA_H_
#define CRM_COMMON_REPLICA_REPLICA_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/db/migrator.h"
#include "common/event/reader.h"
#include "common/replica/customer_copy.h"
#include "common/replica/remote_events.h"
#include "common/replica/staff_copy.h"
#include "common/runtime/service_runtime.h"

namespace crm::replica {

// The tables of the copy, before the service's own.
std::vector<db::Migration> WithReplica(std::vector<db::Migration> own);

class Replica {
 public:
  // `runtime` outlives it.
  explicit Replica(runtime::ServiceRuntime& runtime);

  // Reads what there is, follows from then on, and tells the server who the staff are.
  absl::Status Open();

  const CustomerLookup& customers() const { return customers_; }
  const StaffCopy& staff() const { return staff_; }

 private:
  absl::Status Apply(absl::Span<const crm::event::v1::Event* const> events, db::WriteSet& writes);
  absl::Status FollowStaff();
  // Reads the archive's lists; gives the position they hold at least.
  absl::StatusOr<int64_t> Rebuild(const event::GoOn& go_on);
  absl::Status RebuildCustomers(const event::GoOn& go_on);
  absl::Status RebuildStaff();
  absl::Status Commit(db::WriteSet writes);

  runtime::ServiceRuntime& runtime_;
  CustomerLookup customers_;
  StaffCopy staff_;
  RemoteEvents events_;
  event::EventReader reader_;
};

}  // namespace crm::replica

#endif  // CRM_COMMON_REPLICA_REPLICA_H_
