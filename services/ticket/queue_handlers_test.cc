// Work lists streamed over gRPC from a real database: TIC-13.
#include <map>
#include <optional>
#include <random>

#include "crm/ticket/v1/queue_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kRoles[] = R"json(
    "own_agent": {"label": {"zh": "客服", "en": "agent"},
      "grants": [{"scope": "own", "permissions": ["ticket.read"]}]},
    "team_agent": {"label": {"zh": "客服", "en": "agent"},
      "grants": [{"scope": "team", "permissions": ["ticket.read"]}]})json";

// The list as a client keeps it.
class WorkList {
 public:
  void Apply(const v1::WatchQueueResponse& message) {
    for (const v1::Ticket& ticket : message.tickets()) {
      received.push_back(ticket.number());
      tickets[ticket.number()] = ticket.etag();
    }
    for (const std::string& number : message.removed()) {
      removed.push_back(number);
      tickets.erase(number);
    }
    if (message.position() > 0) position = message.position();
    complete = complete || message.list_complete();
  }

  std::map<std::string, std::string> tickets;  // number → etag
  std::vector<std::string> received;           // in the order of their coming
  std::vector<std::string> removed;
  int64_t position = 0;
  bool complete = false;
};

class QueueHandlersTest : public TicketTest {
 protected:
  QueueHandlersTest() : TicketTest(WithRoles(kRoles)) {}

  std::string TokenOf(const std::string& user, const std::string& role,
                      const std::string& team = "") {
    return harness_->TokenOf(user, {role}, team);
  }

  client::AnyServerStream Watch(const std::string& token, const v1::WatchQueueRequest& request) {
    return WatchOn(harness_->replica(), token, request);
  }
  static client::AnyServerStream WatchOn(testing::Replica& replica, const std::string& token,
                                         const v1::WatchQueueRequest& request) {
    return replica.channel().ServerStream("/crm.ticket.v1.QueueService/WatchQueue", request,
                                          {.timeout = absl::Minutes(2), .token = token});
  }

  // Takes messages until the list is what is wanted. Heartbeats come when nothing else does.
  static bool Until(client::AnyServerStream& stream, WorkList& list,
                    const std::function<bool()>& holds) {
    v1::WatchQueueResponse message;
    for (const absl::Time end = absl::Now() + absl::Minutes(1); !holds();) {
      if (absl::Now() > end || !stream.Next(message)) return false;
      list.Apply(message);
    }
    return true;
  }
  bool UntilComplete(client::AnyServerStream& stream, WorkList& list) {
    return Until(stream, list, [&] { return list.complete; });
  }

  // The list as it is now.
  WorkList Fresh(const std::string& token, v1::WatchQueueRequest request = {}) {
    request.set_list_only(true);
    request.clear_after_position();
    WorkList list;
    auto stream = Watch(token, request);
    v1::WatchQueueResponse message;
    while (stream.Next(message)) list.Apply(message);
    EXPECT_TRUE(stream.Finish().ok());
    EXPECT_TRUE(list.complete);
    return list;
  }
  // Takes messages until the list is the one of a client that starts anew.
  bool UntilCurrent(client::AnyServerStream& stream, WorkList& list, const std::string& token,
                    const v1::WatchQueueRequest& request) {
    const auto wanted = Fresh(token, request).tickets;
    return Until(stream, list, [&] { return list.tickets == wanted; });
  }

  v1::Ticket OpenFor(const std::string& team) {
    v1::Ticket ticket = Fault();
    ticket.set_team(team);
    return Open(ticket);
  }
  void Take(const std::string& token, const std::string& number) {
    ASSERT_TRUE(TryMove(token, "TakeTicket", number).ok());
  }
};

v1::WatchQueueRequest Mine() {
  v1::WatchQueueRequest request;
  request.set_view(v1::QUEUE_VIEW_MINE);
  return request;
}

