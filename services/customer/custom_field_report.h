// GetFillRates: how well each field of the archive is filled (CUS-9).
#ifndef CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_REPORT_H_
#define CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_REPORT_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/custom_field_service.pb.h"
#include "services/customer/custom_field_store.h"

namespace crm::customer {

class CustomFieldReport {
 public:
  // `store` outlives the report.
  explicit CustomFieldReport(CustomFieldStore& store) : store_(store) {}

  void Register(server::MethodTable& table);

 private:
  absl::StatusOr<v1::GetFillRatesResponse> FillRates(server::CallContext& call,
                                                     const v1::GetFillRatesRequest& request);

  CustomFieldStore& store_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_REPORT_H_
