// How clients get from one replica to another: connections that age, addresses used in turn, calls
// tried again (PLT-11).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "common/server/echo_server.h"
#include "common/testdb/tcp_relay.h"

namespace crm::server {
namespace {

class RpcServerConnectionTest : public ::testing::Test {
 protected:
  std::unique_ptr<client::Channel> Connect(const std::string& address) {
    return Must(client::Channel::Connect(
        {.address = address, .token = world_.Token("li.lei"), .own_connection = true}));
  }
  static absl::Status Echo(client::Channel& channel, const client::CallOptions& options = {}) {
    return channel.Call<echo::EchoRequest, echo::EchoResponse>(kEcho, Say("x"), options).status();
  }
  // That the server has counted.
  static int Calls(const EchoServer& server) {
    const std::string text = server.Metrics();
    const std::string series =
        R"(grpc_server_started_total{grpc_method="Echo",grpc_service="crm.testing.v1.EchoService"} )";
    return std::stoi(text.substr(text.find(series) + series.size()));
  }
  // As gRPC's resolver of a headless service would give them.
  static std::string Both(const EchoServer& a, const EchoServer& b) {
    return absl::StrCat("ipv4:", a.address(), ",", b.address());
  }

  EchoWorld world_;
};

// PLT-11: connections end by themselves, so that new pods get traffic; no call notices.
TEST_F(RpcServerConnectionTest, OldConnectionsAreReplacedUnnoticed) {
  EchoServer server(world_, {.max_connection_age = absl::Milliseconds(50)});
  server.Start();
  const testing::TcpRelay relay(server.server().port());
  const auto client = Connect(absl::StrCat("127.0.0.1:", relay.port()));
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (relay.connections() < 4 && absl::Now() < give_up) {
    const absl::Status status = Echo(*client, {.retry = false});
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_GE(relay.connections(), 4);
}

// PLT-11: a client of several addresses uses all of them.
TEST_F(RpcServerConnectionTest, AddressesAreUsedInTurn) {
  constexpr int kCalls = 100;
  EchoServer first(world_);
  EchoServer second(world_);
  first.Start();
  second.Start();
  const auto client = Connect(Both(first, second));
  ASSERT_TRUE(Echo(*client).ok());
  // The second connection may come a moment after the first.
  while (Calls(first) == 0 || Calls(second) == 0) ASSERT_TRUE(Echo(*client).ok());
  const int before = Calls(first);
  for (int i = 0; i < kCalls; ++i) ASSERT_TRUE(Echo(*client).ok());
  EXPECT_EQ(Calls(first) - before, kCalls / 2);
}

// PLT-11: names are resolved by DNS.
TEST_F(RpcServerConnectionTest, NamesAreResolved) {
  EchoServer server(world_);
  server.Start();
  EXPECT_TRUE(Echo(*Connect(absl::StrCat("dns:///localhost:", server.server().port()))).ok());
}

// PLT-11, PLT-28, OPS-7: a replica that stops under load costs no call.
TEST_F(RpcServerConnectionTest, AReplicaThatStopsCostsNoCall) {
  constexpr int kThreads = 4;
  EchoServer first(world_);
  EchoServer second(world_);
  first.Start();
  second.Start();
  const auto client = Connect(Both(first, second));
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::atomic<int> failed{0};
  std::vector<std::jthread> callers;
  for (int i = 0; i < kThreads; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        const absl::Status status = Echo(*client);
        EXPECT_TRUE(status.ok()) << status;
        ++(status.ok() ? answered : failed);
      }
    });
  }
  const auto wait_for_calls = [&](int more) {
    const int target = answered + more;
    while (answered < target && failed == 0) std::this_thread::yield();
  };
  wait_for_calls(200);
  first.server().Shutdown(absl::Seconds(1));
  wait_for_calls(200);
  stop = true;
  callers.clear();
  EXPECT_EQ(failed.load(), 0);
}

// PLT-11: reads are tried again while the server cannot be reached, four times at most.
TEST_F(RpcServerConnectionTest, ReadsAreTriedAgain) {
  std::atomic<int> runs{0};
  std::atomic<int> failures{2};
  world_.hooks.echo = [&](CallContext&) -> absl::Status {
    ++runs;
    if (failures.fetch_sub(1) <= 0) return absl::OkStatus();
    return Error(absl::StatusCode::kUnavailable, "AWAY", "away for a moment");
  };
  EchoServer server(world_);
  server.Start();
  const auto client = Connect(server.address());
  EXPECT_TRUE(Echo(*client).ok());
  EXPECT_EQ(runs.load(), 3);

  runs = 0;
  failures = 100;
  EXPECT_EQ(Echo(*client, {.retry = false}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(runs.load(), 1);
  EXPECT_EQ(ErrorReason(Echo(*client)), "AWAY");
  EXPECT_EQ(runs.load(), 1 + client::Channel::kMaxTries);
}

// PLT-27: a call that a handler makes belongs to the trace of its own.
TEST_F(RpcServerConnectionTest, TracesArePassedOn) {
  EchoServer inner(world_);
  inner.Start();
  const auto to_inner = Connect(inner.address());
  std::vector<std::string> seen;
  world_.hooks.echo = [&](CallContext& call) {
    seen.push_back(call.traceparent());
    if (seen.size() > 1) return absl::OkStatus();
    return Echo(*to_inner, {.traceparent = call.traceparent()});
  };
  EchoServer outer(world_);
  outer.Start();
  const std::string start = "00-4bf92f3577b34da6a3ce929d0e0e4736-";
  ASSERT_TRUE(Echo(*Connect(outer.address()), {.traceparent = start + "00f067aa0ba902b7-01"}).ok());
  ASSERT_EQ(seen.size(), 2U);
  for (const std::string& traceparent : seen) {
    EXPECT_TRUE(traceparent.starts_with(start) && traceparent.ends_with("-01")) << traceparent;
  }
  EXPECT_NE(seen[0], seen[1]);  // each hop has a span of its own
}

// PLT-9, PLT-11: no more tries than the deadline allows.
TEST_F(RpcServerConnectionTest, TriesEndAtTheDeadline) {
  std::atomic<int> runs{0};
  world_.hooks.echo = [&](CallContext&) -> absl::Status {
    ++runs;
    return Error(absl::StatusCode::kUnavailable, "AWAY", "away");
  };
  EchoServer server(world_);
  server.Start();
  // The last try may have been on its way.
  EXPECT_THAT(
      Echo(*Connect(server.address()), {.timeout = absl::Milliseconds(90)}).code(),
      ::testing::AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded));
  EXPECT_LT(runs.load(), client::Channel::kMaxTries);
}

}  // namespace
}  // namespace crm::server
