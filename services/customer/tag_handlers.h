// Tags of customers (CUS-8): adding and removing are set operations, so concurrent ones commute.
#ifndef CRM_SERVICES_CUSTOMER_TAG_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_TAG_HANDLERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "services/customer/archive.h"
#include "services/customer/tag_changes.h"

namespace crm::customer {

class TagHandlers {
 public:
  explicit TagHandlers(Archive& archive) : archive_(archive), changes_(archive.changes) {}

  // Methods of CustomerService.
  void Register(server::MethodTable& table);

 private:
  absl::StatusOr<v1::Customer> Add(server::CallContext& call,
                                   const v1::ChangeCustomerTagsRequest& request);
  absl::StatusOr<v1::Customer> Remove(server::CallContext& call,
                                      const v1::ChangeCustomerTagsRequest& request);
  absl::StatusOr<v1::ListCustomerTagsResponse> List(server::CallContext& call,
                                                    const v1::ListCustomerTagsRequest& request);

  Archive& archive_;
  const TagChanges changes_;
};

// Tags as stored: a term of the managed list `tag`, by code or label in either language, as its
// Chinese label, under which filters find it; free tags cleaned.
std::vector<std::string> ResolveTags(const ManagedLists& lists,
                                     absl::Span<const std::string* const> tags);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_TAG_HANDLERS_H_
