// When escalations fall due: TIC-8. Histories are made here; no database, no job.
#include "services/ticket/escalation_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/record/times.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kTick = absl::Microseconds(1);

// Version 1 is the built-in one; in version 2 all clocks stand still while waiting for the
// customer, and the rules are stricter.
SlaBookPtr TwoVersions() {
  SlaBook book = *SlaBook::Make();
  v1::SlaConfiguration strict = DefaultSlaConfiguration();
  strict.mutable_policies(0)->clear_clock_pauses();
  for (v1::SlaTarget& target : *strict.mutable_policies(0)->mutable_targets()) {
    target.set_resolution_minutes(target.resolution_minutes() / 2);
  }
  strict.mutable_escalation()->set_unassigned_minutes(45);
  strict.mutable_escalation()->set_manager_after_minutes(100);
  book.Add({.version = 2, .sla = *CompiledSla::Compile(std::move(strict))});
  return std::make_shared<const SlaBook>(std::move(book));
}

// A ticket whose history is told here, looked at now and then.
class Tale {
 public:
  Tale(absl::Time opened, v1::TicketPriority priority, int64_t version = 1)
      : history_{{}, TwoVersions()} {
    ticket_.set_sla_policy("default");
    ticket_.set_status(v1::TICKET_STATUS_UNASSIGNED);
    Apply(priority, version);
    Happens(opened, OpenedEvent(ticket_));
    ticket_.clear_status();  // after-care is not asked about
  }

  void Happens(absl::Time time, v1::TicketEvent event, const std::string& actor = "li.na") {
    event.set_sequence(static_cast<int64_t>(history_.events.size()) + 1);
    event.set_actor(actor);
    record::SetTime(time, *event.mutable_time());
    history_.events.push_back(std::move(event));
  }
  void Moves(absl::Time time, v1::TicketStatus status) { Happens(time, StatusEvent(status, "")); }
  void Gets(absl::Time time, v1::TicketPriority priority, int64_t version) {
    Apply(priority, version);
    Happens(time, PolicyEvent(ticket_, ""));
  }

  absl::Time last() const { return record::TimeOf(history_.events.back().time()); }
  std::vector<Escalation> Pending(absl::Time now) const {
    return PendingEscalations(ticket_, history_, sla::Evaluate(history_.SlaEvents(), now));
  }
  // "rule level" and hours since the opening.
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const Escalation& escalation : Pending(last())) {
      const absl::Duration since = escalation.due - record::TimeOf(history_.events[0].time());
      told.push_back(absl::StrCat(escalation.rule, " ", escalation.level, ": ",
                                  absl::ToDoubleHours(absl::Trunc(since, absl::Minutes(1)))));
    }
    return told;
  }

  // Escalates what is due by then, as the job does.
  void LookAt(absl::Time now) {
    for (const Escalation& escalation : Pending(std::max(now, last()))) {
      if (escalation.due > now) break;
      v1::TicketEvent event = EventOf(v1::TICKET_EVENT_KIND_ESCALATED);
      event.set_rule(escalation.rule);
      event.set_level(escalation.level);
      Happens(std::max(now, last() + kTick), std::move(event), "crm-ticket");
      const bool fresh =
          dues_.emplace(std::pair(escalation.rule, escalation.level), escalation.due).second;
      EXPECT_TRUE(fresh) << escalation.rule << " twice";
    }
  }
  // Follows the timer that the last write has set.
  void LookAtTimersUntil(absl::Time end) {
    for (auto pending = Pending(last()); !pending.empty() && pending.front().due < end;
         pending = Pending(last())) {
      LookAt(std::max(pending.front().due, last()));
    }
  }
  const std::map<std::pair<std::string, int64_t>, absl::Time>& dues() const { return dues_; }

 private:
  void Apply(v1::TicketPriority priority, int64_t version) {
    ticket_.set_priority(priority);
    ticket_.set_sla_version(version);
  }

  v1::Ticket ticket_;
  TicketHistory history_;
  std::map<std::pair<std::string, int64_t>, absl::Time> dues_;
};

absl::Time Hour(double hour) {
  return absl::FromCivil(absl::CivilHour(2026, 3, 2), absl::UTCTimeZone()) + absl::Hours(hour);
}

// High: 8 h to the first response, 24 h to the solution; somebody has it at once.
class EscalationRulesTest : public ::testing::Test {
 protected:
  EscalationRulesTest() { tale_.Happens(Hour(0), AssignedEvent("li.na", "")); }