// TIC-13: the list first, what is due first comes first; then what changes.
TEST_F(QueueHandlersTest, TheListThenItsChanges) {
  const std::string low = Open(v1::TICKET_PRIORITY_LOW).number();
  const std::string urgent = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string high = Open(v1::TICKET_PRIORITY_HIGH).number();
  WorkList list;
  auto stream = Watch(agent_, {});
  ASSERT_TRUE(UntilComplete(stream, list));
  EXPECT_THAT(list.received, ElementsAre(urgent, high, low));

  const std::string medium = Open(v1::TICKET_PRIORITY_MEDIUM).number();
  EXPECT_TRUE(Until(stream, list, [&] { return list.tickets.contains(medium); }));
  Move("TakeTicket", low);
  ASSERT_TRUE(TryResolve("ProposeSolution", low, "更换网卡").ok());
  ASSERT_TRUE(TryResolve("CompleteTicket", low).ok());
  EXPECT_TRUE(Until(stream, list, [&] { return !list.removed.empty(); }));
  EXPECT_THAT(list.removed, ElementsAre(low));
  Move("ReopenTicket", low);
  EXPECT_TRUE(Until(stream, list, [&] { return list.tickets.contains(low); }));
}

// TIC-13, PLT-14: what is sensitive or encrypted comes in neither part of the stream.
TEST_F(QueueHandlersTest, LeavesOutWhatIsConfidential) {
  const v1::Ticket ticket = Open();
  auto stream = Watch(agent_, {});
  v1::WatchQueueResponse message;
  ASSERT_TRUE(stream.Next(message));
  ASSERT_EQ(message.tickets_size(), 1);
  const v1::Ticket listed = message.tickets(0);
  EXPECT_EQ(listed.description(), "");
  EXPECT_EQ(listed.requester_name(), "");
  EXPECT_EQ(listed.requester_phone(), "");
  Move("TakeTicket", ticket.number());
  ASSERT_TRUE(stream.Next(message));
  ASSERT_EQ(message.tickets_size(), 1);
  v1::Ticket taken = message.tickets(0);
  EXPECT_EQ(taken.assignee(), "u-agent");
  EXPECT_EQ(taken.last_measure(), "");
  EXPECT_EQ(taken.subject(), listed.subject());
  EXPECT_EQ(record::TimeOf(taken.due_time()), record::TimeOf(listed.due_time()));
}

// TIC-13: an agent's list loses what is given to somebody else.
TEST_F(QueueHandlersTest, ReassignmentRemoves) {
  const std::string number = Open().number();
  const std::string others = Open().number();
  Move("TakeTicket", number);
  Take(other_agent_, others);
  WorkList list;
  auto stream = Watch(agent_, Mine());
  ASSERT_TRUE(UntilComplete(stream, list));
  EXPECT_THAT(list.received, ElementsAre(number));
  Take(other_agent_, number);
  EXPECT_TRUE(Until(stream, list, [&] { return list.tickets.empty(); }));
  Move("TakeTicket", others);
  EXPECT_TRUE(Until(stream, list, [&] { return list.tickets.contains(others); }));
}

// TIC-13, PLT-13: a ticket that leaves the caller's reach is removed; those that never were in it
// are not mentioned.
TEST_F(QueueHandlersTest, LeavingTheScopeRemoves) {
  const std::string mine = Open().number();
  Move("TakeTicket", mine);
  const std::string own = TokenOf("u-agent", "own_agent");
  WorkList list;
  auto stream = Watch(own, {});
  ASSERT_TRUE(UntilComplete(stream, list));
  EXPECT_THAT(list.received, ElementsAre(mine));
  const std::string never = Open().number();
  Take(other_agent_, never);
  Take(other_agent_, mine);
  EXPECT_TRUE(Until(stream, list, [&] { return !list.removed.empty(); }));
  EXPECT_THAT(list.removed, ElementsAre(mine));
  EXPECT_THAT(list.received, ElementsAre(mine));
}

