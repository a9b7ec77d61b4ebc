// Import of customers (CUS-27 to CUS-32).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_IMPORT_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_IMPORT_H_

#include <memory>
#include <string>
#include <string_view>

#include "services/customer/archive.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/product_store.h"

namespace crm::customer::import {

class CustomerImport : public ImportKind {
 public:
  CustomerImport(Archive& archive, const ProductStore& products, const CustomerOwners& owners)
      : archive_(archive), products_(products), owners_(owners) {}

  const FieldCatalog& catalog() const override;
  std::string CustomFieldOf(std::string_view header) const override;
  absl::Status CheckSpec(const v1::ImportSpec& spec) const override;
  absl::StatusOr<std::unique_ptr<ImportRun>> Open(const ImportContext& context,
                                                  const ColumnPlan& plan) const override;

 private:
  Archive& archive_;
  const ProductStore& products_;
  const CustomerOwners& owners_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_IMPORT_H_
