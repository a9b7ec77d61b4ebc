// Duplicate candidates (CUS-15, CUS-16): the SQL of the table `duplicate_candidate`.
#ifndef CRM_SERVICES_CUSTOMER_DUPLICATE_STORE_H_
#define CRM_SERVICES_CUSTOMER_DUPLICATE_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/row_scope.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/filter/fragment.h"
#include "common/numbering/number_allocator.h"
#include "common/resource/history.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/duplicate.pb.h"

namespace crm::customer {

// Two customers and why they may be one.
struct DuplicatePair {
  int64_t customer_id = 0;
  std::string customer;  // number
  int64_t other_id = 0;
  std::string other;
  int score = 0;
  std::vector<std::string> reasons;
};

// Thread-safe.
class DuplicateStore {
 public:
  // `numbers` gives candidate numbers.
  DuplicateStore(crypto::Keyring& keyring, IdGenerator& ids, numbering::NumberAllocator& numbers);

  const resource::ResourceTable& table() const { return table_; }

  // Opens a candidate for the pair, with event `duplicate.opened`; nothing if there is one already,
  // whatever a steward made of it. The same pair at the same time fails the commit with
  // DUPLICATE_KEY.
  absl::Status Open(db::Connection& db, db::WriteSet& writes, DuplicatePair pair,
                    const resource::ChangeSource& source) const;

  // For lists: joined with both customers.
  static constexpr std::string_view kAlias = "pair";
  static constexpr std::string_view kFrom =
      "duplicate_candidate AS pair "
      "JOIN customer AS one ON one.id = pair.customer_id "
      "JOIN customer AS other ON other.id = pair.other_customer_id";
  std::string_view columns() const { return columns_; }
  int column_count() const { return table_.column_count() + 2; }
  // Both customers.
  static filter::Fragment ScopeOf(const auth::RowScope& scope);
  absl::Status Read(const db::Rows& row, v1::DuplicateCandidate& candidate) const;

 private:
  IdGenerator& ids_;
  numbering::NumberAllocator& numbers_;
  resource::ResourceTable table_;
  std::string columns_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_DUPLICATE_STORE_H_
