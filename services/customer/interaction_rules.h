// What an interaction must be beyond its declarations (CUS-18, CUS-19). Pure.
#ifndef CRM_SERVICES_CUSTOMER_INTERACTION_RULES_H_
#define CRM_SERVICES_CUSTOMER_INTERACTION_RULES_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "crm/customer/v1/interaction.pb.h"
#include "services/customer/activity_record.h"

namespace crm::customer {

inline constexpr absl::Duration kLateAfter = absl::Hours(24);
// Next action that plans nothing.
inline constexpr char kNoNextAction[] = "none";

// When it was written down: now, or for an import what the file says; if that says nothing, when it
// took place.
absl::Time RecordedAt(const RecordContext& context, const v1::Interaction& interaction);

// Puts a new interaction into its form and fills what follows: codes for labels, the caller for a
// missing member of staff, the follow-up state, `late`. INVALID_ARGUMENT with all violations.
absl::Status NormalizeInteraction(const RecordContext& context, const ManagedLists& lists,
                                  v1::Interaction& interaction);

// The same for what an update left; fields that it did not touch pass.
absl::Status NormalizeInteractionUpdate(const RecordContext& context, const ManagedLists& lists,
                                        v1::Interaction& interaction);

// Whether somebody is to be reminded of a next action.
bool PlansFollowUp(const v1::Interaction& interaction);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INTERACTION_RULES_H_
