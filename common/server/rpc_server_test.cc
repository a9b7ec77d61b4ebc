#include "common/server/rpc_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/server/echo_server.h"
#include "crm/options/v1/options.pb.h"
#include "google/protobuf/descriptor.pb.h"

namespace crm::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <typename Detail>
Detail DetailOf(const absl::Status& status) {
  Detail detail;
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const auto& each : wire.details()) {
    if (each.UnpackTo(&detail)) return detail;
  }
  ADD_FAILURE() << "no such detail in " << status;
  return detail;
}

// A service whose proto is made here: one RPC that needs `permission`; empty declares none.
class OneMethodService {
 public:
  explicit OneMethodService(const std::string& permission) {
    google::protobuf::FileDescriptorProto file;
    file.set_name("crm/testing/v1/say.proto");
    file.set_package("crm.testing.v1");
    file.add_dependency(echo::EchoRequest::descriptor()->file()->name());
    auto& service = *file.add_service();
    service.set_name("SayService");
    auto& method = *service.add_method();
    method.set_name("Say");
    method.set_input_type(".crm.testing.v1.EchoRequest");
    method.set_output_type(".crm.testing.v1.EchoResponse");
    if (!permission.empty()) {
      method.mutable_options()->MutableExtension(options::v1::method)->set_permission(permission);
    }
    service_ = pool_.BuildFile(file)->service(0);
  }

  MethodTable Table() const {
    MethodTable table(service_);
    table.Unary<echo::EchoRequest, echo::EchoResponse>(
        "Say", [](CallContext&, const echo::EchoRequest&) { return echo::EchoResponse(); });
    return table;
  }

 private:
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
  const google::protobuf::ServiceDescriptor* service_;
};

class RpcServerTest : public ::testing::Test {
 protected:
  absl::StatusOr<echo::EchoResponse> Call(client::Channel& channel, const char* method,
                                          std::string_view text,
                                          const client::CallOptions& options = {}) {
    return channel.Call<echo::EchoRequest, echo::EchoResponse>(method, Say(text), options);
  }

  // Of a server with this table and nothing else.
  absl::Status StartOnly(MethodTable table) {
    prometheus::Registry registry;
    RpcServerParts parts = world_.Parts();
    parts.metrics = &registry;
    RpcServer server({}, parts);
    server.Add(std::move(table));
    return server.Start();
  }

  EchoWorld world_;
};

TEST_F(RpcServerTest, AnswersEveryKindOfMethod) {
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");

  const auto echoed = Call(*client, kEcho, "你好");
  ASSERT_TRUE(echoed.ok()) << echoed.status();
  EXPECT_EQ(echoed->text(), "你好");
  EXPECT_EQ(echoed->caller(), "li.lei");
  const auto batched = Call(*client, kBatchEcho, "hi");
  ASSERT_TRUE(batched.ok()) << batched.status();
  EXPECT_EQ(batched->batch_size(), 1);

  echo::CountRequest three;
  three.set_up_to(3);
  auto numbers = client->ServerStream(kCount, three);
  echo::CountResponse number;
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(numbers.Next(number));
    EXPECT_EQ(number.number(), i);
  }
  EXPECT_FALSE(numbers.Next(number));
  EXPECT_TRUE(numbers.Finish().ok());

  auto sum = client->ClientStream(kSum);
  echo::SumRequest addend;
  for (int i = 1; i <= 4; ++i) {
    addend.set_number(i);
    ASSERT_TRUE(sum.Write(addend));
  }
  echo::SumResponse total;
  ASSERT_TRUE(sum.Finish(total).ok());
  EXPECT_EQ(total.sum(), 10);
}

// Calls that wait while a batch is being answered are answered together.
TEST_F(RpcServerTest, AnswersWaitingCallsTogether) {
  constexpr int kCalls = 16;
  std::atomic<size_t> largest{0};
  world_.hooks.batch = [&](db::Connection&, size_t size) {
    size_t before = largest.load();
    while (size > before && !largest.compare_exchange_weak(before, size)) {
    }
    return absl::OkStatus();
  };
  EchoServer server(world_, {.pollers = 1, .max_batch = 8});
  const auto client = server.Start().ClientOf("li.lei");

  for (int round = 0; round < 1000 && largest.load() < 2; ++round) {
    BlockingCounter all(kCalls);
    for (int i = 0; i < kCalls; ++i) {
      client->CallAsync<echo::EchoRequest, echo::EchoResponse>(
          kBatchEcho, Say("x"), {}, [&](absl::StatusOr<echo::EchoResponse> response) {
            EXPECT_TRUE(response.ok());
            all.DecrementCount();
          });
    }
    all.Wait();
  }
  EXPECT_GE(largest.load(), 2u);
  EXPECT_LE(largest.load(), 8u);
}

