// What customers say of the service appears in the archive's file of them: TIC-10, TIC-3.
#include "crm/customer/v1/interaction_service.pb.h"
#include "crm/ticket/v1/after_care_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

namespace cv1 = crm::customer::v1;
using ::testing::HasSubstr;
using testing::ServiceHarness;

class FeedbackFileTest : public TicketTest {
 protected:
  FeedbackFileTest() { StartArchive(); }

  void StartArchive() {
    archive_ = std::make_unique<ServiceHarness>(
        customer::Info(), customer::CustomerService::Create,
        [this](config::ServiceOptions& options) {
          const std::string token_file = options.key_file + ".token";
          std::ofstream(token_file) << harness_->TokenOfService("crm-customer");
          options.peer_token_file = token_file;
          options.peers["ticket"] = absl::StrCat("127.0.0.1:", harness_->replica().port());
        });
    steward_ = archive_->TokenOf("u-steward", {"data_steward"}, "hq");
  }
  std::string CreateCustomer(const std::string& phone) {
    cv1::CreateCustomerRequest request;
    cv1::Customer& customer = *request.mutable_customer();
    customer.set_kind(cv1::CUSTOMER_KIND_PERSON);
    customer.set_full_name("王建国");
    customer.set_industry("I65");
    customer.set_tier(cv1::TIER_KEY);
    customer.set_phone(phone);
    return Must(archive_->Call<cv1::CreateCustomerRequest, cv1::Customer>(
                    steward_, "crm.customer.v1.CustomerService/CreateCustomer", request))
        .number();
  }
  std::vector<cv1::Interaction> FileOf(const std::string& customer) {
    cv1::ListInteractionsRequest request;
    request.set_customer(customer);
    const auto page =
        Must(archive_->Call<cv1::ListInteractionsRequest, cv1::ListInteractionsResponse>(
            steward_, "crm.customer.v1.InteractionService/ListInteractions", request));
    return {page.interactions().begin(), page.interactions().end()};
  }
  void Answer(const std::string& number, int64_t satisfaction, const std::string& comment = "") {
    v1::RecordFeedbackRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    request.set_comment(comment);
    Must(Call<v1::Ticket>(gateway_, "AfterCareService/RecordFeedback", request));
  }
  int64_t Waiting() { return archive_->database().Int("SELECT COUNT(*) FROM waiting_record"); }
  int64_t InFiles() { return archive_->database().Int("SELECT COUNT(*) FROM interaction"); }
  // The old replica's leases run out; every job of the new one runs at once.
  void RestartArchive(const std::string& meanwhile) {
    crm::testing::Replica& old = next_ == nullptr ? archive_->replica() : *next_;
    old.Stop();
    archive_->database().Run(meanwhile);
    archive_->clock().Advance(absl::Minutes(5));
    next_ = &archive_->StartReplica();
  }
  v1::Ticket Of(const std::string& customer) {
    v1::Ticket ticket = Fault();
    ticket.set_customer(customer);
    ticket.set_subject("打印机");
    return ticket;
  }

  std::unique_ptr<ServiceHarness> archive_;
  crm::testing::Replica* next_ = nullptr;
  std::string steward_;
};

// TIC-10: once, also with a customer between that the archive does not have.
TEST_F(FeedbackFileTest, GoesIntoTheCustomersFile) {
  const std::string customer = CreateCustomer("13800138111");
  archive_->StartReplica();
  Answer(OpenClosed(Of("CRM2026999999")), 5);
  const std::string number = OpenClosed(Of(customer));
  Answer(number, 4);
  ASSERT_TRUE(Eventually([&] { return !FileOf(customer).empty(); }));
  const std::string next = OpenClosed(Of(customer));
  Answer(next, 3);
  ASSERT_TRUE(Eventually([&] { return FileOf(customer).size() > 1; }));
  const auto file = FileOf(customer);
  ASSERT_EQ(file.size(), 2u);
  std::vector<std::string> contents = {file[0].content(), file[1].content()};
  EXPECT_THAT(contents, ::testing::UnorderedElementsAre(
                            AllOf(HasSubstr(number), HasSubstr("满意度 4/5"), HasSubstr("打印机")),
                            AllOf(HasSubstr(next), HasSubstr("满意度 3/5"))));
  EXPECT_EQ(file[0].staff(), "u-agent");
}

