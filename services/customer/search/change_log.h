// The latest changes to the name index, before they become a segment: a log of fixed capacity that
// is searched by looking at every entry.
//
// One writer at a time appends; any number of readers read at the same time, without locks. A
// reader takes size() first and hands it to every call as `end`: it then sees the log as it was at
// that moment, whatever is appended meanwhile. Entries are never changed or removed.
#ifndef CRM_SERVICES_CUSTOMER_SEARCH_CHANGE_LOG_H_
#define CRM_SERVICES_CUSTOMER_SEARCH_CHANGE_LOG_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "services/customer/search/name_query.h"
#include "services/customer/search/posting_list.h"

namespace crm::customer {

class ChangeLog {
 public:
  struct Entry {
    int64_t key = 0;
    bool removed = false;
    uint32_t owner = 0;
    uint32_t team = 0;
    std::string name;  // folded
  };

  static constexpr uint32_t kCapacity = 4096;

  ChangeLog();

  // Writer only.
  bool full() const { return size() == kCapacity; }
  void Append(Entry entry);

  uint32_t size() const { return size_.load(std::memory_order_acquire); }
  const Entry& entry(uint32_t index) const { return entries_[index]; }
  // Whether the key has an entry before `end`.
  bool Contains(int64_t key, uint32_t end) const;
  // The latest entry of the key, null if none. Writer only.
  const Entry* Latest(int64_t key) const;

  // Visits what matches in this way and is within the scope, among the entries before `end` that
  // are their key's latest, the last first. `wanted(key)` is asked before the name is looked at.
  void ForEachMatch(const NameQuery& query, MatchKind kind, const ScopeFilter& scope, uint32_t end,
                    absl::FunctionRef<bool(int64_t)> wanted,
                    absl::FunctionRef<void(const Entry&)> visit) const;

  size_t MemoryBytes() const;

 private:
  static constexpr uint32_t kSlots = kCapacity * 2;

  uint32_t SlotOf(int64_t key) const;

  std::vector<Entry> entries_;
  std::vector<uint64_t> signatures_;  // of the names
  // The next entry with the same key, kNoDocument if there is none yet.
  std::vector<std::atomic<uint32_t>> successors_;
  // By key, linear probing: 1 + the key's first entry, 0 if free.
  std::vector<std::atomic<uint32_t>> slots_;
  std::vector<uint32_t> latest_;  // by first entry; writer only
  std::atomic<uint32_t> size_ = 0;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SEARCH_CHANGE_LOG_H_
