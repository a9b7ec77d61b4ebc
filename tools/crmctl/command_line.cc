#include "tools/crmctl/command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "tools/crmctl/attachment_command.h"
#include "tools/crmctl/call_command.h"
#include "tools/crmctl/command_tree.h"
#include "tools/crmctl/completion.h"
#include "tools/crmctl/error_text.h"
#include "tools/crmctl/event_command.h"
#include "tools/crmctl/fields_command.h"
#include "tools/crmctl/history_command.h"
#include "tools/crmctl/import_command.h"
#include "tools/crmctl/reminder_watch_command.h"
#include "tools/crmctl/resource_command.h"
#include "tools/crmctl/ticket_queue_command.h"
#include "tools/crmctl/ticket_report_command.h"
#include "tools/crmctl/ticket_sla_command.h"
#include "tools/crmctl/transfer_command.h"

namespace crm::cli {
namespace {

constexpr char kFooterZh[] = R"(示例：
  crmctl customer list --filter 'tier = KEY' --order-by 'update_time desc'
  crmctl customer update CRM2026000001 -f 客户等级=重点客户
  crmctl import customers.xlsx --rejected rejected.csv
  crmctl call CustomerService/GetCustomer '{"customer": "CRM2026000001"}'

环境变量：CRM_ADDRESS、CRM_TOKEN、CRM_TOKEN_FILE、CRM_CA、LANG、NO_COLOR
退出码：0 成功，1 调用失败，2 用法错误，3 部分行被拒绝，4 未登录或没有权限，5 服务不可用)";
constexpr char kFooterEn[] = R"(Examples:
  crmctl customer list --filter 'tier = KEY' --order-by 'update_time desc'
  crmctl customer update CRM2026000001 -f tier=key
  crmctl import customers.xlsx --rejected rejected.csv
  crmctl call CustomerService/GetCustomer '{"customer": "CRM2026000001"}'

Environment: CRM_ADDRESS, CRM_TOKEN, CRM_TOKEN_FILE, CRM_CA, LANG, NO_COLOR
Exit codes: 0 done, 1 call failed, 2 wrong usage, 3 some rows rejected, 4 not signed in or not
allowed, 5 service cannot be reached)";

const std::map<std::string, Output>& Outputs() {
  static const std::map<std::string, Output>& names = *new std::map<std::string, Output>{
      {"table", Output::kTable}, {"json", Output::kJson}, {"csv", Output::kCsv}};
  return names;
}

Language LanguageOfName(std::string_view name) {
  return absl::StartsWith(ToAbsl(name), "zh") ? Language::kChinese : Language::kEnglish;
}

// Help is in the language too, so it has to be known before the rest is read.
Language LanguageOf(const std::vector<std::string>& arguments, const Console& console) {
  constexpr std::string_view kFlag = "--language";
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == kFlag && i + 1 < arguments.size()) return LanguageOfName(arguments[i + 1]);
    if (absl::StartsWith(ToAbsl(argument), "--language=")) {
      return LanguageOfName(argument.substr(kFlag.size() + 1));
    }
  }
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const std::optional<std::string> value = console.environment(name);
    if (value && !value->empty()) return LanguageOfName(*value);
  }
  return Language::kEnglish;
}

// What was not said on the command line.
void ReadEnvironment(const Console& console, Settings& settings) {
  const auto read = [&](const char* name, std::string& target) {
    const std::optional<std::string> value = console.environment(name);
    if (value && !value->empty()) target = *value;
  };
  read("CRM_ADDRESS", settings.address);
  read("CRM_TOKEN", settings.token);
  read("CRM_TOKEN_FILE", settings.token_file);
  read("CRM_CA", settings.ca);
  // A convention of many programs: set to anything, no colours.
  settings.no_color = console.environment("NO_COLOR").value_or("") != "";
}

