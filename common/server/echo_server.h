// A real server with the echo service (protos/crm/testing/v1) for the tests of this folder: tokens,
// roles and keys as in production, any port, a clock that stands still, and hooks in the handlers.
#ifndef CRM_COMMON_SERVER_ECHO_SERVER_H_
#define CRM_COMMON_SERVER_ECHO_SERVER_H_

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/auth/local_issuer.h"
#include "common/client/channel.h"
#include "common/crypto/key_file.h"
#include "common/error/error.h"
#include "common/server/rpc_server.h"
#include "common/source_tree/source_tree.h"
#include "crm/testing/v1/echo.pb.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"

namespace crm::server {

namespace echo = crm::testing::v1;

inline constexpr char kEcho[] = "/crm.testing.v1.EchoService/Echo";
inline constexpr char kBatchEcho[] = "/crm.testing.v1.EchoService/BatchEcho";
inline constexpr char kPublicEcho[] = "/crm.testing.v1.EchoService/PublicEcho";
inline constexpr char kCount[] = "/crm.testing.v1.EchoService/Count";
inline constexpr char kSum[] = "/crm.testing.v1.EchoService/Sum";
inline constexpr char kCreateNote[] = "/crm.testing.v1.EchoService/CreateNote";
inline constexpr char kTouchNote[] = "/crm.testing.v1.EchoService/TouchNote";

template <typename Result>
Result Must(absl::StatusOr<Result> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status();
    std::abort();
  }
  return *std::move(result);
}

inline echo::EchoRequest Say(std::string_view text) {
  echo::EchoRequest request;
  request.set_text(std::string(text));
  return request;
}

// What the tests put into the handlers. Set before the server starts.
struct EchoHooks {
  std::function<absl::Status(CallContext&)> echo = [](CallContext&) { return absl::OkStatus(); };
  std::function<absl::Status(db::Connection&, size_t)> batch = [](db::Connection&, size_t) {
    return absl::OkStatus();
  };
  std::function<void(const absl::Status&)> count_ended = [](const absl::Status&) {};
  std::function<void(CallContext&)> touch_has_read = [](CallContext&) {};
};

// Staff known to the server.
class FakeStaff : public StaffDirectory {
 public:
  std::shared_ptr<const StaffEntry> Find(std::string_view user_id) const override {
    const auto found = entries.find(user_id);
    if (found == entries.end()) return nullptr;
    return std::make_shared<StaffEntry>(found->second);
  }
  std::map<std::string, StaffEntry, std::less<>> entries;
};

class EchoHandlers {
 public:
  explicit EchoHandlers(const EchoHooks& hooks) : hooks_(hooks) {}

  MethodTable Table() {
    MethodTable table(echo::EchoRequest::descriptor()->file()->FindServiceByName("EchoService"));
    table.Unary<echo::EchoRequest, echo::EchoResponse>(
        "Echo", [this](CallContext& call, const echo::EchoRequest& request) {
          return Echo(call, request);
        });
    const auto batch = [this](db::Connection& connection, absl::Span<BatchItem> calls) {
      Batch(connection, calls);
    };
    table.Batch<echo::EchoRequest, echo::EchoResponse>("BatchEcho", batch);
    table.Batch<echo::EchoRequest, echo::EchoResponse>("PublicEcho", batch);
    table.ServerStream<echo::CountRequest, echo::CountResponse>(
        "Count",
        [this](CallContext&, const echo::CountRequest& request,
               StreamWriter<echo::CountResponse>& writer) { return Count(request, writer); });
    table.ClientStream<echo::SumRequest, echo::SumResponse>(
        "Sum", [](CallContext&, StreamReader<echo::SumRequest>& reader) { return Sum(reader); });
    table.Unary<echo::CreateNoteRequest, echo::Note>(
        "CreateNote", [](CallContext& call, const echo::CreateNoteRequest& request) {
          return Create(call, request);
        });
    table.Unary<echo::TouchNoteRequest, echo::Note>(
        "TouchNote", [this](CallContext& call, const echo::TouchNoteRequest& request) {
          return Touch(call, request);
        });
    return table;
  }

 private:
  static constexpr db::Query kNoteByName{"note_by_name", R"sql(
    SELECT owner, phone, version FROM note WHERE name = ?)sql"};
  static constexpr db::Query kTouch{"note_touch", R"sql(
    UPDATE note SET version = version + 1 WHERE name = ? AND version = ?)sql"};

  absl::StatusOr<echo::EchoResponse> Echo(CallContext& call, const echo::EchoRequest& request) {
    if (absl::Status status = hooks_.echo(call); !status.ok()) return status;
    echo::EchoResponse response;
    response.set_text(request.text());
    response.set_caller(call.caller().id);
    return response;
  }

  void Batch(db::Connection& connection, absl::Span<BatchItem> calls) {
    const absl::Status status = hooks_.batch(connection, calls.size());
    for (BatchItem& item : calls) {
      item.status = status;
      auto& response = static_cast<echo::EchoResponse&>(*item.response);
      response.set_text(static_cast<const echo::EchoRequest&>(*item.request).text());
      response.set_batch_size(static_cast<int>(calls.size()));
      response.set_caller(item.call->caller().id);
    }
  }

  absl::Status Count(const echo::CountRequest& request, StreamWriter<echo::CountResponse>& writer) {
    echo::CountResponse response;
    bool going = true;
    for (int i = 1; going && (request.up_to() == 0 || i <= request.up_to()); ++i) {
      response.set_number(i);
      going = writer.Write(response);
    }
    hooks_.count_ended(going ? absl::OkStatus() : absl::CancelledError("told to end"));
    return absl::OkStatus();
  }

