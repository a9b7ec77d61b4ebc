#include "common/server/call_context.h"

#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::server {

absl::StatusOr<db::Connection*> CallContext::Db() {
  if (pool_ == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_DATABASE",
                 "the server has no database");
  }
  if (!lease_.has_value()) {
    CRM_ASSIGN_OR_RETURN(lease_, pool_->Acquire(info_.deadline));
  }
  return &**lease_;
}

void CallContext::StartNextAttempt() {
  ++info_.attempt;
  writes_ = db::WriteSet();
  after_commit_.clear();
  ReleaseDb();
}

void CallContext::RunAfterCommit() {
  for (const auto& action : after_commit_) action();
  after_commit_.clear();
}

}  // namespace crm::server
