// Finds customers by any part of their name, in memory, in each replica (CUS-25).
//
// Filled from the database at start, kept current by this replica's commits and by the event tail.
// Names are compared in the form of text::FoldForSearch: case, full width and compatibility forms
// do not matter. What Find returns are candidates, to be read from the database, which enforces the
// scope; the filter here only spares reading what the caller may not see. A change that arrives
// twice changes nothing; one that arrives late is put right by the event that follows it.
//
//   NameIndex index;
//   NameIndex::Load load(index);  // changes made from here on win over the rows read
//   while (NextRow(row)) load.Add(row.key, row.full_name, row.owner, row.team);
//   load.Finish();
//   index.Upsert(key, "腾讯科技（深圳）有限公司", owner, team);
//   for (const Hit& hit : index.Find("腾讯 深圳", ScopeFilter::All(), 20)) Show(hit.key);
//
// Thread-safe. Readers take a snapshot: a few segments that never change (name_segment.h), and logs
// of the latest changes, of which they see those made before they began. They never wait for a
// writer or a merge, only for the copy of one pointer; a thread that is suspended in the middle of
// a search holds up nobody, which a reader-writer lock over the search would not give. Writers wait
// for each other, for microseconds. What a call changed, every later Find sees. A Find sees the
// changes of one log in the order they were made.
//
// MergeChanges turns full logs into segments, and small segments into larger ones. Call it from a
// background job, about once a second; it never blocks readers or writers. Without it searches get
// slower by some microseconds for every 4 096 changes, nothing else.
//
// Memory: below 110 bytes for each customer with a name of ten Chinese characters, replaced names
// (at most a quarter of a segment) and the transient of a merge, which holds the segments it
// replaces until it is done and the readers have gone, apart. A merge makes segments of 262 144
// customers at most, so its transient is some tens of megabytes however many there are. bench/
// prints the figures.
#ifndef CRM_SERVICES_CUSTOMER_SEARCH_NAME_INDEX_H_
#define CRM_SERVICES_CUSTOMER_SEARCH_NAME_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"
#include "services/customer/search/change_log.h"
#include "services/customer/search/name_query.h"
#include "services/customer/search/name_segment.h"

namespace crm::customer {

struct Hit {
  int64_t key = 0;
  MatchKind kind = MatchKind::kPart;

  friend bool operator==(const Hit&, const Hit&) = default;
};

class NameIndex {
 public:
  // Names are as the customer has them, not folded. Owners and teams are ids of the caller's
  // choice; "nobody" is one of them.
  struct Customer {
    int64_t key = 0;
    std::string_view name;
    uint32_t owner = 0;
    uint32_t team = 0;
  };

  struct Stats {
    size_t customers = 0;  // removed ones that still take room excepted
    size_t segments = 0;
    size_t changes_unmerged = 0;
    size_t memory_bytes = 0;
  };

  class Load;

  NameIndex();
  NameIndex(const NameIndex&) = delete;
  NameIndex& operator=(const NameIndex&) = delete;

  void Upsert(int64_t key, std::string_view name, uint32_t owner, uint32_t team);
  void Upsert(absl::Span<const Customer> customers);
  // A key that is not there is ignored.
  void Remove(int64_t key);

  // At most `limit` customers whose name has all words of `query`: whole names first, then those
  // that begin with the first word, then the others; the newest key first within each. `after` is
  // the last hit of the page before. Nothing for a query of white space.
  std::vector<Hit> Find(std::string_view query, const ScopeFilter& scope, size_t limit,
                        std::optional<Hit> after = std::nullopt) const;

  // Returns whether there was anything to merge. While a Load is open, there is not.
  bool MergeChanges();

  Stats stats() const;

 private:
  // Bit per document that a newer segment or a removal has replaced; null if none.
  using DeadBits = std::shared_ptr<const std::vector<uint64_t>>;

  struct LiveSegment {
    std::shared_ptr<const NameSegment> segment;
    DeadBits dead;
    uint32_t dead_count = 0;

    uint32_t live_count() const { return segment->size() - dead_count; }
    bool IsDead(uint32_t document) const;
  };

  // A key is live in one segment at most; a log overrides segments and the logs before it.
  struct State {
    std::vector<LiveSegment> segments;             // largest first
    std::vector<std::shared_ptr<ChangeLog>> logs;  // the last one is written to
  };

  // What a reader sees.
  struct Snapshot {
    std::shared_ptr<const State> state;
    uint32_t last_log_end = 0;

    uint32_t LogEnd(size_t log) const {
      return log + 1 == state->logs.size() ? last_log_end : ChangeLog::kCapacity;
    }
    bool ChangedSince(size_t log, int64_t key) const;
  };

  // The customers of full logs and of the segments that are merged with them.
  struct MergePlan {
    std::vector<int64_t> changed_keys;
    std::vector<LiveSegment> kept;
    NameSegmentBuilder builder;
  };
  static void AddLogs(absl::Span<const std::shared_ptr<ChangeLog>> logs, MergePlan& plan);
  static void AddSegments(std::vector<LiveSegment> segments, MergePlan& plan);

  std::shared_ptr<const State> state() const ABSL_LOCKS_EXCLUDED(state_mutex_);
  Snapshot TakeSnapshot() const;
  void Publish(std::shared_ptr<const State> state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  void Append(ChangeLog::Entry entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  bool ChangesNothing(const ChangeLog::Entry& entry) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  void FindOfKind(const Snapshot& snapshot, const NameQuery& query, MatchKind kind,
                  const ScopeFilter& scope, int64_t newest_key, size_t limit,
                  std::vector<Hit>& hits) const;

  void OpenLoad();
  void AbandonLoad();
  void FinishLoad(absl::Span<const std::shared_ptr<const NameSegment>> segments);

  static void MarkDead(absl::Span<const int64_t> keys, LiveSegment& live);
  static void Replace(const std::shared_ptr<const NameSegment>& segment, State& state);

  Mutex merge_mutex_ ABSL_ACQUIRED_BEFORE(write_mutex_);  // one merge or load at a time
  Mutex write_mutex_ ABSL_ACQUIRED_BEFORE(state_mutex_);
  mutable Mutex state_mutex_;  // held for the copy of a pointer
  std::shared_ptr<const State> state_ ABSL_GUARDED_BY(state_mutex_);
  int open_loads_ ABSL_GUARDED_BY(write_mutex_) = 0;
};

// Fills the index with the rows of a table scan. Changes made through Upsert and Remove after its
// construction win over the rows, in whatever order they come. Several Loads may be open, for
// instance one per key range; each is used by one thread.
class NameIndex::Load {
 public:
  explicit Load(NameIndex& index);
  // Without Finish: nothing has been loaded.
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Of several rows with one key the last counts. Cheapest in ascending order of keys.
  void Add(int64_t key, std::string_view name, uint32_t owner, uint32_t team);
  // Makes the rows visible, all at once.
  void Finish();

 private:
  NameIndex& index_;
  std::vector<std::shared_ptr<const NameSegment>> segments_;  // that had become full
  NameSegmentBuilder builder_;
  bool open_ = true;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SEARCH_NAME_INDEX_H_