// TIC-13, PLT-13
TEST_F(QueueHandlersTest, ATeamSeesItsOwn) {
  const std::string ours = OpenFor("hotline").number();
  OpenFor("field");
  const std::string team = TokenOf("u-lead", "team_agent", "hotline");
  EXPECT_THAT(Fresh(team).received, ElementsAre(ours));
  v1::WatchQueueRequest field;
  field.set_team("field");
  EXPECT_THAT(Fresh(team, field).received, IsEmpty());
  EXPECT_EQ(Fresh(agent_, field).received.size(), 1u);
  v1::WatchQueueRequest unassigned;
  unassigned.set_view(v1::QUEUE_VIEW_UNASSIGNED);
  Move("TakeTicket", ours);
  EXPECT_THAT(Fresh(team, unassigned).received, IsEmpty());
  EXPECT_THAT(Fresh(team).received, ElementsAre(ours));
}

// TIC-13: what happened while nobody listened is made up for, and nothing else.
TEST_F(QueueHandlersTest, ResumesWithoutLoss) {
  const std::string kept = Open().number();
  const std::string lost = Open().number();
  const std::string others = Open().number();
  Move("TakeTicket", kept);
  Move("TakeTicket", lost);
  Take(other_agent_, others);
  // What has no position yet when the list is read comes once more after it.
  ASSERT_TRUE(Eventually(
      [&] { return CountRows("SELECT COUNT(*) FROM outbox WHERE position IS NULL") == 0; }));
  WorkList list;
  {
    auto stream = Watch(agent_, Mine());
    ASSERT_TRUE(UntilComplete(stream, list));
  }
  EXPECT_THAT(list.tickets, ::testing::SizeIs(2));
  const std::string fresh = Open().number();
  Take(other_agent_, lost);
  Take(harness_->TokenOf("u-third", {"service_agent"}), others);
  Move("TakeTicket", fresh);
  list.received.clear();

  v1::WatchQueueRequest request = Mine();
  request.set_after_position(list.position);
  auto stream = Watch(agent_, request);
  EXPECT_TRUE(UntilCurrent(stream, list, agent_, Mine()));
  // What changed hands among others is not mentioned.
  EXPECT_THAT(list.removed, ElementsAre(lost));
  EXPECT_THAT(list.received, ElementsAre(fresh));
}

// TIC-13, PLT-28: a server that stops sends its clients to another one.
TEST_F(QueueHandlersTest, ResumesOnAnotherReplica) {
  testing::Replica& other = harness_->StartReplica();
  Open();
  WorkList list;
  auto stream = Watch(agent_, {});
  ASSERT_TRUE(UntilComplete(stream, list));
  harness_->replica().Stop();
  v1::WatchQueueResponse message;
  while (stream.Next(message)) list.Apply(message);
  EXPECT_EQ(stream.Finish().code(), absl::StatusCode::kUnavailable);
  Advance(absl::Minutes(1));  // until then the other one does not ask who gives positions

  v1::CreateTicketRequest creation;
  *creation.mutable_ticket() = Fault();
  const auto created = harness_->CallOn<v1::CreateTicketRequest, v1::Ticket>(
      other, agent_, "crm.ticket.v1.TicketService/CreateTicket", creation);
  ASSERT_TRUE(created.ok()) << created.status();
  v1::WatchQueueRequest request;
  request.set_after_position(list.position);
  auto resumed = WatchOn(other, agent_, request);
  EXPECT_TRUE(Until(resumed, list, [&] { return list.tickets.contains(created->number()); }));
}

// TIC-13, PLT-20: what is no longer kept cannot be made up for.
TEST_F(QueueHandlersTest, AnExpiredPositionIsRefused) {
  WorkList list;
  {
    Open();
    auto stream = Watch(agent_, {});
    ASSERT_TRUE(Until(stream, list, [&] { return list.position > 0; }));
  }
  for (int i = 0; i < 3; ++i) Open();
  ASSERT_TRUE(Eventually([&] {
    return harness_->database().Int("SELECT COUNT(*) FROM outbox WHERE position IS NULL") == 0;
  }));
  harness_->database().Run("DELETE FROM outbox");
  v1::WatchQueueRequest request;
  request.set_after_position(list.position);
  auto stream = Watch(agent_, request);
  v1::WatchQueueResponse message;
  EXPECT_FALSE(stream.Next(message));
  const absl::Status status = stream.Finish();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ErrorReason(status), "EVENTS_EXPIRED");
  EXPECT_EQ(Fresh(agent_).tickets.size(), 4u);
}

