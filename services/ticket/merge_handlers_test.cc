// Merging and splitting over gRPC on a real database: TIC-16.
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class MergeHandlersTest : public TicketTest {
 protected:
  static v1::MergeTicketsRequest Merging(const std::string& survivor,
                                         const std::vector<std::string>& duplicates) {
    v1::MergeTicketsRequest request;
    request.set_survivor(survivor);
    request.set_reason("同一故障");
    for (const std::string& number : duplicates) request.add_duplicates()->set_ticket(number);
    return request;
  }
  absl::StatusOr<v1::Ticket> TryMerge(const v1::MergeTicketsRequest& request) {
    return Call<v1::Ticket>(agent_, "TicketMergeService/MergeTickets", request);
  }
  v1::Ticket Merge(const std::string& survivor, const std::vector<std::string>& duplicates) {
    return Must(TryMerge(Merging(survivor, duplicates)));
  }
  absl::StatusOr<v1::Ticket> TryUnmerge(const std::string& number, const std::string& etag = "") {
    v1::UnmergeTicketRequest request;
    request.set_ticket(number);
    request.set_etag(etag);
    request.set_reason("并非同一故障");
    return Call<v1::Ticket>(agent_, "TicketMergeService/UnmergeTicket", request);
  }
  static v1::SplitTicketRequest Splitting(const std::string& number,
                                          const std::vector<int64_t>& entries) {
    v1::SplitTicketRequest request;
    request.set_ticket(number);
    for (const int64_t entry : entries) request.add_entries(entry);
    request.set_description("扫描仪也坏了");
    request.set_reason("另一台设备");
    return request;
  }
  absl::StatusOr<v1::SplitTicketResponse> TrySplit(const v1::SplitTicketRequest& request) {
    return Call<v1::SplitTicketResponse>(agent_, "TicketMergeService/SplitTicket", request);
  }
  std::vector<v1::TicketEvent> EventsOf(const std::string& number, v1::TicketEventKind kind) {
    std::vector<v1::TicketEvent> found;
    for (const v1::TicketEvent& event : Events(number)) {
      if (event.kind() == kind) found.push_back(event);
    }
    return found;
  }
};

// TIC-16: both sides tell of it; what is said later goes to the survivor.
TEST_F(MergeHandlersTest, ADuplicateEndsInItsSurvivor) {
  const std::string survivor = Open().number();
  const std::string duplicate = Open().number();
  Move("TakeTicket", duplicate);
  EXPECT_EQ(Merge(survivor, {duplicate}).number(), survivor);
  const v1::Ticket merged = Get(duplicate);
  EXPECT_EQ(merged.status(), v1::TICKET_STATUS_CLOSED);
  EXPECT_EQ(merged.merged_into(), survivor);
  EXPECT_FALSE(merged.has_due_time());
  EXPECT_EQ(Events(duplicate).back().kind(), v1::TICKET_EVENT_KIND_MERGED);
  EXPECT_EQ(Events(duplicate).back().other_ticket(), survivor);
  EXPECT_EQ(Events(duplicate).back().text(), "同一故障");
  EXPECT_EQ(Events(survivor).back().kind(), v1::TICKET_EVENT_KIND_ABSORBED);
  EXPECT_EQ(Events(survivor).back().other_ticket(), duplicate);

  EXPECT_EQ(Say(gateway_, "RecordCustomerReply", duplicate, "还是不行").number(), survivor);
  EXPECT_EQ(Events(survivor).back().text(), "还是不行");
  EXPECT_EQ(Events(survivor).back().other_ticket(), duplicate);
  EXPECT_EQ(Events(duplicate).back().kind(), v1::TICKET_EVENT_KIND_MERGED);
  const absl::Status refused = TryMove(agent_, "ReopenTicket", duplicate).status();
  EXPECT_EQ(ErrorReason(refused), "TICKET_MERGED");
  EXPECT_EQ(Metadata(refused, "survivor"), survivor);
}

// TIC-16, TIC-8: its clocks stop escalating and count nowhere, until the merge is undone.
TEST_F(MergeHandlersTest, ItsClocksStandStill) {
  const std::string survivor = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string duplicate = Open(v1::TICKET_PRIORITY_URGENT).number();
  Advance(absl::Hours(1));
  Merge(survivor, {duplicate});
  const std::string clocks = absl::StrCat(
      "SELECT COUNT(*) FROM ticket_clock c JOIN ticket t ON t.id = c.ticket_id WHERE t.number = '",
      duplicate, "'");
  EXPECT_EQ(CountRows(clocks), 0);
  Advance(absl::Hours(23));
  ASSERT_TRUE(
      Eventually([&] { return EventsOf(survivor, v1::TICKET_EVENT_KIND_ESCALATED).size() == 7; }));
  EXPECT_THAT(EventsOf(duplicate, v1::TICKET_EVENT_KIND_ESCALATED), IsEmpty());
  EXPECT_EQ(Clock(duplicate, v1::SLA_CLOCK_FIRST_RESPONSE).state(), v1::SLA_CLOCK_STATE_PAUSED);

  const v1::Ticket back = Must(TryUnmerge(duplicate));
  EXPECT_EQ(back.status(), v1::TICKET_STATUS_UNASSIGNED);
  EXPECT_EQ(back.merged_into(), "");
  // Three of four hours are left.
  EXPECT_EQ(record::TimeOf(Clock(duplicate, v1::SLA_CLOCK_FIRST_RESPONSE).due_time()),
            Now() + absl::Hours(3));
  EXPECT_GT(CountRows(clocks), 0);
}

