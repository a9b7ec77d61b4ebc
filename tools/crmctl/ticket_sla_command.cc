#include "tools/crmctl/ticket_sla_command.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "crm/ticket/v1/sla_service.pb.h"
#include "tools/crmctl/duration_text.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

using ticket::v1::ExplainSlaRequest;
using ticket::v1::ExplainSlaResponse;
using ticket::v1::GetTicketSlaRequest;
using ticket::v1::SlaReading;
using ticket::v1::SlaSegment;
using ticket::v1::TicketSla;

constexpr char kClocks[] = "crm.ticket.v1.SlaService/GetTicketSla";
constexpr char kExplain[] = "crm.ticket.v1.SlaService/ExplainSla";

struct SlaArguments {
  std::string ticket;
  std::string clock;
};

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

template <typename Message>
std::string TextOf(const Session& session, const Message& message, std::string_view field) {
  return FieldText(message, *schema::MessageSchema::Of<Message>().Find(field),
                   session.text_rules());
}

Table MakeTable(Session& session, std::vector<Column> columns) {
  const Console& console = session.console();
  return Table(std::move(columns), console.out_is_terminal ? console.width : 0, session.style());
}

std::vector<std::string> ClockCells(Session& session, const SlaReading& reading) {
  const bool ended = reading.has_met_time();
  return {TextOf(session, reading, "clock"),
          TextOf(session, reading, "state"),
          DurationText(DurationOf(reading.target()), session.language()),
          DurationText(DurationOf(reading.elapsed()), session.language()),
          ended ? "" : RemainingText(DurationOf(reading.remaining()), session.language()),
          TextOf(session, reading, "due_time"),
          TextOf(session, reading, "met_time")};
}

void PrintClocks(Session& session, const TicketSla& sla) {
  const auto say = [&](const char* zh, const char* en) { return std::string(session.Say(zh, en)); };
  Table table = MakeTable(session, {{say("时钟", "clock")},
                                    {say("状态", "state")},
                                    {say("目标", "target")},
                                    {say("已用", "elapsed")},
                                    {say("时限", "time left")},
                                    {say("到期", "due")},
                                    {say("结束", "ended")}});
  for (const SlaReading& reading : sla.clocks()) table.Add(ClockCells(session, reading));
  session.console().out << table.Flush();
}

void PrintSegments(Session& session, const ExplainSlaResponse& explained) {
  const auto say = [&](const char* zh, const char* en) { return std::string(session.Say(zh, en)); };
  Table table = MakeTable(session, {{say("起", "from")},
                                    {say("止", "to")},
                                    {say("类型", "kind")},
                                    {say("时长", "length"), Align::kRight},
                                    {say("累计", "used up"), Align::kRight},
                                    {say("说明", "note")}});
  absl::Duration used;
  for (const SlaSegment& segment : explained.segments()) {
    const absl::Duration length = TimeOf(segment.to()) - TimeOf(segment.from());
    if (segment.kind() == ticket::v1::SLA_SEGMENT_KIND_WORKING) used += length;
    std::string note =
        segment.holiday().empty() ? TextOf(session, segment, "status") : segment.holiday();
    if (segment.projected())
      absl::StrAppend(&note, note.empty() ? "" : " ", say("预计", "expected"));
    table.Add({TextOf(session, segment, "from"), TextOf(session, segment, "to"),
               TextOf(session, segment, "kind"), DurationText(length, session.language()),
               DurationText(used, session.language()), std::move(note)});
  }
  session.console().out << "\n"
                        << session.style().Bold(TextOf(session, explained.reading(), "clock"))
                        << "\n"
                        << table.Flush();
}

// The one asked for, else all that have started.
absl::StatusOr<std::vector<ticket::v1::SlaClock>> ClocksOf(Session& session,
                                                           const SlaArguments& arguments,
                                                           const TicketSla& sla) {
  std::vector<ticket::v1::SlaClock> clocks;
  if (arguments.clock.empty()) {
    for (const SlaReading& reading : sla.clocks()) clocks.push_back(reading.clock());
    return clocks;
  }
  ExplainSlaRequest request;
  CRM_RETURN_IF_ERROR(SetPath(request, "clock", arguments.clock, session.input_rules()));
  clocks.push_back(request.clock());
  return clocks;
}

absl::StatusOr<int> Run(Session& session, const SlaArguments& arguments) {
  GetTicketSlaRequest request;
  request.set_ticket(arguments.ticket);
  TicketSla sla;
  CRM_RETURN_IF_ERROR(session.Call(kClocks, request, sla));
  CRM_ASSIGN_OR_RETURN(const auto clocks, ClocksOf(session, arguments, sla));
  if (session.output() != Output::kTable) {
    CRM_RETURN_IF_ERROR(PrintMessage(session, sla));
    return kOk;
  }
  PrintClocks(session, sla);
  for (const ticket::v1::SlaClock clock : clocks) {
    ExplainSlaRequest explain;
    explain.set_ticket(arguments.ticket);
    explain.set_clock(clock);
    ExplainSlaResponse explained;
    CRM_RETURN_IF_ERROR(session.Call(kExplain, explain, explained));
    PrintSegments(session, explained);
  }
  return kOk;
}

}  // namespace

void AddTicketSlaCommand(CommandTree& tree) {
  auto arguments = std::make_shared<SlaArguments>();
  CLI::App& app =
      tree.Add("ticket sla",
               tree.Say("显示工单的时钟，以及到期时间如何算出",
                        "show the clocks of a ticket, and what adds up to their due times"),
               [arguments](Session& session) { return Run(session, *arguments); });
  app.add_option("ticket", arguments->ticket, tree.Say("工单编号", "ticket number"))->required();
  app.add_option("--clock", arguments->clock,
                 tree.Say("只解释这一个时钟", "explain this one only"));
}

}  // namespace crm::cli
