// Gives committed rows of the outbox their position (PLT-20).
//
// Transactions commit in another order than their keys were made, so a reader that went by the key
// would skip a late commit. The sequencer gives positions only to rows it can see, that is, to
// committed ones; one that commits late gets a late position. A row's position is that of its first
// event; the next row's follows without a gap.
//
// Every replica runs one; the lease `event-sequencer` lets one work at a time. The lease's value is
// the next position, and moving it is part of the transaction that gives the positions: so a
// replica that was killed, stalled or lost its lease without noticing gives none twice and skips
// none.
//
//   Sequencer sequencer({.holder = process, .on_sequenced = …}, pool, clock);
//   PeriodicJob& job = runner.Add(Sequencer::DefaultJobOptions(), sequencer.Job());
//   committer_options.on_committed_events = [&] { job.Notify(); };
//
// Order: causal_order.h. Rows of one resource that are found by different passes are in order
// because the earlier change was committed, and so visible, before the later one was made; only
// with more rows waiting than one batch holds can clocks that differ put version 8 before
// version 7. Consumers that keep state apply by version.
//
// RunOnce and Job belong to one thread at a time; stats is thread-safe.
#ifndef CRM_COMMON_EVENT_SEQUENCER_H_
#define CRM_COMMON_EVENT_SEQUENCER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "common/db/pool.h"
#include "common/job/lease.h"
#include "common/job/periodic.h"

namespace crm::event {

inline constexpr char kSequencerLease[] = "event-sequencer";

struct SequencerOptions {
  std::string holder = {};
  int max_rows = 1000;      // in one transaction
  int max_events = 10'000;  // the same; a single row may have more
  absl::Duration term = absl::Seconds(5);
  absl::Duration poll = absl::Milliseconds(200);  // for events that other replicas committed
  absl::Duration retry = absl::Seconds(1);        // without the lease
  // After a commit: the newest position.
  std::function<void(int64_t position)> on_sequenced = {};
};

struct SequencerStats {
  bool holding = false;
  int64_t newest_position = 0;  // as of this replica's last pass
  int64_t unsequenced = 0;      // rows that wait, counted at most once a second
  int64_t events = 0;           // sequenced by this replica
};

class Sequencer {
 public:
  struct Pass {
    bool holding = false;
    int64_t rows = 0;
    int64_t events = 0;
    bool more = false;
  };

  Sequencer(SequencerOptions options, db::Pool& pool, const Clock& clock);

  // One transaction's worth.
  absl::StatusOr<Pass> RunOnce();

  // Passes until nothing is left.
  job::JobBody Job();
  static job::JobOptions DefaultJobOptions();

  // At shutdown, after the job has stopped: another replica goes on at once.
  absl::Status Release();

  SequencerStats stats() const;

 private:
  struct Row {
    int64_t id;
    int64_t event_count;
    int64_t position = 0;
  };

  struct Batch {
    std::vector<Row> rows;
    bool more = false;  // than these
  };

  absl::StatusOr<Batch> Unsequenced(db::Connection& connection);
  absl::Status PutInCausalOrder(db::Connection& connection, std::vector<Row>& rows);
  absl::Status WritePositions(db::Connection& connection, absl::Span<const Row> rows,
                              int64_t next_position);
  absl::StatusOr<absl::Time> RunUntilDone(const std::stop_token& stop);
  absl::Status CountUnsequenced(db::Connection& connection);

  const SequencerOptions options_;
  db::Pool& pool_;
  const Clock& clock_;
  job::Lease lease_;
  absl::Time next_try_ = absl::InfinitePast();
  absl::Time next_count_ = absl::InfinitePast();
  std::atomic<bool> holding_{false};
  std::atomic<int64_t> newest_position_{0};
  std::atomic<int64_t> unsequenced_{0};
  std::atomic<int64_t> events_{0};
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_SEQUENCER_H_
