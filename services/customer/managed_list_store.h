// Managed lists as an administrator has made them; the SQL of the table `managed_list`. A list that
// was never changed has no row: the program brings it along as version 1.
#ifndef CRM_SERVICES_CUSTOMER_MANAGED_LIST_STORE_H_
#define CRM_SERVICES_CUSTOMER_MANAGED_LIST_STORE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/record/followed.h"
#include "common/record/table.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/managed_list.pb.h"
#include "services/customer/archive.h"
#include "services/customer/managed_lists.h"

namespace crm::customer {

using StoredManagedList = record::Stored<v1::ManagedList>;
// By name: all lists but industry and region, changed or not. Key id 0 = never changed.
using ManagedListSet = std::map<std::string, StoredManagedList, std::less<>>;

// Thread-safe.
struct ManagedListStore {
  // New lists go into the archive's.
  explicit ManagedListStore(Archive& archive);

  absl::StatusOr<ManagedListSet> Load(db::Connection& db) const;

  const record::Table table;
  record::Followed<ManagedListSet> lists;
};

ManagedLists::Lists ToLists(const ManagedListSet& lists);

// What the entries of a changed list must be: those there were are all there, and each text stands
// for one entry that is not retired.
std::vector<schema::Violation> CheckManagedList(const v1::ManagedList& before,
                                                const v1::ManagedList& after);

// GB/T 4754 and GB/T 2260, which nobody changes.
bool IsReferenceList(std::string_view list);
v1::ManagedList ReferenceList(std::string_view list);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_MANAGED_LIST_STORE_H_
