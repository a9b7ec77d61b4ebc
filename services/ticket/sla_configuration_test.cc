#include "services/ticket/sla_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Faults(const v1::SlaConfiguration& configuration) {
  std::vector<std::string> faults;
  for (const schema::Violation& violation : CheckSlaConfiguration(configuration)) {
    faults.push_back(absl::StrCat(violation.field, " ", violation.rule));
  }
  return faults;
}

// A policy for key customers before the default one: 2 h response, 24 h on site.
v1::SlaConfiguration WithKeyCustomers() {
  v1::SlaConfiguration configuration = DefaultSlaConfiguration();
  v1::SlaPolicy key;
  key.set_policy_id("key");
  key.add_tiers(crm::customer::v1::TIER_KEY);
  key.add_tiers(crm::customer::v1::TIER_STRATEGIC);
  v1::SlaTarget& target = *key.add_targets();
  target.set_priority(v1::TICKET_PRIORITY_URGENT);
  target.set_first_response_minutes(120);
  target.set_on_site_minutes(24 * 60);
  *configuration.add_policies() = std::move(key);
  configuration.mutable_policies()->SwapElements(0, 1);
  return configuration;
}

v1::Ticket TicketOf(crm::customer::v1::Tier tier, v1::TicketPriority priority) {
  v1::Ticket ticket;
  ticket.set_customer_tier(tier);
  ticket.set_priority(priority);
  return ticket;
}

// TIC-4
TEST(SlaConfiguration, TheDefaultHasTheTargetsOfTheSpecification) {
  const auto compiled = CompiledSla::Compile(DefaultSlaConfiguration());
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const std::vector<std::pair<v1::TicketPriority, std::pair<int, int>>> hours = {
      {v1::TICKET_PRIORITY_URGENT, {4, 8}},
      {v1::TICKET_PRIORITY_HIGH, {8, 24}},
      {v1::TICKET_PRIORITY_MEDIUM, {24, 72}},
      {v1::TICKET_PRIORITY_LOW, {48, 120}}};
  for (const auto& [priority, wanted] : hours) {
    const sla::Policy* policy = compiled->Find("default", priority);
    ASSERT_NE(policy, nullptr) << priority;
    EXPECT_EQ(policy->rule(sla::Clock::kFirstResponse).target, absl::Hours(wanted.first));
    EXPECT_EQ(policy->rule(sla::Clock::kResolution).target, absl::Hours(wanted.second));
    EXPECT_FALSE(policy->rule(sla::Clock::kOnSiteArrival).target.has_value());
    EXPECT_EQ(policy->warning_percent, 75);
  }
}

// TIC-4: by tier, industry, type and team; the first that fits and has the priority.
TEST(SlaConfiguration, ChoosesAPolicyByItsConditions) {
  v1::SlaConfiguration configuration = WithKeyCustomers();
  const auto chosen = [&](const v1::Ticket& ticket) {
    return ChoosePolicy(configuration, ticket).policy_id();
  };
  v1::Ticket ticket = TicketOf(crm::customer::v1::TIER_KEY, v1::TICKET_PRIORITY_URGENT);
  EXPECT_EQ(chosen(ticket), "key");
  EXPECT_EQ(chosen(TicketOf(crm::customer::v1::TIER_KEY, v1::TICKET_PRIORITY_LOW)), "default");
  EXPECT_EQ(chosen(TicketOf(crm::customer::v1::TIER_NORMAL, v1::TICKET_PRIORITY_URGENT)),
            "default");
  configuration.mutable_policies(0)->add_industries("I65");
  configuration.mutable_policies(0)->add_types(v1::TICKET_TYPE_FAULT);
  configuration.mutable_policies(0)->add_teams("hotline");
  EXPECT_EQ(chosen(ticket), "default");
  ticket.set_customer_industry("I651");
  ticket.set_type(v1::TICKET_TYPE_FAULT);
  ticket.set_team("hotline");
  EXPECT_EQ(chosen(ticket), "key");
}

// TIC-4, TIC-5
TEST(SlaConfiguration, NamesEveryFault) {
  EXPECT_THAT(Faults(DefaultSlaConfiguration()), IsEmpty());
  EXPECT_THAT(Faults(WithKeyCustomers()), IsEmpty());
  v1::SlaConfiguration configuration = WithKeyCustomers();
  configuration.mutable_policies()->SwapElements(0, 1);
  EXPECT_THAT(Faults(configuration),
              ElementsAre("policies[0] POLICY_SHADOWED", "policies DEFAULT_MISSING"));
  configuration = WithKeyCustomers();
  configuration.mutable_policies(0)->set_policy_id("default");
  configuration.mutable_policies(0)->set_calendar("office");
  configuration.mutable_policies(1)->mutable_targets(3)->set_priority(v1::TICKET_PRIORITY_HIGH);
  EXPECT_THAT(Faults(configuration), ElementsAre("policies[0].calendar CALENDAR_UNKNOWN",
                                                 "policies[1].policy_id POLICY_TWICE",
                                                 "policies[1].targets[3].priority TARGET_TWICE",
                                                 "policies[1].targets TARGET_MISSING"));
}

sla::Policy CompiledFrom(const v1::SlaPolicy& policy) {
  v1::SlaConfiguration configuration = DefaultSlaConfiguration();
  *configuration.mutable_policies(0) = policy;
  const auto compiled = CompiledSla::Compile(std::move(configuration));
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *compiled->Find(policy.policy_id(), v1::TICKET_PRIORITY_HIGH);
}

// TIC-3, TIC-6: the built-in policy pauses as docs/sla-truth-table.md says; an older configuration
// without a list for a clock has one for all.
TEST(SlaConfiguration, PausesEachClockAsConfigured) {
  v1::SlaPolicy policy = DefaultSlaConfiguration().policies(0);
  for (v1::SlaTarget& target : *policy.mutable_targets()) {
    target.set_on_site_minutes(6000);
    target.set_next_update_minutes(6000);
  }
  const sla::StatusSet waiting = {sla::Status::kWaitingForCustomer};
  for (const sla::Clock clock : sla::kClocks) {
    const bool first = clock == sla::Clock::kFirstResponse;
    EXPECT_EQ(CompiledFrom(policy).rule(clock).paused_in, first ? sla::StatusSet{} : waiting);
  }
  policy.clear_clock_pauses();
  for (const sla::Clock clock : sla::kClocks) {
    EXPECT_EQ(CompiledFrom(policy).rule(clock).paused_in, waiting);
  }
}

// TIC-8: 0 is none; a configuration that does not say has the usual one.
TEST(SlaConfiguration, TheWarningCanBeSwitchedOff) {
  v1::SlaPolicy policy = DefaultSlaConfiguration().policies(0);
  policy.set_warning_percent(0);
  EXPECT_EQ(CompiledFrom(policy).warning_percent, 0);
  policy.clear_warning_percent();
  EXPECT_EQ(CompiledFrom(policy).warning_percent, 75);
}

// TIC-5
TEST(SlaConfiguration, NamesFaultsOfCalendars) {
  v1::SlaConfiguration configuration = DefaultSlaConfiguration();
  v1::SlaCalendar& office = *configuration.add_calendars();
  office.set_calendar_id("office");
  office.mutable_calendar()->set_time_zone("Mars/Base");
  office.mutable_calendar()->set_always(true);
  EXPECT_THAT(Faults(configuration),
              ElementsAre("calendars[0].calendar.time_zone TIME_ZONE_UNKNOWN"));
}

}  // namespace
}  // namespace crm::ticket
