// What the handlers of the sales service share. Built once by the composition root.
#ifndef CRM_SERVICES_SALES_SALES_H_
#define CRM_SERVICES_SALES_SALES_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/job/periodic.h"
#include "common/numbering/current_numbers.h"
#include "common/record/scoped_rows.h"
#include "common/record/table.h"
#include "common/replica/replica.h"
#include "common/runtime/service_runtime.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "services/sales/follow_up_store.h"
#include "services/sales/occasion_rules.h"
#include "services/sales/pipelines.h"
#include "services/sales/reminders.h"
#include "services/sales/report_journal.h"
#include "services/sales/settings_store.h"
#include "services/sales/stage_history.h"

namespace crm::sales {

using StoredOpportunity = record::Stored<v1::Opportunity>;

inline constexpr char kReadOpportunities[] = "opportunity.read";

// Of all numbers that the service gives out.
struct Patterns {
  numbering::NumberPattern opportunity;
  numbering::NumberPattern reminder;
};

struct Sales {
  // `runtime` outlives it.
  Sales(runtime::ServiceRuntime& service, Patterns patterns);

  // NOT_FOUND if there is none in the caller's scope.
  absl::StatusOr<StoredOpportunity> Get(server::CallContext& call, const std::string& number) const;

  // The one it goes through; the default one if that is gone.
  const v1::Pipeline& PipelineOf(const Pipelines& all, const v1::Opportunity& opportunity) const;

  // What the caller may touch with a permission that the RPC does not declare; nothing: no
  // permission.
  std::optional<auth::RowScope> ScopeFor(const auth::Caller& caller,
                                         std::string_view permission) const;
  ReminderReader ReminderReaderOf(const server::CallContext& call) const;
  // A customer that the caller may open an opportunity on or be reminded of. NOT_FOUND also for
  // somebody else's outside the caller's scope of reading customers; otherwise as CustomerLookup.
  absl::StatusOr<crm::customer::v1::Customer> CustomerFor(server::CallContext& call,
                                                          const std::string& number) const;

  // Writes what a caller changes, and that they followed up if they are the first (SAL-15).
  StoredOpportunity ChangeBy(server::CallContext& call, const StoredOpportunity& before,
                             v1::Opportunity after) const;
  // Writes what differs, with history, event, journal of the reports and timer.
  StoredOpportunity Change(db::WriteSet& writes, const StoredOpportunity& before,
                           v1::Opportunity after, const resource::ChangeSource& source) const;
  StoredOpportunity Create(db::WriteSet& writes, v1::Opportunity opportunity,
                           const resource::ChangeSource& source) const;

  // A caller has done something about an opportunity without changing it.
  void NoteActivity(server::CallContext& call, const StoredOpportunity& opportunity) const;

  // Automatic reminders that the opportunity comes under.
  std::vector<Occasion> OccasionsOf(const v1::Opportunity& opportunity,
                                    absl::Time last_activity) const;
  std::string TextOf(const Occasion& occasion, const v1::Opportunity& opportunity) const;

  // There is a timer that is due already: looks at once instead of soon.
  void WakeTimers() const {
    if (timer_job != nullptr) timer_job->Notify();
  }

  runtime::ServiceRuntime& host;
  crypto::Keyring& keyring;
  const absl::TimeZone zone;
  replica::Replica archive;
  numbering::CurrentNumbers numbers;
  const record::Table table;
  const StageHistory history;
  const ReportJournal journal;
  PipelineStore pipelines;
  SettingsStore settings;
  FollowUpStore follow_ups;
  Reminders reminders;
  // Set by the composition root before the server starts; null in none but its tests.
  job::PeriodicJob* timer_job = nullptr;

 private:
  void WriteTimer(db::WriteSet& writes, const v1::Opportunity* before,
                  const StoredOpportunity& after, absl::Time now) const;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SALES_H_
