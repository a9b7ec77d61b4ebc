#include "services/sales/sales.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/times.h"
#include "services/sales/access.h"
#include "services/sales/closed_competitors.h"
#include "services/sales/timers.h"

namespace crm::sales {
namespace {

// What a process leaves unused when it ends: the numbers of a month have three digits.
constexpr int64_t kNumbersAtHand = 50;

constexpr char kReadCustomers[] = "customer.read";
constexpr char kCustomerType[] = "crm.customer.v1.Customer";

// A stage move counts from the entry of the stage.
void NoteFirstFollowUp(const v1::Opportunity& before, absl::Time now, v1::Opportunity& after) {
  absl::Time time = now;
  if (before.stage() != after.stage()) {
    time = std::min(time, record::TimeOf(after.stage_enter_time()));
  }
  time = std::max(time, record::TimeOf(after.lead_time()));
  record::SetTime(time, *after.mutable_first_follow_up_time());
}

}  // namespace

Sales::Sales(runtime::ServiceRuntime& service, Patterns patterns)
    : host(service),
      keyring(service.keyring()),
      zone(service.zone()),
      archive(service),
      numbers({.name = "opportunity",
               .pattern = std::move(patterns.opportunity),
               .zone = service.zone(),
               .block = kNumbersAtHand},
              service.pool()),
      table(v1::Opportunity::descriptor(), service.keyring(), service.ids(), "opportunity"),
      history(service.keyring(), service.ids()),
      journal(service.ids(), service.zone()),
      pipelines(service.keyring(), service.ids()),
      settings(service.keyring(), service.ids(), numbers),
      follow_ups(service.keyring(), service.ids()),
      reminders(service, std::move(patterns.reminder)) {}

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

std::optional<auth::RowScope> Sales::ScopeFor(const auth::Caller& caller,
                                              std::string_view permission) const {
  return sales::ScopeFor(*host.policy().Get(), *archive.staff().Get(), caller, permission);
}

ReminderReader Sales::ReminderReaderOf(const server::CallContext& call) const {
  return {call.caller(), call.scope(), ScopeFor(call.caller(), kReadOpportunities)};
}

absl::StatusOr<crm::customer::v1::Customer> Sales::CustomerFor(server::CallContext& call,
                                                               const std::string& number) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(crm::customer::v1::Customer customer,
                       archive.customers().Get(*db, number, call.writes()));
  const auto scope = ScopeFor(call.caller(), kReadCustomers);
  if (!scope.has_value() || !IsInScope(customer, *scope, call.caller().team)) {
    return NotFound(kCustomerType, number);
  }
  return customer;
}

std::vector<Occasion> Sales::OccasionsOf(const v1::Opportunity& opportunity,
                                         absl::Time last_activity) const {
  const auto all = pipelines.Get();
  const auto current = settings.Get();
  return sales::OccasionsOf(opportunity, last_activity,
                            {current->message, PipelineOf(*all, opportunity), zone});
}

std::string Sales::TextOf(const Occasion& occasion, const v1::Opportunity& opportunity) const {
  const auto all = pipelines.Get();
  const auto current = settings.Get();
  return sales::TextOf(occasion, opportunity,
                       {current->message, PipelineOf(*all, opportunity), zone});
}

void Sales::WriteTimer(db::WriteSet& writes, const v1::Opportunity* before,
                       const StoredOpportunity& after, absl::Time now) const {
  std::vector<Occasion> old;
  if (before != nullptr) old = OccasionsOf(*before, record::TimeOf(before->update_time()));
  const auto check =
      NewCheck(old, OccasionsOf(after.message, record::TimeOf(after.message.update_time())), now);
  if (check.has_value()) HastenTimer(writes, {TimerKind::kOpportunity, after.key.id, *check});
}

StoredOpportunity Sales::ChangeBy(server::CallContext& call, const StoredOpportunity& before,
                                  v1::Opportunity after) const {
  const bool first = !before.message.has_first_follow_up_time() &&
                     call.caller().kind == auth::CallerKind::kUser &&
                     after.stage_kind() != v1::STAGE_KIND_LOST;
  if (first && !table.table().Diff(before.message, after).changes().empty()) {
    NoteFirstFollowUp(before.message, call.now(), after);
  }
  return Change(call.writes(), before, std::move(after), record::SourceOf(call));
}

void Sales::NoteActivity(server::CallContext& call, const StoredOpportunity& opportunity) const {
  const v1::Opportunity& before = opportunity.message;
  if (before.stage_kind() != v1::STAGE_KIND_OPEN) return;
  if (!before.has_first_follow_up_time() && call.caller().kind == auth::CallerKind::kUser) {
    v1::Opportunity after = before;
    NoteFirstFollowUp(before, call.now(), after);
    Change(call.writes(), opportunity, std::move(after), record::SourceOf(call));
  }
  // The quiet begins anew; its reminder may have been the last that a timer was set for.
  for (const Occasion& occasion : OccasionsOf(before, call.now())) {
    if (occasion.source != v1::REMINDER_SOURCE_NO_ACTIVITY) continue;
    HastenTimer(call.writes(), {TimerKind::kOpportunity, opportunity.key.id, occasion.due});
  }
}

StoredOpportunity Sales::Change(db::WriteSet& writes, const StoredOpportunity& before,
                                v1::Opportunity after, const resource::ChangeSource& source) const {
  StoredOpportunity changed{{}, std::move(after)};
  changed.key = table.Change(writes, before.key, before.message, changed.message, source);
  if (changed.key.version != before.key.version) {
    journal.Add(writes, &before.message, changed.message);
    KeepCompetitors(writes, &before.message, changed);
    WriteTimer(writes, &before.message, changed, source.time);
  }
  return changed;
}

StoredOpportunity Sales::Create(db::WriteSet& writes, v1::Opportunity opportunity,
                                const resource::ChangeSource& source) const {
  StoredOpportunity created{{}, std::move(opportunity)};
  created.key = table.Create(writes, created.message, source);
  journal.Add(writes, nullptr, created.message);
  KeepCompetitors(writes, nullptr, created);
  WriteTimer(writes, nullptr, created, source.time);
  if (!follow_ups.Get()->ForNew().empty()) {
    SetTimer(writes, {TimerKind::kNewOpportunity, created.key.id, source.time});
  }
  return created;
}

}  // namespace crm::sales
