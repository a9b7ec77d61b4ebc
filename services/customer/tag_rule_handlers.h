// TagRuleService (CUS-8).
#ifndef CRM_SERVICES_CUSTOMER_TAG_RULE_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_TAG_RULE_HANDLERS_H_

#include <functional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/numbering/number_allocator.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/tag_rule_service.pb.h"
#include "google/protobuf/empty.pb.h"
#include "services/customer/archive.h"
#include "services/customer/tag_rule_store.h"

namespace crm::customer {

class TagRuleHandlers {
 public:
  // `numbers` gives rule numbers; `run_soon` wakes the job that runs rules.
  TagRuleHandlers(Archive& archive, const TagRuleStore& store, numbering::NumberAllocator& numbers,
                  std::function<void()> run_soon)
      : archive_(archive), store_(store), numbers_(numbers), run_soon_(std::move(run_soon)) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::TagRule> Create(CallContext& call, const v1::CreateTagRuleRequest& request);
  absl::StatusOr<v1::TagRule> Get(CallContext& call, const v1::GetTagRuleRequest& request);
  absl::StatusOr<v1::ListTagRulesResponse> List(CallContext& call,
                                                const v1::ListTagRulesRequest& request);
  absl::StatusOr<v1::TagRule> Update(CallContext& call, const v1::UpdateTagRuleRequest& request);
  absl::StatusOr<google::protobuf::Empty> Delete(CallContext& call,
                                                 const v1::DeleteTagRuleRequest& request);
  absl::StatusOr<v1::RunTagRulesResponse> RunRules(CallContext& call,
                                                   const v1::RunTagRulesRequest& request);

  absl::Status RefuseSecondRule(db::Connection& db, const std::string& tag) const;
  absl::Status CheckFilter(const CallContext& call, const v1::TagRule& rule) const;
  // Asks for a run after anything that ran until now.
  static void RequestRun(const CallContext& call, v1::TagRule& rule);
  v1::TagRule Save(CallContext& call, const StoredTagRule& before, v1::TagRule after,
                   std::string_view event_type) const;
  void RunAfterCommit(CallContext& call) const;

  Archive& archive_;
  const TagRuleStore& store_;
  numbering::NumberAllocator& numbers_;
  const std::function<void()> run_soon_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_TAG_RULE_HANDLERS_H_
