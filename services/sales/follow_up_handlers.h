// FollowUpService: follow-up rules and their application to lists (SAL-10).
#ifndef CRM_SERVICES_SALES_FOLLOW_UP_HANDLERS_H_
#define CRM_SERVICES_SALES_FOLLOW_UP_HANDLERS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/follow_up_service.pb.h"
#include "services/sales/follow_up_runner.h"
#include "services/sales/sales.h"

namespace crm::sales {

class FollowUpHandlers {
 public:
  // `sales` outlives it.
  explicit FollowUpHandlers(Sales& sales)
      : sales_(sales), store_(sales.follow_ups), runner_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::FollowUpRule> Create(CallContext& call,
                                          const v1::CreateFollowUpRuleRequest& request);
  absl::StatusOr<v1::FollowUpRule> Get(CallContext& call,
                                       const v1::GetFollowUpRuleRequest& request);
  absl::StatusOr<v1::ListFollowUpRulesResponse> List(CallContext& call,
                                                     const v1::ListFollowUpRulesRequest& request);
  absl::StatusOr<v1::FollowUpRule> Update(CallContext& call,
                                          const v1::UpdateFollowUpRuleRequest& request);
  absl::StatusOr<v1::ApplyFollowUpRuleResponse> Apply(CallContext& call,
                                                      const v1::ApplyFollowUpRuleRequest& request);

  // What is wrong with a rule as it shall be.
  absl::Status Check(const CallContext& call, const v1::FollowUpRule& rule) const;
  // Those of the list that the rule is for and that lack steps.
  absl::StatusOr<filter::Fragment> ToApply(CallContext& call, const StoredRule& rule,
                                           const v1::ApplyFollowUpRuleRequest& request) const;
  // One more of them than a call takes.
  absl::StatusOr<std::vector<StoredOpportunity>> ReadSome(db::Connection& db,
                                                          const filter::Fragment& where) const;

  Sales& sales_;
  FollowUpStore& store_;
  FollowUpRunner runner_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_FOLLOW_UP_HANDLERS_H_
