#include "tools/crmctl/reminder_watch_command.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/text/unicode.h"
#include "crm/sales/v1/reminder_service.pb.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

using sales::v1::Reminder;
using sales::v1::WatchRemindersRequest;
using sales::v1::WatchRemindersResponse;

constexpr char kMethod[] = "/crm.sales.v1.ReminderService/WatchReminders";
// Lines come one by one, so the widths cannot follow from them.
constexpr size_t kNumberWidth = 14;
constexpr size_t kTimeWidth = 19;
constexpr size_t kSubjectWidth = 15;

struct WatchArguments {
  std::string team;
  int64_t after = 0;
};

std::string Cell(const std::string& text, size_t width) {
  return absl::StrCat(Pad(FitToWidth(Printable(text), width), width, Align::kLeft), "  ");
}

void Print(Session& session, const Reminder& reminder) {
  std::ostream& out = session.console().out;
  if (session.output() == Output::kJson) {
    out << JsonText(reminder) << "\n" << std::flush;
    return;
  }
  const auto& due = *schema::MessageSchema::Of<Reminder>().Find("due_time");
  // One of them is set.
  const std::string subject =
      absl::StrCat(reminder.opportunity(), reminder.customer(), reminder.ticket());
  out << Cell(reminder.number(), kNumberWidth)
      << Cell(FieldText(reminder, due, session.text_rules()), kTimeWidth)
      << Cell(subject, kSubjectWidth) << Printable(reminder.text()) << "\n"
      << std::flush;
}

// Reads until the stream ends; `request` then starts after what was read.
absl::Status ReadOnce(Session& session, client::Channel& channel, WatchRemindersRequest& request,
                      bool& progress) {
  client::AnyServerStream stream = channel.ServerStream(kMethod, request, session.stream_options());
  WatchRemindersResponse response;
  while (stream.Next(response)) {
    if (response.has_reminder()) Print(session, response.reminder());
    if (response.position() == 0) continue;
    request.set_after_position(response.position());
    progress = true;
  }
  return stream.Finish();
}

absl::StatusOr<int> Run(Session& session, const WatchArguments& arguments) {
  CRM_ASSIGN_OR_RETURN(client::Channel * channel, session.channel());
  WatchRemindersRequest request;
  request.set_team(arguments.team);
  request.set_after_position(arguments.after);
  while (true) {
    bool progress = false;
    const absl::Status status = ReadOnce(session, *channel, request, progress);
    // A connection that has come of age, or a replica that goes: the next one continues.
    const bool again = progress && (status.ok() || absl::IsUnavailable(status));
    if (again) continue;
    CRM_RETURN_IF_ERROR(status);
    return kOk;
  }
}

}  // namespace

void AddReminderWatchCommand(CommandTree& tree) {
  auto arguments = std::make_shared<WatchArguments>();
  CLI::App& app = tree.Add(
      "reminder watch", tree.Say("显示到期的提醒，一行一个", "show what becomes due, one a line"),
      [arguments](Session& session) { return Run(session, *arguments); });
  app.add_option("--team", arguments->team,
                 tree.Say("整个团队的提醒", "of a whole team instead of one's own"));
  app.add_option("--after", arguments->after,
                 tree.Say("从此位置之后继续；0 为从所有到期的开始",
                          "go on after this position; 0 = begin with all that is due"))
      ->check(CLI::NonNegativeNumber);
}

}  // namespace crm::cli