// PLT-12
TEST_F(RpcServerTest, RefusesCallersWithoutAToken) {
  EchoServer server(world_);
  const auto client = server.Start().AnonymousClient();

  const absl::Status missing = Call(*client, kEcho, "x").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorReason(missing), "TOKEN_MISSING");
  const absl::Status forged = Call(*client, kEcho, "x", {.token = "a.b.c"}).status();
  EXPECT_EQ(forged.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(Call(*client, kPublicEcho, "x", {.token = "a.b.c"}).ok());
}

// PLT-7, PLT-13: a caller without the permission learns nothing about his request.
TEST_F(RpcServerTest, ChecksPermissionBeforeTheRequest) {
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("root", "administrator");

  const absl::Status denied = Call(*client, kEcho, "").status();
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(denied), "PERMISSION_MISSING");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(denied).metadata().at("permission"), "customer.read");
}

// PLT-31: what the directory says of a user counts more than his token.
TEST_F(RpcServerTest, StaffDirectoryWinsOverTheToken) {
  world_.staff.entries["li.lei"] = {.roles = {"administrator"}};
  world_.staff.entries["han.mei"] = {.active = false, .roles = {"sales_representative"}};
  EchoServer server(world_);
  server.Start();

  EXPECT_EQ(ErrorReason(Call(*server.ClientOf("li.lei"), kEcho, "x").status()),
            "PERMISSION_MISSING");
  EXPECT_EQ(ErrorReason(Call(*server.ClientOf("han.mei"), kEcho, "x").status()), "USER_INACTIVE");
  EXPECT_TRUE(Call(*server.ClientOf("lucy"), kEcho, "x").ok());
}

// PLT-8, PLT-30: all violations at once, in the language of the call; codes do not change.
TEST_F(RpcServerTest, NamesBadFieldsInTheCallersLanguage) {
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");

  echo::EchoRequest bad;
  bad.set_work_ms(-1);
  const auto call = [&](const char* language) {
    return client
        ->Call<echo::EchoRequest, echo::EchoResponse>(kEcho, bad, {.accept_language = language})
        .status();
  };
  const absl::Status chinese = call("zh-CN,zh;q=0.9");
  const absl::Status english = call("en");

  EXPECT_EQ(chinese.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(chinese), ErrorReason(english));
  const auto violations = DetailOf<google::rpc::BadRequest>(chinese);
  ASSERT_EQ(violations.field_violations_size(), 2);
  EXPECT_EQ(violations.field_violations(0).field(), "text");
  EXPECT_EQ(violations.field_violations(1).field(), "work_ms");
  EXPECT_EQ(DetailOf<google::rpc::LocalizedMessage>(chinese).locale(), "zh-CN");
  EXPECT_EQ(DetailOf<google::rpc::LocalizedMessage>(english).locale(), "en");
  EXPECT_NE(DetailOf<google::rpc::LocalizedMessage>(chinese).message(),
            DetailOf<google::rpc::LocalizedMessage>(english).message());
}

TEST_F(RpcServerTest, RefusesUnknownMethodsAndForeignBytes) {
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");

  EXPECT_EQ(Call(*client, "/crm.testing.v1.EchoService/Nothing", "x").status().code(),
            absl::StatusCode::kUnimplemented);
  echo::CountRequest number_as_text;  // field 1 is a number here and a text there
  number_as_text.set_up_to(1);
  echo::CountRequest lengthy;
  lengthy.GetReflection()->MutableUnknownFields(&lengthy)->AddLengthDelimited(1, "\xff\xfe");
  echo::EchoResponse response;
  EXPECT_EQ(client->CallAny(kEcho, lengthy, response).code(), absl::StatusCode::kInvalidArgument);
}

// PLT-9
TEST_F(RpcServerTest, RefusesTooLargeRequests) {
  EchoServer server(world_, {.max_request_bytes = 1024});
  const auto client = server.Start().ClientOf("li.lei");
  EXPECT_EQ(Call(*client, kEcho, std::string(2000, 'x')).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Call(*client, kEcho, "x").ok());
}

