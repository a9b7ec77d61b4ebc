// What to work on first (SAL-17). Pure.
//
// Score = amount × probability × urgency. Urgency = 100 % and what tier, time in the stage and
// expected close date add, at most 100 %; the parts are in crm.sales.v1.UrgencyCause.
#ifndef CRM_SERVICES_SALES_PRIORITY_RULES_H_
#define CRM_SERVICES_SALES_PRIORITY_RULES_H_

#include <cstdint>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/schema/language.h"
#include "crm/sales/v1/insight.pb.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "services/sales/insight_store.h"

namespace crm::sales {

inline constexpr int kMaxUrgencyPercent = 200;

struct Urgent {
  Candidate candidate;
  std::vector<v1::Urgency> parts;
  int percent = 100;
  int64_t score = 0;  // 1/1 000 000 CNY
};

// `stage`: of the candidate; null if its pipeline no longer has it.
Urgent Judge(Candidate candidate, const v1::Stage* stage, absl::CivilDay today, absl::TimeZone zone,
             schema::Language language);

// Whether `a` stands before `b`.
bool StandsBefore(const Urgent& a, const Urgent& b);

// Nothing whose weighted amount is not above this one's can stand before it.
bool CannotBeOvertaken(const Urgent& urgent, int64_t weighted);

v1::Priority ToPriority(const Urgent& urgent, int rank, schema::Language language);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_PRIORITY_RULES_H_
