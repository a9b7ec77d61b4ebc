// The SQL of the reports (SAL-12, SAL-13, SAL-15).
#ifndef CRM_SERVICES_SALES_REPORT_STORE_H_
#define CRM_SERVICES_SALES_REPORT_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "crm/sales/v1/report_service.pb.h"
#include "services/sales/closed_sums.h"

namespace crm::sales {

// "2026-03" → 202603; `otherwise` for nothing.
int MonthNumber(const std::string& month, int otherwise);

// Opportunities of a lead month that are in one stage and have been in another one at most.
struct FunnelCell {
  int month = 0;  // 202603
  std::string stage;
  std::string furthest_stage;
  int64_t opportunities = 0;
  int64_t amount = 0;    // 1/100 CNY
  int64_t weighted = 0;  // 1/10000 CNY
};

// By month.
absl::StatusOr<std::vector<FunnelCell>> ReadFunnelCells(db::Connection& db,
                                                        const v1::GetFunnelRequest& request,
                                                        const auth::RowScope& scope);

// Of a forecast that is not a snapshot's.
inline constexpr int kNow = 0;

// By period, then group. Amounts as text, rounded half up. `day`: the snapshot to read, 20260320;
// kNow: the sums of now.
absl::StatusOr<std::vector<v1::ForecastLine>> ReadForecast(db::Connection& db,
                                                           const v1::GetForecastRequest& request,
                                                           int day, const auth::RowScope& scope);

// Closed opportunities of one group and kind.
struct ClosedSum {
  std::string group;
  v1::StageKind kind = v1::STAGE_KIND_UNSPECIFIED;
  int64_t opportunities = 0;
  int64_t amount = 0;         // 1/100 CNY
  int64_t cycles = 0;         // those whose lead time is known
  int64_t cycle_seconds = 0;  // sum of their times from lead to closing
};

// Closed in `period`; by group, by owner where the group is the manager, reasons as numbers. By
// competitor, an opportunity counts with each that took part.
absl::StatusOr<std::vector<ClosedSum>> ReadClosed(db::Connection& db,
                                                  const v1::GetWinLossRequest& request,
                                                  const ClosedPeriod& period,
                                                  const auth::RowScope& scope);

// Leads of one group of which it is known whether they were followed up.
struct LeadSum {
  std::string group;
  int64_t leads = 0;
  int64_t followed_up = 0;
  int64_t follow_up_seconds = 0;  // of those that were, from the lead
};

// By group, by owner where the group is the manager.
absl::StatusOr<std::vector<LeadSum>> ReadLeads(db::Connection& db,
                                               const v1::GetLeadFollowUpRequest& request,
                                               const auth::RowScope& scope);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_STORE_H_
