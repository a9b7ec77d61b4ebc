// Writes products: the row, its names, history and event, all into one write set. Every way in
// (API, import) goes through here.
#ifndef CRM_SERVICES_CUSTOMER_PRODUCT_CHANGES_H_
#define CRM_SERVICES_CUSTOMER_PRODUCT_CHANGES_H_

#include <string>

#include "absl/types/span.h"
#include "common/base/ids.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/customer/v1/product.pb.h"
#include "services/customer/product_store.h"

namespace crm::customer {

// Thread-safe.
class ProductChanges {
 public:
  // Both outlive it.
  ProductChanges(IdGenerator& ids, const ProductStore& store) : ids_(ids), store_(store) {}

  // A product that meets CheckProduct and whose names mean nothing yet; one that does by then fails
  // the commit with DUPLICATE_KEY.
  StoredProduct Create(db::WriteSet& writes, v1::Product product,
                       const resource::ChangeSource& source) const;

  // Writes what differs; nothing if nothing does. `fresh`: its names that mean nothing yet.
  // Somebody else's change meanwhile fails the commit with WRITE_CONFLICT.
  StoredProduct Change(db::WriteSet& writes, const StoredProduct& before, v1::Product after,
                       absl::Span<const std::string> fresh, resource::ChangeSource source) const;

 private:
  IdGenerator& ids_;
  const ProductStore& store_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PRODUCT_CHANGES_H_
