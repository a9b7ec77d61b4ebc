#include "tools/crmctl/session.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::cli {
namespace {

absl::StatusOr<std::string> TokenOf(const Settings& settings) {
  if (!settings.token.empty() || settings.token_file.empty()) return settings.token;
  std::ifstream file(settings.token_file);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::string token(absl::StripAsciiWhitespace(text));
  if (!file.bad() && !token.empty()) return token;
  return Error(
      absl::StatusCode::kFailedPrecondition, "TOKEN_FILE_UNREADABLE",
      absl::StrCat(ToAbsl(Say(settings.language, "读不到令牌文件 ", "no token in the file ")),
                   settings.token_file));
}

}  // namespace

Session::Session(Console& console, Settings settings)
    : console_(console),
      settings_(std::move(settings)),
      style_(console.out_is_terminal && !settings_.no_color),
      error_style_(console.err_is_terminal && !settings_.no_color) {}

absl::StatusOr<client::Channel*> Session::channel() {
  if (channel_ != nullptr) return channel_.get();
  client::ConnectOptions options{.address = settings_.address,
                                 .ca = settings_.ca,
                                 .certificate = settings_.certificate,
                                 .private_key = settings_.private_key,
                                 .server_name = settings_.server_name};
  CRM_ASSIGN_OR_RETURN(options.token, TokenOf(settings_));
  CRM_ASSIGN_OR_RETURN(channel_, client::Channel::Connect(std::move(options)));
  return channel_.get();
}

client::CallOptions Session::call_options() const {
  return {.timeout = absl::Seconds(settings_.timeout_seconds),
          .accept_language = std::string(schema::LanguageTag(settings_.language))};
}

client::CallOptions Session::stream_options() const {
  client::CallOptions options = call_options();
  options.timeout = absl::InfiniteDuration();
  return options;
}

absl::Status Session::Call(std::string_view method, const google::protobuf::Message& request,
                           google::protobuf::Message& response) {
  CRM_ASSIGN_OR_RETURN(client::Channel * channel, this->channel());
  return channel->CallAny(absl::StrCat("/", ToAbsl(method)), request, response, call_options());
}

std::string NewRequestId() {
  absl::BitGen random;
  return absl::StrFormat("crmctl-%016x%016x", absl::Uniform<uint64_t>(random),
                         absl::Uniform<uint64_t>(random));
}

}  // namespace crm::cli