// TIC-16: undone on both sides; what was said meanwhile stays with the survivor.
TEST_F(MergeHandlersTest, AMergeIsUndone) {
  const std::string survivor = Open().number();
  const std::string duplicate = Open().number();
  Move("TakeTicket", duplicate);
  Move("WaitForCustomer", duplicate);
  EXPECT_EQ(ErrorReason(TryUnmerge(duplicate).status()), "TICKET_NOT_MERGED");
  Merge(survivor, {duplicate});
  Say(gateway_, "RecordCustomerReply", duplicate, "还是不行");
  EXPECT_EQ(Must(TryUnmerge(duplicate)).status(), v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
  EXPECT_EQ(Events(survivor).back().kind(), v1::TICKET_EVENT_KIND_RELEASED);
  EXPECT_EQ(Events(duplicate).back().kind(), v1::TICKET_EVENT_KIND_UNMERGED);
  EXPECT_EQ(EventsOf(survivor, v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED).size(), 1u);
  EXPECT_EQ(Move("ResumeTicket", duplicate).status(), v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(Say(gateway_, "RecordCustomerReply", duplicate, "好了").number(), duplicate);
}

// TIC-16: through several merges.
TEST_F(MergeHandlersTest, RepliesFollowAChain) {
  const std::string first = Open().number();
  const std::string second = Open().number();
  const std::string third = Open().number();
  Merge(second, {first});
  Merge(third, {second});
  EXPECT_EQ(Say(gateway_, "RecordCustomerReply", first, "?").number(), third);
  EXPECT_EQ(ErrorReason(TryMerge(Merging(second, {third})).status()), "TICKET_MERGED");
  EXPECT_EQ(ErrorReason(TryMerge(Merging(third, {first})).status()), "TICKET_MERGED");
}

// TIC-16: merging again changes nothing, whatever version the caller saw.
TEST_F(MergeHandlersTest, MergingAgainChangesNothing) {
  const v1::Ticket survivor = Open();
  const std::string duplicate = Open().number();
  v1::MergeTicketsRequest request = Merging(survivor.number(), {duplicate});
  request.set_etag(survivor.etag());
  const v1::Ticket merged = Must(TryMerge(request));
  EXPECT_EQ(Must(TryMerge(request)).etag(), merged.etag());
  EXPECT_EQ(Events(duplicate).size(), 2u);
}

// TIC-16, PLT-6: each ticket is as the caller saw it, or nothing happens.
TEST_F(MergeHandlersTest, MergesWhatWasSeen) {
  const v1::Ticket survivor = Open();
  const v1::Ticket duplicate = Open();
  Reply(duplicate.number());
  v1::MergeTicketsRequest request = Merging(survivor.number(), {duplicate.number()});
  request.mutable_duplicates(0)->set_etag(duplicate.etag());
  EXPECT_EQ(ErrorReason(TryMerge(request).status()), "ETAG_STALE");
  request.mutable_duplicates(0)->clear_etag();
  Reply(survivor.number());
  request.set_etag(survivor.etag());
  EXPECT_EQ(ErrorReason(TryMerge(request).status()), "ETAG_STALE");
  EXPECT_EQ(Get(duplicate.number()).status(), v1::TICKET_STATUS_UNASSIGNED);
  Merge(survivor.number(), {duplicate.number()});
  EXPECT_EQ(ErrorReason(TryUnmerge(duplicate.number(), duplicate.etag()).status()), "ETAG_STALE");
}

// TIC-16: of two that are merged into each other at once, one wins.
TEST_F(MergeHandlersTest, NoTwoMergeIntoEachOther) {
  const std::string a = Open().number();
  const std::string b = Open().number();
  {
    std::vector<std::jthread> callers;
    callers.emplace_back([&] { (void)TryMerge(Merging(a, {b})); });
    callers.emplace_back([&] { (void)TryMerge(Merging(b, {a})); });
  }
  EXPECT_NE(Get(a).merged_into().empty(), Get(b).merged_into().empty());
}

// TIC-16, PLT-8
TEST_F(MergeHandlersTest, RefusesWhatIsNoDuplicate) {
  const std::string survivor = Open().number();
  const std::string other = Open().number();
  EXPECT_THAT(Violations(TryMerge(Merging(survivor, {survivor, other, other})).status()),
              UnorderedElementsAre("duplicates[0].ticket DUPLICATE_IS_SURVIVOR",
                                   "duplicates[2].ticket DUPLICATE_TWICE"));
  EXPECT_THAT(Violations(TryMerge(Merging(survivor, {})).status()),
              ElementsAre("duplicates REQUIRED"));
  EXPECT_EQ(TryMerge(Merging(survivor, {"SR000000"})).status().code(), absl::StatusCode::kNotFound);
  const std::string closed = OpenClosed(Fault());
  EXPECT_EQ(ErrorReason(TryMerge(Merging(survivor, {closed})).status()), "TICKET_CLOSED");
  EXPECT_EQ(ErrorReason(TryMerge(Merging(closed, {other})).status()), "TICKET_CLOSED");
  EXPECT_EQ(ErrorReason(TryMerge(Merging(OpenDone(Fault()), {other})).status()), "TICKET_CLOSED");
  v1::Ticket theirs = Fault();
  theirs.set_customer("CRM2026000001");
  v1::Ticket ours = Fault();
  ours.set_customer("CRM2026000002");
  EXPECT_EQ(ErrorReason(TryMerge(Merging(Open(theirs).number(), {Open(ours).number()})).status()),
            "CUSTOMERS_DIFFER");
}

// TIC-16, PLT-13
TEST_F(MergeHandlersTest, TakesAnAgent) {
  const v1::MergeTicketsRequest request = Merging(Open().number(), {Open().number()});
  EXPECT_EQ(Call<v1::Ticket>(gateway_, "TicketMergeService/MergeTickets", request).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// TIC-16: a new ticket with the chosen messages, linked; its clocks begin now.
TEST_F(MergeHandlersTest, ATicketIsSplit) {
  const std::string number = Open(v1::TICKET_PRIORITY_LOW).number();
  Say(gateway_, "RecordCustomerReply", number, "还有扫描仪坏了");
  Reply(number);
  Advance(absl::Hours(1));
  v1::SplitTicketRequest request = Splitting(number, {2});
  request.set_priority(v1::TICKET_PRIORITY_HIGH);
  request.set_request_id("split-1");
  const v1::SplitTicketResponse split = Must(TrySplit(request));
  const v1::Ticket& part = split.new_ticket();
  EXPECT_EQ(part.linked_ticket(), number);
  EXPECT_EQ(part.link_kind(), v1::TICKET_LINK_KIND_SPLIT_FROM);
  EXPECT_EQ(part.priority(), v1::TICKET_PRIORITY_HIGH);
  EXPECT_EQ(part.type(), v1::TICKET_TYPE_FAULT);
  EXPECT_EQ(Get(part.number()).description(), "扫描仪也坏了");
  EXPECT_EQ(record::TimeOf(part.due_time()), Now() + absl::Hours(8));
  const auto carried = EventsOf(part.number(), v1::TICKET_EVENT_KIND_CARRIED_OVER);
  ASSERT_EQ(carried.size(), 1u);
  EXPECT_EQ(carried[0].text(), "还有扫描仪坏了");
  EXPECT_EQ(carried[0].other_ticket(), number);
  EXPECT_EQ(carried[0].other_sequence(), 2);
  EXPECT_EQ(Events(number).back().kind(), v1::TICKET_EVENT_KIND_SPLIT);
  EXPECT_EQ(Events(number).back().other_ticket(), part.number());
  EXPECT_EQ(Must(TrySplit(request)).new_ticket().number(), part.number());
  EXPECT_EQ(List(absl::StrCat("linked_ticket = \"", number, "\"")).size(), 1u);
}

// TIC-16, PLT-8
TEST_F(MergeHandlersTest, OnlyMessagesAreSplitOff) {
  const v1::Ticket ticket = Open();
  EXPECT_THAT(Violations(TrySplit(Splitting(ticket.number(), {1, 7})).status()),
              UnorderedElementsAre("entries[0] NOT_A_MESSAGE", "entries[1] ENTRY_UNKNOWN"));
  v1::SplitTicketRequest nothing = Splitting(ticket.number(), {});
  nothing.clear_description();
  EXPECT_THAT(Violations(TrySplit(nothing).status()),
              UnorderedElementsAre("entries REQUIRED", "description REQUIRED"));
  Reply(ticket.number());
  v1::SplitTicketRequest stale = Splitting(ticket.number(), {2});
  stale.set_etag(ticket.etag());
  EXPECT_EQ(ErrorReason(TrySplit(stale).status()), "ETAG_STALE");
}

}  // namespace
}  // namespace crm::ticket