// PLT-7: faults of the server say nothing outside; the log has the trace id and the detail.
TEST_F(RpcServerTest, ConcealsInternalErrors) {
  world_.hooks.echo = [](CallContext&) { return absl::InternalError("row 7 is broken"); };
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  const std::string trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";

  const absl::Status status =
      Call(*client, kEcho, "x",
           {.traceparent = absl::StrCat("00-", trace_id, "-00f067aa0ba902b7-01")})
          .status();

  EXPECT_EQ(status.message(), "internal error");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).metadata().at("trace_id"), trace_id);
  EXPECT_THAT(world_.LogText(), HasSubstr("row 7 is broken"));
  EXPECT_THAT(world_.LogText(), HasSubstr(trace_id));
}

// A handler that throws is a bug of one call, not the end of the server.
TEST_F(RpcServerTest, SurvivesHandlersThatThrow) {
  world_.hooks.echo = [](CallContext&) -> absl::Status { throw std::runtime_error("oops"); };
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  EXPECT_EQ(Call(*client, kEcho, "x").status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(Call(*client, kPublicEcho, "x").ok());
}

// PLT-12, PLT-27: a line for each call; never a token.
TEST_F(RpcServerTest, LogsCallsWithoutTokens) {
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  ASSERT_TRUE(Call(*client, kEcho, "x").ok());
  const std::string token = world_.Token("li.lei");
  ASSERT_TRUE(Call(*client, kEcho, "x", {.token = token}).ok());

  const std::string log = world_.LogText();
  EXPECT_THAT(log, HasSubstr(R"("method":"Echo","code":"OK")"));
  EXPECT_THAT(log, HasSubstr(R"("caller":"li.lei")"));
  EXPECT_THAT(log, Not(HasSubstr(token.substr(0, 20))));
  EXPECT_THAT(log, Not(HasSubstr("Bearer")));
}

// PLT-9: overload is answered at once and does not grow the queue.
TEST_F(RpcServerTest, ShedsCallsThatDoNotFitIntoTheQueue) {
  constexpr int kCalls = 40;
  constexpr int kPlaces = 4;
  Notification go_on;
  world_.hooks.echo = [&](CallContext&) {
    go_on.WaitForNotification();
    return absl::OkStatus();
  };
  EchoServer server(world_, {.workers = 1, .max_queue = kPlaces});
  const auto client = server.Start().ClientOf("li.lei");

  BlockingCounter shed(kCalls - kPlaces);
  BlockingCounter answered(kPlaces);
  std::atomic<int> wrong{0};
  for (int i = 0; i < kCalls; ++i) {
    client->CallAsync<echo::EchoRequest, echo::EchoResponse>(
        kEcho, Say("x"), {}, [&](absl::StatusOr<echo::EchoResponse> response) {
          if (response.ok()) return answered.DecrementCount(), void();
          if (ErrorReason(response.status()) != "SERVER_OVERLOADED") ++wrong;
          EXPECT_GT(DetailOf<google::rpc::RetryInfo>(response.status()).retry_delay().nanos(), 0);
          shed.DecrementCount();
        });
  }
  shed.Wait();  // while the only worker is still busy with the first call
  go_on.Notify();
  answered.Wait();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_THAT(server.Metrics(),
              HasSubstr(absl::StrCat(R"(crm_rpc_shed_total{grpc_method="Echo",grpc_service=)",
                                     R"("crm.testing.v1.EchoService"} )", kCalls - kPlaces)));
}

// PLT-9: work whose deadline has passed is not begun; without one of the client, the server's
// counts.
TEST_F(RpcServerTest, DropsExpiredCalls) {
  std::atomic<int> runs{0};
  world_.hooks.echo = [&](CallContext&) {
    ++runs;
    return absl::OkStatus();
  };
  EchoServer server(world_, {.default_deadline = absl::ZeroDuration()});
  const auto client = server.Start().ClientOf("li.lei");

  const client::CallOptions no_deadline = {.timeout = absl::InfiniteDuration()};
  EXPECT_EQ(ErrorReason(Call(*client, kEcho, "x", no_deadline).status()), "DEADLINE_EXCEEDED");
  EXPECT_EQ(ErrorReason(Call(*client, kBatchEcho, "x", no_deadline).status()), "DEADLINE_EXCEEDED");
  EXPECT_EQ(runs.load(), 0);
  EXPECT_TRUE(Call(*client, kEcho, "x").ok());
}

// A client that goes away ends the handler of its stream.
TEST_F(RpcServerTest, TellsStreamsThatTheClientIsGone) {
  Notification ended;
  world_.hooks.count_ended = [&](const absl::Status& status) {
    EXPECT_FALSE(status.ok());
    ended.Notify();
  };
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  auto numbers = client->ServerStream(kCount, echo::CountRequest());
  echo::CountResponse number;
  ASSERT_TRUE(numbers.Next(number));
  numbers.Cancel();
  ended.WaitForNotification();
  EXPECT_EQ(numbers.Finish().code(), absl::StatusCode::kCancelled);
}

// PLT-8: each message of a client stream is validated.
TEST_F(RpcServerTest, EndsClientStreamsAtTheFirstBadMessage) {
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  auto sum = client->ClientStream(kSum);
  echo::SumRequest addend;
  addend.set_number(-1);
  sum.Write(addend);
  echo::SumResponse total;
  const absl::Status status = sum.Finish(total);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations(0).field(), "number");
}

