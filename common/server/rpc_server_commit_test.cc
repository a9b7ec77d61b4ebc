// A connection to the database that is lost while a commit is on its way: nobody knows whether it
// happened. With a request id the answer is still right, without one it is honest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "common/base/mutex.h"
#include "common/db/group_committer.h"
#include "common/server/echo_server.h"
#include "common/testdb/tcp_relay.h"
#include "common/testdb/test_database.h"

namespace crm::server {
namespace {

using ::testing::HasSubstr;
using testing::TcpRelay;

class RpcServerCommitTest : public ::testing::TestWithParam<TcpRelay::Verdict> {
 protected:
  RpcServerCommitTest() {
    database_.Run(R"sql(
      CREATE TABLE idempotency (
        key_hash BINARY(16) NOT NULL, request_hash BINARY(16) NOT NULL,
        create_time BIGINT NOT NULL, response MEDIUMBLOB NOT NULL, PRIMARY KEY (key_hash)
      ))sql");
    database_.Run(R"sql(
      CREATE TABLE note (
        name VARCHAR(20) NOT NULL, owner VARCHAR(64) NOT NULL, phone VARCHAR(32) NOT NULL,
        version BIGINT NOT NULL, PRIMARY KEY (name)
      ))sql");
    server_.Start();
    client_ = server_.ClientOf("li.lei");
  }

  void SetUp() override {
    if (!testing::TestServer::Get().owned()) GTEST_SKIP() << "the database is not on this machine";
  }

  static bool happens() { return GetParam() == TcpRelay::Verdict::kCutAnswer; }

  TcpRelay::Verdict Judge(std::string_view sent) {
    // The commit is a packet of its own: length, sequence number, COM_QUERY, text.
    if (sent.find("\x03"
                  "COMMIT") == std::string_view::npos) {
      return TcpRelay::Verdict::kPass;
    }
    ++commits_;
    return cuts_left_.fetch_sub(1) > 0 ? GetParam() : TcpRelay::Verdict::kPass;
  }

  db::PoolOptions ThroughTheRelay() const {
    db::PoolOptions options = database_.pool_options();
    options.address.host = "127.0.0.1";
    options.address.port = relay_.port();
    options.address.socket.clear();
    return options;
  }

  absl::StatusOr<echo::Note> Create(std::string_view id, const std::string& name) {
    return client_->Call<echo::CreateNoteRequest, echo::Note>(kCreateNote, RequestOf(id, name));
  }
  static echo::CreateNoteRequest RequestOf(std::string_view id, const std::string& name) {
    echo::CreateNoteRequest request;
    request.set_request_id(std::string(id));
    request.set_name(name);
    request.set_phone("13812345678");
    return request;
  }
  absl::StatusOr<echo::Note> Touch(std::string_view id, const std::string& name) {
    echo::TouchNoteRequest request;
    request.set_request_id(std::string(id));
    request.set_name(name);
    return client_->Call<echo::TouchNoteRequest, echo::Note>(kTouchNote, request);
  }
  int64_t Notes() { return database_.Int("SELECT COUNT(*) FROM note"); }

  EchoWorld world_;
  testing::TestDatabase database_;
  std::atomic<int> cuts_left_{0};
  std::atomic<int> commits_{0};
  TcpRelay relay_{database_.address().port, [this](std::string_view sent) { return Judge(sent); }};
  db::Pool pool_{ThroughTheRelay()};
  db::GroupCommitter committer_{pool_, {}};
  EchoServer server_{world_, {}, &pool_, &committer_};
  std::unique_ptr<client::Channel> client_;
};

// PLT-5, QUA-6: the request id finds out what happened; the change takes effect once.
TEST_P(RpcServerCommitTest, WithARequestIdTheAnswerIsRight) {
  cuts_left_ = 1;
  const auto created = Create("id-1", "a");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->version(), 1);
  cuts_left_ = 1;
  const auto touched = Touch("id-2", "a");
  ASSERT_TRUE(touched.ok()) << touched.status();
  EXPECT_EQ(touched->version(), 2);

  EXPECT_EQ(Notes(), 1);
  EXPECT_EQ(database_.Int("SELECT version FROM note"), 2);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM idempotency"), 2);
  // A commit that happened is found, one that did not is made again.
  EXPECT_EQ(commits_.load(), happens() ? 2 : 4);
  EXPECT_THAT(
      server_.Metrics(),
      HasSubstr(absl::StrCat(R"(crm_idempotent_replays_total{grpc_method="CreateNote",)",
                             R"(grpc_service="crm.testing.v1.EchoService"} )", happens() ? 1 : 0)));
}

// PLT-7, QUA-6: without one, nothing is tried again, and the caller is told that nobody knows.
TEST_P(RpcServerCommitTest, WithoutARequestIdTheCallerIsTold) {
  cuts_left_ = 1;
  const absl::Status status = Create("", "a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(ErrorReason(status), "COMMIT_UNKNOWN");
  EXPECT_EQ(commits_.load(), 1);
  EXPECT_EQ(Notes(), happens() ? 1 : 0);
}

// PLT-5, QUA-6: connections that go on breaking under load: every call is answered, nothing is done
// twice.
TEST_P(RpcServerCommitTest, GroupsSurviveBrokenCommits) {
  constexpr int kCalls = 60;
  BlockingCounter ended(kCalls);
  std::atomic<int> wrong{0};
  cuts_left_ = 5;
  for (int i = 0; i < kCalls; ++i) {
    const std::string name = absl::StrCat("n", i);
    client_->CallAsync<echo::CreateNoteRequest, echo::Note>(
        kCreateNote, RequestOf(name, name), {}, [&, name](absl::StatusOr<echo::Note> note) {
          if (!note.ok() || note->name() != name) ++wrong;
          ended.DecrementCount();
        });
  }
  ended.Wait();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(Notes(), kCalls);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM idempotency"), kCalls);
}

INSTANTIATE_TEST_SUITE_P(Lost, RpcServerCommitTest,
                         ::testing::Values(TcpRelay::Verdict::kCut, TcpRelay::Verdict::kCutAnswer),
                         [](const auto& test) {
                           return test.param == TcpRelay::Verdict::kCut ? "BeforeTheServer"
                                                                        : "BeforeTheClient";
                         });

}  // namespace
}  // namespace crm::server
