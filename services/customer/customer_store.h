// Reads customers; the SQL of the table `customer`.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_STORE_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "common/auth/row_scope.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {

inline constexpr std::string_view kCustomerType = "crm.customer.v1.Customer";

struct StoredCustomer {
  resource::RowKey key;
  v1::Customer message;
};

// Thread-safe. Scope is part of every statement: a customer outside it does not exist.
class CustomerStore {
 public:
  explicit CustomerStore(crypto::Keyring& keyring);

  const resource::ResourceTable& table() const { return table_; }

  // NOT_FOUND if there is none in scope.
  absl::StatusOr<StoredCustomer> Get(db::Connection& db, std::string_view number,
                                     const auth::RowScope& scope) const;
  // Those that exist in scope, in no particular order; any number of numbers.
  absl::StatusOr<std::vector<StoredCustomer>> GetMany(db::Connection& db,
                                                      absl::Span<const std::string> numbers,
                                                      const auth::RowScope& scope) const;
  // Where to read a customer to.
  struct Place {
    v1::Customer* message = nullptr;
    resource::RowKey key = {};  // of nothing until it is read

    bool found() const { return key.id != 0; }
  };
  // The same without a copy: which place a customer is read to is asked when its row is there; null
  // skips it. At most db::kMaxInSize numbers. Stops at the first error.
  absl::Status ReadMany(db::Connection& db, absl::Span<const std::string_view> numbers,
                        const auth::RowScope& scope,
                        absl::FunctionRef<Place*(std::string_view number)> place_of) const;
  absl::StatusOr<std::vector<StoredCustomer>> GetByIds(db::Connection& db,
                                                       absl::Span<const int64_t> ids,
                                                       const auth::RowScope& scope) const;
  // By the keyed hash of the last four digits of the phone.
  absl::StatusOr<std::vector<StoredCustomer>> GetByPhoneTail(db::Connection& db,
                                                             std::string_view digits,
                                                             const auth::RowScope& scope,
                                                             int limit) const;

  // People whose birthday, in whatever year, is that day, in the order of their ids, from the first
  // one after `after`. With others whose birthday ends in the same digits.
  absl::StatusOr<std::vector<StoredCustomer>> BornOn(db::Connection& db, absl::CivilDay day,
                                                     int64_t after, int limit) const;

  struct ReadableRows {
    std::vector<StoredCustomer> customers;
    int64_t last_id = 0;  // of all that were looked at; 0 = there were none
  };
  // The first `limit` after `after`, from their columns. Without rows that cannot be read: whoever
  // asks for one is told.
  absl::StatusOr<ReadableRows> ReadableAfter(db::Connection& db, int64_t after, int limit) const;

  // Fails the write set with WRITE_CONFLICT if somebody changes the customer meanwhile.
  static void ExpectUnchanged(db::WriteSet& writes, const StoredCustomer& customer);

  // What a customer is read from; see Reader.
  const std::string& columns() const { return columns_; }
  static constexpr int kColumnCount = resource::ResourceTable::kPackedColumnCount;

  // Reads rows whose columns are columns(), found with `scope`, which outlives it. Those that have
  // no packed copy of their version are read by Finish in a statement of its own: what they are by
  // then counts.
  class Reader {
   public:
    Reader(const CustomerStore& store, const auth::RowScope& scope)
        : store_(store), scope_(scope) {}
    // Both stay where they are until Finish. `message` is empty.
    absl::Status Read(const db::Rows& row, resource::RowKey& key, v1::Customer& message);
    // Leaves the key of a row that is no longer there, or no longer in scope, without an id.
    absl::Status Finish(db::Connection& db);

   private:
    struct Unread {
      resource::RowKey* key;
      v1::Customer* message;
    };
    absl::Status ReadColumns(db::Connection& db, absl::Span<const db::Value> ids);

    const CustomerStore& store_;
    const auth::RowScope& scope_;
    std::unordered_multimap<int64_t, Unread> unread_;  // by id
  };

 private:
  absl::StatusOr<std::vector<StoredCustomer>> ReadAll(db::Connection& db, db::Rows rows,
                                                      const auth::RowScope& scope) const;
  absl::StatusOr<db::Rows> SelectPart(db::Connection& db, std::string_view name,
                                      std::string_view columns, std::string_view key,
                                      absl::Span<const db::Value> keys,
                                      const auth::RowScope& scope) const;
  absl::StatusOr<std::vector<StoredCustomer>> SelectIn(db::Connection& db, std::string_view name,
                                                       std::string_view column,
                                                       absl::Span<const db::Value> keys,
                                                       const auth::RowScope& scope) const;

  resource::ResourceTable table_;
  const std::string columns_;
  const std::string all_columns_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_STORE_H_
