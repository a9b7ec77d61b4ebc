// InsightService: bottlenecks, calibration, priorities (SAL-14, SAL-16, SAL-17).
#ifndef CRM_SERVICES_SALES_INSIGHT_HANDLERS_H_
#define CRM_SERVICES_SALES_INSIGHT_HANDLERS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/insight.pb.h"
#include "services/sales/calibration_rules.h"
#include "services/sales/priority_rules.h"
#include "services/sales/sales.h"

namespace crm::sales {

class InsightHandlers {
 public:
  // `sales` outlives it.
  explicit InsightHandlers(Sales& sales) : sales_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::GetBottlenecksResponse> Bottlenecks(CallContext& call,
                                                         v1::GetBottlenecksRequest request);
  absl::StatusOr<v1::GetCalibrationResponse> Calibration(CallContext& call,
                                                         const v1::GetCalibrationRequest& request);
  absl::StatusOr<v1::Pipeline> Apply(CallContext& call, const v1::ApplyCalibrationRequest& request);
  absl::StatusOr<v1::ListPrioritiesResponse> Priorities(CallContext& call,
                                                        const v1::ListPrioritiesRequest& request);

  absl::StatusOr<std::vector<v1::CalibrationLine>> Lines(CallContext& call,
                                                         const v1::CalibrationPeriod& period,
                                                         const v1::Pipeline& pipeline,
                                                         const auth::RowScope& scope,
                                                         CalibrationDetail detail) const;
  // The first `count` in order; fewer if there are no more.
  absl::StatusOr<std::vector<Urgent>> MostUrgent(CallContext& call,
                                                 const v1::ListPrioritiesRequest& request,
                                                 size_t count) const;
  Urgent JudgeOne(const CallContext& call, const Pipelines& pipelines, Candidate candidate) const;

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_INSIGHT_HANDLERS_H_
