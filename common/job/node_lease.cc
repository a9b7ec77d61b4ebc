#include "common/job/node_lease.h"

#include <array>
#include <utility>

#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/db/query.h"
#include "common/error/error.h"
#include "common/job/database_wait.h"

namespace crm::job {
namespace {

constexpr db::Query kNodeLeases{"node_leases", R"sql(
  SELECT node, holder, expire_time
  FROM node_lease
  ORDER BY node)sql"};

constexpr db::Query kCreateNodeLease{"create_node_lease", R"sql(
  INSERT INTO node_lease (node, holder, expire_time)
  VALUES (?, ?, ?))sql"};

constexpr db::Query kTakeNodeLease{"take_node_lease", R"sql(
  UPDATE node_lease
  SET holder = ?, expire_time = ?
  WHERE node = ? AND holder = ? AND expire_time = ?)sql"};

constexpr db::Query kRenewNodeLease{"renew_node_lease", R"sql(
  UPDATE node_lease
  SET expire_time = ?
  WHERE node = ? AND holder = ?)sql"};

// No holder = free at once; the time tells the next owner how far keys have been made.
constexpr db::Query kReleaseNodeLease{"release_node_lease", R"sql(
  UPDATE node_lease
  SET holder = '', expire_time = ?
  WHERE node = ? AND holder = ?)sql"};

}  // namespace

NodeLease::NodeLease(NodeLeaseOptions options, db::Pool& pool, const Clock& clock)
    : options_(std::move(options)), pool_(pool), clock_(clock) {}

absl::StatusOr<std::vector<NodeLease::Candidate>> NodeLease::FreeNodes(db::Connection& connection,
                                                                       absl::Time now) {
  std::array<std::optional<Row>, IdGenerator::kMaxNode + 1> rows;
  CRM_ASSIGN_OR_RETURN(db::Rows result, connection.Select(kNodeLeases, {}));
  while (result.Next()) {
    const int64_t node = result.Int(0);
    if (node >= 0 && node <= IdGenerator::kMaxNode) {
      rows[node] = Row{result.String(1), result.Time(2)};
    }
  }
  std::vector<Candidate> free;
  for (int node = 0; node <= IdGenerator::kMaxNode; ++node) {
    const std::optional<Row>& row = rows[node];
    if (!row.has_value() || row->holder.empty() || row->expire_time + options_.grace <= now) {
      free.push_back({node, row});
    }
  }
  return free;
}

absl::StatusOr<bool> NodeLease::Take(db::Connection& connection, const Candidate& candidate,
                                     absl::Time now) {
  const absl::Time until = now + options_.term;
  if (candidate.row.has_value()) {
    CRM_ASSIGN_OR_RETURN(
        const int64_t matched,
        connection.Execute(kTakeNodeLease, {options_.holder, until, candidate.node,
                                            candidate.row->holder, candidate.row->expire_time}));
    return matched == 1;
  }
  const absl::Status created =
      connection.Execute(kCreateNodeLease, {candidate.node, options_.holder, until}).status();
  if (db::ClassOf(created) == db::DbErrorClass::kDuplicateKey) return false;
  if (!created.ok()) return created;
  return true;
}

absl::StatusOr<NodeClaim> NodeLease::Claim() {
  MutexLock lock(&mutex_);
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(DatabaseDeadline()));
  const absl::Time now = clock_.Now();
  CRM_ASSIGN_OR_RETURN(const std::vector<Candidate> free, FreeNodes(*connection, now));
  // Processes that start together try the same numbers: each loses at most once per rival.
  for (const Candidate& candidate : free) {
    CRM_ASSIGN_OR_RETURN(const bool taken, Take(*connection, candidate, now));
    if (!taken) continue;
    node_ = candidate.node;
    return NodeClaim{candidate.node,
                     candidate.row.has_value() ? candidate.row->expire_time : absl::InfinitePast()};
  }
  return Error(absl::StatusCode::kResourceExhausted, "NO_FREE_NODE",
               "all node numbers are taken by live processes");
}

absl::StatusOr<bool> NodeLease::Renew() {
  MutexLock lock(&mutex_);
  if (!node_.has_value()) return true;
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(const int64_t matched,
                       connection->Execute(kRenewNodeLease, {clock_.Now() + options_.term, *node_,
                                                             options_.holder}));
  if (matched == 1) return true;
  node_.reset();
  return false;
}

JobBody NodeLease::RenewalJob(std::function<void()> on_lost) {
  return
      [this, on_lost = std::move(on_lost)](const std::stop_token&) -> absl::StatusOr<absl::Time> {
        CRM_ASSIGN_OR_RETURN(const bool ours, Renew());
        if (!ours) on_lost();
        return absl::InfiniteFuture();
      };
}

absl::Status NodeLease::Release() {
  MutexLock lock(&mutex_);
  if (!node_.has_value()) return absl::OkStatus();
  const int node = *node_;
  node_.reset();
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(DatabaseDeadline()));
  return connection->Execute(kReleaseNodeLease, {clock_.Now(), node, options_.holder}).status();
}

}  // namespace crm::job