// TIC-13, PLT-13
TEST_F(QueueHandlersTest, NeedsThePermission) {
  auto stream = Watch(TokenOf("u-nobody", "unknown_role"), {});
  v1::WatchQueueResponse message;
  EXPECT_FALSE(stream.Next(message));
  EXPECT_EQ(stream.Finish().code(), absl::StatusCode::kPermissionDenied);
  v1::WatchQueueRequest bad;
  bad.set_after_position(-1);
  bad.set_team("no team!");
  auto refused = Watch(agent_, bad);
  EXPECT_FALSE(refused.Next(message));
  EXPECT_EQ(Violations(refused.Finish()).size(), 2u);
}

// TIC-13, QUA-6: a client that does not read holds up nobody, keeps no connection, and gets the
// last state of all once it reads.
TEST_F(QueueHandlersTest, ASlowClientHoldsUpNothing) {
  v1::Ticket ticket = Fault();
  for (int i = 0; i < 200; ++i) absl::StrAppend(ticket.mutable_subject(), "网");
  const std::string number = Open(ticket).number();
  WorkList list;
  auto stream = Watch(agent_, {});
  ASSERT_TRUE(UntilComplete(stream, list));
  // More than fits between server and client.
  for (int i = 0; i < 400; ++i) {
    Say(agent_, "AddTicketNote", number, "客户补充了信息");
  }
  ASSERT_TRUE(Eventually([&] { return harness_->replica().runtime().pool().in_use() == 0; }));
  EXPECT_EQ(Fresh(agent_).tickets.size(), 1u);
  EXPECT_TRUE(UntilCurrent(stream, list, agent_, {}));
}

// TIC-13: whatever happens and however often the stream breaks, the client comes to the same list
// as one that starts anew.
TEST_F(QueueHandlersTest, ComesToTheSameListAtRandom) {
  std::mt19937 random(20261122);
  const auto pick = [&](size_t count) {
    return std::uniform_int_distribution<size_t>(0, count - 1)(random);
  };
  std::vector<v1::WatchQueueRequest> requests(3);
  requests[0].set_view(v1::QUEUE_VIEW_MINE);
  requests[1].set_view(v1::QUEUE_VIEW_UNASSIGNED);
  const std::string own = TokenOf("u-agent", "own_agent");
  const std::vector<std::string> watchers = {agent_, agent_, own};
  std::vector<WorkList> lists(requests.size());
  std::vector<std::string> numbers;
  for (int round = 0; round < 8; ++round) {
    std::vector<client::AnyServerStream> streams;
    for (size_t i = 0; i < lists.size(); ++i) {
      if (lists[i].position == 0) lists[i] = WorkList();
      requests[i].set_after_position(lists[i].position);
      streams.push_back(Watch(watchers[i], requests[i]));
      // Some listen while it happens, some come back later.
      if (pick(2) == 0) Until(streams[i], lists[i], [&] { return lists[i].complete; });
    }
    for (int step = 0; step < 25; ++step) {
      if (numbers.size() < 3 || pick(4) == 0) {
        numbers.push_back(OpenFor(pick(2) == 0 ? "hotline" : "field").number());
        continue;
      }
      const std::string& number = numbers[pick(numbers.size())];
      const std::string& who = pick(2) == 0 ? agent_ : other_agent_;
      switch (pick(5)) {
        case 0:
        case 1:
          TryMove(who, "TakeTicket", number).status().IgnoreError();
          break;
        case 2:
          TryResolve("ProposeSolution", number, "更换").status().IgnoreError();
          break;
        case 3:
          TryResolve("CompleteTicket", number).status().IgnoreError();
          break;
        default:
          TryMove(who, "ReopenTicket", number).status().IgnoreError();
      }
    }
    for (size_t i = 0; i < lists.size(); ++i) {
      EXPECT_TRUE(UntilCurrent(streams[i], lists[i], watchers[i], requests[i]))
          << "round " << round << ", list " << i;
    }
  }
}

}  // namespace
}  // namespace crm::ticket
