// Applies follow-up rules (SAL-10): to new opportunities, and to lists on request. Each step of a
// rule makes one reminder of an opportunity, whatever is applied how often and by whom.
#ifndef CRM_SERVICES_SALES_FOLLOW_UP_RUNNER_H_
#define CRM_SERVICES_SALES_FOLLOW_UP_RUNNER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/filter/compile_options.h"
#include "common/filter/fragment.h"
#include "services/sales/due_work.h"
#include "services/sales/sales.h"
#include "services/sales/timers.h"

namespace crm::sales {

// Thread-safe but for OnNew, which belongs to one thread.
class FollowUpRunner {
 public:
  // `sales` outlives it.
  explicit FollowUpRunner(Sales& sales) : sales_(sales) {}

  // Of timers of kind kNewOpportunity. A rule whose filter has become invalid is left out.
  absl::Status OnNew(db::Connection& db, const std::vector<Timer>& timers, absl::Time now,
                     std::vector<DueWork>& work);

  // The opportunities that a rule is for: open ones that its filter matches. Errors of filter.h.
  absl::StatusOr<filter::Fragment> ConditionOf(const v1::FollowUpRule& rule,
                                               const filter::CompileOptions& options) const;
  filter::CompileOptions OptionsAt(absl::Time now) const;

  // Days of the steps that an opportunity has had.
  using Steps = std::set<int>;
  absl::StatusOr<std::map<int64_t, Steps>> StepsDone(db::Connection& db, const StoredRule& rule,
                                                     absl::Span<const int64_t> opportunities) const;
  // Makes the reminders of the other steps, counted from `base`; gives how many.
  absl::StatusOr<int> Remind(db::WriteSet& writes, const StoredRule& rule,
                             const StoredOpportunity& opportunity, const Steps& done,
                             absl::Time base, const resource::ChangeSource& source);

 private:
  absl::StatusOr<std::vector<int64_t>> Matching(db::Connection& db, const v1::FollowUpRule& rule,
                                                absl::Span<const int64_t> ids,
                                                absl::Time now) const;

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_FOLLOW_UP_RUNNER_H_
