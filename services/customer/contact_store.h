// Reads contacts; the SQL of the table `contact`.
#ifndef CRM_SERVICES_CUSTOMER_CONTACT_STORE_H_
#define CRM_SERVICES_CUSTOMER_CONTACT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/auth/row_scope.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/filter/fragment.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/contact.pb.h"

namespace crm::customer {

inline constexpr std::string_view kContactType = "crm.customer.v1.Contact";

struct StoredContact {
  resource::RowKey key;
  int64_t customer_id = 0;
  v1::Contact message;  // with the customer's number and owner
};

// Thread-safe. Every read joins the customer: a contact of a customer outside the scope does not
// exist.
class ContactStore {
 public:
  explicit ContactStore(crypto::Keyring& keyring);

  const resource::ResourceTable& table() const { return table_; }

  // NOT_FOUND if there is none in scope.
  absl::StatusOr<StoredContact> Get(db::Connection& db, std::string_view number,
                                    const auth::RowScope& scope) const;
  // All contacts of a customer whose scope has been checked; oldest first.
  absl::StatusOr<std::vector<StoredContact>> OfCustomer(db::Connection& db,
                                                        int64_t customer_id) const;
  // The same of many customers in scope, by their numbers; in no particular order.
  absl::StatusOr<std::vector<StoredContact>> OfCustomers(db::Connection& db,
                                                         absl::Span<const std::string> numbers,
                                                         const auth::RowScope& scope) const;
  absl::StatusOr<std::vector<StoredContact>> GetByIds(db::Connection& db,
                                                      absl::Span<const int64_t> ids) const;
  absl::StatusOr<std::optional<StoredContact>> PrimaryOf(db::Connection& db,
                                                         int64_t customer_id) const;

  // By contact number: the key of the customer. Contacts that do not exist are absent.
  static absl::StatusOr<absl::flat_hash_map<std::string, int64_t>> CustomersOf(
      db::Connection& db, absl::Span<const std::string> numbers);
  // Those whose phone ends with these 4 or more digits, and those with that email: newest first, at
  // most `limit`.
  absl::StatusOr<std::vector<StoredContact>> WithPhoneTail(db::Connection& db,
                                                           std::string_view digits,
                                                           const auth::RowScope& scope,
                                                           int limit) const;
  absl::StatusOr<std::vector<StoredContact>> WithEmail(db::Connection& db, std::string_view email,
                                                       const auth::RowScope& scope,
                                                       int limit) const;

  // Fails the write set with WRITE_CONFLICT if somebody changes or deletes the contact meanwhile.
  static void ExpectUnchanged(db::WriteSet& writes, const StoredContact& contact);

  // For lists: alias `contact`, joined with `customer`.
  static constexpr std::string_view kAlias = "contact";
  static constexpr std::string_view kFrom =
      "contact JOIN customer ON customer.id = contact.customer_id";
  std::string_view columns() const { return columns_; }
  int column_count() const { return table_.column_count() + 2; }
  static filter::Fragment ScopeOf(const auth::RowScope& scope);
  // The current row of a result whose columns are columns().
  absl::Status Read(const db::Rows& row, StoredContact& contact) const;

 private:
  absl::StatusOr<std::vector<StoredContact>> Select(
      db::Connection& db, std::string_view name, const filter::Fragment& where,
      std::string_view end = "ORDER BY contact.id") const;
  absl::StatusOr<std::vector<StoredContact>> SelectNewest(db::Connection& db, std::string_view name,
                                                          filter::Fragment where,
                                                          const auth::RowScope& scope,
                                                          int limit) const;
  template <typename Key>
  absl::StatusOr<std::vector<StoredContact>> SelectIn(db::Connection& db, std::string_view name,
                                                      std::string_view column,
                                                      absl::Span<const Key> keys,
                                                      const filter::Fragment& more) const;

  resource::ResourceTable table_;
  std::string columns_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CONTACT_STORE_H_
