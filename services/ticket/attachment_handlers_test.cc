// Files of tickets over gRPC on a real database: TIC-9.
#include "services/ticket/attachment_handlers.h"

#include <string_view>

#include "absl/strings/escaping.h"
#include "common/crypto/digest.h"
#include "common/testing/attachment.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;

std::string Pdf(size_t size) { return crm::testing::PdfOf(size); }

class AttachmentHandlersTest : public TicketTest {
 protected:
  static constexpr char kUpload[] = "/crm.ticket.v1.TicketAttachmentService/UploadTicketAttachment";
  static constexpr char kDownload[] =
      "/crm.ticket.v1.TicketAttachmentService/DownloadTicketAttachment";

  absl::StatusOr<v1::TicketAttachment> Upload(const std::string& token, v1::TicketUploadStart start,
                                              std::string_view content, size_t piece = 300'000) {
    return crm::testing::UploadFile<v1::UploadTicketAttachmentRequest, v1::TicketAttachment>(
        harness_->replica().channel(), kUpload, token, std::move(start), content, piece);
  }
  static v1::TicketUploadStart Named(const std::string& ticket, const std::string& name) {
    v1::TicketUploadStart start;
    start.set_ticket(ticket);
    start.set_file_name(name);
    return start;
  }
  absl::StatusOr<std::string> Download(const std::string& token, const std::string& number) {
    v1::DownloadTicketAttachmentRequest request;
    request.set_attachment(number);
    return crm::testing::DownloadFile<v1::DownloadTicketAttachmentResponse>(
        harness_->replica().channel(), kDownload, token, request);
  }
  std::vector<v1::TicketAttachment> ListFiles(const std::string& ticket) {
    v1::ListTicketAttachmentsRequest request;
    request.set_ticket(ticket);
    const auto page = Must(Call<v1::ListTicketAttachmentsResponse>(
        agent_, "TicketAttachmentService/ListTicketAttachments", request));
    return {page.attachments().begin(), page.attachments().end()};
  }
  int64_t Rows(const std::string& table) {
    return CountRows(absl::StrCat("SELECT COUNT(*) FROM ", table));
  }
  void ExpectNothingStored() {
    for (const char* table :
         {"attachment", "attachment_content", "attachment_chunk", "attachment_upload"}) {
      EXPECT_EQ(Rows(table), 0) << table;
    }
  }
};

// TIC-9: type and hash are found from the content; the stored bytes are encrypted.
TEST_F(AttachmentHandlersTest, WhatGoesUpComesDown) {
  const std::string ticket = Open().number();
  const std::string content = Pdf(2'500'000);
  v1::TicketUploadStart start = Named(ticket, "../合同.pdf");
  start.set_sha256(absl::BytesToHexString(crypto::Sha256(content)));
  const v1::TicketAttachment file = Must(Upload(gateway_, start, content));
  EXPECT_EQ(file.ticket(), ticket);
  EXPECT_EQ(file.file_name(), "合同.pdf");
  EXPECT_EQ(file.content_type(), "application/pdf");
  EXPECT_EQ(file.size(), 2'500'000);
  EXPECT_EQ(file.sha256(), start.sha256());
  EXPECT_EQ(file.creator(), "mail-gateway");
  EXPECT_TRUE(Must(Download(agent_, file.number())) == content);
  ASSERT_EQ(ListFiles(ticket).size(), 1u);
  EXPECT_EQ(ListFiles(ticket)[0].number(), file.number());
  EXPECT_EQ(Rows("attachment_chunk WHERE data LIKE '%PDF-1.7%'"), 0);
  EXPECT_EQ(Rows("attachment_upload"), 0);
}

