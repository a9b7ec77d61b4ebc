// Whose the rows of a file are: joins them to customers by number, identity or name.
//
//   CustomerJoin join(archive, scope);
//   join.Want(row.who);                                  // of every row
//   CRM_RETURN_IF_ERROR(join.Load(db));                  // a few statements for the batch
//   const CustomerJoin::Answer answer = join.Of(row.who);
//
// Not thread-safe: lives as long as one batch.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_JOIN_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_JOIN_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/archive.h"
#include "services/customer/import/row_reader.h"

namespace crm::customer::import {

// A row that belongs to a customer.
struct JoinedRow : MessageRow {
  v1::Customer who;  // what the row says about its customer: number, identities, full name
};

// The columns that say whose a row is; see ImportKind in import.proto.
std::vector<ExtraField> JoinColumns();
// Their names: one of them a file must have.
std::vector<std::string_view> JoinNames();

class CustomerJoin {
 public:
  // `archive` outlives the join.
  CustomerJoin(const Archive& archive, auth::RowScope scope)
      : archive_(archive), scope_(std::move(scope)) {}

  void Want(const v1::Customer& who);
  absl::Status Load(db::Connection& db);

  // The number of the customer, or why there is none. Whether an identity's customer is in scope
  // shows when the customer is read.
  struct Answer {
    std::string number;
    std::string_view field;  // of the breach
    std::optional<schema::Breach> breach;
  };
  Answer Of(const v1::Customer& who) const;

 private:
  absl::Status LoadNumbers(db::Connection& db);
  absl::Status LoadNames(db::Connection& db);
  std::vector<std::string> Candidates(const v1::Customer& who) const;

  const Archive& archive_;
  const auth::RowScope scope_;
  std::vector<const v1::Customer*> wanted_;
  absl::flat_hash_set<std::string> numbers_;                                   // that exist
  absl::flat_hash_map<std::pair<int, std::string>, std::string> by_identity_;  // → number
  absl::flat_hash_map<std::string, std::vector<std::string>> by_name_;         // folded → numbers
};

// A customer that is not there, or not in scope.
const schema::Breach& CustomerUnknown();
// The column by which the row names its customer, the strongest one.
std::string_view FieldOfWho(const v1::Customer& who);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_JOIN_H_