void AddGlobalOptions(const CommandTree& tree, CLI::App& app, Settings& settings,
                      std::string& language) {
  app.add_option("--address", settings.address,
                 tree.Say("服务地址 host:port", "service, host:port"))
      ->capture_default_str();
  app.add_option("--token", settings.token,
                 tree.Say("令牌；其他用户可能看到命令行，宜用 --token-file",
                          "token; others may see a command line, better --token-file"));
  app.add_option("--token-file", settings.token_file, tree.Say("令牌文件", "file with the token"));
  app.add_option(
      "--ca", settings.ca,
      tree.Say("用 TLS，并以此 PEM 验证服务", "use TLS and check the service by this PEM"));
  app.add_option("--certificate", settings.certificate,
                 tree.Say("客户端证书 PEM", "PEM of one's own certificate"));
  app.add_option("--key", settings.private_key, tree.Say("客户端私钥 PEM", "PEM of one's own key"));
  app.add_option("--server-name", settings.server_name,
                 tree.Say("证书中的服务名称，若与地址不同",
                          "name in the service's certificate if not the address"));
  app.add_option("--language", language, "zh, en")
      ->check(CLI::IsMember(std::vector<std::string>{"zh", "en"}));
  app.add_option("--output,-o", settings.output,
                 tree.Say("输出 table、json（每行一条）或 csv", "table, json (one a line) or csv"))
      ->transform(CLI::CheckedTransformer(Outputs()).description(""));
  app.add_flag("--no-color", settings.no_color, tree.Say("不用颜色", "no colours"));
  app.add_option("--timeout", settings.timeout_seconds,
                 tree.Say("每次调用的秒数", "seconds for a call"))
      ->check(CLI::Range(0.001, 86400.0).description(""))
      ->capture_default_str();
}

void LocalizeHelp(const CommandTree& tree, CLI::App& app) {
  auto formatter = std::make_shared<CLI::Formatter>();
  formatter->column_width(34);
  if (tree.language() == Language::kChinese) {
    formatter->label("Usage", "用法");
    formatter->label("Positionals", "参数");
    formatter->label("OPTIONS", "选项");
    formatter->label("SUBCOMMAND", "命令");
    formatter->label("SUBCOMMANDS", "命令");
    formatter->label("REQUIRED", "必填");
  }
  app.formatter(formatter);
  app.option_defaults()->group(tree.Say("选项", "Options"));
  app.set_help_flag("-h,--help", tree.Say("显示帮助", "show this help"));
}

void AddCommands(CommandTree& tree) {
  AddResourceCommands(tree);
  AddImportCommands(tree);
  AddHistoryCommands(tree);
  AddEventCommand(tree);
  AddReminderWatchCommand(tree);
  AddTicketQueueCommands(tree);
  AddTicketSlaCommand(tree);
  AddTicketReportCommands(tree);
  AddTransferCommand(tree);
  AddAttachmentCommands(tree);
  AddCallCommand(tree);
  AddFieldsCommand(tree);
  AddCompletionCommand(tree);
}

int Execute(const Action& action, Console& console, const Settings& settings) {
  Session session(console, settings);
  const absl::StatusOr<int> code = action(session);
  if (code.ok()) return *code;
  const bool has_token = !settings.token.empty() || !settings.token_file.empty();
  console.out << std::flush;
  console.err << ErrorText(code.status(), settings.language, session.error_style(), has_token)
              << std::flush;
  return ExitCodeOf(code.status());
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& arguments, Console& console) {
  Settings settings;
  settings.language = LanguageOf(arguments, console);
  ReadEnvironment(console, settings);
  std::string language_name;

  CLI::App app(
      std::string(Say(settings.language, "CRM 命令行客户端", "Command line client of the CRM")),
      "crmctl");
  CommandTree tree(app, settings.language);
  LocalizeHelp(tree, app);
  app.require_subcommand(1);
  AddGlobalOptions(tree, app, settings, language_name);
  AddCommands(tree);
  app.footer(std::string(Say(settings.language, kFooterZh, kFooterEn)));
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, console.out, console.err) == 0 ? kOk : kUsage;
  }
  return Execute(tree.chosen(), console, settings);
}

}  // namespace crm::cli
