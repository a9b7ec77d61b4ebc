// The dispatch with a real database: change, group commit, stored answers, reruns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/db/group_committer.h"
#include "common/server/echo_server.h"
#include "common/testdb/test_database.h"

namespace crm::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPhone[] = "13812345678";

class RpcServerDbTest : public ::testing::Test {
 protected:
  RpcServerDbTest() {
    database_.Run(R"sql(
      CREATE TABLE idempotency (
        key_hash BINARY(16) NOT NULL,
        request_hash BINARY(16) NOT NULL,
        create_time BIGINT NOT NULL,
        response MEDIUMBLOB NOT NULL,
        PRIMARY KEY (key_hash)
      ))sql");
    database_.Run(R"sql(
      CREATE TABLE note (
        name VARCHAR(20) NOT NULL,
        owner VARCHAR(64) NOT NULL,
        phone VARCHAR(32) NOT NULL,
        version BIGINT NOT NULL,
        PRIMARY KEY (name)
      ))sql");
  }

  static echo::CreateNoteRequest Create(std::string_view id, std::string_view name) {
    echo::CreateNoteRequest request;
    request.set_request_id(std::string(id));
    request.set_name(std::string(name));
    request.set_phone(kPhone);
    return request;
  }
  static absl::StatusOr<echo::Note> Call(client::Channel& client,
                                         const echo::CreateNoteRequest& request) {
    return client.Call<echo::CreateNoteRequest, echo::Note>(kCreateNote, request);
  }
  static absl::StatusOr<echo::Note> Touch(client::Channel& client, std::string_view id,
                                          std::string_view name) {
    echo::TouchNoteRequest request;
    request.set_request_id(std::string(id));
    request.set_name(std::string(name));
    return client.Call<echo::TouchNoteRequest, echo::Note>(kTouchNote, request);
  }
  int64_t Notes() { return database_.Int("SELECT COUNT(*) FROM note"); }
  int64_t Version(const char* name) {
    return database_.Int("SELECT version FROM note WHERE name = ?", {name});
  }

  EchoWorld world_;
  testing::TestDatabase database_;
  db::GroupCommitter committer_{database_.pool(), {}};
};

// PLT-5: the same id gives the first answer, changes nothing more, and costs the first call no
// read.
TEST_F(RpcServerDbTest, RepeatsTheFirstAnswer) {
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");

  const auto first = Call(*client, Create("id-1", "a"));
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(Touch(*client, "", "a").ok());
  const auto second = Call(*client, Create("id-1", "a"));
  ASSERT_TRUE(second.ok()) << second.status();

  EXPECT_EQ(second->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Notes(), 1);
  EXPECT_EQ(Version("a"), 2);
  EXPECT_THAT(server.Metrics(),
              HasSubstr(R"(crm_idempotent_replays_total{grpc_method="CreateNote",)"
                        R"(grpc_service="crm.testing.v1.EchoService"} 1)"));
}

// PLT-5: an id stands for one request of one caller.
TEST_F(RpcServerDbTest, RefusesAnotherRequestWithTheSameId) {
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");
  ASSERT_TRUE(Call(*client, Create("id-1", "a")).ok());

  const absl::Status reused = Call(*client, Create("id-1", "b")).status();
  EXPECT_EQ(reused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(reused), "REQUEST_ID_REUSED");
  EXPECT_EQ(Notes(), 1);
  EXPECT_TRUE(Call(*server.ClientOf("lucy"), Create("id-1", "b")).ok());
  EXPECT_EQ(Notes(), 2);
}

// PLT-5: also across replicas, also at the same time.
TEST_F(RpcServerDbTest, ConcurrentRepeatsTakeEffectOnce) {
  constexpr int kIds = 20;
  constexpr int kRepeats = 8;
  db::GroupCommitter other_committer(database_.pool(), {});
  EchoServer first(world_, {}, &database_.pool(), &committer_);
  EchoServer second(world_, {}, &database_.pool(), &other_committer);
  const auto here = first.Start().ClientOf("li.lei");
  const auto there = second.Start().ClientOf("li.lei");

  BlockingCounter all(kIds * kRepeats);
  std::atomic<int> wrong{0};
  for (int id = 0; id < kIds; ++id) {
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
      const std::string name = absl::StrCat("n", id);
      (repeat % 2 == 0 ? here : there)
          ->CallAsync<echo::CreateNoteRequest, echo::Note>(
              kCreateNote, Create(name, name), {}, [&, name](absl::StatusOr<echo::Note> note) {
                if (!note.ok() || note->name() != name || note->version() != 1) ++wrong;
                all.DecrementCount();
              });
    }
  }
  all.Wait();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(Notes(), kIds);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM idempotency"), kIds);
}

// PLT-5: a repeat whose handler would fail now (the note is gone) still gets the first answer.
TEST_F(RpcServerDbTest, RepeatsTheAnswerWhenTheHandlerFailsNow) {
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");
  ASSERT_TRUE(Call(*client, Create("", "a")).ok());
  ASSERT_TRUE(Touch(*client, "id-1", "a").ok());
  database_.Run("DELETE FROM note");

  const auto repeated = Touch(*client, "id-1", "a");
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->version(), 2);
  EXPECT_EQ(Touch(*client, "id-2", "a").status().code(), absl::StatusCode::kNotFound);
}