// PLT-9: streams have a thread each and are bounded.
TEST_F(RpcServerTest, ShedsStreamsBeyondTheirNumber) {
  EchoServer server(world_, {.max_streams = 1});
  const auto client = server.Start().ClientOf("li.lei");
  auto first = client->ServerStream(kCount, echo::CountRequest());
  echo::CountResponse number;
  ASSERT_TRUE(first.Next(number));
  auto second = client->ServerStream(kCount, echo::CountRequest());
  EXPECT_FALSE(second.Next(number));
  EXPECT_EQ(ErrorReason(second.Finish()), "SERVER_OVERLOADED");
}

// PLT-28: calls in progress are answered, streams are told to go on elsewhere.
TEST_F(RpcServerTest, ShutdownAnswersWhatIsInProgress) {
  Notification started;
  Notification go_on;
  world_.hooks.echo = [&](CallContext&) {
    started.Notify();
    go_on.WaitForNotification();
    return absl::OkStatus();
  };
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  auto numbers = client->ServerStream(kCount, echo::CountRequest());
  echo::CountResponse number;
  ASSERT_TRUE(numbers.Next(number));
  Notification answered;
  client->CallAsync<echo::EchoRequest, echo::EchoResponse>(
      kEcho, Say("x"), {}, [&](absl::StatusOr<echo::EchoResponse> response) {
        EXPECT_TRUE(response.ok()) << response.status();
        answered.Notify();
      });
  started.WaitForNotification();

  std::thread shutdown([&] { server.server().Shutdown(absl::Seconds(30)); });
  while (numbers.Next(number)) {
  }
  EXPECT_EQ(ErrorReason(numbers.Finish()), "SERVER_STOPPING");
  EXPECT_FALSE(answered.HasBeenNotified());
  go_on.Notify();
  answered.WaitForNotification();
  shutdown.join();
}

// PLT-28: nothing that was sent gets lost when a server stops under load.
TEST_F(RpcServerTest, ShutdownUnderLoadAnswersEveryCall) {
  constexpr int kCalls = 2000;
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  BlockingCounter ended(kCalls);
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  Notification some;
  for (int i = 0; i < kCalls; ++i) {
    client->CallAsync<echo::EchoRequest, echo::EchoResponse>(
        i % 2 == 0 ? kEcho : kBatchEcho, Say("x"), {},
        [&](absl::StatusOr<echo::EchoResponse> response) {
          const absl::StatusCode code = response.status().code();
          if (code == absl::StatusCode::kOk && answered.fetch_add(1) == 100) some.Notify();
          // Later calls find a full queue or are sent to another server.
          if (code != absl::StatusCode::kOk && code != absl::StatusCode::kUnavailable &&
              code != absl::StatusCode::kResourceExhausted) {
            ++wrong;
          }
          ended.DecrementCount();
        });
  }
  some.WaitForNotification();
  server.server().Shutdown(absl::Seconds(30));
  ended.Wait();
  EXPECT_EQ(wrong.load(), 0);
}

// PLT-10. The messages of the health service are {string service = 1} and {enum status = 1}, the
// same on the wire as ours: 1 is serving, 2 is not.
TEST_F(RpcServerTest, HealthFollowsReadiness) {
  EchoServer server(world_);
  const auto client = server.Start().AnonymousClient();
  const auto health = [&](const char* service) {
    echo::EchoRequest request;
    request.set_text(service);
    const auto status =
        client->Call<echo::EchoRequest, echo::SumResponse>("/grpc.health.v1.Health/Check", request);
    return status.ok() ? status->sum() : -1;
  };
  EXPECT_EQ(health(""), 2);
  EXPECT_EQ(health("crm.testing.v1.EchoService"), 2);
  server.server().SetServing(true);
  EXPECT_EQ(health(""), 1);
  EXPECT_EQ(health("crm.testing.v1.EchoService"), 1);
  EXPECT_EQ(health("crm.testing.v1.Nothing"), -1);
}

