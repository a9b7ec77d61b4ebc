// The SQL of what the pipeline tells about itself (SAL-14, SAL-16, SAL-17): sums, or an index
// alone.
#ifndef CRM_SERVICES_SALES_INSIGHT_STORE_H_
#define CRM_SERVICES_SALES_INSIGHT_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/sales/v1/insight.pb.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "services/sales/closed_sums.h"

namespace crm::sales {

// Stays of one length that ended in one month.
struct DwellCell {
  int month = 0;  // 202603
  std::string stage;
  int64_t days = 0;
  int64_t stays = 0;
  int64_t seconds = 0;  // of all of them
};

// By month, stage, days.
absl::StatusOr<std::vector<DwellCell>> ReadDwell(db::Connection& db,
                                                 const v1::GetBottlenecksRequest& request,
                                                 const auth::RowScope& scope);

// Open opportunities of one stage.
struct OpenStage {
  std::string stage;
  int64_t opportunities = 0;
  int64_t stuck = 0;         // longer than the stage's limit
  int64_t stuck_amount = 0;  // 1/100 CNY
};

// `today`: of the business zone, `zone`.
absl::StatusOr<std::vector<OpenStage>> ReadOpenStages(db::Connection& db,
                                                      const v1::GetBottlenecksRequest& request,
                                                      const v1::Pipeline& pipeline,
                                                      absl::CivilDay today, absl::TimeZone zone,
                                                      const auth::RowScope& scope);

// Closed opportunities that came equally far.
struct Outcome {
  std::string furthest_stage;
  std::string source_channel;
  v1::StageKind kind = v1::STAGE_KIND_UNSPECIFIED;
  int64_t opportunities = 0;
};

// Closed in `period`.
absl::StatusOr<std::vector<Outcome>> ReadOutcomes(db::Connection& db, const std::string& pipeline,
                                                  const ClosedPeriod& period,
                                                  const auth::RowScope& scope);

// An open opportunity, as far as its rank depends on it.
struct Candidate {
  int64_t id = 0;
  std::string number;
  std::string name;
  std::string customer;
  std::string owner;
  std::string pipeline;
  std::string stage;
  int64_t amount = 0;  // 1/100 CNY
  int probability = 0;
  int64_t weighted = 0;  // amount × probability
  absl::Time stage_enter_time;
  std::string expected_close_date;  // empty = unknown
  crm::customer::v1::Tier tier = crm::customer::v1::TIER_UNSPECIFIED;
};

// Where a page of candidates begins: after this one.
struct CandidateMark {
  int64_t weighted = 0;
  int64_t id = 0;
};

// The next ones by weighted amount, highest first, newest first among equals. `after`: null for the
// first page.
absl::StatusOr<std::vector<Candidate>> ReadCandidates(db::Connection& db,
                                                      const v1::ListPrioritiesRequest& request,
                                                      const CandidateMark* after, int count,
                                                      const auth::RowScope& scope);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_INSIGHT_STORE_H_
