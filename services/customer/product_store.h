// Products, what their names mean, and names that mean none: tables product, product_name and
// unmapped_product. Thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_PRODUCT_STORE_H_
#define CRM_SERVICES_CUSTOMER_PRODUCT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/product.pb.h"

namespace crm::customer {

inline constexpr std::string_view kProductType = "crm.customer.v1.Product";

struct StoredProduct {
  resource::RowKey key;
  v1::Product message;
};

// What a folded name means.
struct ProductMeaning {
  std::string code;
  bool own = false;  // code or name of the product itself, not a mapping made by hand
};

class ProductStore {
 public:
  ProductStore(crypto::Keyring& keyring, IdGenerator& ids);

  const resource::ResourceTable& table() const { return table_; }
  const resource::ResourceTable& unmapped_table() const { return unmapped_table_; }

  // NOT_FOUND if there is none.
  absl::StatusOr<StoredProduct> Get(db::Connection& db, std::string_view code) const;
  // Those that exist, in no particular order.
  absl::StatusOr<std::vector<StoredProduct>> GetMany(db::Connection& db,
                                                     absl::Span<const std::string> codes) const;
  absl::StatusOr<std::vector<StoredProduct>> GetByIds(db::Connection& db,
                                                      absl::Span<const int64_t> ids) const;
  // Which of these codes exist.
  absl::StatusOr<std::vector<std::string>> Existing(db::Connection& db,
                                                    absl::Span<const std::string> codes) const;

  // What names mean, by FoldProductName; names without a meaning are absent.
  using Meanings = absl::flat_hash_map<std::string, ProductMeaning>;
  absl::StatusOr<Meanings> Resolve(db::Connection& db, absl::Span<const std::string> folded) const;

  // Makes folded names mean a product. `fresh`: a name that means something fails the commit with
  // DUPLICATE_KEY on product_name.
  void AddOwnNames(db::WriteSet& writes, absl::Span<const std::string> fresh,
                   std::string_view code) const;
  void MapName(db::WriteSet& writes, std::string_view folded, std::string_view code) const;

  // Counts a name that means no product.
  void NoteUnmapped(db::WriteSet& writes, std::string_view name, std::string_view source,
                    absl::Time now) const;

 private:
  template <typename Key>
  absl::StatusOr<std::vector<StoredProduct>> ReadIn(db::Connection& db, std::string_view name,
                                                    std::string_view column,
                                                    absl::Span<const Key> keys) const;

  IdGenerator& ids_;
  resource::ResourceTable table_;
  resource::ResourceTable unmapped_table_;
  db::InsertSpec note_unmapped_;
  const std::string select_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PRODUCT_STORE_H_