// TIC-10: with what the customer said, which no event tells; so at the follow-up.
TEST_F(FeedbackFileTest, TheCommentIsInTheFile) {
  v1::Ticket complaint = Of(CreateCustomer("13800138111"));
  complaint.set_type(v1::TICKET_TYPE_COMPLAINT);
  const std::string number = OpenClosed(complaint);
  Answer(number, 3, "等了三天，态度不错");
  v1::RecordFollowUpRequest request;
  request.set_ticket(number);
  request.set_satisfaction(5);
  request.set_text("已恢复正常");
  Must(Call<v1::Ticket>(agent_, "AfterCareService/RecordFollowUp", request));
  ASSERT_TRUE(Eventually([&] { return FileOf(complaint.customer()).size() == 2; }));
  std::vector<std::string> contents;
  for (const auto& interaction : FileOf(complaint.customer())) {
    contents.push_back(interaction.content());
  }
  EXPECT_THAT(contents, ::testing::UnorderedElementsAre(
                            AllOf(HasSubstr("满意度 3/5"), HasSubstr("等了三天，态度不错")),
                            AllOf(HasSubstr("满意度 5/5"), HasSubstr("已恢复正常"))));
  const auto told = [](crm::testing::ServiceHarness& of) {
    return of.database().Int("SELECT COUNT(*) FROM outbox WHERE payload LIKE '%等了三天%'");
  };
  EXPECT_EQ(told(*harness_), 0);
  EXPECT_EQ(told(*archive_), 0);
}

// TIC-10: an answer of a customer that the archive does not have yet waits for it, and comes into
// the file once, however often it is told.
TEST_F(FeedbackFileTest, WaitsForTheCustomer) {
  std::string later = CreateCustomer("13800138111");
  ++later.back();
  Answer(OpenClosed(Of(later)), 5);
  ASSERT_TRUE(Eventually([&] { return Waiting() == 1; }));
  EXPECT_EQ(archive_->database().String("SELECT reason FROM waiting_record"), "RESOURCE_NOT_FOUND");
  ASSERT_EQ(CreateCustomer("13800138112"), later);
  RestartArchive("DO 0");
  ASSERT_TRUE(Eventually([&] { return Waiting() == 0; }));
  EXPECT_EQ(InFiles(), 1);

  const auto cursor = [&] {
    return archive_->database().Int("SELECT position FROM event_cursor WHERE source = 'ticket'");
  };
  const int64_t end = cursor();
  RestartArchive("UPDATE event_cursor SET position = 0 WHERE source = 'ticket'");
  EXPECT_TRUE(Eventually([&] { return cursor() >= end; }));
  EXPECT_EQ(Waiting(), 0);
  EXPECT_EQ(InFiles(), 1);
}

// TIC-10: not for ever.
TEST_F(FeedbackFileTest, GivesUpAfterAMonth) {
  Answer(OpenClosed(Of("CRM2026999999")), 5);
  ASSERT_TRUE(Eventually([&] { return Waiting() == 1; }));
  RestartArchive("UPDATE waiting_record SET first_time = first_time - 29 * 86400000000");
  ASSERT_TRUE(Eventually(
      [&] { return archive_->database().Int("SELECT MAX(tries) FROM waiting_record") == 1; }));
  RestartArchive("UPDATE waiting_record SET first_time = first_time - 86400000000");
  EXPECT_TRUE(Eventually([&] { return Waiting() == 0; }));
  EXPECT_EQ(InFiles(), 0);
}

// TIC-10, PLT-20: goes on where the events are, if it has fallen out of what is kept.
TEST_F(FeedbackFileTest, GoesOnWhereTheEventsAre) {
  const std::string customer = CreateCustomer("13800138111");
  {
    auto db = archive_->database().pool().Acquire(archive_->database().Deadline());
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE((*db)
                    ->Execute({"test_cursor",
                               "INSERT INTO event_cursor (source, position) VALUES ('ticket', "
                               "1000000000) ON DUPLICATE KEY UPDATE position = 1000000000"},
                              {})
                    .ok());
  }
  EXPECT_TRUE(Eventually([&] {
    Answer(OpenClosed(Of(customer)), 4);
    return !FileOf(customer).empty();
  }));
}

}  // namespace
}  // namespace crm::ticket
