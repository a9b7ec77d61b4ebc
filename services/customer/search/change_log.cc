#include "services/customer/search/change_log.h"

#include <utility>

#include "services/customer/search/gram.h"

namespace crm::customer {

ChangeLog::ChangeLog()
    : entries_(kCapacity),
      signatures_(kCapacity),
      successors_(kCapacity),
      slots_(kSlots),
      latest_(kCapacity) {
  for (std::atomic<uint32_t>& successor : successors_) {
    successor.store(kNoDocument, std::memory_order_relaxed);
  }
}

// Entries that a slot points to are complete before the slot is, and slots only ever fill up: a
// reader may see a slot of an entry after its `end`, never half an entry.
uint32_t ChangeLog::SlotOf(int64_t key) const {
  uint32_t slot = static_cast<uint32_t>(static_cast<uint64_t>(key) * 0x9e3779b97f4a7c15u >> 40);
  for (;; ++slot) {
    slot %= kSlots;
    const uint32_t first = slots_[slot].load(std::memory_order_acquire);
    if (first == 0 || entries_[first - 1].key == key) return slot;
  }
}

void ChangeLog::Append(Entry entry) {
  const uint32_t index = size_.load(std::memory_order_relaxed);
  std::u32string symbols;
  DecodeSymbols(entry.name, symbols);
  signatures_[index] = SignatureOf(symbols);
  entries_[index] = std::move(entry);
  std::atomic<uint32_t>& slot = slots_[SlotOf(entries_[index].key)];
  const uint32_t first = slot.load(std::memory_order_relaxed);
  if (first == 0) {
    latest_[index] = index;
    slot.store(index + 1, std::memory_order_release);
  } else {
    successors_[latest_[first - 1]].store(index, std::memory_order_relaxed);
    latest_[first - 1] = index;
  }
  size_.store(index + 1, std::memory_order_release);
}

bool ChangeLog::Contains(int64_t key, uint32_t end) const {
  const uint32_t first = slots_[SlotOf(key)].load(std::memory_order_acquire);
  return first != 0 && first - 1 < end;
}

const ChangeLog::Entry* ChangeLog::Latest(int64_t key) const {
  const uint32_t first = slots_[SlotOf(key)].load(std::memory_order_relaxed);
  return first == 0 ? nullptr : &entries_[latest_[first - 1]];
}

void ChangeLog::ForEachMatch(const NameQuery& query, MatchKind kind, const ScopeFilter& scope,
                             uint32_t end, absl::FunctionRef<bool(int64_t)> wanted,
                             absl::FunctionRef<void(const Entry&)> visit) const {
  const uint64_t signature = query.signature();
  for (uint32_t index = end; index-- > 0;) {
    if ((signatures_[index] & signature) != signature) continue;
    const Entry& entry = entries_[index];
    if (successors_[index].load(std::memory_order_relaxed) < end || entry.removed) continue;
    if (!scope.Allows(entry.owner, entry.team) || !wanted(entry.key)) continue;
    if (query.Matches(entry.name, kind)) visit(entry);
  }
}

size_t ChangeLog::MemoryBytes() const {
  size_t bytes = kCapacity * (sizeof(Entry) + sizeof(uint64_t) + 2 * sizeof(uint32_t)) +
                 kSlots * sizeof(uint32_t);
  for (uint32_t index = 0; index < size(); ++index) {
    const std::string& name = entries_[index].name;
    if (name.capacity() > std::string().capacity()) bytes += name.capacity() + 1;
  }
  return bytes;
}

}  // namespace crm::customer
