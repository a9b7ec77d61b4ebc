#include "tools/crmctl/call_command.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "crm/options/v1/options.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "tools/crmctl/reflection.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;

struct CallArguments {
  std::string method;
  std::string json = "{}";
  bool list = false;
  bool describe = false;
};

std::string_view KindOf(const pb::MethodDescriptor& method, Language language) {
  if (method.client_streaming() && method.server_streaming()) {
    return Say(language, "双向流", "both stream");
  }
  if (method.client_streaming()) return Say(language, "请求流", "client streams");
  if (method.server_streaming()) return Say(language, "应答流", "server streams");
  return Say(language, "单次", "unary");
}

std::string TypeOf(const pb::FieldDescriptor& field) {
  std::string type = field.type_name();
  if (field.message_type() != nullptr) type = field.message_type()->name();
  if (field.enum_type() != nullptr) type = field.enum_type()->name();
  return field.is_repeated() ? absl::StrCat(type, "[]") : type;
}

std::string LabelOf(const crm::options::v1::Label& label, Language language) {
  return language == Language::kChinese ? label.zh() : label.en();
}

std::string ValuesOf(const pb::EnumDescriptor& type, Language language) {
  std::vector<std::string> values;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& label = type.value(i)->options().GetExtension(crm::options::v1::value_label);
    const std::string text = LabelOf(label, language);
    values.push_back(text.empty() ? type.value(i)->name()
                                  : absl::StrCat(type.value(i)->name(), " ", text));
  }
  return absl::StrJoin(values, "\n");
}

// Everything that was declared about a field, in words.
std::string RulesOf(const pb::FieldDescriptor& field, Language language) {
  const auto& options = field.options().GetExtension(crm::options::v1::field);
  std::vector<std::string> rules;
  if (options.required()) rules.emplace_back(Say(language, "必填", "required"));
  if (options.output_only()) rules.emplace_back(Say(language, "只读", "read-only"));
  if (options.immutable()) rules.emplace_back(Say(language, "不可更改", "fixed at creation"));
  if (options.max_length() > 0) {
    rules.push_back(absl::StrCat(ToAbsl(Say(language, "最长 ", "at most ")), options.max_length()));
  }
  if (options.has_min()) rules.push_back(absl::StrCat("≥ ", options.min()));
  if (options.has_max()) rules.push_back(absl::StrCat("≤ ", options.max()));
  if (options.format() != crm::options::v1::FORMAT_UNSPECIFIED) {
    rules.push_back(crm::options::v1::Format_Name(options.format()).substr(7));
  }
  if (!options.unit().empty()) rules.push_back(options.unit());
  if (!options.managed_list().empty()) {
    rules.push_back(absl::StrCat(ToAbsl(Say(language, "列表 ", "list ")), options.managed_list()));
  }
  std::string text = absl::StrJoin(rules, ToAbsl(Say(language, "，", ", ")));
  if (field.enum_type() != nullptr) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", ValuesOf(*field.enum_type(), language));
  }
  return text;
}

void DescribeMessage(Session& session, const pb::Descriptor& type) {
  Console& console = session.console();
  const Language language = session.language();
  Table table({{std::string(session.Say("字段", "FIELD"))},
               {std::string(session.Say("类型", "TYPE"))},
               {std::string(session.Say("名称", "LABEL"))},
               {std::string(session.Say("规则", "RULES"))}},
              console.out_is_terminal ? console.width : 0, session.style());
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    const auto& options = field.options().GetExtension(crm::options::v1::field);
    table.Add({field.name(), TypeOf(field), LabelOf(options.label(), language),
               RulesOf(field, language)});
  }
  console.out << "\n" << session.style().Bold(type.full_name()) << "\n" << table.Flush();
}

// Our own messages among the fields of a request, once each.
void DescribeParts(Session& session, const pb::Descriptor& type) {
  DescribeMessage(session, type);
  std::vector<const pb::Descriptor*> seen;
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::Descriptor* part = type.field(i)->message_type();
    if (part == nullptr || absl::StartsWith(part->full_name(), "google.")) continue;
    if (std::find(seen.begin(), seen.end(), part) != seen.end()) continue;
    seen.push_back(part);
    DescribeMessage(session, *part);
  }
}

