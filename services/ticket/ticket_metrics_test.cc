// The metrics of service levels, on a real database: PLT-26.
#include "services/ticket/ticket_metrics.h"

#include <cmath>
#include <iterator>

#include "common/source_tree/source_tree.h"
#include "crm/ticket/v1/after_care_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

class TicketMetricsTest : public TicketTest {
 protected:
  // Of a series of clock first response, counted now.
  double ValueOf(const std::string& name, const std::string& priority) {
    EXPECT_TRUE(metrics_.Count().ok());
    for (const auto& family : registry_.Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        if (HasLabel(metric, "clock", "first_response") &&
            (priority.empty() ||
             (HasLabel(metric, "priority", priority) && HasLabel(metric, "tier", "unknown")))) {
          return metric.gauge.value;
        }
      }
    }
    ADD_FAILURE() << name << " has no such series";
    return -1;
  }

  // Of a metric without labels, or with the label `status`, counted now.
  double Value(const std::string& name, const std::string& status = "") {
    EXPECT_TRUE(metrics_.Count().ok());
    for (const auto& family : registry_.Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        if (status.empty() || HasLabel(metric, "status", status)) return metric.gauge.value;
      }
    }
    ADD_FAILURE() << name << " has no such series";
    return -1;
  }

  prometheus::Registry registry_;
  TicketMetrics metrics_{registry_, harness_->database().pool(), harness_->clock()};

 private:
  static bool HasLabel(const prometheus::ClientMetric& metric, const std::string& name,
                       const std::string& value) {
    for (const auto& label : metric.label) {
      if (label.name == name) return label.value == value;
    }
    return false;
  }
};

// PLT-26, TIC-6: running, met, breached; breached also while nobody writes anything.
TEST_F(TicketMetricsTest, CountsClocks) {
  const std::string answered = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string late = Open(v1::TICKET_PRIORITY_URGENT).number();
  EXPECT_EQ(ValueOf("crm_ticket_sla_running", "urgent"), 2);
  EXPECT_EQ(ValueOf("crm_ticket_sla_running", "low"), 0);
  EXPECT_EQ(ValueOf("crm_ticket_sla_next_breach_seconds", ""), 4 * 3600);
  Reply(answered);
  EXPECT_EQ(ValueOf("crm_ticket_sla_running", "urgent"), 1);
  EXPECT_EQ(ValueOf("crm_ticket_sla_met", "urgent"), 1);
  Advance(absl::Hours(4) + absl::Seconds(1));
  EXPECT_EQ(ValueOf("crm_ticket_sla_running", "urgent"), 0);
  EXPECT_EQ(ValueOf("crm_ticket_sla_breached", "urgent"), 1);
  Reply(late);
  EXPECT_EQ(ValueOf("crm_ticket_sla_breached", "urgent"), 1);
  Advance(absl::Hours(31 * 24));
  EXPECT_EQ(ValueOf("crm_ticket_sla_met", "urgent"), 0);
}

// PLT-26, TIC-6, TIC-11: done is no answer; if it still comes, it was in time.
TEST_F(TicketMetricsTest, AFirstResponseThatWasNeverGivenIsLate) {
  const std::string number = OpenDone(Fault(v1::TICKET_PRIORITY_URGENT));
  EXPECT_EQ(ValueOf("crm_ticket_sla_breached", "urgent"), 1);
  EXPECT_EQ(ValueOf("crm_ticket_sla_met", "urgent"), 0);
  Reply(number);
  EXPECT_EQ(ValueOf("crm_ticket_sla_breached", "urgent"), 0);
  EXPECT_EQ(ValueOf("crm_ticket_sla_met", "urgent"), 1);
}

// PLT-26, TIC-8: what has fallen due and nobody has done shows its age.
TEST_F(TicketMetricsTest, ShowsHowLateEscalationsAre) {
  harness_->replica().Stop();  // nobody escalates
  EXPECT_EQ(Value("crm_ticket_timers_overdue_seconds"), 0);
  const absl::Time due = Now() - absl::Seconds(90);
  harness_->database().Run(absl::StrCat(
      "INSERT INTO ticket_timer (ticket_id, due_time, claimed_until, claimant) VALUES (1, ",
      absl::ToUnixMicros(due), ", 0, '')"));
  EXPECT_EQ(Value("crm_ticket_timers_overdue_seconds"), 90);
}

// PLT-26: open tickets by status; done ones are not open.
TEST_F(TicketMetricsTest, CountsOpenTickets) {
  const std::string number = Open().number();
  Open();
  EXPECT_EQ(Value("crm_tickets_open", "unassigned"), 2);
  Move("TakeTicket", number);
  EXPECT_EQ(Value("crm_tickets_open", "unassigned"), 1);
  EXPECT_EQ(Value("crm_tickets_open", "in_progress"), 1);
  Must(TryResolve("ProposeSolution", number, "更换网卡"));
  EXPECT_EQ(Value("crm_tickets_open", "to_be_confirmed"), 1);
  Must(TryResolve("CompleteTicket", number));
  EXPECT_EQ(Value("crm_tickets_open", "to_be_confirmed"), 0);
}

// PLT-26, TIC-10: what customers say of the last 30 days.
TEST_F(TicketMetricsTest, ShowsSatisfaction) {
  EXPECT_TRUE(std::isnan(Value("crm_ticket_satisfaction_mean")));
  for (const int satisfaction : {5, 4}) {
    const std::string number = Open().number();
    Move("TakeTicket", number);
    Must(TryResolve("ProposeSolution", number, "更换网卡"));
    Must(TryResolve("CompleteTicket", number));
    Move("CloseTicket", number);
    v1::RecordFeedbackRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    Must(Call<v1::Ticket>(gateway_, "AfterCareService/RecordFeedback", request));
  }
  EXPECT_EQ(Value("crm_ticket_satisfaction_mean"), 4.5);
  EXPECT_EQ(Value("crm_ticket_satisfaction_answers"), 2);
  Advance(absl::Hours(31 * 24));
  EXPECT_EQ(Value("crm_ticket_satisfaction_answers"), 0);
}

// PLT-26: each is in the documentation, word for word.
TEST_F(TicketMetricsTest, AreDocumented) {
  std::ifstream page(crm::testing::SourceFile("docs/metrics.md"));
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  int found = 0;
  for (const auto& family : registry_.Collect()) {
    std::string labels;
    for (const auto& label : family.metric.front().label) {
      absl::StrAppend(&labels, labels.empty() ? "" : " ", "`", label.name, "`");
    }
    EXPECT_THAT(text, ::testing::HasSubstr(absl::StrCat("| `", family.name, "` | gauge | ", labels,
                                                        " | ", family.help, " |")));
    ++found;
  }
  EXPECT_EQ(found, 8);
}

// PLT-26: a paused clock does not run.
TEST_F(TicketMetricsTest, APausedClockDoesNotRun) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  v1::SlaConfiguration configuration = Configuration();
  configuration.mutable_policies(0)->clear_clock_pauses();
  Must(Configure(configuration));
  const std::string other = Open().number();
  Move("TakeTicket", other);
  EXPECT_EQ(ValueOf("crm_ticket_sla_running", "high"), 2);
  Move("WaitForCustomer", other);
  EXPECT_EQ(ValueOf("crm_ticket_sla_running", "high"), 1);
}

}  // namespace
}  // namespace crm::ticket
