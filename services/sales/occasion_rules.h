// When an open opportunity is reminded of by itself (SAL-10). Pure.
//
// An occasion is a state that an opportunity came into at some time: quiet since then, past its
// close date, in its stage since then. It is due when that has lasted too long, and is reminded of
// once.
#ifndef CRM_SERVICES_SALES_OCCASION_RULES_H_
#define CRM_SERVICES_SALES_OCCASION_RULES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "crm/sales/v1/reminder.pb.h"
#include "crm/sales/v1/settings.pb.h"

namespace crm::sales {

struct Occasion {
  v1::ReminderSource source = v1::REMINDER_SOURCE_UNSPECIFIED;
  absl::Time since;
  absl::Time due;
};

struct OccasionTerms {
  const v1::SalesSettings& settings;
  const v1::Pipeline& pipeline;
  absl::TimeZone zone;
};

// None of a closed opportunity. `last_activity`: its last change, or later.
std::vector<Occasion> OccasionsOf(const v1::Opportunity& opportunity, absl::Time last_activity,
                                  const OccasionTerms& terms);

// What the reminder says.
std::string TextOf(const Occasion& occasion, const v1::Opportunity& opportunity,
                   const OccasionTerms& terms);

// When to look at an opportunity that has changed, if not when it would have been looked at anyway.
//
// Before the change a timer was set for the first of the occasions that had not been due: one that
// moves to a later time needs nothing, because that timer then finds out. So moves, which make an
// opportunity's occasions later, mostly write no timer.
std::optional<absl::Time> NewCheck(const std::vector<Occasion>& before,
                                   const std::vector<Occasion>& after, absl::Time now);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_OCCASION_RULES_H_
