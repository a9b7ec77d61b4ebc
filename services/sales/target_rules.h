// Targets and their attainment (SAL-19). Pure.
#ifndef CRM_SERVICES_SALES_TARGET_RULES_H_
#define CRM_SERVICES_SALES_TARGET_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "crm/sales/v1/target.pb.h"

namespace crm::sales {

// Months of a period, as numbers: 202603.
struct Months {
  int first = 0;
  int last = 0;
};

// Of `2026-03`, `2026-Q1` or `2026`, which has the form that the proto asks for.
Months MonthsOf(const std::string& period);

// The forecast of one owner and team. Amounts in 1/100 CNY, but for `weighted`: 1/10000.
struct Prospect {
  std::string owner;
  std::string team;
  int64_t expected = 0;
  int64_t weighted = 0;
  int64_t committed = 0;
  int64_t closed = 0;
};

// `members`: the person, or the team and all below it. `name`: of the person or team.
v1::Attainment Attain(const v1::Target& target, const std::vector<std::string>& members,
                      const std::vector<Prospect>& prospects, std::string name);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TARGET_RULES_H_
