#include "services/sales/sales.h"

#include "common/base/status_macros.h"
#include "services/sales/report_cells.h"

namespace crm::sales {
namespace {

// What a process leaves unused when it ends: the numbers of a month have three digits.
constexpr int64_t kNumbersAtHand = 50;

}  // namespace

Sales::Sales(runtime::ServiceRuntime& runtime, numbering::NumberPattern pattern)
    : keyring(runtime.keyring()),
      zone(runtime.zone()),
      archive(runtime),
      numbers({.name = "opportunity",
               .pattern = std::move(pattern),
               .zone = runtime.zone(),
               .block = kNumbersAtHand},
              runtime.pool()),
      table(v1::Opportunity::descriptor(), runtime.keyring(), runtime.ids(), "opportunity"),
      history(runtime.keyring(), runtime.ids()),
      pipelines(runtime.keyring(), runtime.ids()) {}

absl::StatusOr<StoredOpportunity> Sales::Get(server::CallContext& call,
                                             const std::string& number) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  return record::GetByNumber<v1::Opportunity>(*db, table, number, call.scope());
}

const v1::Pipeline& Sales::PipelineOf(const Pipelines& all,
                                      const v1::Opportunity& opportunity) const {
  const StoredPipeline* found = all.Find(opportunity.pipeline());
  return found != nullptr ? found->message : all.Find(kDefaultPipeline)->message;
}

StoredOpportunity Sales::Change(db::WriteSet& writes, const StoredOpportunity& before,
                                v1::Opportunity after, const resource::ChangeSource& source) const {
  StoredOpportunity changed{{}, std::move(after)};
  changed.key = table.Change(writes, before.key, before.message, changed.message, source);
  if (changed.key.version != before.key.version) {
    UpdateReportCells(writes, &before.message, changed.message, zone);
  }
  return changed;
}

StoredOpportunity Sales::Create(db::WriteSet& writes, v1::Opportunity opportunity,
                                const resource::ChangeSource& source) const {
  StoredOpportunity created{{}, std::move(opportunity)};
  created.key = table.Create(writes, created.message, source);
  UpdateReportCells(writes, nullptr, created.message, zone);
  return created;
}

}  // namespace crm::sales
