// Regions by GB/T 2260: provinces, cities of prefecture level, and the counties that lie directly
// under a province (CUS-5).
//
//   MapRegion("深圳"), MapRegion("广东省深圳市")   → 440300
//   MapRegion("Shenzhen, Guangdong")             → 440300
//   MapRegion("北京")                             → 110100, of province 110000
//   MapRegion("广东")                             → 440000, city unknown
//   MapRegion("江苏省昆山市")                      → 320500: county-level cities give their city
//   MapRegion("深圳市南山区科技园")                → 440300: what follows a city is dropped
//   MapRegion("吉林")                             → no code, candidates 220000 and 220200
//   MapRegion("江苏省深圳市")                      → no code, candidates
//
// Tables are immutable: thread-safe. Views live as long as the program.
#ifndef CRM_SERVICES_CUSTOMER_REFERENCE_REGION_H_
#define CRM_SERVICES_CUSTOMER_REFERENCE_REGION_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/customer/reference/name_index.h"

namespace crm::customer::reference {

struct Region {
  std::string_view code;  // six digits
  std::string_view name_zh;
  std::string_view short_zh;  // 广西, 延边
  std::string_view name_en;

  bool is_province() const { return code.ends_with("0000"); }
  // The code of the province it lies in, its own if it is one.
  std::string province_code() const { return std::string(code.substr(0, 2)) + "0000"; }
};

// Free text, Chinese or English, to the code of a province or city.
Mapping MapRegion(std::string_view text);

// nullptr if there is no such code.
const Region* FindRegion(std::string_view code);

// By code: each province followed by its cities.
std::span<const Region> AllRegions();

// Chinese and English names of all regions, long and short, and of county-level cities: what an
// organisation's name may begin with (text::PlaceNames, CUS-16).
std::vector<std::string> RegionPlaceNames();

}  // namespace crm::customer::reference

#endif  // CRM_SERVICES_CUSTOMER_REFERENCE_REGION_H_
