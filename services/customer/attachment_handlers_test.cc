// AttachmentService over gRPC.
#include "absl/strings/escaping.h"
#include "common/crypto/digest.h"
#include "common/testing/attachment.h"
#include "crm/customer/v1/attachment_service.pb.h"
#include "services/customer/activity_test_fixture.h"
#include "services/customer/attachment_store.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Pdf(size_t size) { return crm::testing::PdfOf(size); }

class AttachmentHandlersTest : public ActivityTest {
 protected:
  static constexpr char kUpload[] = "/crm.customer.v1.AttachmentService/UploadAttachment";
  static constexpr char kDownload[] = "/crm.customer.v1.AttachmentService/DownloadAttachment";

  absl::StatusOr<v1::Attachment> Upload(const std::string& token, v1::UploadStart start,
                                        std::string_view content, size_t piece = 300'000) {
    return crm::testing::UploadFile<v1::UploadAttachmentRequest, v1::Attachment>(
        harness_.replica().channel(), kUpload, token, std::move(start), content, piece);
  }

  static v1::UploadStart Named(const std::string& name) {
    v1::UploadStart start;
    start.set_file_name(name);
    return start;
  }

  absl::StatusOr<std::string> Download(const std::string& token, const std::string& number) {
    v1::DownloadAttachmentRequest request;
    request.set_attachment(number);
    return crm::testing::DownloadFile<v1::DownloadAttachmentResponse>(harness_.replica().channel(),
                                                                      kDownload, token, request);
  }

  void ExpectNothingStored() {
    for (const char* table :
         {"attachment", "attachment_content", "attachment_chunk", "attachment_upload"}) {
      EXPECT_EQ(Rows(table), 0) << table;
    }
  }

  absl::StatusOr<int64_t> Purge(absl::Time before) {
    auto& runtime = harness_.replica().runtime();
    const AttachmentStore store(runtime.keyring(), runtime.ids());
    return store.Purge(runtime.pool(), before, absl::InfiniteFuture());
  }
};

// TIC-9
TEST_F(AttachmentHandlersTest, WhatGoesUpComesDown) {
  const std::string content = Pdf(2'500'000);
  v1::UploadStart start = Named("../合同.pdf");
  start.set_sha256(absl::BytesToHexString(crypto::Sha256(content)));
  auto uploaded = Upload(seller_, start, content);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(uploaded->number(), "AT20260320000001");
  EXPECT_EQ(uploaded->file_name(), "合同.pdf");
  EXPECT_EQ(uploaded->content_type(), "application/pdf");
  EXPECT_EQ(uploaded->size(), 2'500'000);
  EXPECT_EQ(uploaded->sha256(), start.sha256());
  auto downloaded = Download(seller_, uploaded->number());
  ASSERT_TRUE(downloaded.ok()) << downloaded.status();
  EXPECT_TRUE(*downloaded == content);
  EXPECT_EQ(Rows("attachment_chunk"), 3);
  EXPECT_EQ(Rows("attachment_chunk WHERE LENGTH(data) > 1048576"), 0);
  EXPECT_EQ(Rows("attachment_chunk WHERE data LIKE '%PDF-1.7%'"), 0);
  EXPECT_EQ(Rows("attachment_upload"), 0);
}

