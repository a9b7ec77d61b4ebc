// Work in steps, each a transaction's worth: between two of them the service can stop, a lease is
// renewed (exclusive.h), and each is counted as a run.
//
//   runner.Add({.name = "sum"}, Exclusive(pool, clock, {.name = "sum", .holder = process},
//                                         InSteps([&]() -> absl::StatusOr<Progress> {
//                                           CRM_ASSIGN_OR_RETURN(const int rows, SumSome());
//                                           return rows > 0 ? Progress::kMore : Progress::kDone;
//                                         })));
#ifndef CRM_COMMON_JOB_STEPS_H_
#define CRM_COMMON_JOB_STEPS_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/job/periodic.h"

namespace crm::job {

enum class Progress {
  kMore,  // call again
  kDone,
};

using Step = std::function<absl::StatusOr<Progress>()>;
using NextDue = std::function<absl::StatusOr<absl::Time>()>;

// The next step follows at once while there is more; then `next_due` tells when, without it the
// job's interval.
JobBody InSteps(Step step, NextDue next_due = nullptr);

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_STEPS_H_
