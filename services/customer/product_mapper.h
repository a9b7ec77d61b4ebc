// Turns the product names and codes of records into codes: one read for any number of records.
//
//   ProductMapper products(store);
//   products.Want(name);
//   CRM_RETURN_IF_ERROR(products.Load(db));
//   std::string code = products.CodeOf(name);  // empty: unknown
//
// Not thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_PRODUCT_MAPPER_H_
#define CRM_SERVICES_CUSTOMER_PRODUCT_MAPPER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/customer/product_store.h"

namespace crm::customer {

class ProductMapper {
 public:
  explicit ProductMapper(const ProductStore& store) : store_(store) {}

  void Want(std::string_view name);
  absl::Status Load(db::Connection& db);
  // The code of the product that a wanted name means; empty if it means none.
  std::string CodeOf(std::string_view name) const;

 private:
  const ProductStore& store_;
  std::vector<std::string> wanted_;
  ProductStore::Meanings meanings_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PRODUCT_MAPPER_H_
