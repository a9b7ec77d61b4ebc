// Whoever has an open ticket of a customer sees the customer's phone and email in the archive
// plain, and nobody else for that: PLT-14. One replica of the archive follows the tickets; the one
// that is asked follows that one.
#include "common/testing/report_export.h"
#include "crm/customer/v1/contact_service.pb.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/archive_test_fixture.h"

namespace crm::ticket {
namespace {

using crm::testing::Exported;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPhone[] = "13800138111";
constexpr char kMaskedPhone[] = "138****8111";
constexpr char kEmail[] = "wang@example.com";

class InvolvementTest : public ArchiveTicketTest {
 protected:
  InvolvementTest() : customer_(CreateCustomer(kPhone, kEmail)), follower_(&FollowTickets()) {}

  std::string TokenInArchive(const std::string& user, const std::string& role = "service_agent") {
    return archive().TokenOf(user, {role}, "hotline");
  }
  template <typename Response, typename Request>
  Response Ask(const std::string& user, const std::string& method, const Request& request) {
    return Must(archive().Call<Request, Response>(
        TokenInArchive(user), absl::StrCat("crm.customer.v1.", method), request));
  }
  cv1::Customer Seen(const std::string& user) { return Seen(user, customer_.number()); }
  cv1::Customer Seen(const std::string& user, const std::string& customer) {
    cv1::GetCustomerRequest request;
    request.set_customer(customer);
    return Ask<cv1::Customer>(user, "CustomerService/GetCustomer", request);
  }
  bool SeesPlain(const std::string& user) { return Seen(user).phone() == kPhone; }
  // Of each ticket that the archive has heard of by then.
  bool ComesToSeePlain(const std::string& user) {
    return Eventually([&] { return SeesPlain(user); });
  }
  bool ComesToSeeMasked(const std::string& user) {
    return Eventually([&] { return !SeesPlain(user); });
  }

  v1::Ticket OfCustomer() {
    v1::Ticket ticket = Fault();
    ticket.set_customer(customer_.number());
    return ticket;
  }
  // Taken by u-agent.
  std::string OpenTaken() {
    const std::string number = Open(OfCustomer()).number();
    Move("TakeTicket", number);
    return number;
  }
  // From the next replica on that follows.
  void Follow(const std::string& meanwhile) {
    follower_->Stop();
    archive().database().Run(meanwhile);
    archive().clock().Advance(absl::Minutes(5));
    follower_ = &FollowTickets();
  }
  int64_t Cursor() {
    return archive().database().Int(
        "SELECT position FROM event_cursor WHERE source = 'ticket-involvement'");
  }

