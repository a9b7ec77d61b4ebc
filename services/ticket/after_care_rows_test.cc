// Tickets from before migration 0010, on a real database: TIC-3, TIC-17.
#include "common/source_tree/source_tree.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

class AfterCareRowsTest : public TicketTest {
 protected:
  void Execute(const std::string& sql) {
    auto db = harness_->database().pool().Acquire(harness_->database().Deadline());
    ASSERT_TRUE(db.ok());
    const auto done = (*db)->Execute({"test_execute", sql}, {});
    ASSERT_TRUE(done.ok()) << done.status();
  }
  // The statements of the migration that change rows.
  void MigrateRows() {
    std::ifstream file(
        crm::testing::SourceFile("services/ticket/migrations/0012_after_care_rows.sql"));
    ASSERT_TRUE(file.good());
    std::string statement;
    int executed = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("--")) continue;
      statement += line + "\n";
      if (!line.ends_with(";")) continue;
      if (statement.find("ALTER TABLE") == std::string::npos) {
        Execute(statement);
        ++executed;
      }
      statement.clear();
    }
    ASSERT_EQ(executed, 3);
  }
  static v1::Ticket Complaint() {
    v1::Ticket ticket = Fault();
    ticket.set_type(v1::TICKET_TYPE_COMPLAINT);
    return ticket;
  }
};

// TIC-17, TIC-3: such a ticket is reopened in its window, such a complaint followed up.
TEST_F(AfterCareRowsTest, OlderTicketsHaveTheirAfterCare) {
  const std::string fault = OpenClosed(Fault());
  const std::string complaint = OpenClosed(Complaint());
  const std::string open = Open().number();
  Execute(
      "UPDATE ticket SET close_time = NULL, follow_up_state = NULL, feedback_state = NULL, "
      "feedback_request_time = NULL");
  Execute("DELETE FROM ticket_timer");
  MigrateRows();
  EXPECT_EQ(record::TimeOf(Get(fault).close_time()), record::TimeOf(Get(fault).update_time()));
  EXPECT_FALSE(Get(open).has_close_time());
  EXPECT_EQ(Get(fault).follow_up_state(), v1::FOLLOW_UP_STATE_UNSPECIFIED);
  EXPECT_EQ(Get(complaint).follow_up_state(), v1::FOLLOW_UP_STATE_PLANNED);
  EXPECT_EQ(Move("ReopenTicket", fault).number(), fault);
  Advance(absl::Hours(7 * 24));
  EXPECT_TRUE(
      Eventually([&] { return Get(complaint).follow_up_state() == v1::FOLLOW_UP_STATE_DUE; }));
}

}  // namespace
}  // namespace crm::ticket