  static absl::StatusOr<echo::SumResponse> Sum(StreamReader<echo::SumRequest>& reader) {
    echo::SumRequest request;
    echo::SumResponse response;
    while (reader.Read(request)) response.set_sum(response.sum() + request.number());
    return response;
  }

  static absl::StatusOr<echo::Note> Create(CallContext& call,
                                           const echo::CreateNoteRequest& request) {
    static const auto* const kNote =
        new db::InsertSpec{"note", {"name", "owner", "phone", "version"}, ""};
    if (call.attempt() > 0) {
      db::Connection* const connection = Must(call.Db());
      if (Must(connection->Select(kNoteByName, {request.name()})).Next()) {
        return Error(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", "the name is taken");
      }
    }
    echo::Note note;
    note.set_name(request.name());
    note.set_owner(call.caller().id);
    note.set_phone(request.phone());
    note.set_version(1);
    call.writes().Insert(*kNote, {note.name(), note.owner(), note.phone(), note.version()});
    return note;
  }

  absl::StatusOr<echo::Note> Touch(CallContext& call, const echo::TouchNoteRequest& request) {
    db::Connection* const connection = Must(call.Db());
    db::Rows rows = Must(connection->Select(kNoteByName, {request.name()}));
    if (!rows.Next()) return NotFound("crm.testing.v1.Note", request.name());
    hooks_.touch_has_read(call);
    echo::Note note;
    note.set_name(request.name());
    note.set_owner(rows.String(0));
    note.set_phone(rows.String(1));
    note.set_version(rows.Int(2) + 1);
    call.writes().Execute(kTouch, {note.name(), rows.Int(2)}, db::Expect::kSomeRow);
    return note;
  }

  const EchoHooks& hooks_;
};

// The parts that servers of one deployment share.
class EchoWorld {
 public:
  EchoWorld() {
    folder_ = std::filesystem::temp_directory_path() /
              absl::StrCat("crm_server_test_", ::getpid(), "_",
                           absl::StrReplaceAll(
                               ::testing::UnitTest::GetInstance()->current_test_info()->name(),
                               {{"/", "_"}}));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    EXPECT_TRUE(issuer_.WriteFiles(folder_ / "jwks.json", folder_ / "issuer.pem").ok());
    jwks_ = Must(auth::JwksFile::Load(folder_ / "jwks.json", clock));
    tokens_ = std::make_unique<auth::TokenVerifier>(
        auth::TokenRules{.issuer = "https://local", .audience = "crm"}, *jwks_, clock);
    policy_ = std::make_unique<auth::CurrentPolicy>(
        Must(auth::Policy::Load(crm::testing::SourceFile("common/auth/default_roles.json"))));
    EXPECT_TRUE(crypto::GenerateKeyFile(folder_ / "keys.json", clock).ok());
    keyring_ = Must(crypto::Keyring::Load(folder_ / "keys.json"));
    log_ = std::make_unique<log::Logger>(
        log::LoggerOptions{.service = "echo", .level = log::Level::kDebug, .out = &log_text_});
  }
  ~EchoWorld() { std::filesystem::remove_all(folder_); }

  RpcServerParts Parts() {
    return {.clock = &clock,
            .tokens = tokens_.get(),
            .policy = policy_.get(),
            .staff = &staff,
            .pool = nullptr,
            .committer = nullptr,
            .keyring = keyring_.get(),
            .metrics = nullptr,
            .log = log_.get()};
  }

  std::string Token(const std::string& user, const std::string& role = "sales_representative") {
    return issuer_.Issue({.subject = user, .roles = {role}}, clock.Now());
  }
  const std::filesystem::path& folder() const { return folder_; }
  std::string LogText() {
    log_->Flush();
    return log_text_.str();
  }

  FakeClock clock{absl::FromUnixSeconds(1'774'000'000)};
  FakeStaff staff;
  EchoHooks hooks;

 private:
  std::filesystem::path folder_;
  auth::LocalIssuer issuer_ = auth::LocalIssuer::Create("https://local", "crm");
  std::unique_ptr<auth::JwksFile> jwks_;
  std::unique_ptr<auth::TokenVerifier> tokens_;
  std::unique_ptr<auth::CurrentPolicy> policy_;
  std::unique_ptr<crypto::Keyring> keyring_;
  std::ostringstream log_text_;
  std::unique_ptr<log::Logger> log_;
};

// One replica.
class EchoServer {
 public:
  explicit EchoServer(EchoWorld& world, RpcServerOptions options = {}, db::Pool* pool = nullptr,
                      db::GroupCommitter* committer = nullptr)
      : world_(world), handlers_(world.hooks) {
    RpcServerParts parts = world.Parts();
    parts.pool = pool;
    parts.committer = committer;
    parts.metrics = &registry_;
    server_ = std::make_unique<RpcServer>(std::move(options), parts);
    server_->Add(handlers_.Table());
  }

  EchoServer& Start() {
    const absl::Status started = server_->Start();
    EXPECT_TRUE(started.ok()) << started;
    return *this;
  }
  RpcServer& server() { return *server_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", server_->port()); }

  // A client of that user.
  std::unique_ptr<client::Channel> ClientOf(const std::string& user,
                                            const std::string& role = "sales_representative") {
    return Must(client::Channel::Connect(
        {.address = address(), .token = world_.Token(user, role), .own_connection = true}));
  }
  std::unique_ptr<client::Channel> AnonymousClient() {
    return Must(client::Channel::Connect({.address = address(), .own_connection = true}));
  }

  std::string Metrics() const {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  EchoWorld& world_;
  EchoHandlers handlers_;
  prometheus::Registry registry_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_ECHO_SERVER_H_