// TIC-9: stored once per content.
TEST_F(AttachmentHandlersTest, AContentIsStoredOnce) {
  const std::string first = Open().number();
  const std::string second = Open().number();
  const std::string content = Pdf(10'000);
  Must(Upload(agent_, Named(first, "a.pdf"), content));
  const v1::TicketAttachment again = Must(Upload(other_agent_, Named(second, "b.pdf"), content));
  EXPECT_EQ(Rows("attachment"), 2);
  EXPECT_EQ(Rows("attachment_content"), 1);
  EXPECT_EQ(Rows("attachment_chunk"), 1);
  EXPECT_TRUE(Must(Download(agent_, again.number())) == content);
}

// TIC-9: refused uploads leave nothing.
TEST_F(AttachmentHandlersTest, RefusedUploadsLeaveNothing) {
  const std::string ticket = Open().number();
  const auto reason = [&](v1::TicketUploadStart start, std::string_view content) {
    const auto uploaded = Upload(agent_, std::move(start), content, 1 << 20);
    EXPECT_EQ(uploaded.status().code(), absl::StatusCode::kInvalidArgument);
    return ErrorReason(uploaded.status());
  };
  EXPECT_EQ(reason(Named(ticket, "a.pdf"), Pdf((20 << 20) + 1)), "ATTACHMENT_TOO_LARGE");
  EXPECT_EQ(reason(Named(ticket, "a.pdf"), ""), "ATTACHMENT_EMPTY");
  EXPECT_EQ(reason(Named(ticket, "a.pdf"), std::string("MZ\x90\0program", 11)),
            "CONTENT_TYPE_REFUSED");
  v1::TicketUploadStart claimed = Named(ticket, "a.pdf");
  claimed.set_sha256(std::string(64, 'a'));
  EXPECT_EQ(reason(claimed, Pdf(3'000'000)), "SHA256_DIFFERS");
  EXPECT_EQ(Upload(agent_, Named("SR000000", "a.pdf"), Pdf(100)).status().code(),
            absl::StatusCode::kNotFound);
  ExpectNothingStored();
}

// TIC-9: an upload that the client breaks off leaves nothing.
TEST_F(AttachmentHandlersTest, PartialUploadsLeaveNothing) {
  EXPECT_TRUE(
      (crm::testing::BreakOffUpload<v1::UploadTicketAttachmentRequest, v1::TicketAttachment>(
          harness_->replica().channel(), kUpload, agent_, Named(Open().number(), "a.pdf"))));
  // Returns when the server is done with the call.
  harness_->replica().Stop();
  ExpectNothingStored();
}

// TIC-9, PLT-5
TEST_F(AttachmentHandlersTest, RepeatGivesTheFirstAttachment) {
  v1::TicketUploadStart start = Named(Open().number(), "a.pdf");
  start.set_request_id("r-1");
  const std::string first = Must(Upload(agent_, start, Pdf(100))).number();
  EXPECT_EQ(Must(Upload(agent_, start, Pdf(100))).number(), first);
  EXPECT_EQ(ErrorReason(Upload(agent_, start, Pdf(101)).status()), "REQUEST_ID_REUSED");
  EXPECT_EQ(Rows("attachment"), 1);
}

// TIC-9, PLT-8
TEST_F(AttachmentHandlersTest, FirstMessageTellsOfTheFile) {
  client::AnyClientStream stream =
      harness_->replica().channel().ClientStream(kUpload, {.token = agent_});
  v1::UploadTicketAttachmentRequest message;
  message.set_data("%PDF-");
  stream.Write(message);
  v1::TicketAttachment attachment;
  EXPECT_THAT(Violations(stream.Finish(attachment)), ElementsAre("start REQUIRED"));
}

// TIC-9, PLT-13
TEST_F(AttachmentHandlersTest, IsForThoseWhoReadTickets) {
  const std::string ticket = Open().number();
  const std::string number = Must(Upload(agent_, Named(ticket, "a.pdf"), Pdf(100))).number();
  const std::string seller = harness_->TokenOf("u-seller", {"sales_representative"});
  EXPECT_EQ(Upload(seller, Named(ticket, "a.pdf"), Pdf(100)).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Download(seller, number).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Download(agent_, "TA000").status().code(), absl::StatusCode::kNotFound);
}

// TIC-9, TIC-16: a file for a merged ticket goes to the survivor.
TEST_F(AttachmentHandlersTest, FollowsAMerge) {
  v1::MergeTicketsRequest request;
  request.set_survivor(Open().number());
  request.add_duplicates()->set_ticket(Open().number());
  request.set_reason("同一故障");
  Must(Call<v1::Ticket>(agent_, "TicketMergeService/MergeTickets", request));
  EXPECT_EQ(Must(Upload(agent_, Named(request.duplicates(0).ticket(), "a.pdf"), Pdf(100))).ticket(),
            request.survivor());
}

// TIC-9: what a process that died had uploaded goes; what a ticket has stays.
TEST_F(AttachmentHandlersTest, PurgeRemovesBrokenUploads) {
  const std::string number =
      Must(Upload(agent_, Named(Open().number(), "a.pdf"), Pdf(100))).number();
  auto& runtime = harness_->replica().runtime();
  const AttachmentStore store(runtime.keyring(), runtime.ids());
  {
    auto db = runtime.pool().Acquire(absl::InfiniteFuture());
    ASSERT_TRUE(db.ok());
    const int64_t content = Must(store.contents().Open(**db, Now()));
    ASSERT_TRUE(store.contents().WriteChunk(**db, content, 0, "half").ok());
  }
  EXPECT_EQ(Rows("attachment_upload"), 1);
  Must(store.contents().Purge(runtime.pool(), Now() + absl::Microseconds(1),
                              absl::InfiniteFuture()));
  EXPECT_EQ(Rows("attachment_upload"), 0);
  EXPECT_EQ(Rows("attachment_chunk"), 1);
  EXPECT_TRUE(Must(Download(agent_, number)) == Pdf(100));
}

// TIC-9, TIC-6: the history tells of it, and whoever works on an older version is told.
TEST_F(AttachmentHandlersTest, TheHistoryTellsOfIt) {
  const v1::Ticket ticket = Open();
  v1::TicketUploadStart start = Named(ticket.number(), "合同.pdf");
  start.set_request_id("r-1");
  const v1::TicketAttachment file = Must(Upload(gateway_, start, Pdf(100)));
  Must(Upload(gateway_, start, Pdf(100)));
  const auto events = Events(ticket.number());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].kind(), v1::TICKET_EVENT_KIND_FILE_ADDED);
  EXPECT_EQ(events[1].text(), absl::StrCat(file.number(), " 合同.pdf"));
  EXPECT_EQ(events[1].actor(), "mail-gateway");
  EXPECT_NE(Get(ticket.number()).etag(), ticket.etag());
}

