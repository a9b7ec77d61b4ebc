// Managed lists (CUS-5): source channels, need types, methods, reasons … and the industry and
// region codes. A value is a code; on the way in its label in either language is taken too.
#ifndef CRM_SERVICES_CUSTOMER_MANAGED_LISTS_H_
#define CRM_SERVICES_CUSTOMER_MANAGED_LISTS_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/mutex.h"
#include "common/schema/value_check.h"

namespace crm::customer {

struct ListEntry {
  std::string code;
  std::string label_zh;
  std::string label_en;
  int order = 0;
  bool retired = false;  // kept by those who have it, refused in new writes
};

// What a text resolves to: a code, or the entries nearest to it.
struct ListMatch {
  std::string code;                     // empty if nothing matches
  std::vector<std::string> candidates;  // "code label", at most 5
  bool mapped = false;                  // the text was not the code itself
};

// Of a text that matches nothing; `candidates` as in ListMatch.
schema::Breach NotInList(const std::vector<std::string>& candidates);

// Thread-safe: readers take a snapshot, an administrator's change replaces it.
class ManagedLists {
 public:
  using Lists = std::map<std::string, std::vector<ListEntry>, std::less<>>;

  // Starts with the built-in lists.
  ManagedLists();

  // `list` is the name a field declares in `managed_list`. Unknown lists match nothing.
  ListMatch Resolve(std::string_view list, std::string_view text) const;

  // The Chinese label of the entry with this code or label; empty if there is none.
  std::string LabelOf(std::string_view list, std::string_view text) const;

  // Replaces or adds lists (from the database).
  void Set(const Lists& lists);
  Lists All() const;

  // What the spec names: in force until an administrator changes a list.
  static const Lists& BuiltIn();

 private:
  struct Snapshot;
  static std::shared_ptr<const Snapshot> Build(Lists lists);
  std::shared_ptr<const Snapshot> snapshot() const;

  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_MANAGED_LISTS_H_
