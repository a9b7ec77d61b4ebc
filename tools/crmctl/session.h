// What every command has: the console, the settings of the command line and the connection.
#ifndef CRM_TOOLS_CRMCTL_SESSION_H_
#define CRM_TOOLS_CRMCTL_SESSION_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/client/channel.h"
#include "google/protobuf/message.h"
#include "tools/crmctl/console.h"
#include "tools/crmctl/field_input.h"
#include "tools/crmctl/field_text.h"

namespace crm::cli {

enum class Output { kTable, kJson, kCsv };

// Exit codes, as `crmctl --help` documents them.
inline constexpr int kOk = 0;
inline constexpr int kCallFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kPartial = 3;
inline constexpr int kDenied = 4;
inline constexpr int kUnavailable = 5;

struct Settings {
  std::string address = "127.0.0.1:7001";
  std::string token;
  std::string token_file;
  std::string ca;
  std::string certificate;
  std::string private_key;
  std::string server_name;
  Language language = Language::kEnglish;
  Output output = Output::kTable;
  bool no_color = false;
  double timeout_seconds = 30;
};

// Not thread-safe.
class Session {
 public:
  // `console` outlives the session.
  Session(Console& console, Settings settings);

  Console& console() { return console_; }
  const Settings& settings() const { return settings_; }
  Language language() const { return settings_.language; }
  Output output() const { return settings_.output; }
  // For the standard output and the standard error.
  const Style& style() const { return style_; }
  const Style& error_style() const { return error_style_; }
  std::string_view Say(std::string_view zh, std::string_view en) const {
    return cli::Say(settings_.language, zh, en);
  }
  TextRules text_rules(const schema::MessageSchema* subject = nullptr) const {
    return {settings_.language, console_.zone, subject};
  }
  InputRules input_rules() const { return {settings_.language, console_.zone}; }

  // Connects at the first use. Errors: those of client::Channel::Connect; FAILED_PRECONDITION with
  // reason TOKEN_FILE_UNREADABLE.
  absl::StatusOr<client::Channel*> channel();
  client::CallOptions call_options() const;
  // Without a deadline, for streams.
  client::CallOptions stream_options() const;
  // `method`: "crm.customer.v1.CustomerService/GetCustomer".
  absl::Status Call(std::string_view method, const google::protobuf::Message& request,
                    google::protobuf::Message& response);

 private:
  Console& console_;
  const Settings settings_;
  const Style style_;
  const Style error_style_;
  std::unique_ptr<client::Channel> channel_;
};

// Makes a repeated call have the effect of one.
std::string NewRequestId();

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_SESSION_H_