// TIC-9, TIC-17: a ticket to which a file comes is not quiet.
TEST_F(AttachmentHandlersTest, AFileIsActivity) {
  const std::string number = OpenDone(Fault());
  Advance(absl::Hours(48));
  Must(Upload(gateway_, Named(number, "a.pdf"), Pdf(100)));
  EXPECT_EQ(CountRows(absl::StrCat("SELECT COUNT(*) FROM ticket_timer WHERE due_time = ",
                                   absl::ToUnixMicros(Now() + absl::Hours(72)))),
            1);
}

// TIC-9, TIC-16: the survivor has the files of what was merged into it.
TEST_F(AttachmentHandlersTest, TheSurvivorHasTheirFiles) {
  const std::string first = Open().number();
  const std::string second = Open().number();
  const std::string third = Open().number();
  const std::string file = Must(Upload(agent_, Named(first, "a.pdf"), Pdf(100))).number();
  Must(Upload(agent_, Named(third, "b.pdf"), Pdf(100)));
  const auto merge = [&](const std::string& survivor, const std::string& duplicate) {
    v1::MergeTicketsRequest request;
    request.set_survivor(survivor);
    request.add_duplicates()->set_ticket(duplicate);
    request.set_reason("同一故障");
    Must(Call<v1::Ticket>(agent_, "TicketMergeService/MergeTickets", request));
  };
  merge(second, first);
  EXPECT_EQ(ListFiles(second).size(), 1u);
  merge(third, second);
  EXPECT_EQ(ListFiles(third).size(), 2u);
  EXPECT_EQ(ListFiles(second).size(), 1u);
  EXPECT_EQ(ListFiles(second)[0].number(), file);
}

}  // namespace
}  // namespace crm::ticket