// PLT-5: after 24 hours an id is free again, whether its row was purged or not.
TEST_F(RpcServerDbTest, ForgetsAnswersAfterADay) {
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  ASSERT_TRUE(Call(*server.Start().ClientOf("li.lei"), Create("", "a")).ok());
  ASSERT_TRUE(Touch(*server.ClientOf("li.lei"), "id-1", "a").ok());
  world_.clock.Advance(absl::Hours(23));
  ASSERT_TRUE(Touch(*server.ClientOf("li.lei"), "id-1", "a").ok());
  EXPECT_EQ(Version("a"), 2);

  world_.clock.Advance(absl::Hours(1));
  const auto client = server.ClientOf("li.lei");
  const auto anew = Touch(*client, "id-1", "a");
  ASSERT_TRUE(anew.ok()) << anew.status();
  EXPECT_EQ(anew->version(), 3);
  const auto repeated = Touch(*client, "id-1", "a");
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->version(), 3);
  EXPECT_EQ(Version("a"), 3);
}

// PLT-2: all violations, nothing written.
TEST_F(RpcServerDbTest, ValidateOnlyWritesNothing) {
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");
  echo::CreateNoteRequest request = Create("id-1", "a");
  request.set_validate_only(true);
  ASSERT_TRUE(Call(*client, request).ok());
  EXPECT_EQ(Notes(), 0);
  request.set_name("");
  EXPECT_EQ(Call(*client, request).status().code(), absl::StatusCode::kInvalidArgument);
}

// A duplicate at commit runs the handler again, which then says what is wrong.
TEST_F(RpcServerDbTest, DuplicateRunsTheHandlerAgain) {
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");
  ASSERT_TRUE(Call(*client, Create("id-1", "a")).ok());
  EXPECT_EQ(ErrorReason(Call(*client, Create("id-2", "a")).status()), "NAME_TAKEN");
}

// PLT-6: a change that collided is made again on fresh data.
TEST_F(RpcServerDbTest, ConflictRunsTheHandlerAgain) {
  std::atomic<int> runs{0};
  world_.hooks.touch_has_read = [&](CallContext& call) {
    EXPECT_EQ(call.attempt(), runs.load());
    if (runs.fetch_add(1) < 2) database_.Run("UPDATE note SET version = version + 1");
  };
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");
  ASSERT_TRUE(Call(*client, Create("", "a")).ok());

  const auto touched = Touch(*client, "id-1", "a");
  ASSERT_TRUE(touched.ok()) << touched.status();
  EXPECT_EQ(touched->version(), 4);
  EXPECT_EQ(runs.load(), 3);
  EXPECT_THAT(server.Metrics(),
              HasSubstr(R"(crm_rpc_conflict_reruns_total{grpc_method="TouchNote",)"
                        R"(grpc_service="crm.testing.v1.EchoService"} 2)"));
}

TEST_F(RpcServerDbTest, GivesUpAfterTenRuns) {
  std::atomic<int> runs{0};
  world_.hooks.touch_has_read = [&](CallContext&) {
    ++runs;
    database_.Run("UPDATE note SET version = version + 1");
  };
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");
  ASSERT_TRUE(Call(*client, Create("", "a")).ok());

  const absl::Status status = Touch(*client, "id-1", "a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(status), "WRITE_CONFLICT");
  EXPECT_EQ(runs.load(), 10);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM idempotency"), 0);
}

// PLT-14, PLT-15: an answer is masked for its viewer, also a repeated one; the stored one is
// encrypted.
TEST_F(RpcServerDbTest, MasksAnswersAndEncryptsStoredOnes) {
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto owner = server.Start().ClientOf("li.lei");
  ASSERT_TRUE(Call(*owner, Create("id-1", "a")).ok());
  const auto stranger = server.ClientOf("lucy", "administrator");

  const auto plain = Call(*owner, Create("id-1", "a"));
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->phone(), kPhone);
  for (int i = 0; i < 2; ++i) {
    const auto masked = Touch(*stranger, "id-2", "a");
    ASSERT_TRUE(masked.ok()) << masked.status();
    EXPECT_EQ(masked->phone(), "138****5678");
  }
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM idempotency"), 2);
  EXPECT_THAT(database_.String("SELECT GROUP_CONCAT(HEX(response)) FROM idempotency"),
              Not(HasSubstr("3133383132333435363738")));
}

// A server in front of a database that is down answers, and goes on when it is back.
TEST_F(RpcServerDbTest, AnswersWhileTheDatabaseIsDown) {
  testing::TestServer& mariadb = testing::TestServer::Get();
  if (!mariadb.owned()) GTEST_SKIP() << "the database is not ours to kill";
  world_.hooks.batch = [](db::Connection& connection, size_t) {
    return connection.Select({"one", "SELECT 1"}, {}).status();
  };
  EchoServer server(world_, {}, &database_.pool(), &committer_);
  const auto client = server.Start().ClientOf("li.lei");
  const auto batch = [&] {
    return client
        ->Call<echo::EchoRequest, echo::EchoResponse>(kBatchEcho, Say("x"), {.retry = false})
        .status()
        .code();
  };
  EXPECT_EQ(batch(), absl::StatusCode::kOk);
  mariadb.Kill();
  EXPECT_EQ(batch(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(batch(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Call(*client, Create("id-1", "a")).status().code(), absl::StatusCode::kUnavailable);

  mariadb.Start();
  EXPECT_TRUE(Call(*client, Create("id-1", "a")).ok());
  EXPECT_EQ(Notes(), 1);
  while (batch() != absl::StatusCode::kOk) {  // the pollers pause between attempts to connect
  }
}

}  // namespace
}  // namespace crm::server
