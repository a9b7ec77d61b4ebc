#include "common/job/steps.h"

#include <utility>

#include "common/base/status_macros.h"

namespace crm::job {

JobBody InSteps(Step step, NextDue next_due) {
  return [step = std::move(step),
          next_due = std::move(next_due)](const std::stop_token&) -> absl::StatusOr<absl::Time> {
    CRM_ASSIGN_OR_RETURN(const Progress progress, step());
    if (progress == Progress::kMore) return absl::InfinitePast();
    if (next_due) return next_due();
    return absl::InfiniteFuture();
  };
}

}  // namespace crm::job
