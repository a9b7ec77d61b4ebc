// ProductService: the product list and the names that are not in it (CUS-40).
#ifndef CRM_SERVICES_CUSTOMER_PRODUCT_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_PRODUCT_HANDLERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/product_service.pb.h"
#include "services/customer/activity_archive.h"
#include "services/customer/product_changes.h"

namespace crm::customer {

class ProductHandlers {
 public:
  explicit ProductHandlers(ActivityArchive& activity)
      : activity_(activity), changes_(activity.archive.ids, activity.products) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Product> Create(CallContext& call, const v1::CreateProductRequest& request);
  absl::StatusOr<v1::Product> Get(CallContext& call, const v1::GetProductRequest& request);
  absl::StatusOr<v1::ListProductsResponse> List(CallContext& call,
                                                const v1::ListProductsRequest& request);
  absl::StatusOr<v1::Product> Update(CallContext& call, const v1::UpdateProductRequest& request);
  absl::StatusOr<v1::Product> Retire(CallContext& call, const v1::RetireProductRequest& request);
  absl::StatusOr<v1::ListUnmappedProductsResponse> ListUnmapped(
      CallContext& call, const v1::ListUnmappedProductsRequest& request);
  absl::StatusOr<v1::MapProductNameResponse> MapName(CallContext& call,
                                                     const v1::MapProductNameRequest& request);

  absl::Status CheckComplements(db::Connection& db, const v1::Product& product) const;
  // Those that mean nothing yet; ALREADY_EXISTS if one means another product.
  absl::StatusOr<std::vector<std::string>> FreshNames(db::Connection& db,
                                                      const v1::Product& product) const;

  ActivityArchive& activity_;
  const ProductChanges changes_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PRODUCT_HANDLERS_H_