// TIC-9, PLT-13: what is known of a file, for whoever may read it.
TEST_F(AttachmentHandlersTest, TellsWhatIsKnownOfAFile) {
  const auto uploaded = Upload(seller_, Named("合同.pdf"), Pdf(1'000));
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  const auto get = [&](const std::string& token, const std::string& number) {
    v1::GetAttachmentRequest request;
    request.set_attachment(number);
    return Call<v1::Attachment>(token, "crm.customer.v1.AttachmentService/GetAttachment", request);
  };
  const auto known = get(seller_, uploaded->number());
  ASSERT_TRUE(known.ok()) << known.status();
  EXPECT_EQ(known->SerializeAsString(), uploaded->SerializeAsString());
  EXPECT_EQ(get(seller_, "AT20260320999999").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(get(harness_.TokenOf("shen", {"auditor"}), uploaded->number()).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// TIC-9: stored once per content.
TEST_F(AttachmentHandlersTest, AContentIsStoredOnce) {
  const std::string content = Pdf(10'000);
  auto first = Upload(seller_, Named("a.pdf"), content);
  auto second = Upload(other_seller_, Named("b.pdf"), content);
  ASSERT_TRUE(first.ok() && second.ok()) << second.status();
  EXPECT_NE(first->number(), second->number());
  EXPECT_EQ(Rows("attachment_content"), 1);
  EXPECT_EQ(Rows("attachment_chunk"), 1);
  EXPECT_EQ(Rows("attachment_upload"), 0);
  EXPECT_TRUE(*Download(other_seller_, second->number()) == content);
}

// TIC-9: refused uploads leave nothing.
TEST_F(AttachmentHandlersTest, RefusedUploadsLeaveNothing) {
  const auto reason = [&](v1::UploadStart start, std::string_view content) {
    auto uploaded = Upload(seller_, std::move(start), content, 1 << 20);
    EXPECT_EQ(uploaded.status().code(), absl::StatusCode::kInvalidArgument);
    return ErrorReason(uploaded.status());
  };
  EXPECT_EQ(reason(Named("a.pdf"), Pdf((20 << 20) + 1)), "ATTACHMENT_TOO_LARGE");
  EXPECT_EQ(reason(Named("a.pdf"), ""), "ATTACHMENT_EMPTY");
  EXPECT_EQ(reason(Named("a.pdf"), std::string("MZ\x90\0program", 11)), "CONTENT_TYPE_REFUSED");
  EXPECT_EQ(reason(Named("a.txt"), std::string(2'000'000, 'x') + "\x01"), "CONTENT_TYPE_REFUSED");
  v1::UploadStart claimed = Named("a.pdf");
  claimed.set_sha256(std::string(64, 'a'));
  EXPECT_EQ(reason(claimed, Pdf(3'000'000)), "SHA256_DIFFERS");
  ExpectNothingStored();
}

// TIC-9
TEST_F(AttachmentHandlersTest, TakesTwentyMebibytes) {
  auto uploaded = Upload(seller_, Named("a.pdf"), Pdf(20 << 20), 1 << 20);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(uploaded->size(), 20 << 20);
}

// TIC-9: an upload that the client breaks off leaves nothing.
TEST_F(AttachmentHandlersTest, PartialUploadsLeaveNothing) {
  EXPECT_TRUE((crm::testing::BreakOffUpload<v1::UploadAttachmentRequest, v1::Attachment>(
      harness_.replica().channel(), kUpload, seller_, Named("a.pdf"))));
  // Returns when the server is done with the call.
  harness_.replica().Stop();
  ExpectNothingStored();
}

// TIC-9, PLT-5
TEST_F(AttachmentHandlersTest, RepeatGivesTheFirstAttachment) {
  v1::UploadStart start = Named("a.pdf");
  start.set_request_id("r-1");
  auto first = Upload(seller_, start, Pdf(100));
  auto again = Upload(seller_, start, Pdf(100));
  ASSERT_TRUE(first.ok() && again.ok()) << again.status();
  EXPECT_EQ(again->number(), first->number());
  EXPECT_EQ(ErrorReason(Upload(seller_, start, Pdf(101)).status()), "REQUEST_ID_REUSED");
  EXPECT_TRUE(Upload(other_seller_, start, Pdf(102)).ok());
  EXPECT_EQ(Rows("attachment"), 2);
  EXPECT_EQ(Rows("attachment_chunk"), 2);
}

// TIC-9
TEST_F(AttachmentHandlersTest, FirstMessageTellsOfTheFile) {
  client::AnyClientStream stream =
      harness_.replica().channel().ClientStream(kUpload, {.token = seller_});
  v1::UploadAttachmentRequest message;
  message.set_data("%PDF-");
  stream.Write(message);
  v1::Attachment attachment;
  EXPECT_THAT(Violations(stream.Finish(attachment)), ElementsAre("start REQUIRED"));
}

// CUS-18, PLT-13: seen by the uploader, then by whoever may read the customer.
TEST_F(AttachmentHandlersTest, BelongsToTheCustomerOfItsRecord) {
  const v1::Customer customer = Person("王建国", "13800138001");
  auto uploaded = Upload(seller_, Named("a.pdf"), Pdf(100));
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  const std::string director = harness_.TokenOf("boss", {"sales_director"}, "t1");
  EXPECT_EQ(Download(director, uploaded->number()).status().code(), absl::StatusCode::kNotFound);

  v1::Interaction visit = Visit(customer.number(), Now());
  visit.add_attachments(uploaded->number());
  ASSERT_TRUE(Record(visit).ok());
  EXPECT_TRUE(Download(director, uploaded->number()).ok());
  EXPECT_EQ(Download(other_seller_, uploaded->number()).status().code(),
            absl::StatusCode::kNotFound);
  // Not for another customer's records.
  const v1::Customer other = Person("李秀英", "13800138002");
  visit.set_customer(other.number());
  EXPECT_THAT(Violations(Record(visit).status()),
              ElementsAre("interaction.attachments[0] ATTACHMENT_UNKNOWN"));
}

// TIC-9: what nobody refers to goes after a day, its content with the last that has it.
TEST_F(AttachmentHandlersTest, PurgeRemovesWhatNobodyRefersTo) {
  const v1::Customer customer = Person("王建国", "13800138001");
  auto kept = Upload(seller_, Named("kept.pdf"), Pdf(100));
  auto same_content = Upload(seller_, Named("lost.pdf"), Pdf(100));
  auto lost = Upload(seller_, Named("lost2.pdf"), Pdf(200));
  ASSERT_TRUE(kept.ok() && same_content.ok() && lost.ok());
  v1::Interaction visit = Visit(customer.number(), Now());
  visit.add_attachments(kept->number());
  ASSERT_TRUE(Record(visit).ok());

  EXPECT_EQ(*Purge(Now()), 0);                          // nothing is older
  EXPECT_EQ(*Purge(Now() + absl::Microseconds(1)), 3);  // two attachments and a content
  EXPECT_EQ(Rows("attachment"), 1);
  EXPECT_EQ(Rows("attachment_content"), 1);
  EXPECT_EQ(Rows("attachment_chunk"), 1);
  EXPECT_TRUE(*Download(seller_, kept->number()) == Pdf(100));
}

// TIC-9: what a process that died had uploaded goes too.
TEST_F(AttachmentHandlersTest, PurgeRemovesBrokenUploads) {
  auto& runtime = harness_.replica().runtime();
  const AttachmentStore store(runtime.keyring(), runtime.ids());
  {
    auto db = runtime.pool().Acquire(absl::InfiniteFuture());
    ASSERT_TRUE(db.ok());
    auto content = store.contents().Open(**db, Now());
    ASSERT_TRUE(content.ok());
    ASSERT_TRUE(store.contents().WriteChunk(**db, *content, 0, "half").ok());
  }
  ASSERT_TRUE(Purge(Now() + absl::Microseconds(1)).ok());
  ExpectNothingStored();
}

}  // namespace
}  // namespace crm::customer