// PLT-10: reflection lists our services and can be switched off. Field 7 of its request asks for
// the list.
TEST_F(RpcServerTest, ReflectionListsServicesUnlessSwitchedOff) {
  constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  echo::SumRequest list;
  list.GetReflection()->MutableUnknownFields(&list)->AddLengthDelimited(7, "*");
  echo::SumResponse answer;

  EchoServer with(world_);
  auto listed = with.Start().AnonymousClient()->ServerStream(kReflection, list);
  ASSERT_TRUE(listed.Next(answer));
  EXPECT_THAT(answer.SerializeAsString(), HasSubstr("crm.testing.v1.EchoService"));

  EchoServer without(world_, {.reflection = false});
  auto refused = without.Start().AnonymousClient()->ServerStream(kReflection, list);
  EXPECT_FALSE(refused.Next(answer));
  EXPECT_EQ(refused.Finish().code(), absl::StatusCode::kUnimplemented);
}

// PLT-26
TEST_F(RpcServerTest, CountsCalls) {
  EchoServer server(world_);
  const auto client = server.Start().ClientOf("li.lei");
  const std::string labels = R"(grpc_method="Echo",grpc_service="crm.testing.v1.EchoService")";
  EXPECT_THAT(server.Metrics(), HasSubstr("grpc_server_started_total{" + labels + "} 0"));

  ASSERT_TRUE(Call(*client, kEcho, "x").ok());
  ASSERT_FALSE(Call(*client, kEcho, "").ok());
  server.server().Shutdown(absl::Seconds(10));

  const std::string metrics = server.Metrics();
  EXPECT_THAT(metrics, HasSubstr("grpc_server_started_total{" + labels + "} 2"));
  EXPECT_THAT(metrics, HasSubstr(R"(grpc_server_handled_total{grpc_code="OK",)" + labels + "} 1"));
  EXPECT_THAT(metrics, HasSubstr(R"(grpc_server_handled_total{grpc_code="InvalidArgument",)" +
                                 labels + "} 1"));
  EXPECT_THAT(metrics, HasSubstr("grpc_server_handling_seconds_count{" + labels + "} 2"));
  EXPECT_THAT(metrics, HasSubstr("crm_rpc_in_flight{" + labels + "} 0"));
}

// A server does not start half.
TEST_F(RpcServerTest, RefusesToStartWithAMethodWithoutHandler) {
  const absl::Status status = StartOnly(
      MethodTable(echo::EchoRequest::descriptor()->file()->FindServiceByName("EchoService")));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("EchoService.Count has no handler"));
}

// PLT-13
TEST_F(RpcServerTest, RefusesToStartOnARpcWithoutPermission) {
  OneMethodService declared("customer.read");
  EXPECT_EQ(StartOnly(declared.Table()), absl::OkStatus());

  OneMethodService bare("");
  const absl::Status status = StartOnly(bare.Table());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(status), "METHODS_INVALID");
  EXPECT_THAT(std::string(status.message()), HasSubstr("SayService.Say declares no permission"));
}

// PLT-13: a permission that no role can have is a slip of the pen.
TEST_F(RpcServerTest, RefusesToStartOnAPermissionThatNoRoleHas) {
  OneMethodService misspelt("custmer.read");
  const absl::Status status = StartOnly(misspelt.Table());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("custmer.read"));
}

TEST_F(RpcServerTest, RefusesToStartOnAnAddressInUse) {
  EchoServer first(world_);
  first.Start();
  EchoServer second(world_, {.listen = first.address()});
  EXPECT_EQ(ErrorReason(second.server().Start()), "LISTEN_FAILED");
}

TEST_F(RpcServerTest, RefusesToStartWithBadCertificates) {
  EchoServer server(world_, {.tls = {.certificate = "/nonexistent/cert.pem"}});
  const absl::Status status = server.server().Start();
  EXPECT_EQ(ErrorReason(status), "TLS_FILES_INVALID");
  EXPECT_THAT(std::string(status.message()), HasSubstr("tls-certificate"));
}

}  // namespace
}  // namespace crm::server
