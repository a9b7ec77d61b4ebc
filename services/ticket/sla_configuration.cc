#include "services/ticket/sla_configuration.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/calendar/calendar_rules.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/sla_terms.h"

namespace crm::ticket {
namespace {

constexpr int kDefaultWarningPercent = 75;

struct DefaultTarget {
  v1::TicketPriority priority;
  int response_hours;
  int resolution_hours;
};
constexpr std::array kDefaultTargets = {
    DefaultTarget{v1::TICKET_PRIORITY_URGENT, 4, 8},
    DefaultTarget{v1::TICKET_PRIORITY_HIGH, 8, 24},
    DefaultTarget{v1::TICKET_PRIORITY_MEDIUM, 24, 72},
    DefaultTarget{v1::TICKET_PRIORITY_LOW, 48, 120},
};
constexpr int kMinutesOfHour = 60;

template <typename List, typename T>
bool IsAmong(const T& value, const List& wanted) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool IsInIndustry(const std::string& industry, const v1::SlaPolicy& policy) {
  return policy.industries().empty() ||
         std::any_of(policy.industries().begin(), policy.industries().end(),
                     [&](const std::string& code) { return absl::StartsWith(industry, code); });
}

bool HasConditions(const v1::SlaPolicy& policy) {
  return policy.tiers_size() + policy.industries_size() + policy.types_size() +
             policy.teams_size() >
         0;
}

bool HasTarget(const v1::SlaPolicy& policy, v1::TicketPriority priority) {
  return std::any_of(policy.targets().begin(), policy.targets().end(),
                     [=](const v1::SlaTarget& target) { return target.priority() == priority; });
}

bool Covers(const v1::SlaPolicy& policy, const v1::Ticket& ticket) {
  return IsAmong(static_cast<int>(ticket.customer_tier()), policy.tiers()) &&
         IsInIndustry(ticket.customer_industry(), policy) &&
         IsAmong(static_cast<int>(ticket.type()), policy.types()) &&
         IsAmong(ticket.team(), policy.teams()) && HasTarget(policy, ticket.priority());
}

class Checker {
 public:
  explicit Checker(const v1::SlaConfiguration& configuration) : configuration_(configuration) {}

  std::vector<schema::Violation> Check() && {
    CheckCalendars();
    for (int i = 0; i < configuration_.policies_size(); ++i) CheckPolicy(i);
    CheckDefault();
    CheckReference("escalation.calendar", configuration_.escalation().calendar());
    CheckReference("assignment.calendar", configuration_.assignment().calendar());
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string rule, std::string en, std::string zh) {
    violations_.push_back({std::move(field), std::move(rule), std::move(en), std::move(zh)});
  }

  void CheckCalendars() {
    for (int i = 0; i < configuration_.calendars_size(); ++i) {
      const v1::SlaCalendar& calendar = configuration_.calendars(i);
      const std::string path = absl::StrCat("calendars[", i, "]");
      if (!calendars_.insert(calendar.calendar_id()).second) {
        Add(absl::StrCat(path, ".calendar_id"), "CALENDAR_TWICE", "give each calendar its own id",
            "日历编码重复");
      }
      for (schema::Violation& violation :
           calendar::CheckCalendar(calendar.calendar(), absl::StrCat(path, ".calendar"))) {
        violations_.push_back(std::move(violation));
      }
    }
  }

  void CheckPolicy(int index) {
    const v1::SlaPolicy& policy = configuration_.policies(index);
    const std::string path = absl::StrCat("policies[", index, "]");
    if (!policies_.insert(policy.policy_id()).second) {
      Add(absl::StrCat(path, ".policy_id"), "POLICY_TWICE", "give each policy its own id",
          "策略编码重复");
    }
    if (!HasConditions(policy) && index + 1 < configuration_.policies_size()) {
      Add(path, "POLICY_SHADOWED",
          "a policy without conditions comes last: those after it would never be chosen",
          "没有条件的策略必须放在最后");
    }
    std::set<int> priorities;
    for (int i = 0; i < policy.targets_size(); ++i) {
      if (priorities.insert(policy.targets(i).priority()).second) continue;
      Add(absl::StrCat(path, ".targets[", i, "].priority"), "TARGET_TWICE",
          "give each priority one target", "优先级重复");
    }
    CheckPauses(policy, path);
    CheckReference(absl::StrCat(path, ".calendar"), policy.calendar());
  }

  void CheckPauses(const v1::SlaPolicy& policy, const std::string& path) {
    std::set<int> clocks;
    for (int i = 0; i < policy.clock_pauses_size(); ++i) {
      if (clocks.insert(policy.clock_pauses(i).clock()).second) continue;
      Add(absl::StrCat(path, ".clock_pauses[", i, "].clock"), "CLOCK_TWICE",
          "give each clock one list of statuses", "时钟重复");
    }
  }

  void CheckDefault() {
    const int last = configuration_.policies_size() - 1;
    if (last < 0 || HasConditions(configuration_.policies(last))) {
      return Add("policies", "DEFAULT_MISSING", "end with a policy without conditions",
                 "最后一条策略不能有条件");
    }
    for (const DefaultTarget& wanted : kDefaultTargets) {
      if (HasTarget(configuration_.policies(last), wanted.priority)) continue;
      Add(absl::StrCat("policies[", last, "].targets"), "TARGET_MISSING",
          "the last policy needs a target for every priority", "最后一条策略需包含所有优先级");
    }
  }

  void CheckReference(const std::string& field, const std::string& calendar) {
    if (calendar.empty() || calendars_.contains(calendar)) return;
    Add(field, "CALENDAR_UNKNOWN", "use the id of a calendar of this configuration", "日历不存在");
  }

