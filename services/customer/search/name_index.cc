#include "services/customer/search/name_index.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/base/mutex.h"
#include "common/text/unicode.h"

namespace crm::customer {
namespace {

// A segment is merged when it is no larger than this many times what is merged already: sizes then
// grow threefold, so there are few segments and a customer is rewritten seldom.
constexpr size_t kMergeRatio = 2;
// Or when more than this share of it is dead.
constexpr uint32_t kDeadShare = 4;

// The greatest keys offered, at most `limit` of them.
class GreatestKeys {
 public:
  explicit GreatestKeys(size_t limit) : limit_(limit) {}

  bool Wants(int64_t key) const { return keys_.size() < limit_ || key > keys_.front(); }
  void Offer(int64_t key) {
    if (!Wants(key)) return;
    if (keys_.size() == limit_) {
      std::pop_heap(keys_.begin(), keys_.end(), std::greater<>());
      keys_.pop_back();
    }
    keys_.push_back(key);
    std::push_heap(keys_.begin(), keys_.end(), std::greater<>());
  }
  // Greatest first.
  std::vector<int64_t> Take() && {
    std::sort_heap(keys_.begin(), keys_.end(), std::greater<>());
    return std::move(keys_);
  }

 private:
  const size_t limit_;
  std::vector<int64_t> keys_;  // a heap, the least in front
};

}  // namespace

bool NameIndex::LiveSegment::IsDead(uint32_t document) const {
  return dead != nullptr && ((*dead)[document / 64] >> (document % 64) & 1) != 0;
}

bool NameIndex::Snapshot::ChangedSince(size_t log, int64_t key) const {
  for (; log < state->logs.size(); ++log) {
    if (state->logs[log]->Contains(key, LogEnd(log))) return true;
  }
  return false;
}

NameIndex::NameIndex() {
  auto state = std::make_shared<State>();
  state->logs.push_back(std::make_shared<ChangeLog>());
  state_ = std::move(state);
}

std::shared_ptr<const NameIndex::State> NameIndex::state() const {
  MutexLock lock(&state_mutex_);
  return state_;
}

void NameIndex::Publish(std::shared_ptr<const State> state) {
  MutexLock lock(&state_mutex_);
  state_.swap(state);  // the old one is destroyed after the lock is released
}

NameIndex::Snapshot NameIndex::TakeSnapshot() const {
  Snapshot snapshot;
  snapshot.state = state();
  snapshot.last_log_end = snapshot.state->logs.back()->size();
  return snapshot;
}

void NameIndex::Upsert(int64_t key, std::string_view name, uint32_t owner, uint32_t team) {
  const Customer customer{.key = key, .name = name, .owner = owner, .team = team};
  Upsert({&customer, 1});
}

void NameIndex::Upsert(absl::Span<const Customer> customers) {
  std::vector<ChangeLog::Entry> entries;
  entries.reserve(customers.size());
  for (const Customer& customer : customers) {
    entries.push_back({.key = customer.key,
                       .removed = false,
                       .owner = customer.owner,
                       .team = customer.team,
                       .name = text::FoldForSearch(customer.name)});
  }
  MutexLock lock(&write_mutex_);
  for (ChangeLog::Entry& entry : entries) Append(std::move(entry));
}

void NameIndex::Remove(int64_t key) {
  ChangeLog::Entry removal;
  removal.key = key;
  removal.removed = true;
  MutexLock lock(&write_mutex_);
  Append(std::move(removal));
}

void NameIndex::Append(ChangeLog::Entry entry) {
  if (ChangesNothing(entry)) return;
  std::shared_ptr<const State> current = state();
  if (current->logs.back()->full()) {
    auto next = std::make_shared<State>(*current);
    next->logs.push_back(std::make_shared<ChangeLog>());
    current = next;
    Publish(std::move(next));
  }
  current->logs.back()->Append(std::move(entry));
}

bool NameIndex::ChangesNothing(const ChangeLog::Entry& entry) const {
  // The rows of a load are not known yet: every change must be there to win over them.
  if (open_loads_ > 0) return false;
  const std::shared_ptr<const State> state = this->state();
  for (auto log = state->logs.rbegin(); log != state->logs.rend(); ++log) {
    if (const ChangeLog::Entry* latest = (*log)->Latest(entry.key)) {
      return latest->removed == entry.removed && latest->owner == entry.owner &&
             latest->team == entry.team && latest->name == entry.name;
    }
  }
  for (const LiveSegment& live : state->segments) {
    const std::optional<uint32_t> document = live.segment->Locate(entry.key);
    if (!document.has_value() || live.IsDead(*document)) continue;
    return !entry.removed && live.segment->owner(*document) == entry.owner &&
           live.segment->team(*document) == entry.team &&
           live.segment->name(*document) == entry.name;
  }
  return entry.removed;
}

std::vector<Hit> NameIndex::Find(std::string_view query, const ScopeFilter& scope, size_t limit,
                                 std::optional<Hit> after) const {
  std::vector<Hit> hits;
  const NameQuery parsed(query);
  if (parsed.empty()) return hits;
  const Snapshot snapshot = TakeSnapshot();
  for (const MatchKind kind : {MatchKind::kWhole, MatchKind::kPrefix, MatchKind::kPart}) {
    int64_t newest_key = std::numeric_limits<int64_t>::max();
    if (after.has_value()) {
      if (kind < after->kind) continue;
      if (kind == after->kind) {
        if (after->key == std::numeric_limits<int64_t>::min()) continue;
        newest_key = after->key - 1;
      }
    }
    if (hits.size() == limit) break;
    FindOfKind(snapshot, parsed, kind, scope, newest_key, limit - hits.size(), hits);
  }
  return hits;
}

void NameIndex::FindOfKind(const Snapshot& snapshot, const NameQuery& query, MatchKind kind,
                           const ScopeFilter& scope, int64_t newest_key, size_t limit,
                           std::vector<Hit>& hits) const {
  GreatestKeys best(limit);
  for (const LiveSegment& live : snapshot.state->segments) {
    const NameSegment& segment = *live.segment;
    segment.ForEachMatch(query, kind, scope, newest_key, [&](uint32_t document) {
      const int64_t key = segment.key(document);
      if (!live.IsDead(document) && !snapshot.ChangedSince(0, key)) best.Offer(key);
      // Those to come are older: none of them is wanted if this one is the oldest of enough.
      return best.Wants(key);
    });
  }
  for (size_t log = snapshot.state->logs.size(); log-- > 0;) {
    snapshot.state->logs[log]->ForEachMatch(
        query, kind, scope, snapshot.LogEnd(log),
        [&](int64_t key) { return key <= newest_key && best.Wants(key); },
        [&](const ChangeLog::Entry& entry) {
          if (!snapshot.ChangedSince(log + 1, entry.key)) best.Offer(entry.key);
        });
  }
  for (const int64_t key : std::move(best).Take()) hits.push_back({.key = key, .kind = kind});
}

void NameIndex::MarkDead(absl::Span<const int64_t> keys, LiveSegment& live) {
  std::vector<uint64_t> dead =
      live.dead == nullptr ? std::vector<uint64_t>(BitmapWords(live.segment->size())) : *live.dead;
  const uint32_t before = live.dead_count;
  for (const int64_t key : keys) {
    const std::optional<uint32_t> document = live.segment->Locate(key);
    if (!document.has_value() || live.IsDead(*document)) continue;
    dead[*document / 64] |= uint64_t{1} << (*document % 64);
    ++live.dead_count;
  }
  if (live.dead_count == before) return;
  live.dead = std::make_shared<const std::vector<uint64_t>>(std::move(dead));
}

// Takes the keys of `segment` away from the segments there are and adds it.
void NameIndex::Replace(const std::shared_ptr<const NameSegment>& segment, State& state) {
  if (segment->size() == 0) return;
  std::vector<int64_t> keys;
  for (LiveSegment& live : state.segments) {
    const uint32_t last = live.segment->size() - 1;
    const bool apart = live.segment->key(0) < segment->key(segment->size() - 1) ||
                       segment->key(0) < live.segment->key(last);
    if (apart) continue;
    if (keys.empty()) {
      for (uint32_t document = 0; document < segment->size(); ++document) {
        keys.push_back(segment->key(document));
      }
    }
    MarkDead(keys, live);
  }
  state.segments.push_back({.segment = segment, .dead = nullptr, .dead_count = 0});
  std::sort(
      state.segments.begin(), state.segments.end(),
      [](const LiveSegment& a, const LiveSegment& b) { return a.live_count() > b.live_count(); });
}

bool NameIndex::MergeChanges() {
  MutexLock merge_lock(&merge_mutex_);
  std::shared_ptr<const State> before;
  {
    MutexLock lock(&write_mutex_);
    if (open_loads_ > 0) return false;
    before = state();
  }
  const size_t full_logs = before->logs.size() - 1;
  if (full_logs == 0) return false;
  MergePlan plan;
  AddLogs(absl::MakeConstSpan(before->logs).first(full_logs), plan);
  AddSegments(before->segments, plan);
  auto after = std::make_shared<State>();
  after->segments = std::move(plan.kept);
  Replace(std::move(plan.builder).Build(), *after);

  MutexLock lock(&write_mutex_);
  const std::shared_ptr<const State> now = state();
  after->logs.assign(now->logs.begin() + static_cast<ptrdiff_t>(full_logs), now->logs.end());
  Publish(std::move(after));
  return true;
}

void NameIndex::AddLogs(absl::Span<const std::shared_ptr<ChangeLog>> logs, MergePlan& plan) {
  absl::flat_hash_set<int64_t> seen;
  for (auto log = logs.rbegin(); log != logs.rend(); ++log) {
    for (uint32_t index = ChangeLog::kCapacity; index-- > 0;) {
      const ChangeLog::Entry& entry = (*log)->entry(index);
      if (!seen.insert(entry.key).second || entry.removed) continue;
      plan.builder.Add(entry.key, entry.name, entry.owner, entry.team);
    }
  }
  plan.changed_keys.assign(seen.begin(), seen.end());
}

void NameIndex::AddSegments(std::vector<LiveSegment> segments, MergePlan& plan) {
  // Smallest first.
  for (auto live = segments.rbegin(); live != segments.rend(); ++live) {
    MarkDead(plan.changed_keys, *live);
    const NameSegment& segment = *live->segment;
    const bool merge = live->live_count() <= kMergeRatio * plan.builder.size() ||
                       live->dead_count > segment.size() / kDeadShare;
    if (!merge || !plan.builder.Fits(live->live_count(), segment.name_bytes())) {
      plan.kept.push_back(*live);
      continue;
    }
    for (uint32_t document = segment.size(); document-- > 0;) {
      if (live->IsDead(document)) continue;
      plan.builder.Add(segment.key(document), segment.name(document), segment.owner(document),
                       segment.team(document));
    }
  }
}

NameIndex::Stats NameIndex::stats() const {
  const Snapshot snapshot = TakeSnapshot();
  const State& state = *snapshot.state;
  Stats stats;
  stats.segments = state.segments.size();
  for (const LiveSegment& live : state.segments) {
    stats.customers += live.live_count();
    stats.memory_bytes += live.segment->MemoryBytes();
    if (live.dead != nullptr) stats.memory_bytes += live.dead->size() * sizeof(uint64_t);
  }
  absl::flat_hash_set<int64_t> seen;
  for (size_t log = state.logs.size(); log-- > 0;) {
    stats.memory_bytes += state.logs[log]->MemoryBytes();
    stats.changes_unmerged += snapshot.LogEnd(log);
    for (uint32_t index = snapshot.LogEnd(log); index-- > 0;) {
      const ChangeLog::Entry& entry = state.logs[log]->entry(index);
      if (!seen.insert(entry.key).second) continue;
      if (!entry.removed) ++stats.customers;
      for (const LiveSegment& live : state.segments) {
        const std::optional<uint32_t> document = live.segment->Locate(entry.key);
        if (document.has_value() && !live.IsDead(*document)) --stats.customers;
      }
    }
  }
  return stats;
}

void NameIndex::OpenLoad() {
  MutexLock lock(&write_mutex_);
  ++open_loads_;
}

void NameIndex::AbandonLoad() {
  MutexLock lock(&write_mutex_);
  --open_loads_;
}

void NameIndex::FinishLoad(absl::Span<const std::shared_ptr<const NameSegment>> segments) {
  MutexLock merge_lock(&merge_mutex_);
  State loaded;
  loaded.segments = state()->segments;
  for (const auto& segment : segments) Replace(segment, loaded);

  MutexLock lock(&write_mutex_);
  loaded.logs = state()->logs;
  Publish(std::make_shared<const State>(std::move(loaded)));
  --open_loads_;
}

NameIndex::Load::Load(NameIndex& index) : index_(index) { index_.OpenLoad(); }

NameIndex::Load::~Load() {
  if (open_) index_.AbandonLoad();
}

void NameIndex::Load::Add(int64_t key, std::string_view name, uint32_t owner, uint32_t team) {
  if (!builder_.Fits(1, NameSegmentBuilder::kMaxNameBytes)) {
    segments_.push_back(std::move(builder_).Build());
    builder_ = NameSegmentBuilder();
  }
  builder_.Add(key, text::FoldForSearch(name), owner, team);
}

void NameIndex::Load::Finish() {
  if (!open_) return;
  open_ = false;
  segments_.push_back(std::move(builder_).Build());
  index_.FinishLoad(segments_);
  segments_.clear();
}

}  // namespace crm::customer
