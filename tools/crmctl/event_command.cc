#include "tools/crmctl/event_command.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/text/unicode.h"
#include "crm/event/v1/event.pb.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

using event::v1::Event;
using event::v1::StreamEventsRequest;
using event::v1::StreamEventsResponse;

constexpr char kMethod[] = "/crm.event.v1.EventService/StreamEvents";
// Lines come one by one, so the widths cannot follow from them.
constexpr size_t kPositionWidth = 10;
constexpr size_t kTimeWidth = 19;
constexpr size_t kTypeWidth = 26;
constexpr size_t kSubjectWidth = 18;
constexpr size_t kActorWidth = 14;
constexpr size_t kGaps = 10;

struct EventArguments {
  int64_t after = 0;
  std::string types;
  bool follow = false;
};

class EventPrinter {
 public:
  explicit EventPrinter(Session& session) : session_(session) {}

  absl::Status Open() {
    if (session_.output() == Output::kJson) return absl::OkStatus();
    if (session_.output() == Output::kCsv) {
      CRM_ASSIGN_OR_RETURN(Records records,
                           Records::Create(session_, schema::MessageSchema::Of<Event>(),
                                           {"position", "time", "type", "subject", "version",
                                            "actor", "changed_fields"}));
      csv_.emplace(std::move(records));
      return absl::OkStatus();
    }
    session_.console().out << session_.style().Bold(
                                  Line(std::string(session_.Say("位置", "POSITION")),
                                       std::string(session_.Say("时间", "TIME")),
                                       std::string(session_.Say("类型", "TYPE")),
                                       std::string(session_.Say("对象", "SUBJECT")),
                                       std::string(session_.Say("操作者", "ACTOR")),
                                       std::string(session_.Say("修改的字段", "CHANGED FIELDS"))))
                           << "\n";
    return absl::OkStatus();
  }

  absl::Status Print(const Event& event) {
    if (csv_) return csv_->Add(event);
    if (session_.output() == Output::kJson) {
      session_.console().out << JsonText(event) << "\n";
      return absl::OkStatus();
    }
    const TextRules rules = session_.text_rules();
    const auto& schema = schema::MessageSchema::Of<Event>();
    session_.console().out << Line(absl::StrCat(event.position()),
                                   FieldText(event, *schema.Find("time"), rules), event.type(),
                                   event.subject(), event.actor(),
                                   FieldText(event, *schema.Find("changed_fields"), rules))
                           << "\n";
    return absl::OkStatus();
  }

  absl::Status Flush() {
    session_.console().out << std::flush;
    return csv_ ? csv_->Flush() : absl::OkStatus();
  }

 private:
  std::string Line(const std::string& position, const std::string& time, const std::string& type,
                   const std::string& subject, const std::string& actor,
                   const std::string& fields) const {
    constexpr size_t kFixed =
        kPositionWidth + kTimeWidth + kTypeWidth + kSubjectWidth + kActorWidth + kGaps;
    const size_t width = session_.console().out_is_terminal ? session_.console().width : 0;
    const std::string rest = Printable(fields);
    return absl::StrCat(Pad(position, kPositionWidth, Align::kRight), "  ", Cell(time, kTimeWidth),
                        Cell(type, kTypeWidth), Cell(subject, kSubjectWidth),
                        Cell(actor, kActorWidth),
                        width > kFixed ? FitToWidth(rest, width - kFixed) : rest);
  }

  static std::string Cell(const std::string& text, size_t width) {
    return Pad(FitToWidth(Printable(text), width), width, Align::kLeft) + "  ";
  }

  Session& session_;
  std::optional<Records> csv_;
};

// Reads until the stream ends; `request` then starts after what was read.
absl::Status ReadOnce(Session& session, client::Channel& channel, StreamEventsRequest& request,
                      EventPrinter& printer, bool& progress) {
  client::AnyServerStream stream = channel.ServerStream(kMethod, request, session.stream_options());
  StreamEventsResponse response;
  while (stream.Next(response)) {
    for (const Event& event : response.events()) CRM_RETURN_IF_ERROR(printer.Print(event));
    CRM_RETURN_IF_ERROR(printer.Flush());
    request.set_after_position(response.position());
    progress = true;
  }
  return stream.Finish();
}

absl::StatusOr<int> Run(Session& session, const EventArguments& arguments) {
  CRM_ASSIGN_OR_RETURN(client::Channel * channel, session.channel());
  StreamEventsRequest request;
  request.set_after_position(arguments.after);
  request.set_stop_at_end(!arguments.follow);
  for (absl::string_view type : absl::StrSplit(arguments.types, ',', absl::SkipWhitespace())) {
    request.add_types(std::string(type));
  }
  EventPrinter printer(session);
  CRM_RETURN_IF_ERROR(printer.Open());
  while (true) {
    bool progress = false;
    const absl::Status status = ReadOnce(session, *channel, request, printer, progress);
    // A connection that has come of age, or a replica that goes: the next one continues.
    const bool again = arguments.follow && progress && (status.ok() || absl::IsUnavailable(status));
    if (again) continue;
    CRM_RETURN_IF_ERROR(status);
    return kOk;
  }
}

}  // namespace

void AddEventCommand(CommandTree& tree) {
  auto arguments = std::make_shared<EventArguments>();
  CLI::App& app = tree.Add("events", tree.Say("显示事件，一行一个", "show events, one a line"),
                           [arguments](Session& session) { return Run(session, *arguments); });
  app.add_option("--after", arguments->after,
                 tree.Say("此位置之后的事件；0 为最早保留的",
                          "events after this position; 0 = the oldest kept"))
      ->check(CLI::NonNegativeNumber);
  app.add_option("--types", arguments->types,
                 tree.Say("事件类型，逗号分隔，如 customer.*",
                          "types, separated by commas, such as customer.*"));
  app.add_flag("--follow", arguments->follow,
               tree.Say("继续等待新的事件", "wait for those that come"));
}

}  // namespace crm::cli