  const v1::SlaConfiguration& configuration_;
  std::set<std::string> calendars_;
  std::set<std::string> policies_;
  std::vector<schema::Violation> violations_;
};

int64_t MinutesOf(const v1::SlaTarget& target, sla::Clock clock) {
  switch (clock) {
    case sla::Clock::kFirstResponse:
      return target.first_response_minutes();
    case sla::Clock::kNextResponse:
      return target.next_response_minutes();
    case sla::Clock::kOnSiteArrival:
      return target.on_site_minutes();
    case sla::Clock::kResolution:
      return target.resolution_minutes();
    case sla::Clock::kNextUpdate:
      return target.next_update_minutes();
  }
  return 0;
}

sla::StatusSet StatusesOf(const google::protobuf::RepeatedField<int>& statuses) {
  sla::StatusSet set = {};
  for (const int status : statuses) set.Add(ToSla(static_cast<v1::TicketStatus>(status)));
  return set;
}

sla::StatusSet PausedIn(const v1::SlaPolicy& policy, sla::Clock clock) {
  for (const v1::SlaClockPause& pause : policy.clock_pauses()) {
    if (pause.clock() == FromSla(clock)) return StatusesOf(pause.paused_in());
  }
  return StatusesOf(policy.paused_in());
}

}  // namespace

v1::SlaConfiguration DefaultSlaConfiguration() {
  v1::SlaConfiguration configuration;
  v1::SlaPolicy& policy = *configuration.add_policies();
  policy.set_policy_id("default");
  policy.set_name("默认策略");
  for (const DefaultTarget& wanted : kDefaultTargets) {
    v1::SlaTarget& target = *policy.add_targets();
    target.set_priority(wanted.priority);
    target.set_first_response_minutes(wanted.response_hours * kMinutesOfHour);
    target.set_next_response_minutes(wanted.response_hours * kMinutesOfHour);
    target.set_resolution_minutes(wanted.resolution_hours * kMinutesOfHour);
  }
  policy.add_paused_in(v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
  // Nobody waits for a customer who was not asked anything yet.
  policy.add_clock_pauses()->set_clock(v1::SLA_CLOCK_FIRST_RESPONSE);
  policy.set_warning_percent(kDefaultWarningPercent);
  configuration.mutable_escalation()->set_unassigned_minutes(2 * kMinutesOfHour);
  configuration.mutable_escalation()->set_urgent_idle_minutes(2 * kMinutesOfHour);
  configuration.mutable_escalation()->set_manager_after_minutes(4 * kMinutesOfHour);
  configuration.set_complaint_follow_up_days(7);
  *configuration.mutable_after_care() = DefaultAfterCare();
  configuration.mutable_assignment()->set_enabled(true);
  configuration.mutable_assignment()->set_senior_skill("senior");
  return configuration;
}

std::vector<schema::Violation> CheckSlaConfiguration(const v1::SlaConfiguration& configuration) {
  return Checker(configuration).Check();
}

const v1::SlaPolicy& ChoosePolicy(const v1::SlaConfiguration& configuration,
                                  const v1::Ticket& ticket) {
  for (const v1::SlaPolicy& policy : configuration.policies()) {
    if (Covers(policy, ticket)) return policy;
  }
  return *configuration.policies().rbegin();
}

absl::StatusOr<CompiledSla> CompiledSla::Compile(v1::SlaConfiguration configuration) {
  CRM_RETURN_IF_ERROR(
      schema::ViolationsToStatus(CheckSlaConfiguration(configuration), schema::Language::kEnglish));
  CompiledSla compiled;
  compiled.configuration_ = std::make_shared<const v1::SlaConfiguration>(std::move(configuration));
  compiled.calendars_[""] =
      std::make_shared<const calendar::BusinessCalendar>(calendar::BusinessCalendar::Always());
  for (const v1::SlaCalendar& calendar : compiled.configuration_->calendars()) {
    CRM_ASSIGN_OR_RETURN(calendar::BusinessCalendar hours,
                         calendar::BusinessCalendar::Compile(calendar.calendar()));
    compiled.calendars_[calendar.calendar_id()] =
        std::make_shared<const calendar::BusinessCalendar>(std::move(hours));
  }
  for (const v1::SlaPolicy& policy : compiled.configuration_->policies()) {
    compiled.AddPolicy(policy);
  }
  return compiled;
}

void CompiledSla::AddPolicy(const v1::SlaPolicy& policy) {
  for (const v1::SlaTarget& target : policy.targets()) {
    sla::Policy compiled;
    if (policy.has_warning_percent()) {
      compiled.warning_percent = static_cast<int>(policy.warning_percent());
    }
    for (const sla::Clock clock : sla::kClocks) {
      const int64_t minutes = MinutesOf(target, clock);
      if (minutes == 0) continue;
      sla::ClockRule& rule = compiled.rule(clock);
      rule.target = absl::Minutes(minutes);
      rule.calendar = calendars_.at(policy.calendar());
      rule.paused_in = PausedIn(policy, clock);
    }
    policies_[{policy.policy_id(), target.priority()}] =
        std::make_shared<const sla::Policy>(std::move(compiled));
  }
}

const sla::Policy* CompiledSla::Find(std::string_view policy_id,
                                     v1::TicketPriority priority) const {
  const auto found = policies_.find({std::string(policy_id), priority});
  return found == policies_.end() ? nullptr : found->second.get();
}

const calendar::BusinessCalendar& CompiledSla::Calendar(std::string_view id) const {
  const auto found = calendars_.find(id);
  return *(found == calendars_.end() ? calendars_.begin()->second : found->second);
}

}  // namespace crm::ticket
