// Rules of products and their names (CUS-40). Pure.
#ifndef CRM_SERVICES_CUSTOMER_PRODUCT_RULES_H_
#define CRM_SERVICES_CUSTOMER_PRODUCT_RULES_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/schema/validate.h"
#include "crm/customer/v1/product.pb.h"

namespace crm::customer {

// The rule under which a mapped product name is reported as cleaned.
inline constexpr char kProductNameMapped[] = "PRODUCT_NAME_MAPPED";

// The form in which product names are compared: without white space, case and width. `GTXPro`,
// `gtx pro` and `ＧＴＸ Pro` are one name.
std::string FoldProductName(std::string_view name);

// The folded texts that mean this product by themselves: code and names, each once.
std::vector<std::string> OwnNames(const v1::Product& product);

// What is wrong with a product beyond its declarations.
std::vector<schema::Violation> CheckProduct(const v1::Product& product);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PRODUCT_RULES_H_
