// The band of a head count, as spreadsheets write head counts: a number or a range (CUS-28). Pure.
//
//   ParseScale("1,200人")    → SCALE_500_TO_2000
//   ParseScale("约 120 员工") → SCALE_UNDER_500
//   ParseScale("100-499人")  → SCALE_UNDER_500
//   ParseScale("3000人以上")  → SCALE_OVER_2000
//   ParseScale("100-999人")  → nothing: it lies in two bands
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_SCALE_BAND_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_SCALE_BAND_H_

#include <optional>
#include <string_view>

#include "crm/customer/v1/customer.pb.h"

namespace crm::customer::import {

// Nothing if it is no head count, or not in one band.
std::optional<v1::Scale> ParseScale(std::string_view text);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_SCALE_BAND_H_
