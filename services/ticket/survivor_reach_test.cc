// Tickets that were merged into one out of the caller's scope, over gRPC on a real database:
// TIC-16, PLT-13.
#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/attachment_service.pb.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

constexpr char kRoles[] = R"json(
    "own_agent": {"label": {"zh": "客服", "en": "agent"},
      "grants": [{"scope": "own", "permissions": ["ticket.*"]}]})json";

class SurvivorReachTest : public TicketTest {
 protected:
  SurvivorReachTest()
      : TicketTest(WithRoles(kRoles)),
        own_(harness_->TokenOf("u-agent", {"own_agent"}, "hotline")),
        other_own_(harness_->TokenOf("u-other", {"own_agent"}, "hotline")) {}

  void Merge(const std::string& survivor, const std::string& duplicate) {
    v1::MergeTicketsRequest request;
    request.set_survivor(survivor);
    request.add_duplicates()->set_ticket(duplicate);
    request.set_reason("同一故障");
    Must(Call<v1::Ticket>(supervisor_, "TicketMergeService/MergeTickets", request));
  }
  absl::StatusOr<v1::TicketAttachment> Upload(const std::string& token, const std::string& ticket) {
    client::AnyClientStream stream = harness_->replica().channel().ClientStream(
        "/crm.ticket.v1.TicketAttachmentService/UploadTicketAttachment", {.token = token});
    v1::UploadTicketAttachmentRequest message;
    message.mutable_start()->set_ticket(ticket);
    message.mutable_start()->set_file_name("a.pdf");
    message.set_data("%PDF-1.7\n1");
    stream.Write(message);
    v1::TicketAttachment attachment;
    const absl::Status status = stream.Finish(attachment);
    if (!status.ok()) return status;
    return attachment;
  }
  absl::Status Download(const std::string& token, const std::string& file) {
    v1::DownloadTicketAttachmentRequest request;
    request.set_attachment(file);
    client::AnyServerStream stream = harness_->replica().channel().ServerStream(
        "/crm.ticket.v1.TicketAttachmentService/DownloadTicketAttachment", request,
        {.token = token});
    v1::DownloadTicketAttachmentResponse message;
    while (stream.Next(message)) {
    }
    return stream.Finish();
  }
  // Of u-agent, into one of nobody.
  std::string OpenMerged() {
    const std::string duplicate = Open().number();
    Move("TakeTicket", duplicate);
    survivor_ = Open().number();
    Merge(survivor_, duplicate);
    return duplicate;
  }
  void ExpectOutOfReach(const absl::Status& status, const std::string& duplicate) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_EQ(ErrorReason(status), "TICKET_MERGED");
    EXPECT_EQ(Metadata(status, "survivor"), "");
    const std::string told = ToRpcStatus(status).DebugString();
    EXPECT_EQ(told.find(survivor_), std::string::npos) << told;
    EXPECT_NE(told.find(duplicate), std::string::npos) << told;
  }

  const std::string own_;
  const std::string other_own_;
  std::string survivor_;
};

// TIC-16, PLT-13
TEST_F(SurvivorReachTest, NobodyWritesOutOfReach) {
  const std::string duplicate = OpenMerged();
  const size_t before = Events(survivor_).size();
  v1::RecordTicketMessageRequest message;
  message.set_ticket(duplicate);
  message.set_text("您好");
  ExpectOutOfReach(Call<v1::Ticket>(own_, "TicketService/ReplyToCustomer", message).status(),
                   duplicate);
  v1::RecordFeedbackRequest feedback;
  feedback.set_ticket(duplicate);
  feedback.set_satisfaction(5);
  ExpectOutOfReach(Call<v1::Ticket>(own_, "AfterCareService/RecordFeedback", feedback).status(),
                   duplicate);
  v1::UnmergeTicketRequest unmerge;
  unmerge.set_ticket(duplicate);
  unmerge.set_reason("并非同一故障");
  ExpectOutOfReach(Call<v1::Ticket>(own_, "TicketMergeService/UnmergeTicket", unmerge).status(),
                   duplicate);
  EXPECT_EQ(Events(survivor_).size(), before);
}

// TIC-9, TIC-16, PLT-13
TEST_F(SurvivorReachTest, NobodyUploadsOutOfReach) {
  const std::string duplicate = OpenMerged();
  ExpectOutOfReach(Upload(own_, duplicate).status(), duplicate);
}

// TIC-9, TIC-16, PLT-13: whoever may read the survivor may read the files that it has from others.
TEST_F(SurvivorReachTest, TheSurvivorsFilesAreInReach) {
  const std::string duplicate = Open().number();
  const std::string file = Must(Upload(agent_, duplicate)).number();
  EXPECT_EQ(Download(own_, file).code(), absl::StatusCode::kNotFound);
  const std::string survivor = Open().number();
  Move("TakeTicket", survivor);
  Merge(survivor, duplicate);
  EXPECT_EQ(Download(own_, file), absl::OkStatus());
}

// TIC-9, TIC-16, PLT-13: of tickets that were merged one into the other, whoever may read one has
// its files and those of all that came into it, and no others.
TEST_F(SurvivorReachTest, FilesAreInReachOfEachTicketOfTheChain) {
  const std::string first = Open().number();
  const std::string of_first = Must(Upload(agent_, first)).number();
  const std::string middle = Open().number();
  Move("TakeTicket", middle);
  Merge(middle, first);
  const std::string last = Open().number();
  const std::string of_last = Must(Upload(agent_, last)).number();
  EXPECT_EQ(Download(own_, of_first), absl::OkStatus());
  Merge(last, middle);
  EXPECT_EQ(Download(own_, of_first), absl::OkStatus());
  EXPECT_EQ(Download(own_, of_last).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Download(other_own_, of_first).code(), absl::StatusCode::kNotFound);
  v1::ListTicketAttachmentsRequest request;
  request.set_ticket(middle);
  const auto listed = Must(Call<v1::ListTicketAttachmentsResponse>(
      own_, "TicketAttachmentService/ListTicketAttachments", request));
  ASSERT_EQ(listed.attachments_size(), 1);
  EXPECT_EQ(listed.attachments(0).number(), of_first);
}

// TIC-16, PLT-13: nor does somebody else's new ticket answer a late reopening.
TEST_F(SurvivorReachTest, NobodyReadsAContinuationOutOfReach) {
  const std::string number = OpenClosed(Fault());
  Advance(absl::Hours(8 * 24));
  const std::string next = Move("ReopenTicket", number).number();
  const std::string own = harness_->TokenOf("u-agent", {"own_agent"}, "hotline");
  const absl::Status status = TryMove(own, "ReopenTicket", number).status();
  EXPECT_EQ(ErrorReason(status), "TICKET_CONTINUED");
  EXPECT_EQ(ToRpcStatus(status).DebugString().find(next), std::string::npos);
}

}  // namespace
}  // namespace crm::ticket
