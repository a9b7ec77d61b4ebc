// What the handlers of the sales service share. Built once by the composition root.
#ifndef CRM_SERVICES_SALES_SALES_H_
#define CRM_SERVICES_SALES_SALES_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/numbering/current_numbers.h"
#include "common/record/scoped_rows.h"
#include "common/record/table.h"
#include "common/replica/replica.h"
#include "common/runtime/service_runtime.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "services/sales/pipelines.h"
#include "services/sales/stage_history.h"

namespace crm::sales {

using StoredOpportunity = record::Stored<v1::Opportunity>;

inline constexpr char kNumberPattern[] = "SO{yyyyMM}{seq:3}";

struct Sales {
  // `runtime` outlives it.
  Sales(runtime::ServiceRuntime& runtime, numbering::NumberPattern pattern);

  // NOT_FOUND if there is none in the caller's scope.
  absl::StatusOr<StoredOpportunity> Get(server::CallContext& call, const std::string& number) const;

  // The one it goes through; the default one if that is gone.
  const v1::Pipeline& PipelineOf(const Pipelines& all, const v1::Opportunity& opportunity) const;

  // Writes what differs, with history, event and report cells.
  StoredOpportunity Change(db::WriteSet& writes, const StoredOpportunity& before,
                           v1::Opportunity after, const resource::ChangeSource& source) const;
  StoredOpportunity Create(db::WriteSet& writes, v1::Opportunity opportunity,
                           const resource::ChangeSource& source) const;

  crypto::Keyring& keyring;
  const absl::TimeZone zone;
  replica::Replica archive;
  numbering::CurrentNumbers numbers;
  const record::Table table;
  const StageHistory history;
  PipelineStore pipelines;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SALES_H_