  Tale tale_{Hour(0), v1::TICKET_PRIORITY_HIGH};
};

TEST_F(EscalationRulesTest, AFinishedTicketDoesNotGoToTheManager) {  // TIC-8
  tale_.LookAt(Hour(8.5));
  tale_.Moves(Hour(9.5), v1::TICKET_STATUS_DONE);
  EXPECT_THAT(tale_.Told(), IsEmpty());
  EXPECT_THAT(tale_.Pending(Hour(500)), IsEmpty());
  // An hour and a half of four have passed.
  tale_.Moves(Hour(100), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(tale_.Told()[0], "first_response_breach 2: 102.5");
}

TEST_F(EscalationRulesTest, TimeInWhichTheCustomerIsWaitedForDoesNotCount) {  // TIC-8
  Tale tale(Hour(0), v1::TICKET_PRIORITY_HIGH, 2);
  tale.Happens(Hour(0), AssignedEvent("li.na", ""));
  tale.LookAt(Hour(8.5));
  tale.Moves(Hour(8.75), v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
  EXPECT_THAT(tale.Told(), IsEmpty());
  EXPECT_THAT(tale.Pending(Hour(500)), IsEmpty());
  tale.Moves(Hour(50), v1::TICKET_STATUS_IN_PROGRESS);
  // Of the manager's 100 minutes 45 have passed, of the solution's twelve hours 8.75.
  EXPECT_THAT(tale.Told(),
              ElementsAre("resolution_warning 1: 50.25", "first_response_breach 2: 50.9167",
                          "resolution_breach 1: 53.25", "resolution_breach 2: 54.9167"));
}

TEST_F(EscalationRulesTest, WhatWasDueBeforeThePauseStillComes) {  // TIC-8: caught up in order
  tale_.Moves(Hour(9.5), v1::TICKET_STATUS_DONE);
  EXPECT_THAT(tale_.Told(),
              ElementsAre("first_response_warning 1: 6", "first_response_breach 1: 8"));
  tale_.LookAt(Hour(300));
  EXPECT_EQ(tale_.dues().at({"first_response_breach", 1}), Hour(8) + kTick);
}

TEST_F(EscalationRulesTest, AStricterPolicyEscalatesNothingBeforeItCame) {  // TIC-4, TIC-8
  Tale tale(Hour(0), v1::TICKET_PRIORITY_LOW);
  tale.Happens(Hour(0), AssignedEvent("li.na", ""));
  tale.Happens(Hour(1), EventOf(v1::TICKET_EVENT_KIND_NOTED));
  tale.Gets(Hour(30), v1::TICKET_PRIORITY_URGENT, 1);
  EXPECT_THAT(tale.Told(),
              ElementsAre("first_response_warning 1: 30", "first_response_breach 1: 30",
                          "resolution_warning 1: 30", "resolution_breach 1: 30",
                          "first_response_breach 2: 34", "resolution_breach 2: 34"));
  // Once more: the manager's time is not given anew.
  tale.LookAt(Hour(30));
  tale.Gets(Hour(33), v1::TICKET_PRIORITY_URGENT, 1);
  EXPECT_THAT(tale.Told(), ElementsAre("first_response_breach 2: 34", "resolution_breach 2: 34"));
}

TEST_F(EscalationRulesTest, AMilderPolicyDoesNotTakeBackWhatWasDue) {  // TIC-4, TIC-8
  tale_.Gets(Hour(9), v1::TICKET_PRIORITY_LOW, 1);
  EXPECT_EQ(tale_.Told()[1], "first_response_breach 1: 8");
}

TEST_F(EscalationRulesTest, WhoActsTooLateWasIdle) {  // TIC-8
  Tale tale(Hour(0), v1::TICKET_PRIORITY_URGENT);
  tale.Happens(Hour(0), AssignedEvent("li.na", ""));
  tale.Happens(Hour(3), EventOf(v1::TICKET_EVENT_KIND_NOTED));
  EXPECT_EQ(tale.Told()[0], "urgent_idle 1: 2");
  tale.LookAt(Hour(3));
  EXPECT_EQ(tale.dues().at({"urgent_idle", 1}), Hour(2));
}

// Tells the same to several tales at once.
class RandomTale {
 public:
  explicit RandomTale(uint64_t seed)
      : random_(seed), prompt_(Hour(0), Priority(), 1 + Pick(2)), late_(prompt_), noisy_(prompt_) {}

  // One is followed by timers, one is looked at after the end, one at random, while things happen
  // to it that concern nobody.
  void Run() {
    absl::Time time = Hour(0);
    for (int64_t left = Pick(25); left > 0; --left) {
      const absl::Time next = time + absl::Minutes(1 + Pick(600));
      prompt_.LookAtTimersUntil(next);
      while (Pick(2) == 0) Disturb(next);
      Happens(next, RandomEvent());
      time = next;
    }
    if (merged_) Happens(time + kTick, EventOf(v1::TICKET_EVENT_KIND_UNMERGED));
    const absl::Time end = time + absl::Hours(24 * 60);
    prompt_.LookAtTimersUntil(end);
    late_.LookAt(end);
    noisy_.LookAt(end);
  }

  const Tale& prompt() const { return prompt_; }
  const Tale& late() const { return late_; }
  const Tale& noisy() const { return noisy_; }

 private:
  int64_t Pick(int64_t count) {
    return std::uniform_int_distribution<int64_t>(0, count - 1)(random_);
  }
  v1::TicketPriority Priority() { return static_cast<v1::TicketPriority>(1 + Pick(4)); }
  std::string Somebody() { return Pick(2) == 0 ? "li.na" : "wang.fang"; }

  void Happens(absl::Time time, const v1::TicketEvent& event) {
    const std::string actor = Somebody();
    for (Tale* tale : {&prompt_, &late_, &noisy_}) {
      if (event.kind() == v1::TICKET_EVENT_KIND_POLICY_APPLIED) {
        tale->Gets(std::max(time, tale->last()), event.priority(), event.sla_version());
      } else {
        tale->Happens(std::max(time, tale->last()), event, actor);
      }
    }
  }

  void Disturb(absl::Time before) {
    const absl::Time time =
        noisy_.last() + absl::Floor((before - noisy_.last()) * 0.5, absl::Microseconds(1));
    if (Pick(2) == 0) noisy_.LookAt(time);
    noisy_.Happens(std::max(time, noisy_.last()), EventOf(v1::TICKET_EVENT_KIND_FILE_ADDED),
                   "somebody");
  }

  v1::TicketEvent RandomEvent() {
    switch (Pick(10)) {
      case 0:
      case 1:
        return AssignedEvent(Somebody(), "");
      case 2:
        return EventOf(v1::TICKET_EVENT_KIND_AGENT_REPLIED);
      case 3:
        return EventOf(v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED);
      case 4:
        return EventOf(v1::TICKET_EVENT_KIND_NOTED);
      case 5: {
        v1::Ticket ticket;
        ticket.set_priority(Priority());
        ticket.set_sla_version(1 + Pick(2));
        return PolicyEvent(ticket, "");
      }
      case 6:
        merged_ = !merged_;
        return EventOf(merged_ ? v1::TICKET_EVENT_KIND_MERGED : v1::TICKET_EVENT_KIND_UNMERGED);
      default:
        return StatusEvent(static_cast<v1::TicketStatus>(1 + Pick(6)), "");
    }
  }

  std::mt19937_64 random_;
  bool merged_ = false;
  Tale prompt_;
  Tale late_;
  Tale noisy_;
};

TEST(EscalationRulesRandom, ItMakesNoDifferenceWhenSomebodyLooks) {  // TIC-8
  std::map<std::string, int> found;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    RandomTale tale(seed);
    tale.Run();
    ASSERT_EQ(tale.late().dues(), tale.prompt().dues()) << seed;
    ASSERT_EQ(tale.noisy().dues(), tale.prompt().dues()) << seed;
    for (const auto& [key, due] : tale.prompt().dues()) {
      const auto& [rule, level] = key;
      const bool breach = absl::StrContains(rule, "_breach");
      ++found[breach                                ? absl::StrCat("breach ", level)
              : absl::StrContains(rule, "_warning") ? "warning"
                                                    : rule];
    }
  }
  // A generator that misses something proves nothing about it.
  for (const char* kind : {"unassigned", "urgent_idle", "warning", "breach 1", "breach 2"}) {
    EXPECT_GT(found[kind], 300) << kind;
  }
}

}  // namespace
}  // namespace crm::ticket