absl::Status Describe(Session& session, Reflection& reflection, const std::string& name) {
  CRM_ASSIGN_OR_RETURN(const pb::MethodDescriptor* method, reflection.Method(name));
  const auto& options = method->options().GetExtension(crm::options::v1::method);
  session.console().out << Details(
      {{std::string(session.Say("方法", "method")),
        absl::StrCat(method->service()->full_name(), "/", method->name())},
       {std::string(session.Say("方式", "kind")), std::string(KindOf(*method, session.language()))},
       {std::string(session.Say("权限", "permission")), options.permission()},
       {std::string(session.Say("应答", "answer")), method->output_type()->full_name()}},
      0, session.style());
  DescribeParts(session, *method->input_type());
  return absl::OkStatus();
}

absl::Status List(Session& session, Reflection& reflection) {
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> services, reflection.Services());
  Console& console = session.console();
  Table table({{std::string(session.Say("方法", "METHOD"))},
               {std::string(session.Say("方式", "KIND"))},
               {std::string(session.Say("权限", "PERMISSION"))}},
              console.out_is_terminal ? console.width : 0, session.style());
  for (const std::string& name : services) {
    const absl::StatusOr<const pb::ServiceDescriptor*> service = reflection.Service(name);
    if (ErrorReason(service.status()) == kMethodUnknown) {
      // Listed, but not described: services of gRPC itself.
      table.Add({name});
      continue;
    }
    CRM_RETURN_IF_ERROR(service.status());
    for (int i = 0; i < (*service)->method_count(); ++i) {
      const pb::MethodDescriptor& method = *(*service)->method(i);
      table.Add({absl::StrCat((*service)->full_name(), "/", method.name()),
                 std::string(KindOf(method, session.language())),
                 method.options().GetExtension(crm::options::v1::method).permission()});
    }
  }
  console.out << table.Flush();
  return absl::OkStatus();
}

// The requests: one JSON for a unary call, one a line for a stream of them.
class Requests {
 public:
  static absl::StatusOr<Requests> Open(Session& session, const std::string& json) {
    if (json == "-") return Requests(&session.console().in);
    if (json.empty() || json.front() != '@')
      return Requests(std::make_unique<std::istringstream>(json));
    auto file = std::make_unique<std::ifstream>(json.substr(1));
    if (file->is_open()) return Requests(std::move(file));
    return UsageError(
        absl::StrCat(ToAbsl(session.Say("读不到文件 ", "cannot read the file ")), json.substr(1)));
  }

  std::string All() { return std::string(std::istreambuf_iterator<char>(*stream_), {}); }
  bool Line(std::string& line) {
    while (std::getline(*stream_, line)) {
      if (!absl::StripAsciiWhitespace(line).empty()) return true;
    }
    return false;
  }

 private:
  explicit Requests(std::istream* stream) : stream_(stream) {}
  explicit Requests(std::unique_ptr<std::istream> owned)
      : owned_(std::move(owned)), stream_(owned_.get()) {}

  std::unique_ptr<std::istream> owned_;
  std::istream* stream_;
};

class Caller {
 public:
  Caller(Session& session, client::Channel& channel, Reflection& reflection,
         const pb::MethodDescriptor& method)
      : session_(session),
        channel_(channel),
        reflection_(reflection),
        method_(method),
        path_(absl::StrCat("/", method.service()->full_name(), "/", method.name())),
        request_(reflection.NewMessage(*method.input_type())),
        response_(reflection.NewMessage(*method.output_type())) {}

  absl::Status Run(Requests& requests) {
    if (method_.client_streaming()) return SendStream(requests);
    const std::string json = requests.All();
    CRM_RETURN_IF_ERROR(MergeJson(absl::StripAsciiWhitespace(json).empty() ? "{}" : json, *request_,
                                  session_.language()));
    if (method_.server_streaming()) return ReadStream();
    CRM_RETURN_IF_ERROR(channel_.CallAny(path_, *request_, *response_, session_.call_options()));
    return Print(Spacing::kLines);
  }

 private:
  enum class Spacing { kNone, kLines };

