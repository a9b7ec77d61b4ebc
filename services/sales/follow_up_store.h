// The follow-up rules in force (SAL-10): small configuration, in memory on every replica.
#ifndef CRM_SERVICES_SALES_FOLLOW_UP_STORE_H_
#define CRM_SERVICES_SALES_FOLLOW_UP_STORE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/record/followed.h"
#include "common/record/table.h"
#include "crm/sales/v1/follow_up.pb.h"

namespace crm::sales {

using StoredRule = record::Stored<v1::FollowUpRule>;

class FollowUpRules {
 public:
  void Put(StoredRule rule);

  // Null if there is none.
  const StoredRule* Find(std::string_view code) const;
  // Those that every new opportunity is looked at for.
  std::vector<const StoredRule*> ForNew() const;
  // By code.
  const std::map<std::string, StoredRule, std::less<>>& all() const { return rules_; }

 private:
  std::map<std::string, StoredRule, std::less<>> rules_;
};

// Thread-safe.
struct FollowUpStore {
  FollowUpStore(crypto::Keyring& keyring, IdGenerator& ids);

  // In force on this replica; null before the first Follow.
  std::shared_ptr<const FollowUpRules> Get() const { return rules.Current().value; }

  const record::Table table;
  record::Followed<FollowUpRules> rules;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_FOLLOW_UP_STORE_H_
