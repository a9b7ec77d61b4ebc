// InteractionService (CUS-18).
#ifndef CRM_SERVICES_CUSTOMER_INTERACTION_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_INTERACTION_HANDLERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/interaction_service.pb.h"
#include "services/customer/activity_archive.h"
#include "services/customer/interaction_recorder.h"

namespace crm::customer {

class InteractionHandlers {
 public:
  explicit InteractionHandlers(ActivityArchive& activity)
      : activity_(activity), recorder_(activity) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Interaction> Record(CallContext& call,
                                         const v1::RecordInteractionRequest& request);
  absl::StatusOr<v1::RecordInteractionsResponse> RecordMany(
      CallContext& call, const v1::RecordInteractionsRequest& request);
  absl::StatusOr<v1::Interaction> Get(CallContext& call, const v1::GetInteractionRequest& request);
  absl::StatusOr<v1::Interaction> Update(CallContext& call,
                                         const v1::UpdateInteractionRequest& request);
  absl::StatusOr<v1::ListInteractionsResponse> List(CallContext& call,
                                                    const v1::ListInteractionsRequest& request);

  absl::StatusOr<InteractionStore::Stored> Find(CallContext& call, const std::string& number) const;

  ActivityArchive& activity_;
  const InteractionRecorder recorder_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INTERACTION_HANDLERS_H_
