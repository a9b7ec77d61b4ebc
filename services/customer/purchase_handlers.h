// PurchaseService (CUS-20).
#ifndef CRM_SERVICES_CUSTOMER_PURCHASE_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_PURCHASE_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/purchase_service.pb.h"
#include "services/customer/activity_archive.h"
#include "services/customer/purchase_recorder.h"

namespace crm::customer {

class PurchaseHandlers {
 public:
  explicit PurchaseHandlers(ActivityArchive& activity) : activity_(activity), recorder_(activity) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Purchase> Record(CallContext& call, const v1::RecordPurchaseRequest& request);
  absl::StatusOr<v1::RecordPurchasesResponse> RecordMany(CallContext& call,
                                                         const v1::RecordPurchasesRequest& request);
  absl::StatusOr<v1::Purchase> Get(CallContext& call, const v1::GetPurchaseRequest& request);
  absl::StatusOr<v1::Purchase> Cancel(CallContext& call, const v1::CancelPurchaseRequest& request);
  absl::StatusOr<v1::Purchase> Refund(CallContext& call, const v1::RecordRefundRequest& request);
  absl::StatusOr<v1::ListPurchasesResponse> List(CallContext& call,
                                                 const v1::ListPurchasesRequest& request);

  absl::StatusOr<PurchaseStore::Stored> Find(CallContext& call, const v1::PurchaseName& name) const;

  ActivityArchive& activity_;
  const PurchaseRecorder recorder_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PURCHASE_HANDLERS_H_