  absl::Status ReadStream() {
    client::AnyServerStream stream =
        channel_.ServerStream(path_, *request_, session_.stream_options());
    while (stream.Next(*response_)) CRM_RETURN_IF_ERROR(Print(Spacing::kNone));
    return stream.Finish();
  }

  absl::Status SendStream(Requests& requests) {
    client::AnyClientStream stream = channel_.ClientStream(path_, session_.stream_options());
    for (std::string line; requests.Line(line);) {
      request_->Clear();
      CRM_RETURN_IF_ERROR(MergeJson(line, *request_, session_.language()));
      if (!stream.Write(*request_)) break;
    }
    CRM_RETURN_IF_ERROR(stream.Finish(*response_));
    return Print(Spacing::kLines);
  }

  absl::Status Print(Spacing spacing) {
    pb::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.add_whitespace = spacing == Spacing::kLines;
    std::string json;
    pb::util::Status printed;
    {
      const pb::LogSilencer quiet;  // it is tried again
      printed = pb::util::MessageToJsonString(*response_, &json, options);
    }
    if (!printed.ok()) {
      // An Any of a type that no message of this method mentions.
      CRM_RETURN_IF_ERROR(reflection_.LoadAll());
      json.clear();
      printed = pb::util::MessageToJsonString(*response_, &json, options);
    }
    if (!printed.ok()) {
      return absl::InternalError(
          absl::StrCat("the answer is no JSON: ", std::string(printed.message())));
    }
    if (json.empty() || json.back() != '\n') json += '\n';
    session_.console().out << json << std::flush;
    return absl::OkStatus();
  }

  Session& session_;
  client::Channel& channel_;
  Reflection& reflection_;
  const pb::MethodDescriptor& method_;
  const std::string path_;
  std::unique_ptr<pb::Message> request_;
  std::unique_ptr<pb::Message> response_;
};

absl::StatusOr<int> Run(Session& session, const CallArguments& arguments) {
  CRM_ASSIGN_OR_RETURN(client::Channel * channel, session.channel());
  Reflection reflection(*channel, session.call_options());
  if (arguments.list) {
    CRM_RETURN_IF_ERROR(List(session, reflection));
    return kOk;
  }
  if (arguments.method.empty()) {
    return UsageError(session.Say("缺少方法；查看全部：crmctl call --list",
                                  "which method? see them all: crmctl call --list"));
  }
  if (arguments.describe) {
    CRM_RETURN_IF_ERROR(Describe(session, reflection, arguments.method));
    return kOk;
  }
  CRM_ASSIGN_OR_RETURN(const pb::MethodDescriptor* method, reflection.Method(arguments.method));
  if (method->client_streaming() && method->server_streaming()) {
    return UsageError(session.Say("不支持双向流", "streams in both directions are not supported"));
  }
  CRM_ASSIGN_OR_RETURN(Requests requests, Requests::Open(session, arguments.json));
  CRM_RETURN_IF_ERROR(Caller(session, *channel, reflection, *method).Run(requests));
  return kOk;
}

}  // namespace

void AddCallCommand(CommandTree& tree) {
  auto arguments = std::make_shared<CallArguments>();
  CLI::App& app = tree.Add(
      "call",
      tree.Say("调用任一 RPC，按服务自己的描述", "call any RPC, as the server describes it"),
      [arguments](Session& session) { return Run(session, *arguments); });
  app.add_option(
      "method", arguments->method,
      tree.Say(
          "如 crm.customer.v1.CustomerService/GetCustomer 或 CustomerService/GetCustomer",
          "such as crm.customer.v1.CustomerService/GetCustomer, or CustomerService/GetCustomer"));
  app.add_option(
      "json", arguments->json,
      tree.Say("请求：JSON、@文件、- 为标准输入；请求流每行一个",
               "request: JSON, @FILE, or - for standard input; one a line for a stream"));
  app.add_flag("--list", arguments->list,
               tree.Say("列出服务的方法", "list the methods of the server"));
  app.add_flag("--describe", arguments->describe,
               tree.Say("显示方法的请求字段", "show the request fields of the method"));
}

}  // namespace crm::cli