  const cv1::Customer customer_;
  testing::Replica* follower_;
};

// PLT-14: phone and email, and nothing else; in every answer that tells them.
TEST_F(InvolvementTest, TheAssigneeSeesPhoneAndEmailPlain) {
  EXPECT_FALSE(SeesPlain("u-agent"));
  const std::string number = OpenTaken();
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  const cv1::Customer seen = Seen("u-agent");
  EXPECT_EQ(seen.email(), kEmail);
  EXPECT_EQ(seen.decision_maker(), "李**");
  const cv1::Customer masked = Seen("u-other");
  EXPECT_EQ(masked.phone(), kMaskedPhone);
  EXPECT_EQ(masked.email(), "w***@example.com");

  cv1::ListCustomersRequest list;
  const auto page =
      Ask<cv1::ListCustomersResponse>("u-agent", "CustomerService/ListCustomers", list);
  ASSERT_EQ(page.customers_size(), 1);
  EXPECT_EQ(page.customers(0).phone(), kPhone);
  cv1::SearchCustomersRequest search;
  search.set_query(customer_.number());
  const auto hits =
      Ask<cv1::SearchCustomersResponse>("u-agent", "CustomerService/SearchCustomers", search);
  ASSERT_EQ(hits.hits_size(), 1);
  EXPECT_EQ(hits.hits(0).customer().phone(), kPhone);
  EXPECT_EQ(Ask<cv1::SearchCustomersResponse>("u-other", "CustomerService/SearchCustomers", search)
                .hits(0)
                .customer()
                .phone(),
            kMaskedPhone);
}

// PLT-14: of this customer only.
TEST_F(InvolvementTest, OtherCustomersStayMasked) {
  const cv1::Customer other = CreateCustomer("13800138222");
  OpenTaken();
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  EXPECT_EQ(Seen("u-agent", other.number()).phone(), "138****8222");
}

// PLT-14: the customer's contacts as the customer.
TEST_F(InvolvementTest, TheAssigneeSeesContactsPlain) {
  cv1::CreateContactRequest create;
  cv1::Contact& contact = *create.mutable_contact();
  contact.set_customer(customer_.number());
  contact.set_name("赵小明");
  contact.set_phone("13900139001");
  contact.set_email("zhao@example.com");
  contact.set_wechat("zhao_wx");
  Must(archive().Call<cv1::CreateContactRequest, cv1::Contact>(
      archive().TokenOf("u-steward", {"data_steward"}, "hq"),
      "crm.customer.v1.ContactService/CreateContact", create));
  OpenTaken();
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  cv1::ListContactsRequest request;
  request.set_customer(customer_.number());
  const auto seen =
      Ask<cv1::ListContactsResponse>("u-agent", "ContactService/ListContacts", request);
  ASSERT_EQ(seen.contacts_size(), 1);
  EXPECT_EQ(seen.contacts(0).phone(), "13900139001");
  EXPECT_EQ(seen.contacts(0).email(), "zhao@example.com");
  EXPECT_EQ(seen.contacts(0).wechat(), "***");
  const auto masked =
      Ask<cv1::ListContactsResponse>("u-other", "ContactService/ListContacts", request);
  ASSERT_EQ(masked.contacts_size(), 1);
  EXPECT_EQ(masked.contacts(0).phone(), "139****9001");
}

// PLT-14: a ticket that is done has its customer to answer to still; a closed one has not, until it
// is reopened.
TEST_F(InvolvementTest, UntilItIsClosed) {
  const std::string number = OpenDone(OfCustomer());
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  Move("CloseTicket", number);
  ASSERT_TRUE(ComesToSeeMasked("u-agent"));
  Move("ReopenTicket", number);
  EXPECT_TRUE(ComesToSeePlain("u-agent"));
}

// PLT-14
TEST_F(InvolvementTest, GoesWithTheTicketToAnother) {
  CreateUser("u-zhang", "service_agent", "");
  const std::string number = OpenTaken();
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  ASSERT_TRUE(Eventually([&] { return Assign(number, "u-zhang").ok(); }));
  ASSERT_TRUE(ComesToSeePlain("u-zhang"));
  EXPECT_FALSE(SeesPlain("u-agent"));
}

// PLT-14: as long as there is one.
TEST_F(InvolvementTest, OneOfTwoTicketsIsEnough) {
  const std::string first = OpenDone(OfCustomer());
  const std::string second = OpenDone(OfCustomer());
  const auto has_open = [&](int64_t count) {
    return Eventually([&] {
      return archive().database().Int(
                 "SELECT COUNT(*) FROM involvement WHERE user_id IS NOT NULL") == count;
    });
  };
  ASSERT_TRUE(has_open(2));
  Move("CloseTicket", first);
  ASSERT_TRUE(has_open(1));
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  Move("CloseTicket", second);
  EXPECT_TRUE(ComesToSeeMasked("u-agent"));
}

// PLT-14: a merged ticket is closed; its customer is the survivor's assignee's.
TEST_F(InvolvementTest, AMergedTicketIsNobodys) {
  const std::string survivor = OpenTaken();
  const std::string duplicate = Open(OfCustomer()).number();
  Must(TryMove(other_agent_, "TakeTicket", duplicate));
  ASSERT_TRUE(ComesToSeePlain("u-other"));
  v1::MergeTicketsRequest merge;
  merge.set_survivor(survivor);
  merge.set_reason("同一故障");
  merge.add_duplicates()->set_ticket(duplicate);
  Must(Call<v1::Ticket>(agent_, "TicketMergeService/MergeTickets", merge));
  ASSERT_TRUE(ComesToSeeMasked("u-other"));
  EXPECT_TRUE(SeesPlain("u-agent"));
  v1::UnmergeTicketRequest unmerge;
  unmerge.set_ticket(duplicate);
  unmerge.set_reason("并非同一故障");
  Must(Call<v1::Ticket>(agent_, "TicketMergeService/UnmergeTicket", unmerge));
  EXPECT_TRUE(ComesToSeePlain("u-other"));
}

// PLT-14, TIC-2: from when the customer of the ticket is known.
TEST_F(InvolvementTest, ATicketThatIsLinkedLater) {
  v1::Ticket ticket = Fault();
  ticket.set_requester_phone("13800138333");
  const std::string number = Open(ticket).number();
  Move("TakeTicket", number);
  const cv1::Customer later = CreateCustomer("13800138333");
  EXPECT_EQ(Seen("u-agent", later.number()).phone(), "138****8333");
  Advance(absl::Minutes(1));
  EXPECT_TRUE(Eventually([&] { return Seen("u-agent", later.number()).phone() == "13800138333"; }));
}

// PLT-14: a file leaves the system.
TEST_F(InvolvementTest, ExportsStayMasked) {
  const std::string number = Open(OfCustomer()).number();
  Must(TryMove(supervisor_, "TakeTicket", number));
  ASSERT_TRUE(Eventually([&] {
    cv1::GetCustomerRequest request;
    request.set_customer(customer_.number());
    return Must(archive().Call<cv1::GetCustomerRequest, cv1::Customer>(
                    TokenInArchive("u-supervisor", "service_supervisor"),
                    "crm.customer.v1.CustomerService/GetCustomer", request))
               .phone() == kPhone;
  }));
  auto request = crm::testing::ExportRequest("crm.customer.v1.CustomerService/ListCustomers",
                                             cv1::ListCustomersRequest());
  request.set_format(crm::report::v1::EXPORT_FORMAT_CSV);
  request.set_purpose("回访");
  const Exported file = Must(crm::testing::ExportReport(
      archive().replica(), TokenInArchive("u-supervisor", "service_supervisor"), request));
  EXPECT_THAT(file.bytes, HasSubstr(kMaskedPhone));
  EXPECT_THAT(file.bytes, Not(HasSubstr(kPhone)));
}

// PLT-14, PLT-20: told once more, from the beginning, it comes to the same; no ticket that was
// closed opens on the way.
TEST_F(InvolvementTest, EventsThatComeAgainChangeNothing) {
  const std::string closed = OpenDone(OfCustomer());
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  Move("CloseTicket", closed);
  const std::string number = Open(OfCustomer()).number();
  Must(TryMove(other_agent_, "TakeTicket", number));
  ASSERT_TRUE(ComesToSeePlain("u-other"));
  const int64_t end = Cursor();
  const auto revision = [&] {
    return archive().database().Int(
        "SELECT revision FROM record_revision WHERE name = 'involvement-ticket'");
  };
  const int64_t before = revision();
  Follow("UPDATE event_cursor SET position = 1 WHERE source = 'ticket-involvement'");
  ASSERT_TRUE(Eventually([&] { return Cursor() >= end; }));
  EXPECT_EQ(revision(), before);
  EXPECT_FALSE(SeesPlain("u-agent"));
  EXPECT_TRUE(SeesPlain("u-other"));
}

// PLT-14, PLT-20: what was missed is made up for from the list of what is open.
TEST_F(InvolvementTest, CatchesUpWithoutTheEvents) {
  const std::string closed = OpenDone(OfCustomer());
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  follower_->Stop();
  Move("CloseTicket", closed);
  const std::string number = Open(OfCustomer()).number();
  Must(TryMove(other_agent_, "TakeTicket", number));
  Follow("UPDATE event_cursor SET position = 1000000000 WHERE source = 'ticket-involvement'");
  EXPECT_TRUE(ComesToSeeMasked("u-agent"));
  EXPECT_TRUE(ComesToSeePlain("u-other"));
}

// PLT-14: a replica that starts knows what the others know, also while the tickets are away.
TEST_F(InvolvementTest, ANewReplicaKnowsWhatIsKnown) {
  OpenTaken();
  ASSERT_TRUE(ComesToSeePlain("u-agent"));
  follower_->Stop();
  testing::Replica& fresh = archive().StartReplica();
  cv1::GetCustomerRequest request;
  request.set_customer(customer_.number());
  const auto seen = testing::ServiceHarness::CallOn<cv1::GetCustomerRequest, cv1::Customer>(
      fresh, TokenInArchive("u-agent"), "crm.customer.v1.CustomerService/GetCustomer", request);
  EXPECT_EQ(Must(seen).phone(), kPhone);
}

}  // namespace
}  // namespace crm::ticket
